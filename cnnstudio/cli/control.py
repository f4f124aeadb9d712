"""`cnnstudio control`: commands to a training that runs in a window or another terminal."""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cnnstudio.cli.output import Output, localized
from cnnstudio.core.commands import Command, Observe, Pause, Resume, SetLearningRate, Stop
from cnnstudio.core.display import format_percent
from cnnstudio.core.events import (
    LAST,
    USER,
    Event,
    Failed,
    Notice,
    Observed,
    Paused,
    RateChanged,
    Resumed,
    Stopped,
)
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text, format_number, on_one_line, tr
from cnnstudio.workers.journal import read_events
from cnnstudio.workers.runs.folder import RunFolder, find_run, list_runs

_LOOK_SECONDS: Final = 0.2
ANSWER_SECONDS: Final = 120.0
"""How long an answer is waited for: a batch of a large network takes its time."""


def control(arguments: argparse.Namespace, output: Output) -> int:
    """Send one command to a training, and wait until it has heeded it."""
    run = _running(arguments.project, arguments.run)
    command, answers = _command(arguments)
    if isinstance(command, Pause | Resume) and (run.state() == "paused") == isinstance(command, Pause):
        text = (Text("The training {run} is already paused.", "El entrenamiento {run} ya está en pausa.")
                if isinstance(command, Pause) else
                Text("The training {run} is not paused.", "El entrenamiento {run} no está en pausa."))
        raise ProblemError(error("nothing_to_do", text.fill(run=run.id), "run"))
    offset = run.events_path.stat().st_size if run.events_path.exists() else 0
    run.send(command)
    for event in _events(run, offset):
        if isinstance(event, Notice) and event.problem.code == "rate_not_set" and isinstance(command, SetLearningRate):
            output.problems([event.problem])
            return 1
        if isinstance(event, answers) and _is_meant(event, command):
            output.line(localized(event), "\n".join(_words(event)))
            unread = isinstance(event, Observed) and any(picture.problem is not None for picture in event.pictures)
            return int(isinstance(event, Failed) or unread)
        if isinstance(event, LAST):
            output.line(localized(event), tr("The training has ended.", "El entrenamiento ha terminado."))
            return 1
    text = Text("The training {run} has not answered for {n} s. The command stays in its folder and will be carried out as "
                "soon as possible.",
                "El entrenamiento {run} no responde desde hace {n} s. La orden queda en su carpeta y se cumplirá en cuanto sea "
                "posible.")
    raise ProblemError(error("no_answer", text.fill(run=run.id, n=round(ANSWER_SECONDS)), "run"))


def _running(project: Path, name: str | None) -> RunFolder:
    """The run of that id, or the one that is trained. Raises ProblemError (no_run, not_running)."""
    if name is not None:
        run = find_run(project, name)
        if run.living():
            return run
    else:
        for summary in list_runs(project):
            run = RunFolder(summary.folder)
            if run.living():
                run.check_links()
                return run
    text = Text("No training is running in {path}.", "No hay ningún entrenamiento en marcha en {path}.")
    raise ProblemError(error("not_running", text.fill(path=project), "run"))


def _command(arguments: argparse.Namespace) -> tuple[Command, tuple[type[Event], ...]]:
    """The command, and the events that answer it. Raises ProblemError (bad_rate)."""
    if arguments.pause:
        return Pause(), (Paused,)
    if arguments.resume:
        return Resume(), (Resumed,)
    if arguments.rate is not None:
        if not (math.isfinite(arguments.rate) and arguments.rate > 0):
            text = Text("The learning rate must be a positive number, not {rate}.",
                        "La tasa de aprendizaje debe ser un número positivo, no {rate}.")
            raise ProblemError(error("bad_rate", text.fill(rate=arguments.rate), "training"))
        return SetLearningRate(rate=arguments.rate), (RateChanged,)
    if arguments.try_pictures:
        return Observe(paths=tuple(str(path.absolute()) for path in arguments.try_pictures)), (Observed,)
    return Stop(keep=not arguments.discard), (Stopped, Failed)


def _is_meant(event: Event, command: Command) -> bool:
    """Whether the event answers this command: a callback also changes the rate, and after every epoch there are answers for
    pictures that were asked for before."""
    if isinstance(event, RateChanged):
        return event.by == USER
    if isinstance(event, Observed) and isinstance(command, Observe):
        return {picture.path for picture in event.pictures} == set(command.paths)
    return True


def _events(run: RunFolder, offset: int) -> Iterator[Event]:
    """The events from now on, until the training is gone or says nothing more."""
    end = time.monotonic() + ANSWER_SECONDS
    while time.monotonic() < end:
        living = run.living()
        events, offset = read_events(run.events_path, offset)
        yield from events
        if not living:
            return
        time.sleep(_LOOK_SECONDS)


def _words(event: Event) -> list[str]:
    if isinstance(event, RateChanged):
        return [tr("learning rate {before} → {after}, from epoch {epoch} on",
                   "tasa de aprendizaje {before} → {after}, desde la época {epoch}",
                   before=format_number(event.before, ".3g"), after=format_number(event.after, ".3g"),
                   epoch=event.epoch if event.batch else event.epoch + 1)]
    if isinstance(event, Observed):
        return [f"{on_one_line(picture.path)}: " + (
            str(picture.problem.text) if picture.problem is not None
            else f"{on_one_line(picture.answer)} {format_percent(picture.confidence)}") for picture in event.pictures]
    if isinstance(event, Failed):
        return [str(event.problem.text)]
    return [{Paused: tr("paused", "en pausa"), Resumed: tr("resumed", "se continuó")}.get(
        type(event), tr("stopped", "detenido"))]
