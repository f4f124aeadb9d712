"""The entry of a child process: it does one job and turns every exception into an event."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable
from importlib import import_module
from typing import Any

from cnnstudio.catalog.backends import BACKENDS
from cnnstudio.core.events import Event, Failed, Hello, Notice, Stopped
from cnnstudio.core.jobs import JobSpec, Train
from cnnstudio.core.libraries import install_fix, install_hint
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text, set_language
from cnnstudio.core.training import TrainingSpec
from cnnstudio.workers.link import Link, StopRequested
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.transport import Endpoint, ProtocolError
from cnnstudio.workers.trouble import gpu_lost_problem, is_gpu_lost, is_out_of_memory, memory_problem, training_of_job


def main(endpoint: Endpoint) -> None:
    """Do the job of a supervisor and send its last event."""
    link = Link(endpoint)
    try:
        job = link.job()
    except (EOFError, ProtocolError):
        return
    # On a cluster nobody would find what it went on to write.
    link.dies_alone = job.run_to_lock is None or (isinstance(job, Train) and bool(job.storage))
    os.environ["KERAS_BACKEND"] = job.backend
    set_language(job.language if job.language in ("en", "es") else "en")
    signal.signal(signal.SIGTERM, lambda _number, _frame: link.request_stop(keep=True))
    lock: Any = None
    run = ""
    # Read now: later there may be no memory for it.
    training = training_of_job(job)
    try:
        if job.run_to_lock is not None:
            # Before Keras is imported, so that the run counts as running at once.
            from cnnstudio.engine.run_lock import lock_run

            folder = RunFolder(job.run_to_lock)
            run = folder.id
            lock = lock_run(folder)
            link.keep_in(folder.folder)
        last = _work(job, link)
    except StopRequested:
        last = Stopped(run=run, kept=False)
    except ProblemError as problem_error:
        last = _last_event(problem_error, link)
    except Exception as exception:  # noqa: BLE001 - the child's border
        traceback.print_exc()
        last = Failed(problem=_lost_group(job, exception) or unexpected_problem(exception, traceback.format_exc(), training))
    link.emit(last)
    if lock is not None:
        lock.release()
    link.close()


def _work(job: JobSpec, link: Link) -> Event:
    if not job.needs_keras:
        return _worker(job)(job, link)
    from cnnstudio.engine.lean_import import lean_keras

    with lean_keras():
        from cnnstudio.engine import environment

    if isinstance(job, Train) and job.group is not None:
        from cnnstudio.engine.cluster.ranks import join_group

        join_group(job.group)
    environment.set_up(job.device, job.determinism, job.devices)
    link.emit(Hello(pid=os.getpid(), versions=environment.versions(), device=environment.device_name(job.devices)))
    return _worker(job)(job, link)


def _worker(job: JobSpec) -> Callable[[Any, Link], Event]:
    """The function that does the job; importing it imports Keras."""
    module, _, name = job.function.partition(":")
    function: Callable[[Any, Link], Event] = getattr(import_module(f"cnnstudio.engine.{module}"), name)
    return function


def _lost_group(job: JobSpec, exception: BaseException) -> Problem | None:
    """The problem where another host of a training is gone, which the libraries tell in many ways."""
    if not isinstance(job, Train) or job.group is None:
        return None
    from cnnstudio.engine.cluster.ranks import group_lost, is_group_lost

    return group_lost(traceback.format_exc()) if is_group_lost(exception) else None


def _last_event(problem_error: ProblemError, link: Link) -> Event:
    """The last event with the first problem; if there are several, all are sent as notices before."""
    if len(problem_error.problems) > 1:
        for problem in problem_error.problems:
            link.emit(Notice(problem=problem))
    return Failed(problem=problem_error.problems[0])


def unexpected_problem(exception: BaseException, report: str, training: TrainingSpec | None = None) -> Problem:
    """The problem of an unexpected exception; common ones have a text of their own. `training` are the settings of the run
    that the job works on."""
    message = f"{type(exception).__name__}: {exception}"
    if isinstance(exception, ModuleNotFoundError) and exception.name in (*BACKENDS.ids(), "keras"):
        backend = BACKENDS.find(exception.name)
        libraries = () if backend is None else backend.libraries
        text = Text("{name} is not installed. {hint} Or choose another backend.",
                    "{name} no está instalado. {hint} O elija otro motor.")
        return error("backend_missing", text.fill(
            name=exception.name if backend is None else backend.label,
            hint=install_hint(libraries[0]) if libraries else Text("Install it.", "Instálelo.")), "training",
            field="backend", details=report, fixes=tuple(install_fix(library) for library in libraries))
    if is_out_of_memory(exception):
        return memory_problem(training, report)
    if is_gpu_lost(exception):
        return gpu_lost_problem(report)
    if isinstance(exception, OSError) and exception.errno is not None:
        from cnnstudio.core.atomic import write_problem

        problem = write_problem(exception, exception.filename or "?")
        return error(problem.code, problem.text, "file", path=exception.filename, details=report)
    text = Text("An unexpected error occurred: {words}. The report shows where.",
                "Se produjo un error inesperado: {words}. El informe muestra dónde.")
    return error("unexpected", text.fill(words=message[:300]), "machine", details=report)
