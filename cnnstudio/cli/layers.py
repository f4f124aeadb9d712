"""`cnnstudio layers`: what a run recorded of the insides of its layers, or a look into its finished model."""

from __future__ import annotations

import argparse
from typing import Any

import msgspec

from cnnstudio.cli.jobs import exit_code, report_progress, run_job
from cnnstudio.cli.output import Output
from cnnstudio.core import events
from cnnstudio.core.events import Histogram, LayersObserved, LayerState
from cnnstudio.core.files import read_project
from cnnstudio.core.layer_readings import readings
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text, format_number, on_one_line, tr
from cnnstudio.workers.job_setup import layers_job
from cnnstudio.workers.runs.folder import RunFolder, find_run, list_runs


def layers(arguments: argparse.Namespace, output: Output) -> int:
    """Print the recorded states, or measure one now where there are none or the user wishes it."""
    read_project(arguments.project)
    newest = next((run.id for run in list_runs(arguments.project)), None)
    run = find_run(arguments.project, newest if arguments.run is None else arguments.run)
    recorded = [event for event in run.events() if isinstance(event, LayersObserved)]
    if arguments.measure or (not recorded and arguments.epoch is None):
        return _measure(run, output)
    if arguments.epoch is not None:
        recorded = [event for event in recorded if event.epoch == arguments.epoch]
    if not recorded:
        text = Text("The run {run} recorded no state of its layers after epoch {n}. Without --epoch the last recorded one is "
                    "printed; `cnnstudio train PROJECT --layers` records every epoch.",
                    "El entrenamiento {run} no registró el estado de sus capas tras la época {n}. Sin --epoch se muestra el "
                    "último registrado; `cnnstudio train PROYECTO --layers` registra todas las épocas.")
        raise ProblemError(error("not_recorded", text.fill(run=run.id, n=arguments.epoch), "run"))
    if output.as_json:
        for event in recorded:
            output.line(_json(run, event, "recorded"))
    else:
        _print(run, recorded[-1], tr("recorded", "registrado"), output)
    return 0


def _measure(run: RunFolder, output: Output) -> int:
    told: list[LayersObserved] = []

    def handle(event: events.Event) -> None:
        report_progress(event, output)
        if isinstance(event, LayersObserved):
            told.append(event)

    last = run_job(layers_job(run), output, handle)
    for event in told:
        if output.as_json:
            output.line(_json(run, event, "measured"))
        else:
            _print(run, event, tr("measured now", "medido ahora"), output)
    return exit_code(last, output)


def _json(run: RunFolder, event: LayersObserved, source: str) -> dict[str, Any]:
    return {"run": run.id, "source": source, "epoch": event.epoch, "batch": event.batch, "stage": event.stage,
            "pictures": event.pictures, "layers": [msgspec.to_builtins(layer) for layer in event.layers],
            "readings": [{"layers": reading.layers, "text": str(reading.text)} for reading in readings(event)]}


def _print(run: RunFolder, event: LayersObserved, source: str, output: Output) -> None:
    output.write_line(tr("{run}, epoch {n} ({source}; the gradient of {pictures} training pictures)",
                         "{run}, época {n} ({source}; el gradiente de {pictures} imágenes de entrenamiento)", run=run.id,
                         n=event.epoch, source=source, pictures=event.pictures))
    titles = (tr("layer", "capa"), tr("type", "tipo"), tr("gradient", "gradiente"), tr("update", "cambio"),
              tr("dead", "muertas"), tr("weights", "pesos"), tr("activations", "activaciones"))
    rows = [titles, *(_row(layer) for layer in event.layers)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(titles))]
    for row in rows:
        output.write_line("  " + "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
    for reading in readings(event):
        output.write_line(f"! {reading.text}")


def _row(layer: LayerState) -> tuple[str, ...]:
    name = layer.name if layer.layers == 1 else tr("{name} ({n} layers)", "{name} ({n} capas)", name=layer.name,
                                                   n=layer.layers)
    return (on_one_line(name), layer.kind, _number(layer.gradient_norm), _number(layer.update_ratio),
            "-" if layer.dead is None else format_number(layer.dead, ".0%"), _range(layer.weights),
            _range(layer.activations))


def _number(value: float | None) -> str:
    return "-" if value is None else format_number(value, ".2e")


def _range(values: Histogram | None) -> str:
    if values is None:
        return "-"
    return tr("{low} to {high}", "{low} a {high}", low=format_number(values.low, ".3g"),
              high=format_number(values.high, ".3g"))
