"""Commands that measure: mean and deviation, the effect of augmentations, pretrained bases."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.catalog.rate_keys import rate_key
from cnnstudio.catalog.steps import AUGMENTATIONS
from cnnstudio.cli.jobs import exit_code, report_progress, run_job
from cnnstudio.cli.output import Output, count_progress, scan_progress
from cnnstudio.cli.projects import locked_project
from cnnstudio.core import events, jobs
from cnnstudio.core.files import read_project, write_project
from cnnstudio.core.problems import ProblemError, blocking, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text, format_number, tr
from cnnstudio.core.training import Stage
from cnnstudio.core.trial_jobs import RatesTried
from cnnstudio.datasets.channels import measured_recipe
from cnnstudio.datasets.opening import open_project
from cnnstudio.datasets.source_folders import source_folder
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.network.key_values import with_values
from cnnstudio.workers.job_setup import augmentation_job, rates_job, refresh_index
from cnnstudio.workers.probe_jobs import probe_job, read_probe
from cnnstudio.workers.runs.folder import find_run
from cnnstudio.workers.runs.run_problems import no_model_problem


def measure(arguments: argparse.Namespace, output: Output) -> int:
    """Mean and deviation of the training pictures, and the range of deep ones, saved into the project; exit code 2 if
    there are none."""
    folder: Path = arguments.project
    with locked_project(folder):
        project, index = open_project(folder)
        try:
            noticed = refresh_index(folder, project, index, scan_progress(output))
            output.problems(noticed, as_lines=False)
            if blocking(noticed):
                return 2
            index.apply(project.dataset)
            recipe = measured_recipe(project, index, source_folder(project, folder),
                                     progress=count_progress(output, Text("pictures", "imágenes")))
            write_project(folder, msgspec.structs.replace(project, recipe=recipe))
        finally:
            index.close()
    if recipe.sample_range == "collection":
        output.line({"sample_low": recipe.sample_low, "sample_high": recipe.sample_high},
                    tr("black at {low}, white at {high}", "negro en {low}, blanco en {high}",
                       low=format_number(recipe.sample_low), high=format_number(recipe.sample_high)))
    channels = ("grey",) if recipe.channels == 1 else ("red", "green", "blue")
    lines = [f"{name}: {format_number(mean, '.3f')} ± {format_number(deviation, '.3f')}" for name, mean, deviation in
             zip(_channel_names(recipe.channels), recipe.mean, recipe.deviation, strict=True)]
    output.line({"mean": recipe.mean, "deviation": recipe.deviation, "channels": channels,
                 "normalization": recipe.normalization}, "\n".join(lines))
    if recipe.normalization != "standardize":
        output.print_message(tr("The recipe does not use these values yet. To use them: cnnstudio set {folder} "
                                "recipe.normalization=standardize",
                                "La receta aún no usa estos valores. Para usarlos: cnnstudio set {folder} "
                                "recipe.normalization=standardize",
                                folder=shlex.quote(str(folder))))
    return 0


def _channel_names(channels: int) -> tuple[str, ...]:
    if channels == 1:
        return (tr("grey", "gris"),)
    return tr("red", "rojo"), tr("green", "verde"), tr("blue", "azul")


def robustness(arguments: argparse.Namespace, output: Output) -> int:
    """The effect of each augmentation of the project on a model's predictions, by class, worst first."""
    folder: Path = arguments.project
    steps = read_project(folder).augmentation.steps
    run = find_run(folder, arguments.run)
    if not run.has_model:
        raise ProblemError(no_model_problem(run))
    job = augmentation_job(run, steps)
    if not job.steps:
        text = Text("There is nothing to measure: the project has no augmentation that changes single pictures. Add one, "
                    "such as a rotation.",
                    "No hay nada que medir: el proyecto no tiene ningún aumento que cambie las imágenes una a una. Añada "
                    "alguno, como una rotación.")
        raise ProblemError(error("no_augmentation", text, "augmentation"))
    last = run_job(job, output, lambda event: report_progress(event, output))
    measured = run.augmentation() if isinstance(last, events.Finished) else None
    if measured is not None:
        width = max(len(_label(row)) for row in measured.rows)
        for row in measured.rows:
            _print_row(row, width, output)
        clear = sum(row.clear for row in measured.rows)
        output.line({"event": "summary", "run": measured.run, "split": measured.split, "rows": len(measured.rows),
                     "clear": clear},
                    tr("{run}, {split}: augmentations with a loss of accuracy beyond chance: {n} of {all}",
                       "{run}, {split}: aumentos con una pérdida de exactitud superior a la del azar: {n} de "
                       "{all}", run=measured.run, split=measured.split,
                       n=clear, all=len(measured.rows)))
    return exit_code(last, output)


def _print_row(row: jobs.Changed, width: int, output: Output) -> None:
    text = (f"{'!' if row.clear else ' '} {_label(row):<{width}}  {format_number(row.plain, '.1%')} → "
            f"{format_number(row.changed, '.1%')}")
    if row.called and row.changed < row.plain:
        text += "  " + tr("predicted as {name} {share:.0%}", "predichas como {name} {share:.0%}", name=row.called,
                          share=row.called_share)
    line = msgspec.to_builtins(row)
    output.line({**line, "clear": row.clear}, text)


def _label(row: jobs.Changed) -> str:
    entry = AUGMENTATIONS.find(row.type)
    return f"{entry.label if entry is not None else row.type} · {row.class_name}"


