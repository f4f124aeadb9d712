"""`cnnstudio compare`: two runs beside each other."""

from __future__ import annotations

import argparse
import json
from typing import Any, Final

from cnnstudio.cli.jobs import exit_code, report_progress, run_job
from cnnstudio.cli.output import Output
from cnnstudio.core.display import format_count
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text, format_number, on_one_line, tr
from cnnstudio.datasets.paired import SIGNIFICANT, Figure
from cnnstudio.workers.job_setup import evaluation_job
from cnnstudio.workers.runs.comparison import RunComparison, compare_runs, is_evaluated, split_to_compare, verdict
from cnnstudio.workers.runs.folder import find_run
from cnnstudio.workers.runs.several_comparisons import CORRECTION, corrected_p_values

FIGURE_NAMES: Final = {
    "accuracy": Text("accuracy", "exactitud"), "balanced_accuracy": Text("balanced accuracy", "exactitud equilibrada"),
    "macro_f1": Text("macro F1", "F1 macro"), "loss": Text("loss", "pérdida")}
_LISTED: Final = 20
"""Disagreements that the text lists; --json prints all."""


def compare(arguments: argparse.Namespace, output: Output) -> int:
    """Compare the first run with each other one; what was not evaluated yet is evaluated first."""
    if len(arguments.runs) < 2:
        text = Text("Name at least two runs. `cnnstudio runs` lists the runs of a project.",
                    "Indique al menos dos entrenamientos. `cnnstudio runs` enumera los de un proyecto.")
        raise ProblemError(error("too_few_runs", text, "run"))
    first, *others = (find_run(arguments.project, name) for name in arguments.runs)
    split = arguments.split or split_to_compare(first, others[0])
    for run in (first, *others):
        if not is_evaluated(run, split):
            last = run_job(evaluation_job(run, split), output, lambda event: report_progress(event, output))
            if exit_code(last, output):
                return 1
    results = [compare_runs(first, other, split) for other in others]
    for result in results:
        if output.as_json:
            _print_lines(result, output)
        else:
            output.line({}, "\n".join(_text(result)))
    if len(results) > 1:
        _print_adjusted(results, output)
    return 0


def _print_adjusted(results: list[RunComparison], output: Output) -> None:
    """With several comparisons one looks significant by chance sooner."""
    adjusted = corrected_p_values(results)
    rows = [{"run": result.second, "p_value": result.paired.mcnemar.p_value, "adjusted_p_value": corrected,
             "significant": corrected < SIGNIFICANT} for result, corrected in zip(results, adjusted, strict=True)]
    lines = [tr("p-values corrected for several comparisons (Benjamini-Hochberg):",
                "valores p corregidos por comparaciones múltiples (Benjamini-Hochberg):")]
    lines += [f"  {row['run']}  {format_number(corrected, '.3f')}" + (
        "  " + tr("significant", "significativo") if corrected < SIGNIFICANT else "")
        for row, corrected in zip(rows, adjusted, strict=True)]
    output.line({"event": "corrected", "first": results[0].first, "method": CORRECTION, "runs": rows},
                "\n".join(lines))


def _print_lines(result: RunComparison, output: Output) -> None:
    for difference in result.differences:
        output.line({"event": "difference", "key": difference.key, "first": difference.first, "second": difference.second})
    for figure in result.paired.figures:
        output.line({"event": "metric", **{name: getattr(figure, name) for name in Figure.__struct_fields__}})
    test = result.paired.mcnemar
    output.line({"event": "mcnemar", "only_first": test.only_first, "only_second": test.only_second, "p_value": test.p_value,
                 "significant": test.significant})
    output.line({"event": "confusion", "classes": list(result.class_names),
                 "difference": [list(line) for line in result.paired.confusion_difference]})
    for item in result.disagreements:
        output.line({"event": "disagreement", **{name: getattr(item, name) for name in type(item).__struct_fields__}})
    output.line({"event": "summary", "first": result.first, "second": result.second, "split": result.split,
                 "images": result.paired.images, "only_first": result.only_first, "only_second": result.only_second,
                 "changed": result.changed, "disagreements": len(result.disagreements), "text": str(verdict(result))})


def _text(result: RunComparison) -> list[str]:
    lines = [tr("{first} and {second}, {split}, pictures: {n}", "{first} y {second}, {split}, imágenes: {n}",
                first=result.first, second=result.second, split=result.split, n=format_count(result.paired.images))]
    lines += [f"  {item.key}: {_plain(item.first)} → {_plain(item.second)}" for item in result.differences] or [
        "  " + tr("the same settings", "los mismos ajustes")]
    width = max(len(str(name)) for name in FIGURE_NAMES.values())
    for figure in result.paired.figures:
        share = figure.name in ("accuracy", "balanced_accuracy")
        form = ".2%" if share else ".4f"
        apart, low, high = (format_number(value * 100 if share else value, "+.2f" if share else "+.4f")
                            for value in (figure.difference, *figure.difference_interval))
        unit = tr(" points", " puntos") if share else ""
        difference = tr("difference {d}{unit}, 95% interval {low} to {high}",
                        "diferencia {d}{unit}, intervalo del 95 %: {low} a {high}", d=apart, unit=unit, low=low, high=high)
        lines.append(f"  {FIGURE_NAMES[figure.name]!s:<{width}}  {format_number(figure.first, form)}  "
                     f"{format_number(figure.second, form)}  {difference}")
    lines.append("  " + str(verdict(result)))
    for left_out, text in ((result.only_first + result.only_second, Text(
            "pictures left out because only one of them was evaluated on them: {n:,}",
            "imágenes excluidas porque solo se evaluó uno de los dos con ellas: {n:,}")), (result.changed, Text(
            "pictures left out because their file or class has changed in between: {n:,}",
            "imágenes excluidas porque su archivo o clase cambió entretanto: {n:,}"))):
        if left_out:
            lines.append("  " + str(text.fill(n=left_out)))
    for item in result.disagreements[:_LISTED]:
        path, label, one, other = map(on_one_line, (item.path, item.label, item.first, item.second))
        lines.append(f"  {path}  {label}: {one} {format_number(item.first_probability, '.0%')}, "
                     f"{other} {format_number(item.second_probability, '.0%')}")
    if len(result.disagreements) > _LISTED:
        lines.append("  " + tr("and {n:,} more (--json lists all)", "y {n:,} más (--json las enumera todas)",
                               n=len(result.disagreements) - _LISTED))
    return lines


def _plain(value: Any) -> str:
    return on_one_line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
