"""Commands that work in a child process: export, fetch; and how any job is run."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from cnnstudio.cli.interrupts import handling_interrupts
from cnnstudio.cli.output import Output
from cnnstudio.core import events
from cnnstudio.core.commands import Command
from cnnstudio.core.jobs import FetchBase, JobSpec
from cnnstudio.core.logs import start_logging
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text, format_metrics, format_number, language, tr
from cnnstudio.workers.supervisor import Supervisor


@contextmanager
def stop_on_interrupt(supervisor: Supervisor, output: Output) -> Iterator[None]:
    """Inside, Ctrl+C stops the job and keeps its result; a second one cancels it, a third one kills it.

    A job that keeps nothing is cancelled at once: it may be stuck in a read. A closed output pipe stops the job, too.
    """
    requests = 0

    def stop(_number: int, _frame: object) -> None:
        nonlocal requests
        requests += 1
        if requests > 2:
            supervisor.kill()
        elif requests == 2 or not supervisor.keeps:
            output.print_message(tr("Stopping (press Ctrl+C again to end at once).",
                                    "Deteniendo (pulse Ctrl+C otra vez para terminar de inmediato)."))
            supervisor.cancel()
            requests = 2
        else:
            output.print_message(tr("Stopping and keeping the model (press Ctrl+C again to end at once).",
                                    "Deteniendo y conservando el modelo (pulse Ctrl+C otra vez para terminar de inmediato)."))
            supervisor.stop(keep=True)

    output.on_unread = lambda: supervisor.stop(keep=True)
    with handling_interrupts(stop):
        yield


def run_job(job: JobSpec, output: Output, on_event: Callable[[events.Event], None], *commands: Command) -> events.Event:
    """Run a job in a child, which gets the commands at once; returns its last event."""
    start_logging("command")
    supervisor = Supervisor(job, on_event)
    for command in commands:
        supervisor.send(command)
    with stop_on_interrupt(supervisor, output):
        return supervisor.run()


_UNITS: Final = {"pictures": Text("pictures", "imágenes"), "batches": Text("batches", "lotes"),
                 "steps": Text("steps", "pasos"), "passes": Text("passes", "pasadas"), "epochs": Text("epochs", "épocas")}
"""What jobs count. Bytes are called so in both languages."""


def report_progress(event: events.Event, output: Output) -> None:
    """Print the progress of any job."""
    if isinstance(event, events.Phase):
        output.progress(str(event.text), at_once=True)
    elif isinstance(event, events.Progress):
        left = f", {_duration(event.seconds_left)}" if event.seconds_left is not None else ""
        output.progress(f"{format_number(event.done, ',')} / {format_number(event.total, ',')} "
                        f"{_UNITS.get(event.unit, event.unit)}{left}")
    elif isinstance(event, events.Notice):
        output.problems([event.problem], as_lines=False)
    elif isinstance(event, events.Batch):
        text = tr("epoch {epoch}, batch {batch} of {batches}", "época {epoch}, lote {batch} de {batches}",
                  epoch=event.epoch, batch=event.batch, batches=event.batches)
        left = f"  {_duration(event.seconds_left)}" if event.seconds_left is not None else ""
        output.progress(f"{text}  {format_metrics(event.metrics)}  "
                        f"{format_number(event.pictures_per_second, ',.0f')}/s{left}")
    elif isinstance(event, events.Epoch):
        output.print_message(tr("epoch {epoch} of {epochs}", "época {epoch} de {epochs}", epoch=event.epoch,
                                epochs=event.epochs) + f"  {format_metrics(event.metrics)}  "
                             f"{format_number(event.seconds, '.1f')} s")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    left = f"{hours} h {minutes} min" if hours else (f"{minutes} min {rest} s" if minutes else f"{rest} s")
    return tr("{left} left", "faltan {left}", left=left)


def exit_code(last: events.Event, output: Output) -> int:
    """The exit code of a job; a failed job prints its problem, and one that was stopped without a result is not done."""
    if isinstance(last, events.Failed):
        output.problems([last.problem], as_lines=False)
        return 1
    return int(isinstance(last, events.Stopped) and not last.kept)




def fetch(arguments: argparse.Namespace, output: Output) -> int:
    if arguments.file is not None and not arguments.file.is_file():
        text = Text("The weights file {path} does not exist. Choose another file.",
                    "El archivo de pesos {path} no existe. Elija otro archivo.")
        raise ProblemError(error("weights_missing", text.fill(path=arguments.file), "file", path=arguments.file))
    job = FetchBase(base=arguments.base, file=str(arguments.file.absolute()) if arguments.file else "",
                    cache=str(cache_folder()), language=language())
    artifacts: list[str] = []

    def handle(event: events.Event) -> None:
        report_progress(event, output)
        if isinstance(event, events.Artifact):
            artifacts.append(event.path)

    last = run_job(job, output, handle)
    for path in artifacts:
        output.line({"base": arguments.base, "path": path}, path)
    return exit_code(last, output)
