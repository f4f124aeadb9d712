"""Filters and orders of pictures, and their SQL."""

from __future__ import annotations

import unicodedata
from typing import Any, Final, Literal

import msgspec

Range = tuple[float | None, float | None]
"""Lower and upper bound, both included; None: no bound."""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """A filter of pictures; empty tuples and texts match any. All conditions must hold.

    `excluded`: "hide", "show" or "only"; `problem`: "any" or a code; `findings`: kinds of the audit, one of which the
    picture has ("any" for all kinds); `folder`: a path below the collection's root; `side` and `pixels` are of the
    longer side and of width times height, `ratio` is width by height, `bytes` the file's size; `brightness` and
    `sharpness` are those of the audit. `correct` ("right", "wrong"), `confidence` (0 to 1) and `predicted` are about
    the predictions of `run`; a run without any of the three is only used for sorting. `added`: pictures that appeared
    in the scan of that number or a later one.
    """

    classes: tuple[str, ...] = ()
    not_classes: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    text: str = ""
    folder: str = ""
    problem: str = ""
    excluded: str = "show"
    findings: tuple[str, ...] = ()
    side: Range = (None, None)
    pixels: Range = (None, None)
    ratio: Range = (None, None)
    bytes: Range = (None, None)
    brightness: Range = (None, None)
    sharpness: Range = (None, None)
    run: str = ""
    correct: str = ""
    confidence: Range = (None, None)
    predicted: tuple[str, ...] = ()
    added: int = 0


SORTS: Final = {
    "path": "path", "name": "path", "size": "size DESC, path", "date": "modified_ns DESC, path",
    "class": "class_name, path", "pixels": "COALESCE(width * height, 0) DESC, path",
    "blur": "m.sharpness IS NULL, m.sharpness, path", "brightness": "m.brightness IS NULL, m.brightness, path",
    "confidence": "a.confidence IS NULL, a.confidence, path", "loss": "a.loss IS NULL, a.loss DESC, path",
    "random": "(id * 2654435761) % 4294967296",
}
"""Orders of pictures. `m` are the measures, `a` the predictions of the filter's run."""

_ACCEPTED: Final = "EXISTS (SELECT 1 FROM accepted x WHERE x.kind = f.kind AND x.path = f.subject)"
_LEAKS: Final = "o.split != q.split AND (o.split = 'train' OR q.split = 'test')"
_TWIN: Final = ("EXISTS (SELECT 1 FROM pictures q, json_each(f.others) t JOIN pictures o ON o.path = t.value"
                " WHERE q.id = f.picture AND NOT o.excluded AND {still})")
SETTLED: Final = (
    f"({_ACCEPTED}"
    f" OR f.kind = 'leakage' AND NOT {_TWIN.format(still=_LEAKS)}"
    f" OR f.kind = 'cross_class_duplicate' AND NOT {_TWIN.format(still='o.class_name != q.class_name')}"
    " OR f.kind = 'mislabeled' AND EXISTS (SELECT 1 FROM pictures q WHERE q.id = f.picture"
    " AND q.class_name = json_extract(f.data, '$.suggested')))")
"""Whether the user accepted the finding `f`, or has fixed it since the audit by another class or split."""


def ids_sql(wanted: Filter, sort: str) -> tuple[str, list[Any]]:
    """The query for the ids of the pictures that match, in order, with its values."""
    order = SORTS[sort]
    joins, first = "", []
    if "m." in order:
        joins = " LEFT JOIN measures m ON m.picture = pictures.id"
    elif "a." in order:
        joins, first = " LEFT JOIN predictions a ON a.picture = pictures.id AND a.run = ?", [wanted.run]
    where, values = where_sql(wanted)
    return f"SELECT pictures.id FROM pictures{joins} {where} ORDER BY {order}", [*first, *values]


