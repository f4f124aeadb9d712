"""`cnnstudio evaluate`: one run or several on the same pictures, with all figures and their intervals."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from cnnstudio.cli.by_property import check_bins, print_by_property
from cnnstudio.cli.jobs import exit_code, report_progress, run_job
from cnnstudio.cli.output import Output
from cnnstudio.cli.scenarios import print_scenarios
from cnnstudio.core import events, jobs
from cnnstudio.core.averages import averages
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import format_number, on_one_line, tr
from cnnstudio.datasets.index import open_index
from cnnstudio.datasets.leakage import LeakageCost
from cnnstudio.evaluation.answers import Answers
from cnnstudio.evaluation.confusion import confused_pairs
from cnnstudio.evaluation.figures import FIGURES
from cnnstudio.evaluation.rejection import REJECTIONS, RejectionFigures, rejection_figures
from cnnstudio.evaluation.report import Report, Value, make_report
from cnnstudio.workers.job_setup import evaluation_job
from cnnstudio.workers.runs.answers import leakage_price
from cnnstudio.workers.runs.calibration import kept_answers, present_calibration
from cnnstudio.workers.runs.folder import RunFolder, find_run
from cnnstudio.workers.runs.side_by_side import answers_side_by_side

_PAIRS = 10
"""Confused pairs that are listed."""


class _Evaluation(msgspec.Struct, frozen=True):
    """A run's evaluation, with its answers (after the temperature) and figures where they could be kept."""

    run: RunFolder
    event: jobs.Evaluated
    answers: Answers | None
    report: Report | None
    rejection: RejectionFigures | None


def evaluate(arguments: argparse.Namespace, output: Output) -> int:
    """Evaluate each run; several are put side by side. Raises ProblemError (unlike_evaluations) where they cannot be."""
    check_bins(arguments.bins, arguments.by)
    runs = [find_run(arguments.project, name) for name in dict.fromkeys(arguments.run or [None])]
    found: list[_Evaluation] = []
    for run in runs:
        event, last = evaluate_run(run, output, arguments.split or "", arguments.data, arguments.label_column,
                                   arguments.path_column)
        if event is not None:
            found.append(_figures(run, event))
            _print(found[-1], _leakage(arguments.project, run, event.split) if event.table else None, output)
            if arguments.by:
                print_by_property(run, found[-1].answers, arguments.by, arguments.bins or 0, output)
            print_scenarios(arguments.project, run, output)
        if exit_code(last, output):
            return 1
    kept = [item for item in found if item.answers is not None]
    if len(kept) > 1:
        answers_side_by_side([item.run for item in kept], kept[0].event.split)
        _print_side_by_side(kept, output)
    return 0


def evaluate_run(run: RunFolder, output: Output, split: str = "", data: Path | None = None,
                 label_columns: Sequence[str] = (), path_columns: Sequence[str] = ()
                 ) -> tuple[jobs.Evaluated | None, events.Event]:
    """Do the job in a child process; (its result, its last event)."""
    result: list[jobs.Evaluated] = []

    def handle(event: events.Event) -> None:
        report_progress(event, output)
        if isinstance(event, jobs.Evaluated):
            result.append(event)

    reading = run.spec().dataset
    if label_columns or path_columns:
        reading = msgspec.structs.replace(reading, label_columns=tuple(label_columns), path_columns=tuple(path_columns))
    last = run_job(evaluation_job(run, split, data, reading), output, handle)
    return (result[0] if result else None), last


def _figures(run: RunFolder, event: jobs.Evaluated) -> _Evaluation:
    if not event.table:
        return _Evaluation(run, event, None, None, None)
    calibration, _problems = present_calibration(run)
    answers = kept_answers(run, event.split).calibrated(calibration)
    rejection = None if calibration is None or calibration.rejection is None else rejection_figures(
        answers, calibration.rejection)
    return _Evaluation(run, event, answers, make_report(answers), rejection)


