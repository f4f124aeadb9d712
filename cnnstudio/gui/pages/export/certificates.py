"""What a certificate says, as facts and in one line. No Qt."""

from __future__ import annotations

from pathlib import Path

from cnnstudio.core.export_jobs import ExportCheck, Share
from cnnstudio.core.text import format_number, format_size, tr
from cnnstudio.gui.widgets.formatting import format_count, format_percent, format_pictures
from cnnstudio.workers.runs.exports import ExportRecord


def format_check(record: ExportRecord) -> str:
    """The result of the check in one line."""
    check = record.check
    if check is None:
        return tr("a document, nothing to compare", "un documento, nada que comparar")
    if check.unchecked:
        return tr("not checked on real pictures", "sin comprobar con imágenes reales")
    return tr("{n} compared, {share} the same class, largest difference {difference}",
              "{n} comparadas, {share} la misma clase, mayor diferencia {difference}",
              n=format_pictures(check.images), share=format_percent(check.top1_agreement),
              difference=format_scientific(check.max_abs_difference))


def format_scientific(value: float) -> str:
    """A small number as 1.2e-07, zero as 0."""
    return format_number(value, ".1e") if value else "0"


def format_share(share: Share | None) -> str:
    """A share with its interval."""
    if share is None:
        return "–"
    return f"{format_percent(share.value)} ({format_percent(share.low)} – {format_percent(share.high)})"


def format_latency(check: ExportCheck) -> str:
    """Median and 95th percentile of the time for one picture."""
    if check.latency_ms is None or check.latency_p95_ms is None:
        return "–"
    digits = ".2f" if check.latency_ms < 10 else ".0f"
    return tr("{median} ms, 95th percentile {p95} ms", "{median} ms, percentil 95: {p95} ms",
              median=format_number(check.latency_ms, digits), p95=format_number(check.latency_p95_ms, digits))


def certificate_facts(check: ExportCheck) -> list[tuple[str, str]]:
    """All that was measured, by name."""
    facts = [(tr("Pictures compared", "Imágenes comparadas"), format_count(check.images))]
    if not check.unchecked:
        facts += [(tr("Same class", "Misma clase"), format_percent(check.top1_agreement)),
                  (tr("Largest difference", "Mayor diferencia"), format_scientific(check.max_abs_difference))]
    if check.mean_abs_difference is not None and not check.unchecked:
        facts.append((tr("Mean difference", "Diferencia media"), format_scientific(check.mean_abs_difference)))
    if check.accuracy is not None:
        where = (tr("{n} not trained on", "{n} no entrenadas", n=format_pictures(check.labelled)) if check.held_out
                 else tr("{n} of the training", "{n} del entrenamiento", n=format_pictures(check.labelled)))
        facts += [(tr("Accuracy", "Exactitud"), f"{format_share(check.accuracy)}, {where}"),
                  (tr("Before the export", "Antes de exportar"), format_share(check.accuracy_before))]
    if check.bytes:
        facts.append((tr("Size", "Tamaño"), format_size(check.bytes)))
    if check.latency_ms is not None:
        facts.append((tr("Time for a picture", "Tiempo por imagen"), format_latency(check)))
    if check.memory_bytes is not None:
        facts.append((tr("Memory, with the runtime", "Memoria, con el motor"), format_size(check.memory_bytes)))
    if check.runtime:
        facts.append((tr("Answered by", "Respondió"), check.runtime))
    if check.kept_in_float:
        facts.append((tr("Kept in float", "En coma flotante"), ", ".join(check.kept_in_float)))
    if check.data:
        facts.append((tr("Compared on", "Comparado con"), Path(check.data).name))
    return facts