def where_sql(wanted: Filter) -> tuple[str, list[Any]]:
    """A WHERE for the table `pictures` (empty for any picture), with its values."""
    parts: list[str] = []
    values: list[Any] = []

    def add(condition: str, *arguments: Any) -> None:
        parts.append(condition)
        values.extend(arguments)

    for column, chosen in (("class_name", wanted.classes), ("split", wanted.splits)):
        if chosen:
            add(f"{column} IN ({_marks(chosen)})", *chosen)
    if wanted.not_classes:
        add(f"class_name NOT IN ({_marks(wanted.not_classes)})", *wanted.not_classes)
    for term in wanted.text.split():
        if term.isascii():
            add("path LIKE ? ESCAPE '\\'", f"%{_escaped(term)}%")
        else:
            # LIKE ignores case in ASCII only, and a file system may store ñ as one code point or as two.
            add("(path GLOB ? OR path GLOB ?)", _any_case("NFC", term), _any_case("NFD", term))
    if wanted.folder:
        # A range of the index of paths: "0" is the character after "/".
        folder = wanted.folder.rstrip("/")
        add("path > ? AND path < ?", f"{folder}/", f"{folder}0")
    if wanted.problem == "any":
        add("problem IS NOT NULL")
    elif wanted.problem:
        add("problem = ?", wanted.problem)
    if wanted.excluded != "show":
        add("excluded" if wanted.excluded == "only" else "NOT excluded")
    if wanted.findings:
        kinds = "" if "any" in wanted.findings else f"f.kind IN ({_marks(wanted.findings)}) AND "
        add(f"id IN (SELECT f.picture FROM findings f WHERE {kinds}NOT {SETTLED})",
            *(() if not kinds else wanted.findings))
    for expression, span in (("MAX(width, height)", wanted.side), ("width * height", wanted.pixels),
                             ("CAST(width AS REAL) / height", wanted.ratio), ("size", wanted.bytes)):
        _between(expression, span, add)
    for name, span in (("brightness", wanted.brightness), ("sharpness", wanted.sharpness)):
        bounds = [(sign, bound) for sign, bound in zip((">=", "<="), span, strict=True) if bound is not None]
        if bounds:
            conditions = " AND ".join(f"{name} {sign} ?" for sign, _bound in bounds)
            add(f"id IN (SELECT picture FROM measures WHERE {conditions})", *(bound for _sign, bound in bounds))
    if wanted.added:
        add("added >= ?", wanted.added)
    if wanted.run and (wanted.correct or wanted.predicted or wanted.confidence != (None, None)):
        _answers(wanted, add)
    return ("WHERE " + " AND ".join(parts) if parts else ""), values


def _answers(wanted: Filter, add: Any) -> None:
    inside: list[str] = ["run = ?"]
    values: list[Any] = [wanted.run]

    def also(condition: str, *arguments: Any) -> None:
        inside.append(condition)
        values.extend(arguments)

    if wanted.correct:
        # By the current class of the picture: a corrected label counts at once.
        also("(predicted = pictures.class_name) = ?", int(wanted.correct == "right"))
    if wanted.predicted:
        also(f"predicted IN ({_marks(wanted.predicted)})", *wanted.predicted)
    _between("confidence", wanted.confidence, also)
    add(f"EXISTS (SELECT 1 FROM predictions WHERE picture = pictures.id AND {' AND '.join(inside)})", *values)


def _between(expression: str, span: Range, add: Any) -> None:
    for sign, bound in zip((">=", "<="), span, strict=True):
        if bound is not None:
            add(f"{expression} {sign} ?", bound)


def _marks(values: tuple[str, ...]) -> str:
    return ",".join("?" * len(values))


def _any_case(form: Literal["NFC", "NFD"], term: str) -> str:
    """A pattern for GLOB: the term anywhere, in any case."""
    def pattern(letter: str) -> str:
        alike = {item for item in (letter, letter.lower(), letter.upper()) if len(item) == 1}
        return f"[{''.join(sorted(alike))}]" if len(alike) > 1 or letter in "*?[" else letter

    return f"*{''.join(map(pattern, unicodedata.normalize(form, term)))}*"


def _escaped(term: str) -> str:
    return term.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