def figure_fields(report: Report) -> dict[str, Any]:
    """The figures by their ids, "intervals" with those that have one, "interval_methods", and "undefined" with reasons."""
    defined = [value for value in report.figures if value.interval is not None]
    return {value.id: value.value for value in report.figures} | {
        "intervals": {value.id: list(value.interval or ()) for value in defined},
        "interval_methods": {value.id: value.method for value in defined},
        "undefined": {value.id: value.reason for value in report.figures if value.value is None}}


def _print(found: _Evaluation, leakage: LeakageCost | None, output: Output) -> None:
    evaluated, report = found.event, found.report
    line: dict[str, Any] = {
        "run": found.run.id, "split": evaluated.split, "images": evaluated.images, "loss": evaluated.loss,
        "accuracy": evaluated.accuracy, "classes": _classes(evaluated, report), "confusion": evaluated.confusion,
        "engine": evaluated.engine, "skipped": evaluated.skipped, "temperature": evaluated.temperature}
    overall = averages(evaluated.accuracy, evaluated.classes, evaluated.confusion)
    if report is not None:
        line |= figure_fields(report)
    line |= msgspec.to_builtins(overall)
    if found.answers is not None:
        names = found.answers.class_names
        line["confused"] = [{"label": names[pair.label], "predicted": names[pair.predicted], "count": pair.count,
                             "share": pair.share} for pair in confused_pairs(found.answers.confusion, _PAIRS)]
    if found.rejection is not None:
        line["rejection"] = found.rejection
    if leakage is not None:
        line["leakage"] = leakage
    lines = [tr("{run}, {split}: accuracy {accuracy:.2%} on {n:,} pictures, loss {loss:.4f}",
                "{run}, {split}: exactitud {accuracy:.2%} en {n:,} imágenes, pérdida {loss:.4f}", run=found.run.id,
                split=evaluated.split, accuracy=evaluated.accuracy, n=evaluated.images, loss=evaluated.loss),
             "  " + tr("95% interval {low} to {high}, balanced accuracy {balanced}, macro F1 {f1}",
                       "intervalo del 95 %: {low} a {high}, exactitud equilibrada {balanced}, F1 macro {f1}",
                       low=format_number(overall.accuracy_interval[0], ".2%"),
                       high=format_number(overall.accuracy_interval[1], ".2%"),
                       balanced=format_number(overall.balanced_accuracy, ".2%"),
                       f1=format_number(overall.macro_f1, ".3f"))]
    if evaluated.temperature != 1:
        lines.append("  " + tr("calibrated with temperature {t:.3f}", "calibrado con temperatura {t:.3f}",
                               t=evaluated.temperature))
    if report is not None:
        lines += _figure_lines(report)
    width = max((len(on_one_line(item.name)) for item in evaluated.classes), default=0)
    lines += [f"  {on_one_line(item.name):<{width}}  " + "  ".join(
        f"{name} {format_number(getattr(item, name), '.3f')}" for name in ("precision", "recall", "f1"))
        + f"  n {item.support}"
        for item in evaluated.classes]
    lines += [f"  {on_one_line(pair['label'])} → {on_one_line(pair['predicted'])}: {pair['count']}"
              f" ({format_number(pair['share'], '.1%')})" for pair in line.get("confused", ())]
    if found.rejection is not None:
        lines.append("  " + rejection_text(found.rejection))
    if leakage is not None:
        lines.append(tr("pictures with a duplicate among the training pictures: {leaked}; accuracy without them "
                        "{accuracy}",
                        "imágenes con una copia entre las de entrenamiento: {leaked}; exactitud sin ellas: {accuracy}",
                        leaked=leakage.leaked,
                        accuracy="-" if leakage.without is None else format_number(leakage.without, ".2%")))
    output.line(line, "\n".join(lines))


def _classes(evaluated: jobs.Evaluated, report: Report | None) -> list[dict[str, Any]]:
    """The figures of the event, and where there is a report the others, with intervals."""
    rows: list[dict[str, Any]] = []
    for place, item in enumerate(evaluated.classes):
        row: dict[str, Any] = msgspec.to_builtins(item)
        if report is not None:
            values = report.classes[place].figures
            row |= {value.id: value.value for value in values if value.id not in row}
            row["intervals"] = {value.id: list(value.interval) for value in values if value.interval is not None}
        rows.append(row)
    return rows


