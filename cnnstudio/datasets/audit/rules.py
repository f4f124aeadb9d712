"""Findings as a pure and quick function of measures, thresholds and decisions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, Final

import msgspec
import numpy as np

from cnnstudio.catalog.findings import KINDS
from cnnstudio.core.audit import AuditSpec
from cnnstudio.core.dataset import SPLIT_NAMES, DatasetSpec
from cnnstudio.core.foreign_files import decode_json
from cnnstudio.core.text import Text
from cnnstudio.datasets.findings import Finding
from cnnstudio.datasets.index import Index
from cnnstudio.imaging.formats import BY_NAME
from cnnstudio.imaging.sample_range import FLAT_LEVELS, SampleRange, StoredSamples, levels_as_read

_GRAY: Final = 2.0
"""Largest colourfulness (0 to 255) of a picture that counts as grey."""
_DEFAULTS: Final = AuditSpec()
_ONE_GREY: Final = 0.5 / 255
"""Standard deviation, 0 to 1, below which a picture is plain."""
_FEW: Final = 20
"""From this number of pictures on, the usual values of the collection are reliable."""


_FEW_SIZES: Final = 5
"""With fewer pictures no size is odd."""
FEW_COLORS: Final = 5
"""With fewer pictures neither grey nor colour is the exception."""


class Row(msgspec.Struct, frozen=True, gc=False):
    """One measured picture."""

    id: int
    path: str
    class_name: str
    split: str
    excluded: int
    size: int
    width: int | None
    height: int | None
    problem: str | None
    problem_text: str | None
    brightness: float | None
    dark: float | None
    bright: float | None
    contrast: float | None
    sharpness: float | None
    entropy: float | None
    colorfulness: float | None
    format: str | None
    orientation: int | None
    sample_type: str | None
    sample_low: float | None
    sample_high: float | None
    not_numbers: int | None = None


_SQL: Final = ("SELECT p.id, p.path, p.class_name, p.split, p.excluded, p.size, p.width, p.height, p.problem,"
               " p.problem_text, m.brightness, m.dark, m.bright, m.contrast, m.sharpness, m.entropy, m.colorfulness,"
               " m.format, m.orientation, s.type, s.low, s.high, s.not_numbers FROM pictures p"
               " LEFT JOIN measures m ON m.picture = p.id LEFT JOIN samples s ON s.picture = p.id ORDER BY p.path")


def read_rows(index: Index) -> list[Row]:
    """All pictures with their measures, in the order of their paths."""
    return [Row(*row) for row in index.iterate(_SQL)]


def _finding(row: Row, kind: str, score: float, text: Text, **more: Any) -> Finding:
    return Finding(kind=kind, path=row.path, picture=row.id, score=max(0.0, min(1.0, score)), text=text,
                   severity=KINDS[kind].severity, **more)


# Files ---------------------------------------------------------------------------------------------

def false_suffix(row: Row) -> str:
    """The suffix of a name if it belongs to another format than the content; else ""."""
    suffix = "." + row.path.rpartition(".")[2].lower()
    return suffix if row.format in BY_NAME and suffix not in BY_NAME[row.format].suffixes else ""


def _problem_text(row: Row) -> Text:
    try:
        return Text(*decode_json(row.problem_text or "", tuple[str, str]))
    except ValueError:
        # The kind says what is wrong with the picture.
        return Text("?", "?")


def _files(rows: list[Row], kinds: frozenset[str]) -> Iterable[Finding]:
    for row in rows:
        if row.problem is not None:
            kind = "truncated" if row.problem == "truncated" else "unreadable"
            if kind in kinds:
                yield _finding(row, kind, 1.0, _problem_text(row))
            continue
        if "wrong_extension" in kinds and (suffix := false_suffix(row)):
            text = Text("The extension is {suffix}, but the content is {format}.",
                        "La extensión es {suffix}, pero el contenido es {format}.")
            yield _finding(row, "wrong_extension", 0.5, text.fill(suffix=suffix, format=row.format))
        if "orientation" in kinds and (row.orientation or 1) != 1:
            text = Text("The camera's orientation flag is {n}: programs that ignore the flag show the picture rotated.",
                        "La marca de orientación de la cámara es {n}: los programas que no la tienen en cuenta muestran la "
                        "imagen girada.")
            yield _finding(row, "orientation", 0.3, text.fill(n=row.orientation))
        if "not_numbers" in kinds and row.not_numbers and row.width and row.height:
            share = row.not_numbers / (row.width * row.height)
            text = Text("Samples that are not numbers (NaN) or infinite: {n}. NaN and −∞ are read as black, +∞ as white.",
                        "Muestras que no son números (NaN) o son infinitas: {n}. NaN y −∞ se leen como negro y +∞ como "
                        "blanco.")
            yield _finding(row, "not_numbers", 0.5 + share / 2, text.fill(n=row.not_numbers))


# Picture quality -----------------------------------------------------------------------------------

_Low = tuple[str, str, Text]
_LOW: Final[tuple[_Low, ...]] = (
    ("blurry", "sharpness", Text("Sharpness {value:.2f} is below {limit:.2f}: no part of the picture has fine detail.",
                                 "La nitidez {value:.2f} es menor que {limit:.2f}: ninguna parte de la imagen tiene detalle "
                                 "fino.")),
    ("dark", "dark", Text("Even the brightest areas are dark: {value:.1%} of white, below {limit:.1%}.",
                          "Incluso las zonas más claras son oscuras: {value:.1%} del blanco, menos de {limit:.1%}.")),
    ("low_contrast", "contrast", Text("Contrast {value:.3f} is below {limit:.3f}: light and dark hardly differ.",
                                      "El contraste {value:.3f} es menor que {limit:.3f}: las zonas claras y oscuras apenas "
                                      "se distinguen.")),
    ("low_information", "entropy", Text("The information of {value:.1f} bits is below {limit:.1f}: the picture is almost "
                                        "uniform.",
                                        "La información de {value:.1f} bits es menor que {limit:.1f}: la imagen es casi "
                                        "uniforme.")),
)


def limit_of(kind: str, threshold: float, values: np.ndarray) -> float:
    """The limit in force: the threshold, scaled down where the collection as a whole lies near or below the default.

    Digits on black have little information; those with less than half of the median are still found. In a usual
    collection the threshold is the limit.
    """
    scale = limit_scale(kind, values)
    if scale == 1.0:
        return threshold
    return 1 - (1 - threshold) * scale if kind == "bright" else threshold * scale


def limit_scale(kind: str, values: np.ndarray) -> float:
    """How much smaller than the threshold the limit in force is; of `bright`, both counted from white."""
    if len(values) < _FEW:
        return 1.0
    default, median = float(getattr(_DEFAULTS, kind)), float(np.median(values))
    return min(1.0, (1 - median) / 2 / (1 - default) if kind == "bright" else median / 2 / default)


def flat_as_read(rows: Iterable[Row], sample_range: SampleRange) -> Iterable[Finding]:
    """Pictures that are one grey, or nearly, as the recipe reads them; whatever the rest of the collection looks like."""
    for row in rows:
        if row.sample_type is not None and row.sample_low is not None and row.sample_high is not None:
            stored = StoredSamples(row.sample_type, row.sample_low, row.sample_high)
            levels = levels_as_read(stored, sample_range)
            if levels < FLAT_LEVELS:
                text = Text("The values of the file go from {low} to {high} ({type}); the recipe turns them into {levels} of "
                            "256 grey levels. Another range from black to white would show more of them "
                            "(recipe.sample_range).",
                            "Los valores del archivo van de {low} a {high} ({type}); la receta los convierte en {levels} de "
                            "256 niveles de gris. Otro rango de negro a blanco mostraría más (recipe.sample_range).")
                yield _finding(row, "flat_as_read", 1 - levels / FLAT_LEVELS / 2, text.fill(
                    low=f"{stored.low:g}", high=f"{stored.high:g}", type=stored.type, levels=int(levels) + 1))
        elif row.contrast is not None and row.contrast < _ONE_GREY:
            text = Text("All pixels have practically the same grey or colour.",
                        "Todos los píxeles tienen prácticamente el mismo gris o color.")
            yield _finding(row, "flat_as_read", 1.0, text)


def _quality(rows: list[Row], spec: AuditSpec, kinds: frozenset[str]) -> Iterable[Finding]:
    good = [row for row in rows if row.brightness is not None]
    for kind, field, text in _LOW:
        if kind in kinds and good:
            values = np.array([getattr(row, field) for row in good])
            limit = limit_of(kind, getattr(spec, kind), values)
            for place in np.flatnonzero((values < limit) & judged(kind, good, spec)):
                value = float(values[place])
                yield _finding(good[place], kind, 1 - value / limit / 2 if limit else 1.0,
                               text.fill(value=value, limit=limit))
    if "bright" in kinds and good:
        values = np.array([row.bright for row in good], np.float64)
        limit = limit_of("bright", spec.bright, values)
        text = Text("Even the darkest areas are bright: {value:.1%} of white, above {limit:.1%}.",
                    "Incluso las zonas más oscuras son claras: {value:.1%} del blanco, más de {limit:.1%}.")
        for place in np.flatnonzero(values > limit):
            value = float(values[place])
            yield _finding(good[place], "bright", 1 - (1 - value) / max(1e-9, 1 - limit) / 2,
                           text.fill(value=value, limit=limit))
    sized = [row for row in good if row.width and row.height]
    if "odd_size" in kinds:
        yield from _odd(sized, "odd_size", spec.odd_size, lambda row: math.sqrt(row.width * row.height), Text(
            "{width} × {height} pixels: {factor:.1f} times {way} than the median.",
            "{width} × {height} píxeles: {factor:.1f} veces {way} que la mediana."),
            (Text("larger", "más grande"), Text("smaller", "más pequeña")))
    if "odd_ratio" in kinds:
        yield from _odd(sized, "odd_ratio", spec.odd_ratio, lambda row: row.width / row.height, Text(
            "{width} × {height} pixels: {factor:.1f} times {way} than the median.",
            "{width} × {height} píxeles: {factor:.1f} veces {way} que la mediana."),
            (Text("wider", "más ancha"), Text("narrower", "más estrecha")))
    if "color_mismatch" in kinds:
        yield from _colors(good, spec.color_mismatch)


def judged(kind: str, rows: list[Row], spec: AuditSpec) -> np.ndarray:
    """The pictures that a measure applies to: dark and bright ones have little contrast and findings of their own, and
    a picture without contrast has no details to judge."""
    if kind == "low_contrast":
        dark, bright = (np.array([getattr(row, name) for row in rows], np.float64) for name in ("dark", "bright"))
        return (dark >= limit_of("dark", spec.dark, dark)) & (bright <= limit_of("bright", spec.bright, bright))
    contrast = np.array([row.contrast for row in rows], np.float64)
    if kind == "blurry":
        return contrast >= limit_of("low_contrast", spec.low_contrast, contrast) / 2
    return np.ones(len(rows), bool)


def _odd(rows: list[Row], kind: str, factor: float, measure: Callable[[Any], float], text: Text,
         ways: tuple[Text, Text]) -> Iterable[Finding]:
    if len(rows) < _FEW_SIZES:
        return
    away, floor = odd_distances(rows, measure)
    limit = max(math.log(factor), floor)
    for place in np.flatnonzero(np.abs(away) > limit):
        row, distance = rows[place], float(away[place])
        message = text.fill(width=row.width, height=row.height, factor=math.exp(abs(distance)), way=ways[distance < 0])
        yield _finding(row, kind, 1 - limit / abs(distance) / 2, message)


def odd_distances(rows: list[Row], measure: Callable[[Any], float]) -> tuple[np.ndarray, float]:
    """(distance from the median, the least limit), both as logarithms of a factor."""
    values = np.log(np.array([measure(row) for row in rows], np.float64))
    away = values - np.median(values)
    if len(rows) < _FEW_SIZES:
        return away, math.inf
    # A collection of widely differing sizes has no usual size, so the limit grows with the spread.
    return away, 2 * float(np.percentile(np.abs(away), 75))


def are_gray(rows: list[Row]) -> np.ndarray:
    """Which pictures count as grey."""
    return np.array([(row.colorfulness or 0.0) < _GRAY for row in rows], bool)


def _colors(rows: list[Row], share: float) -> Iterable[Finding]:
    gray = are_gray(rows)
    if len(rows) < FEW_COLORS:
        return
    for odd, text in ((True, Text("Grey, while {share:.0%} of the pictures are in colour.",
                                  "Gris, mientras que el {share:.0%} de las imágenes está en color.")),
                      (False, Text("In colour, while {share:.0%} of the pictures are grey.",
                                   "En color, mientras que el {share:.0%} de las imágenes es gris."))):
        places = np.flatnonzero(gray == odd)
        if 0 < len(places) <= share * len(rows):
            for place in places:
                yield _finding(rows[place], "color_mismatch", 0.4, text.fill(share=1 - len(places) / len(rows)))


# Balance -------------------------------------------------------------------------------------------

def _balance(index: Index, spec: DatasetSpec, kinds: frozenset[str]) -> Iterable[Finding]:
    totals = {name: sum(splits.values()) for name, splits in index.counts().items()}
    names = [name for name in index.class_names(spec) if name]
    most = max((totals.get(name, 0) for name in names), default=0)
    for name in names:
        number = totals.get(name, 0)
        if "tiny_class" in kinds and number < spec.audit.tiny_class:
            text = Text("The class {name} has too few usable pictures for training and evaluation: {n}, fewer than {limit}.",
                        "La clase {name} tiene muy pocas imágenes utilizables para entrenar y evaluar: {n}, menos de "
                        "{limit}.")
            yield Finding(kind="tiny_class", path=name, score=1 - number / max(1, spec.audit.tiny_class) / 2,
                          text=text.fill(name=name, n=number, limit=spec.audit.tiny_class))
        if "imbalance" in kinds and len(names) > 1 and 0 < number * spec.audit.imbalance < most:
            text = Text("The largest class has {most} pictures, {factor:.0f} times as many as {name} with {n}.",
                        "La clase más grande tiene {most} imágenes, {factor:.0f} veces las de {name}, que tiene {n}.")
            yield Finding(kind="imbalance", path=name, score=1 - number * spec.audit.imbalance / most / 2,
                          text=text.fill(name=name, n=number, most=most, factor=most / number))


def split_name(split: str) -> Text:
    """The split's name in a sentence."""
    name: Text = SPLIT_NAMES.get(split, Text(split, split))
    return Text(name.en.lower(), name.es.lower())


def picture_findings(index: Index, spec: DatasetSpec, kinds: frozenset[str], rows: list[Row]) -> list[Finding]:
    """Findings of all kinds about single pictures and classes."""
    return [*_files(rows, kinds), *_quality(rows, spec.audit, kinds), *_balance(index, spec, kinds)]
