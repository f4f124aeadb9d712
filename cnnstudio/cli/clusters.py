"""`cnnstudio cluster`, `jobs`, `attach` and `stop`, and how `train --on` follows its job."""

from __future__ import annotations

import argparse
import getpass
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from cnnstudio.cli.interrupts import handling_interrupts
from cnnstudio.cli.jobs import exit_code, report_progress
from cnnstudio.cli.output import Output, localized
from cnnstudio.core import events
from cnnstudio.core.clusters import (
    Cluster,
    checked_cluster,
    find_cluster,
    is_loopback,
    keep_cluster,
    read_clusters,
    remove_cluster,
)
from cnnstudio.core.foreign_files import SMALL, read_bytes
from cnnstudio.core.jobs import Train
from cnnstudio.core.logs import start_logging
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text, format_metrics, tr
from cnnstudio.datasets.opening import open_project
from cnnstudio.workers.cluster.checking import ClusterReport, check_cluster
from cnnstudio.workers.cluster.client import client_of
from cnnstudio.workers.cluster.cluster_problems import plain_http, token_missing
from cnnstudio.workers.cluster.following import ClusterFollower
from cnnstudio.workers.cluster.listing import STATUS_NAMES, ListedJob, list_jobs, stop_job
from cnnstudio.workers.cluster.stopping import send_stop
from cnnstudio.workers.cluster.tokens import file_notice, forget_token, keep_token
from cnnstudio.workers.cluster.training import ClusterTraining
from cnnstudio.workers.runs.away import Away, is_away, read_away
from cnnstudio.workers.runs.folder import RunFolder, find_run, list_runs


def cluster(arguments: argparse.Namespace, output: Output) -> int:
    """Do with clusters what the arguments say."""
    action = arguments.action
    if action != "list" and not arguments.name:
        text = Text("Name the cluster: cnnstudio cluster {action} NAME",
                    "Indique el clúster: cnnstudio cluster {action} NOMBRE")
        raise ProblemError(error("options", text.fill(action=action), "machine"))
    if action == "add":
        return _add(arguments, output)
    if action == "remove":
        remove_cluster(arguments.name)
        forget_token(arguments.name)
        output.line({"removed": arguments.name}, tr("{name} was removed.", "Se quitó {name}.", name=arguments.name))
        return 0
    if action == "check":
        report = check_cluster(find_cluster(arguments.name))
        output.line(localized(report), "\n".join(_report_lines(report)))
        output.problems(report.problems, as_lines=False)
        return int(bool(report.problems))
    clusters = read_clusters()
    for item in clusters:
        output.line(localized(item), tr("{name}  {address}  storage {storage}  hosts {ranks}, CPUs {cpus}, GPUs {gpus}",
                                        "{name}  {address}  almacenamiento {storage}  nodos {ranks}, CPU {cpus}, GPU {gpus}",
                                        **msgspec.to_builtins(item)))
    if not clusters:
        output.print_message(tr("There are no clusters. To add one: cnnstudio cluster add NAME ADDRESS --storage FOLDER",
                                "No hay clústeres. Para añadir uno: cnnstudio cluster add NOMBRE DIRECCIÓN --storage CARPETA"))
    return 0


def _add(arguments: argparse.Namespace, output: Output) -> int:
    item = checked_cluster(Cluster(name=arguments.name, address=arguments.address, storage=arguments.storage or "",
                                   host_storage=arguments.host_storage, ranks=arguments.hosts, cpus=arguments.cpus,
                                   gpus=arguments.gpus))
    token = _token(arguments.token_file)
    if not token and not is_loopback(item.address):
        raise ProblemError(token_missing(item.address))
    item = keep_cluster(item)
    forget_token(item.name)
    kept = keep_token(item.name, token) if token else "none"
    if kept == "file":
        output.problems([file_notice(item.name)], as_lines=False)
    unencrypted = plain_http(item.address)
    output.problems([unencrypted] if unencrypted else [], as_lines=False)
    report = check_cluster(item)
    output.line({"added": item.name, "token": kept, **localized(report)}, "\n".join(_report_lines(report)))
    output.problems(report.problems, as_lines=False)
    return int(bool(report.problems))


def _token(file: str | None) -> str:
    """The token of a file, of standard input, or that somebody types; "" for none. Never one of the command's own arguments,
    which every program of the computer can read."""
    if file == "-":
        return sys.stdin.readline().strip()
    if file is None:
        return getpass.getpass(tr("Token of the cluster (empty: none): ", "Token del clúster (vacío: ninguno): ")
                               ).strip() if sys.stdin.isatty() else ""
    path = Path(file)
    try:
        return read_bytes(path, SMALL).decode("ascii", "replace").strip()
    except OSError as os_error:
        text = Text("The token file {path} cannot be read: {reason}.", "No se puede leer el archivo de token {path}: {reason}.")
        raise ProblemError(error("token_unreadable", text.fill(path=path, reason=reason_of(os_error)), "file",
                                 path=path)) from os_error