def _figure_lines(report: Report) -> list[str]:
    """Every figure with its interval, aligned."""
    width = max(len(str(figure.label)) for figure in FIGURES)
    lines = [f"  {FIGURES[value.id].label!s:<{width}}  {_number(value, value.value)}  {_interval(value)}".rstrip()
             for value in report.figures if value.value is not None]
    lines += [f"  {FIGURES[value.id].label!s:<{width}}  -  {value.reason}" for value in report.figures
              if value.value is None and not FIGURES[value.id].passed_over]
    # Why several have no interval is said once.
    reasons = dict.fromkeys(str(value.reason) for value in report.figures
                            if value.value is not None and value.reason is not None)
    return [*lines, *(f"  {reason}" for reason in reasons)]


def _number(value: Value, number: float | None) -> str:
    return "-" if number is None else format_number(number, ".2%" if FIGURES[value.id].percent else ".4f")


def _interval(value: Value) -> str:
    if value.interval is None:
        return ""
    method = tr("Wilson", "Wilson") if value.method == "wilson" else tr("bootstrap", "bootstrap")
    return tr("95%: {low} to {high} ({method})", "95 %: {low} a {high} ({method})", low=_number(value, value.interval[0]),
              high=_number(value, value.interval[1]), method=method)


def rejection_text(figures: RejectionFigures) -> str:
    """What a reject option does, in a sentence."""
    low, high = figures.coverage_interval
    text = tr("not sure of {n:,} pictures; an answer for {coverage:.2%} (95%: {low:.2%} to {high:.2%})",
              "sin certeza en {n:,} imágenes; respuesta para el {coverage:.2%} (95 %: {low:.2%} a {high:.2%})",
              n=figures.not_sure, coverage=figures.coverage, low=low, high=high)
    if figures.accuracy is not None and figures.accuracy_interval is not None:
        low, high = figures.accuracy_interval
        text += tr(", of which {accuracy:.2%} are right (95%: {low:.2%} to {high:.2%})",
                   ", de las que acierta el {accuracy:.2%} (95 %: {low:.2%} a {high:.2%})", accuracy=figures.accuracy, low=low,
                   high=high)
    return text


def _print_side_by_side(found: list[_Evaluation], output: Output) -> None:
    reports = {item.run.id: item.report for item in found if item.report is not None}
    names, whole = list(reports), found[0].event
    width = max(len(str(figure.label)) for figure in FIGURES)
    columns = [max(len(name), 8) for name in names]
    lines = [" " * (width + 2) + "  ".join(f"{name:>{size}}" for name, size in zip(names, columns, strict=True))]
    for figure in FIGURES:
        values = [report[figure.id] for report in reports.values()]
        if any(value.value is not None for value in values):
            lines.append(f"{figure.label!s:<{width}}  " + "  ".join(
                f"{_number(value, value.value):>{size}}" for value, size in zip(values, columns, strict=True)))
    lines.append(tr("Whether a difference can be chance: cnnstudio compare PROJECT {runs}",
                    "Si una diferencia puede ser azar: cnnstudio compare PROYECTO {runs}", runs=" ".join(names)))
    figures = {figure.id: {name: report[figure.id].value for name, report in reports.items()} for figure in FIGURES}
    output.line({"event": "side_by_side", "runs": names, "split": whole.split, "images": whole.images, "figures": figures},
                "\n".join(lines))


def _leakage(folder: Path, run: RunFolder, split: str) -> LeakageCost | None:
    """The leakage of an evaluation, if the audit found duplicates of training pictures."""
    try:
        index = open_index(folder)
    except ProblemError:
        return None
    try:
        price = leakage_price(index, run, split)
    finally:
        index.close()
    return price if price is not None and price.leaked else None


def option_text(kind: str, level: float) -> str:
    """A reject option with its level: "Conformal sets (share of errors 10%)"."""
    option = REJECTIONS[kind]
    return f"{option.label} ({option.level} {format_number(level, '.1%')})"
