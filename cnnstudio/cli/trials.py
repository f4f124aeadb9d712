"""`cnnstudio forecast` and `cnnstudio find-batch`."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from cnnstudio.cli.jobs import exit_code, report_progress, run_job
from cnnstudio.cli.output import Output, scan_progress
from cnnstudio.core import events
from cnnstudio.core.jobs import JobSpec
from cnnstudio.core.problems import ProblemError, blocking
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text, format_number, tr
from cnnstudio.core.trial_jobs import BatchFound, BatchTried, Forecasted
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.opening import open_project
from cnnstudio.network.key_values import with_values
from cnnstudio.workers.batch_answers import best_of
from cnnstudio.workers.forecasts import keep_forecast, seconds_text
from cnnstudio.workers.job_setup import refresh_index
from cnnstudio.workers.trial_setup import batch_job, forecast_job

LIMITS: Final = {
    "memory": Text("more do not fit into memory", "más no caben en la memoria"),
    "pictures": Text("there are no more training pictures", "no hay más imágenes de entrenamiento"),
    "setting": Text("the setting allows no more", "el ajuste no permite más"),
}


def _job(arguments: argparse.Namespace, output: Output, make: Callable[[Path, Project, Index], JobSpec]) -> JobSpec:
    """The job for a project after its folder was read. Raises ProblemError."""
    folder: Path = arguments.project
    project, index = open_project(folder)
    try:
        project = with_values(project, arguments.values)
        noticed = refresh_index(folder, project, index, scan_progress(output))
        index.apply(project.dataset)
        output.problems([item for item in noticed if not item.blocks], as_lines=False)
        if blocking(noticed):
            raise ProblemError(*blocking(noticed))
        return make(folder, project, index)
    finally:
        index.close()


def forecast(arguments: argparse.Namespace, output: Output) -> int:
    """Seconds per epoch, memory and disk of a training, from real steps; kept for the run that follows."""
    job = _job(arguments, output, forecast_job)
    told: list[Forecasted] = []

    def handle(event: events.Event) -> None:
        report_progress(event, output)
        if isinstance(event, Forecasted):
            told.append(event)

    last = run_job(job, output, handle)
    for item in told:
        keep_forecast(arguments.project, item)
        output.line(_line(item), "\n".join(_text(item)))
    return exit_code(last, output)


def _line(told: Forecasted) -> dict[str, Any]:
    return {name: value for name, value in _plain(told).items() if name != "key"}


def _plain(event: events.Event) -> dict[str, Any]:
    """An event as JSON types, without what only the transport needs."""
    plain: dict[str, Any] = msgspec.to_builtins(event)
    return {name: value for name, value in plain.items() if name not in ("event", "sequence", "time")}


def _text(told: Forecasted) -> list[str]:
    lines = [tr("{total} in all if it is not stopped early, {epoch} per epoch ({device})",
                "{total} en total si no se detiene antes, {epoch} por época ({device})",
                total=seconds_text(told.total_seconds),
                epoch=seconds_text(told.seconds_per_epoch), device=told.device)]
    if len(told.stages) > 1:
        for stage in told.stages:
            kept = tr(", kept features", ", características guardadas") if stage.kept_features else ""
            line = tr("{stage}: {epoch} per epoch, {n} epochs{kept}", "{stage}: {epoch} por época, {n} épocas{kept}",
                      stage=stage.id, epoch=seconds_text(stage.seconds_per_epoch), n=stage.epochs, kept=kept)
            lines.append(f"  {line}")
    waiting = sum(stage.feature_seconds for stage in told.stages)
    if waiting >= 0.1:
        line = tr("{t} of it once, for features of the frozen base",
                  "{t} de ello una sola vez, para las características de la base congelada", t=seconds_text(waiting))
        lines.append(f"  {line}")
    card = "" if told.gpu_memory_mb is None else tr(", on the graphics card {n} MB", ", en la tarjeta gráfica {n} MB",
                                                    n=format_number(told.gpu_memory_mb, ",.0f"))
    lines.append(tr("memory: {n} MB{card}", "memoria: {n} MB{card}", n=format_number(told.memory_mb, ",.0f"), card=card))
    lines.append(tr("disk: {n} MB (checkpoints {c}, model {m}, prepared pictures and features {p})",
                    "disco: {n} MB (puntos de control {c}, modelo {m}, imágenes preparadas y características {p})",
                    **{name: format_number(value, ",.1f") for name, value in (
                        ("n", told.disk_mb), ("c", told.checkpoints_mb), ("m", told.model_mb), ("p", told.cache_mb))}))
    return lines


def find_batch(arguments: argparse.Namespace, output: Output) -> int:
    """Growing batches until the memory is used up; the largest that fits, and the fastest."""
    job = _job(arguments, output, lambda folder, project, index: batch_job(folder, project, index, arguments.memory))
    found: list[BatchFound] = []
    tried: list[BatchTried] = []

    def handle(event: events.Event) -> None:
        report_progress(event, output)
        if isinstance(event, BatchFound):
            found.append(event)
        elif isinstance(event, BatchTried):
            tried.append(event)
            if not output.as_json:
                output.line({}, _tried_text(event))

    last = run_job(job, output, handle)
    if isinstance(last, events.Failed) and not found and (best := best_of(tried, last.problem)) is not None:
        # The system ended the process in the attempt that was too large: the ones before are the answer.
        found, last = [best], events.Finished()
    for result in found:
        line = {"batch_size": result.batch_size, "fastest": result.fastest, "limit": result.limit,
                "budget_mb": result.budget_mb, "tried": [_plain(item) for item in result.tried]}
        text = tr("largest batch: {n} ({limit}); fastest: {fast}", "lote más grande: {n} ({limit}); el más rápido: {fast}",
                  n=format_number(result.batch_size, ",.0f"), limit=LIMITS[result.limit],
                  fast=format_number(result.fastest, ",.0f"))
        take = tr("To use it: cnnstudio set {folder} training.batch_size={n}",
                  "Para usarlo: cnnstudio set {folder} training.batch_size={n}", folder=shlex.quote(str(arguments.project)),
                  n=result.batch_size)
        output.line(line, f"{text}\n{take}")
    return exit_code(last, output)


def _tried_text(tried: BatchTried) -> str:
    size = f"{format_number(tried.batch_size, ',.0f'):>8}"
    memory = f"{format_number(tried.memory_mb, ',.0f'):>8} MB"
    if not tried.fits:
        return f"{size}  {memory}  " + tr("does not fit", "no cabe")
    return f"{size}  {memory}  " + tr("{n} pictures per second", "{n} imágenes por segundo",
                                      n=format_number(tried.pictures_per_second, ",.0f"))