def probe(arguments: argparse.Namespace, output: Output) -> int:
    """Compare pretrained bases by a linear classifier on their features, best first."""
    folder: Path = arguments.project
    project, index = open_project(folder)
    try:
        noticed = refresh_index(folder, project, index, scan_progress(output))
        output.problems(noticed, as_lines=False)
        if blocking(noticed):
            return 2
        index.apply(project.dataset)
        job = probe_job(folder, project, index, source_folder(project, folder))
    finally:
        index.close()
    probes: list[jobs.BasesProbed] = []

    def on_event(event: events.Event) -> None:
        report_progress(event, output)
        if isinstance(event, jobs.BasesProbed):
            probes.append(event)

    last = run_job(job, output, on_event)
    probed = read_probe(folder) if probes else None
    if probed is not None:
        _print_probe(probed, folder, output)
    return exit_code(last, output)


def _print_probe(probed: jobs.BasesProbed, folder: Path, output: Output) -> None:
    bases = ProjectBases(folder)
    compared = {row.base: bases.find(row.base) for row in probed.rows}
    labels = {name: name if base is None else str(base.label) for name, base in compared.items()}
    width = max((len(label) for label in labels.values()), default=0)
    for row in probed.rows:
        text = tr("{base}  {accuracy:6.1%} ({low:.1%} to {high:.1%})  {ms:7.2f} ms per picture  {s:.1f} s",
                  "{base}  {accuracy:6.1%} (de {low:.1%} a {high:.1%})  {ms:7.2f} ms por imagen  {s:.1f} s",
                  base=f"{labels[row.base]:<{width}}", accuracy=row.accuracy, low=row.low, high=row.high,
                  ms=row.milliseconds, s=row.seconds)
        output.line(msgspec.to_builtins(row), text)
    for base, problem in probed.failed.items():
        output.line({"base": base, "problem": problem})
    if not output.as_json:
        output.print_message(tr("Pictures for training: {training}, for validation: {validation}. Bases without weights on "
                                "this computer: {names}.",
                                "Imágenes de entrenamiento: {training}, de validación: {validation}. Bases sin pesos en este "
                                "equipo: {names}.", training=probed.training, validation=probed.validation,
                                names=", ".join(probed.absent) or "–"))
    output.line({"event": "summary", "training": probed.training, "validation": probed.validation,
                 "classes": probed.classes, "absent": probed.absent})


_FEWEST_STEPS: Final = 20
_MOST_STEPS: Final = 10_000
_RULES: Final = {
    "valley": Text("half-way along the longest fall", "a la mitad de la caída más larga"),
    "steep": Text("where the loss falls fastest", "donde la pérdida cae más rápido"),
    "minimum": Text("a tenth of the rate of the lowest loss", "la décima parte de la tasa de la pérdida más baja"),
    "slide": Text("before the loss climbs for good", "antes de que la pérdida suba definitivamente"),
}


def find_rate(arguments: argparse.Namespace, output: Output) -> int:
    """Learning rates from low to high, a batch each: the curve, and what four rules read from it."""
    folder: Path = arguments.project
    if not _FEWEST_STEPS <= arguments.steps <= _MOST_STEPS:
        text = Text("--steps must be from {least} to {most:,}.", "--steps debe estar entre {least} y {most:,}.")
        raise ProblemError(error("bad_steps", text.fill(least=_FEWEST_STEPS, most=_MOST_STEPS), "training", field="steps"))
    project, index = open_project(folder)
    try:
        project = with_values(project, arguments.values)
        stage = _stage(project, arguments.stage)
        noticed = refresh_index(folder, project, index, scan_progress(output))
        index.apply(project.dataset)
        output.problems([item for item in noticed if not item.blocks], as_lines=False)
        if blocking(noticed):
            raise ProblemError(*blocking(noticed))
        job = msgspec.structs.replace(rates_job(folder, project, index, stage.id), steps=arguments.steps)
    finally:
        index.close()
    found: list[RatesTried] = []

    def handle(event: events.Event) -> None:
        report_progress(event, output)
        if isinstance(event, RatesTried):
            found.append(event)

    last = run_job(job, output, handle)
    for tried in found:
        width = max(len(name) for name in tried.suggestions)
        lines = [f"{name:<{width}}  {format_number(rate, '.2e')}  {_RULES[name]}" for name, rate in tried.suggestions.items()]
        key = rate_key(project.training, stage)
        if key:
            lines.append(tr("To use one: cnnstudio set {folder} {key}={rate}",
                            "Para usar una: cnnstudio set {folder} {key}={rate}", folder=shlex.quote(str(folder)), key=key,
                            rate=f"{tried.suggestions['valley']:.2e}"))
        output.line({"curve": tried.curve, "suggestions": tried.suggestions, "diverged": tried.diverged}, "\n".join(lines))
    return exit_code(last, output)


def _stage(project: Project, identifier: str | None) -> Stage:
    """The stage of that id, by default the first. Raises ProblemError."""
    # Without any stage, checking the project tells that.
    stages = project.training.stages or (project.training.last_stage,)
    stage = stages[0] if identifier is None else project.training.stage(identifier)
    if stage is None:
        text = Text("The training has no stage {name}. It has: {all}.",
                    "El entrenamiento no tiene ninguna etapa {name}. Tiene: {all}.")
        raise ProblemError(error("unknown_stage", text.fill(
            name=identifier, all=", ".join(item.id for item in project.training.stages)), "training", field="stage"))
    return stage
