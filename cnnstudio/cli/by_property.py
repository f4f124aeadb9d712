"""The part of `cnnstudio evaluate` that divides the accuracy by properties of the pictures."""

from __future__ import annotations

from typing import Any

from cnnstudio.catalog.properties import PictureProperty
from cnnstudio.cli.output import Output
from cnnstudio.core.problems import ProblemError, error, warning
from cnnstudio.core.text import Text, format_number, on_one_line, tr
from cnnstudio.evaluation.answers import Answers
from cnnstudio.evaluation.by_property import (
    CORRECTION,
    MOST_BINS,
    TESTS,
    PropertyAccuracy,
    PropertyBin,
    accuracies_by,
)
from cnnstudio.workers.property_texts import bin_label, missing_text
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.runs.properties import property_values

ALL = "all"


def check_bins(bins: int | None, wanted: str | None) -> None:
    """Raise ProblemError for a number of ranges that cannot be, or of no property (None: nobody chose)."""
    if bins is not None and not wanted:
        raise ProblemError(error("bins_of_nothing", Text("--bins divides a property: add --by PROPERTY.",
                                                         "--bins divide una propiedad: añada --by PROPIEDAD."), "run",
                                 field="bins"))
    if bins is not None and not 2 <= bins <= MOST_BINS:
        text = Text("A number can be divided into 2 to {n} ranges.", "Un número se puede dividir en 2 a {n} tramos.")
        raise ProblemError(error("bad_bins", text.fill(n=MOST_BINS), "run", field="bins"))


def print_by_property(run: RunFolder, answers: Answers | None, wanted: str, bins: int, output: Output) -> None:
    """A line for each bin of each property, the most telling property first. Raises ProblemError (unknown_property)."""
    if answers is None:
        text = Text("The answers of {run} could not be kept, so its accuracy cannot be divided by properties.",
                    "No se pudieron conservar las respuestas de {run}, así que su exactitud no se puede dividir por "
                    "propiedades.")
        output.problems([warning("evaluation_not_kept", text.fill(run=run.id), "run")], as_lines=False)
        return
    values = property_values(run, answers, "" if wanted == ALL else wanted, lambda done, total: output.progress(
        f"{format_number(done, ',')} / {format_number(total, ',')} " + tr("pictures", "imágenes")))
    output.problems(values.problems, as_lines=False)
    found = accuracies_by(answers, values.values, bins)
    for result in found:
        _print(run, answers.split, values.find(result.id), result, output)
    if len(found) > 1:
        output.print_message(tr("p values corrected for {n} properties by {name}", "valores p corregidos por {n} propiedades "
                                "según {name}", n=len(found), name=CORRECTION))


def _print(run: RunFolder, split: str, entry: PictureProperty, result: PropertyAccuracy, output: Output) -> None:
    """The bins of a property; the lines of text go with the first."""
    head = f"{entry.label}: {verdict(result)}"
    labels = [bin_label(entry, item) for item in result.bins]
    width = max((len(label) for label in labels), default=0)
    for number, (item, label) in enumerate(zip(result.bins, labels, strict=True)):
        low, high = (format_number(end, ".1%") for end in item.interval)
        text = (f"  {on_one_line(label):<{width}}  {format_number(item.accuracy, '.1%')} ({low} – {high})  "
                f"{tr('{right} of {n}', '{right} de {n}', right=item.right, n=item.pictures)}"
                + ("  *" if item.differs_from(result.accuracy) else ""))
        line = bin_fields(item) | {"run": run.id, "split": split, "property": entry.id, "overall": result.accuracy,
                                   "p_value": result.p_value, "adjusted_p_value": result.adjusted, "test": result.test or None,
                                   "correction": str(CORRECTION) if result.adjusted is not None else None}
        output.line(line, f"{head}\n{text}" if not number else text)


def bin_fields(item: PropertyBin) -> dict[str, Any]:
    """A bin as JSON."""
    span = {"low": item.low, "high": item.high} if item.kind == "range" else {}
    value = {"value": item.value} if item.kind == "value" else {}
    others = {"values": item.others} if item.kind == "other" else {}
    return {"event": "bin", "kind": item.kind, **span, **value, **others, "pictures": item.pictures, "right": item.right,
            "accuracy": item.accuracy, "interval": list(item.interval), "confidence": item.confidence}


def verdict(result: PropertyAccuracy) -> str:
    """Whether a property matters, with the p value and the test."""
    if result.p_value is None or result.adjusted is None:
        return missing_text(result, str(result.reason))
    p_value = format_number(result.adjusted, ".2g")
    text = tr("it matters (corrected p = {p}, {test})", "importa (p corregido = {p}, {test})", p=p_value,
              test=TESTS[result.test]) if result.matters else tr(
        "no sign that it matters (corrected p = {p}, {test})", "no hay indicios de que importe (p corregido = {p}, {test})",
        p=p_value, test=TESTS[result.test])
    return missing_text(result, text)
