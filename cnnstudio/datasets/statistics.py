"""Distributions of a collection: classes by split, sizes, ratios, brightness, sharpness."""

from __future__ import annotations

from typing import Final

import msgspec
import numpy as np

from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.query import Filter, Range, where_sql


class Quantity(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity with a histogram. `field` is the field of Filter with its range ("" if there is none).

    `logarithmic` bins are equally wide by factor. `unit` stands behind the numbers.
    """

    id: str
    label: Text
    expression: str
    field: str = ""
    logarithmic: bool = False
    integer: bool = False
    unit: str = ""


QUANTITIES: Final = Registry("quantity", (
    Quantity(id="side", label=Text("Longer side", "Lado más largo"), expression="MAX(width, height)", field="side",
             logarithmic=True, integer=True, unit="px"),
    Quantity(id="ratio", label=Text("Aspect ratio", "Relación de aspecto"), expression="CAST(width AS REAL) / height",
             field="ratio", logarithmic=True),
    Quantity(id="bytes", label=Text("File size", "Tamaño del archivo"), expression="size / 1024.0", field="bytes",
             logarithmic=True, unit="KB"),
    Quantity(id="brightness", label=Text("Brightness", "Brillo"), expression="m.brightness", field="brightness"),
    Quantity(id="sharpness", label=Text("Sharpness", "Nitidez"), expression="m.sharpness", field="sharpness",
             logarithmic=True),
))


class Histogram(msgspec.Struct, frozen=True, kw_only=True):
    """`counts[i]` pictures lie from `edges[i]` to `edges[i + 1]`; the last bin holds its upper edge too."""

    quantity: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]

    def span(self, first: int, last: int) -> Range:
        """The range of a Filter that takes these bins (both included) and nothing else."""
        scale = 1024.0 if self.quantity == "bytes" else 1.0
        upper = self.edges[last + 1] if last == len(self.counts) - 1 else float(np.nextafter(self.edges[last + 1], 0))
        return self.edges[first] * scale, upper * scale


def histogram(index: Index, quantity: Quantity, wanted: Filter, bins: int = 24) -> Histogram:
    """Count the pictures that match in bins that cover all of them; no bins without data."""
    where, values = where_sql(wanted)
    joins = " LEFT JOIN measures m ON m.picture = pictures.id" if "m." in quantity.expression else ""
    data = np.fromiter((row[0] for row in index.iterate(
        f"SELECT {quantity.expression} FROM pictures{joins} {where}", values) if row[0] is not None), np.float64)
    if quantity.logarithmic:
        data = data[data > 0]
    if not len(data):
        return Histogram(quantity=quantity.id, edges=(), counts=())
    low, high = float(data.min()), float(data.max())
    if quantity.id == "brightness":
        low, high = 0.0, 1.0
    edges = _edges(low, high, bins, quantity)
    counts, _edges_again = np.histogram(data, edges)
    return Histogram(quantity=quantity.id, edges=tuple(float(edge) for edge in edges),
                     counts=tuple(int(count) for count in counts))


def _edges(low: float, high: float, bins: int, quantity: Quantity) -> np.ndarray:
    if high <= low:
        return np.array([low, low])
    edges = np.geomspace(low, high, bins + 1) if quantity.logarithmic else np.linspace(low, high, bins + 1)
    edges[0], edges[-1] = low, high
    if quantity.integer:
        edges = np.unique(np.r_[np.floor(edges[:-1]), high])
    return edges


def balance(index: Index, wanted: Filter) -> dict[str, dict[str, int]]:
    """Pictures that match, by class and split; without unusable ones, unless the filter asks for them."""
    where, values = where_sql(wanted)
    if wanted.excluded == "show" and not wanted.problem:
        where += (" AND " if where else "WHERE ") + "NOT excluded AND problem IS NULL"
    result: dict[str, dict[str, int]] = {}
    for class_name, split, number in index.rows(
            f"SELECT class_name, split, COUNT(*) FROM pictures {where} GROUP BY class_name, split", values):
        result.setdefault(class_name, {})[split] = number
    return result
