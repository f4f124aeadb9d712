"""`cnnstudio features`: what the layers of a model compute."""

from __future__ import annotations

import argparse
from contextlib import nullcontext
from typing import Any

import msgspec

from cnnstudio.cli.explaining import answer_code, chosen_pictures
from cnnstudio.cli.jobs import report_progress, run_job
from cnnstudio.cli.output import Output
from cnnstudio.core import events
from cnnstudio.core.explain_jobs import FeaturesShown
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text, format_number, on_one_line, tr
from cnnstudio.workers.explain_setup import append_line, explanation_folder, features_job


def features(arguments: argparse.Namespace, output: Output) -> int:
    """Show features; a line for each layer, unit or picture."""
    kind = ("layers" if arguments.list else "filters" if arguments.filters else "exciting" if arguments.exciting
            else "maximisation" if arguments.maximize else "field" if arguments.at else "maps")
    if arguments.to is None and kind != "layers":
        text = Text("Say with --to where the pictures are written.", "Indique con --to dónde se escriben las imágenes.")
        raise ProblemError(error("no_target", text, "run", field="to"))
    if arguments.top < 1:
        text = Text("--top must be at least 1.", "--top debe ser al menos 1.")
        raise ProblemError(error("bad_top", text, "run", field="top"))
    if arguments.units and kind in ("layers", "filters", "maps"):
        text = Text("--unit chooses a unit where each is shown on its own, as with --exciting; here the whole layer is shown.",
                    "--unit elige una unidad donde se muestra cada una por separado, como con --exciting; aquí se muestra la "
                    "capa entera.")
        raise ProblemError(error("options", text, "run", field="units"))
    position = _position(arguments.at)
    needs = kind in ("maps", "field")
    paths = chosen_pictures(arguments, output) if needs or arguments.paths or arguments.of else []
    job = features_job(arguments.model, kind, arguments.to or arguments.model, arguments.run, paths, arguments.layer or "",
                       arguments.units, position, arguments.top)
    done: list[FeaturesShown] = []

    def handle(event: events.Event) -> None:
        report_progress(event, output)
        if isinstance(event, FeaturesShown):
            done.append(event)
            line = _line(event)
            if event.file:
                append_line(arguments.to, line)
            output.line(line, _text(event))

    project = arguments.model if arguments.model.is_dir() else None
    with explanation_folder(arguments.to, project) if kind != "layers" else nullcontext():
        last = run_job(job, output, handle)
    return answer_code(last, output, any(event.problem is None for event in done))


def _position(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    parts = text.split(",")
    if len(parts) != 2 or not all(part.strip().isdecimal() for part in parts):
        message = Text("--at needs a row and a column from 0, such as 3,5. Received: {text}",
                       "--at necesita una fila y una columna desde 0, como 3,5. Se recibió: {text}")
        raise ProblemError(error("bad_position", message.fill(text=text), "run", field="position"))
    return int(parts[0]), int(parts[1])


def _line(event: FeaturesShown) -> dict[str, Any]:
    if event.problem is not None:
        return {"path": event.path, "problem": {"code": event.problem.code, "text": str(event.problem.text)}}
    plain: dict[str, Any] = msgspec.to_builtins(event)
    return {name: value for name, value in plain.items()
            if name not in ("event", "sequence", "time", "problem") and value not in (None, "", ())}


def _text(event: FeaturesShown) -> str:
    if event.problem is not None:
        return on_one_line(f"{event.path}: {event.problem.text}")
    shape = " × ".join(map(str, event.shape))
    text = f"{event.layer}  {event.type}  {shape}"
    if event.path:
        text = f"{event.path}: {text}"
    if event.unit is not None:
        text += "  " + tr("unit {unit}", "unidad {unit}", unit=event.unit)
    if event.activation is not None:
        text += f"  {format_number(event.activation, '.3g')}"
    if event.dead:
        text += "  " + tr("silent units {share:.0%}", "unidades calladas {share:.0%}", share=event.dead)
    if event.box is not None:
        text += "  " + tr("sees {width} × {height} pixels from row {top}, column {left}; {share:.0%} of its gradient in the "
                          "middle half",
                          "ve {width} × {height} píxeles desde la fila {top}, columna {left}; el {share:.0%} de su gradiente "
                          "en la mitad central", top=event.box[0], left=event.box[1], height=event.box[2],
                          width=event.box[3], share=event.effective or 0.0)
    return on_one_line(text + (f" → {event.file}" if event.file else ""))
