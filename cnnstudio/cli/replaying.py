"""`cnnstudio replay`: the kept epochs of a run, one after the other, and a film of them."""

from __future__ import annotations

import argparse
import os
import re
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from cnnstudio.cli.jobs import exit_code, report_progress, run_job
from cnnstudio.cli.output import Output
from cnnstudio.cli.targets import check_target
from cnnstudio.core import events
from cnnstudio.core.display import format_percent
from cnnstudio.core.feature_jobs import EpochReplayed
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text, format_number, on_one_line, tr
from cnnstudio.imaging.film import film_ending
from cnnstudio.workers.replays import MOST_FIXED, find_replays, replay_job
from cnnstudio.workers.runs.folder import find_run

_PAINTER: Final = "cnnstudio.gui.pages.evaluate.replay.film"
"""By its dotted name: only a film needs Qt."""
_SIDES: Final = (160, 4096)
_SPEEDS: Final = (0.1, 60.0)
_FILMS: Final = re.compile(rb"GIF8|.{4}ftyp", re.DOTALL)


def replay(arguments: argparse.Namespace, output: Output) -> int:
    """Replay the epochs, a line each; then write the film."""
    size = _size(arguments.size)
    if not _SPEEDS[0] <= arguments.speed <= _SPEEDS[1]:
        text = Text("--speed must be from {low} to {high} epochs per second.",
                    "--speed debe ser de {low} a {high} épocas por segundo.")
        raise ProblemError(error("bad_speed", text.fill(low=_SPEEDS[0], high=_SPEEDS[1]), "run", field="speed"))
    if arguments.to is not None:
        film_ending(arguments.to)
        check_target(arguments.to, arguments.force, _FILMS)
    count, fixed = _pictures(arguments.pictures)
    job = replay_job(find_run(arguments.project, arguments.run), arguments.split or "", fixed, count)

    def handle(event: events.Event) -> None:
        report_progress(event, output)
        if isinstance(event, EpochReplayed):
            output.line(_line(event), _text(event))

    code = exit_code(run_job(job, output, handle), output)
    if code or arguments.to is None:
        return code
    found = find_replays(job).replays
    if not found:
        text = Text("The replayed epochs are no longer in the cache. Try again.",
                    "Las épocas repasadas ya no están en la caché. Inténtelo de nuevo.")
        raise ProblemError(error("no_replay", text, "machine"))
    # A film needs no screen and must not open a window.
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    kind = import_module(_PAINTER).write_replay_film(
        arguments.to, found, job.split, range(len(found[-1].class_names)), size, arguments.speed, arguments.theme,
        lambda done, total: output.progress(f"{done} / {total}"))
    output.line({"path": str(arguments.to), "format": kind, "epochs": len(found), "size": list(size)},
                tr("Written to {path} ({kind}).", "Escrito en {path} ({kind}).", path=arguments.to, kind=kind))
    return 0


def _size(text: str) -> tuple[int, int]:
    parts = text.lower().replace("×", "x").split("x")
    if len(parts) == 2 and all(part.isdecimal() and _SIDES[0] <= int(part) <= _SIDES[1] for part in parts):
        return int(parts[0]), int(parts[1])
    message = Text("--size needs width and height from {low} to {high}, such as 1280x720. Received: {text}",
                   "--size necesita ancho y alto de {low} a {high}, como 1280x720. Se recibió: {text}")
    raise ProblemError(error("bad_size", message.fill(low=_SIDES[0], high=_SIDES[1], text=text), "run", field="size"))


def _pictures(words: list[str] | None) -> tuple[int, list[Path]]:
    """How many pictures are chosen by the program, or the files of the user."""
    if not words:
        return MOST_FIXED, []
    if len(words) == 1 and words[0].isdecimal():
        return int(words[0]), []
    return MOST_FIXED, [Path(word) for word in words]


def _line(event: EpochReplayed) -> dict[str, Any]:
    if event.problem is not None:
        return {"epoch": event.epoch, "problem": {"code": event.problem.code, "text": str(event.problem.text)}}
    return {"epoch": event.epoch, "accuracy": round(event.accuracy, 6), "loss": round(event.loss, 6),
            "pictures": event.pictures, "file": event.file}


def _text(event: EpochReplayed) -> str:
    if event.problem is not None:
        return on_one_line(tr("epoch {n}: {problem}", "época {n}: {problem}", n=event.epoch, problem=event.problem.text))
    return tr("epoch {n}  accuracy {accuracy}  loss {loss}  pictures {pictures}",
              "época {n}  exactitud {accuracy}  pérdida {loss}  imágenes {pictures}", n=event.epoch,
              accuracy=format_percent(event.accuracy), loss=format_number(event.loss, ".4f"),
              pictures=format_number(event.pictures, ","))
