"""The commands that export trained models, and list the exports."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.catalog.exporters.entry import Exporter
from cnnstudio.cli.jobs import exit_code, report_progress, run_job
from cnnstudio.cli.output import Output
from cnnstudio.core import events
from cnnstudio.core.export_jobs import ExportCheck, Exported, LayerLoss, LossesMeasured
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text, format_number, format_size, tr
from cnnstudio.workers.export_support import example_sources, unsupported_problems
from cnnstudio.workers.job_setup import export_job, losses_job
from cnnstudio.workers.runs.exports import count_damaged, list_exports
from cnnstudio.workers.runs.folder import RunFolder, find_run, list_runs

_ALL: Final = ["all"]
_MOST_LAYERS: Final = 20


def export(arguments: argparse.Namespace, output: Output) -> int:
    """`export PROJECT --format FORMAT --to PATH`: write, reopen and compare; the exit code is 1 where one was not kept.

    Ctrl+C ends all of it, not only the format that is being written.
    """
    run = find_run(arguments.project, arguments.run)
    # The option may come more than once.
    arguments.format = _ALL if "all" in arguments.format else list(dict.fromkeys(arguments.format))
    several = arguments.format == _ALL or len(arguments.format) > 1
    entries = list(EXPORTERS) if arguments.format == _ALL else [EXPORTERS[name] for name in arguments.format]
    if several and arguments.to.is_file():
        text = Text("Several formats go into a folder, but {path} is a file. Choose a folder.",
                    "Varios formatos van a una carpeta, pero {path} es un archivo. Elija una carpeta.")
        raise ProblemError(error("not_a_folder", text.fill(path=arguments.to), "file", path=arguments.to))
    code = 0
    if arguments.losses:
        last = _measure_losses(run, output)
        code = exit_code(last, output)
        if isinstance(last, events.Stopped):
            return code
    for number, entry in enumerate(entries, start=1):
        problems = unsupported_problems(entry, run, arguments.engine or "") if several else ()
        if problems:
            output.line({"format": entry.id, "skipped": [str(problem.text) for problem in problems]},
                        tr("{format}: left out. {reason}", "{format}: omitido. {reason}", format=entry.id,
                           reason=" ".join(str(problem.text) for problem in problems)))
            # Named formats were asked for; of all formats those that can be written are.
            code = max(code, int(arguments.format != _ALL))
            continue
        path = arguments.to / f"{entry.id}{entry.suffix}" if several else arguments.to
        last = _export_one(run, entry, path, arguments, output)
        code = max(code, exit_code(last, output))
        if isinstance(last, events.Stopped):
            _print_unwritten(entries[number:], output)
            break
    return code


def _print_unwritten(entries: Sequence[Exporter], output: Output) -> None:
    """Name the formats that a stopped export did not come to."""
    if entries:
        output.print_message(tr("Stopped before: {formats}", "Detenido antes de: {formats}",
                                formats=", ".join(entry.id for entry in entries)))


def _export_one(run: RunFolder, entry: Exporter, path: Path, arguments: argparse.Namespace, output: Output) -> events.Event:
    result: list[Exported] = []

    def handle(event: events.Event) -> None:
        report_progress(event, output)
        if isinstance(event, Exported):
            result.append(event)

    engine = arguments.engine or ""
    kept = arguments.keep_in_float
    if arguments.format == _ALL or len(arguments.format) > 1:
        engine, kept = engine if entry.engines else "", kept if entry.calibrates else ()
    last = run_job(export_job(run, entry.id, path, data=arguments.check_data, unchecked=arguments.unchecked,
                              engine=engine, keep_in_float=kept), output, handle)
    for done in result:
        written = {"path": done.path, "format": done.format, "check": done.check}
        if done.certificate:
            written["certificate"] = done.certificate
        output.line(written, export_text(done.path, done.check))
        if arguments.example:
            _print_examples(run, done, output)
    return last


def export_text(path: str, check: ExportCheck | None) -> str:
    """What was written, and what its certificate says, in a few words."""
    if check is None:
        return tr("{path}: written", "{path}: escrito", path=path)
    if check.unchecked:
        return tr("{path}: written, but not checked on real pictures",
                  "{path}: escrito, pero sin comprobar con imágenes reales", path=path)
    text = tr("{path}: written and checked, pictures {n:,}, top-1 agreement {top:.1%}, largest difference {d:.1e}",
              "{path}: escrito y comprobado, imágenes {n:,}, coincidencia top-1 {top:.1%}, diferencia máxima {d:.1e}",
              path=path, n=check.images, top=check.top1_agreement, d=check.max_abs_difference)
    return ", ".join([text, *check_figures(check)])


def check_figures(check: ExportCheck) -> list[str]:
    """Accuracy, size and time of an export, as far as they were measured."""
    figures = []
    if check.accuracy is not None and check.accuracy_before is not None:
        figures.append(tr("accuracy {after:.1%} (before {before:.1%}; {low:.1%} to {high:.1%})",
                          "exactitud {after:.1%} (antes {before:.1%}; de {low:.1%} a {high:.1%})", after=check.accuracy.value,
                          before=check.accuracy_before.value, low=check.accuracy.low, high=check.accuracy.high))
    if check.bytes:
        figures.append(format_size(check.bytes))
    if check.latency_ms is not None:
        figures.append(tr("{ms} ms for a picture ({runtime})", "{ms} ms por imagen ({runtime})",
                          ms=format_number(check.latency_ms, ".1f" if check.latency_ms >= 1 else ".2g"), runtime=check.runtime))
    return figures


def _print_examples(run: RunFolder, done: Exported, output: Output) -> None:
    for identifier, label, source in example_sources(run, done.format, Path(done.path)):
        output.line({"format": done.format, "example": identifier, "source": source}, f"\n# {label}\n{source}")


def _measure_losses(run: RunFolder, output: Output) -> events.Event:
    """Print the layers of a run by what they lose with whole numbers."""
    measured: list[LossesMeasured] = []

    def handle(event: events.Event) -> None:
        report_progress(event, output)
        if isinstance(event, LossesMeasured):
            measured.append(event)

    missing = EXPORTERS["litert_int8"].missing_libraries()
    if missing:
        raise ProblemError(*missing)
    last = run_job(losses_job(run), output, handle)
    for event in measured:
        if output.as_json:
            for row in event.layers:
                output.line({"run": run.id, "images": event.images} | msgspec.to_builtins(row), "")
            continue
        output.print_message(tr("What each layer loses with 8-bit whole numbers, alone, on {n} pictures (all together: mean "
                                "difference {d:.1e}, the same class for {top:.1%}):",
                                "Lo que pierde cada capa con números enteros de 8 bits, por separado, en {n} imágenes (todas "
                                "juntas: diferencia media {d:.1e}, la misma clase en {top:.1%}):", n=event.images,
                                d=event.together.mean_abs_difference, top=event.together.top1_agreement))
        for row in event.layers[:_MOST_LAYERS]:
            output.line({}, _loss_text(row))
        if len(event.layers) > _MOST_LAYERS:
            output.print_message(tr("and {n} more that lose less", "y {n} más que pierden menos",
                                    n=len(event.layers) - _MOST_LAYERS))
    return last


def _loss_text(row: LayerLoss) -> str:
    return tr("{layer} ({type}, {n:,} weights): mean difference {d:.1e}, the same class for {top:.1%}",
              "{layer} ({type}, {n:,} pesos): diferencia media {d:.1e}, la misma clase en {top:.1%}", layer=row.layer,
              type=row.type, n=row.weights, d=row.mean_abs_difference, top=row.top1_agreement)


def exports(arguments: argparse.Namespace, output: Output) -> int:
    """`exports PROJECT`: the exports of all runs, newest first."""
    runs = run_folders(arguments.project)
    records = list_exports(runs)
    if not records and not output.as_json:
        output.print_message(tr("Nothing was exported yet.", "Todavía no se ha exportado nada."))
    for record in records:
        output.line(msgspec.to_builtins(record), f"{record.run}  {record.format}  {export_text(record.path, record.check)}")
    if damaged := count_damaged(runs):
        output.print_message(tr("Lines of exports.jsonl that cannot be read and were left out: {n}",
                                "Líneas de exports.jsonl que no se pueden leer y se han omitido: {n}", n=damaged))
    return 0


def run_folders(project: Path) -> Sequence[RunFolder]:
    """The runs of a project; raises ProblemError (no_project) where there is none."""
    if not (project / "project.cnnstudio").is_file():
        text = Text("There is no project in {path}.", "No hay ningún proyecto en {path}.")
        problem: Problem = error("no_project", text.fill(path=project), "file", path=project)
        raise ProblemError(problem)
    return [find_run(project, run.id) for run in list_runs(project)]
