"""What is said of an accuracy by a property, on the page, the command line and in a report."""

from __future__ import annotations

import math
from typing import Final

from cnnstudio.catalog.properties import PictureProperty
from cnnstudio.core.display import format_count, with_unit
from cnnstudio.core.text import format_number, tr
from cnnstudio.evaluation.by_property import PropertyAccuracy, PropertyBin

_MORE_DECIMALS: Final = 3


def bin_label(entry: PictureProperty, item: PropertyBin) -> str:
    """The name of a bin: a range with its unit, a value, or what it collects."""
    if item.kind == "missing":
        return tr("(unknown)", "(desconocido)")
    if item.kind == "other":
        return tr("{n} rare values", "{n} valores poco frecuentes", n=format_count(item.others))
    if item.kind == "value":
        return str(entry.names.get(item.value, item.value))
    span = (item.high - item.low) * entry.scale
    # As many decimals as tell its ends apart: small files lie within a tenth of a kilobyte.
    needed = math.ceil(-math.log10(span)) if span > 0 else 0
    decimals = max(entry.decimals, min(needed, entry.decimals + _MORE_DECIMALS))
    low, high = (_number(entry, value, decimals) for value in (item.low, item.high))
    text = low if low == high else f"{low} – {high}"
    return with_unit(text, entry.unit) if entry.unit else text


def _number(entry: PictureProperty, value: float, decimals: int) -> str:
    text = format_number(value * entry.scale, f",.{decimals}f")
    # Columns hold any numbers: whole ones have no decimals.
    return format_number(value, ",.0f") if not entry.unit and value == int(value) and entry.scale == 1 else text


def missing_text(result: PropertyAccuracy, text: str) -> str:
    """That text, and how many pictures have no value."""
    if not result.missing:
        return text
    missing = tr("One picture has no value.", "Una imagen no tiene valor.") if result.missing == 1 else tr(
        "{n} pictures have no value.", "{n} imágenes no tienen valor.", n=format_count(result.missing))
    return f"{text.rstrip('.')}. {missing}"