def _report_lines(report: ClusterReport) -> list[str]:
    if not report.reachable:
        return []
    lines = [f"{report.name}  {report.address}  Ray {report.ray}"]
    lines += ["  " + ", ".join(f"{name} {version}" for name, version in report.versions.items() if version)] * bool(
        report.versions)
    return lines + [f"  {host.name}: {host.cpus:g} CPU, {host.gpus:g} GPU, {host.memory_gb:.0f} GB" for host in report.hosts]


def jobs(arguments: argparse.Namespace, output: Output) -> int:
    """List the jobs of one cluster or of all."""
    chosen = read_clusters() if arguments.cluster is None else (find_cluster(arguments.cluster),)
    code = 0
    for item in chosen:
        try:
            listed = [job for job in list_jobs(item) if job.kind != "check"]
        except ProblemError as problem_error:
            output.problems(problem_error.problems, as_lines=False)
            code = 1
            continue
        for job in listed:
            output.line(localized(job), _job_line(job))
    return code


def _job_line(job: ListedJob) -> str:
    began = "-" if job.started is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(job.started))
    return f"{job.cluster}  {job.job}  {STATUS_NAMES[job.status]}  {job.project}/{job.run}  {began}"


def attach(arguments: argparse.Namespace, output: Output) -> int:
    """Follow a job that was left alone."""
    run = _away_run(arguments)[0]
    start_logging("command")
    return _followed(run, ClusterFollower(run, _handler(output)), output)


def stop(arguments: argparse.Namespace, output: Output) -> int:
    """Stop a job, whether it is followed or not."""
    run, away = _away_run(arguments)
    if arguments.now:
        stop_job(away.cluster, away.job)
    else:
        client_of(away.cluster).job(away.job)
        send_stop(away, keep=not arguments.discard)
    output.line({"stopping": run.id, "job": away.job}, tr(
        "{run} is being stopped. To fetch the result: cnnstudio attach PROJECT --run {run}",
        "{run} se está deteniendo. Para traer el resultado: cnnstudio attach PROYECTO --run {run}", run=run.id))
    return 0


def _away_run(arguments: argparse.Namespace) -> tuple[RunFolder, Away]:
    """The run of --run, or the newest that a cluster works on. Raises ProblemError (not_away)."""
    open_project(arguments.project)[1].close()
    name = arguments.run
    if name is None:
        name = next((summary.id for summary in list_runs(arguments.project) if is_away(summary.folder)), None)
    run = None if name is None else find_run(arguments.project, name)
    away = None if run is None else read_away(run.folder)
    if run is None or away is None:
        text = Text("No training of {path} is on a cluster.", "Ningún entrenamiento de {path} está en un clúster.")
        raise ProblemError(error("not_away", text.fill(path=arguments.project), "run"))
    return run, away


def chosen_cluster(name: str | None, hosts: int | None, usual: int | None = None) -> Cluster | None:
    """The cluster of --on with so many hosts, or the `usual` number; None without --on. Raises ProblemError."""
    if name is None:
        if hosts is None:
            return None
        text = Text("--hosts belongs to --on NAME: the hosts of a cluster.",
                    "--hosts va con --on NOMBRE: los nodos de un clúster.")
        raise ProblemError(error("options", text, "project"))
    found = find_cluster(name)
    ranks = hosts if hosts is not None else usual
    return found if ranks is None else checked_cluster(msgspec.structs.replace(found, ranks=ranks))


def train_on(chosen: Cluster, run: RunFolder, job: Train, output: Output) -> events.Event:
    """Train a run on a cluster; returns the last event."""
    start_logging("command")
    training = ClusterTraining(run, job, chosen, _handler(output))
    with detach_on_interrupt(training, run, output):
        return training.run()


def _followed(run: RunFolder, follower: ClusterFollower, output: Output) -> int:
    with detach_on_interrupt(follower, run, output):
        last = follower.run()
    if not output.as_json and isinstance(last, events.Finished | events.Stopped) and last.metrics:
        output.line({}, tr("run {run}: {metrics}", "entrenamiento {run}: {metrics}", run=run.id,
                           metrics=format_metrics(last.metrics)))
    return exit_code(last, output)


def _handler(output: Output) -> Callable[[events.Event], None]:
    def handle(event: events.Event) -> None:
        report_progress(event, output)
        if output.as_json:
            output.line(localized(event))

    return handle


@contextmanager
def detach_on_interrupt(follower: ClusterTraining | ClusterFollower, run: RunFolder, output: Output) -> Iterator[None]:
    """Inside, Ctrl+C and a closed output leave the training on the cluster alone."""

    def leave(_number: int, _frame: object) -> None:
        output.print_message(tr(
            "The training on the cluster goes on. To come back: cnnstudio attach PROJECT --run {run}; to end it: cnnstudio "
            "stop PROJECT --run {run}",
            "El entrenamiento del clúster sigue. Para volver: cnnstudio attach PROYECTO --run {run}; para terminarlo: "
            "cnnstudio stop PROYECTO --run {run}", run=run.id))
        follower.detach()

    output.on_unread = follower.detach
    with handling_interrupts(leave):
        yield


