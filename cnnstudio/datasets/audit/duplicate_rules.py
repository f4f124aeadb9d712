"""Findings about duplicates: copies to remove, duplicates in two splits, duplicates with two classes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from cnnstudio.catalog.findings import KINDS
from cnnstudio.core.text import Text, same
from cnnstudio.datasets.audit.duplicates import NearDuplicate, connected_groups
from cnnstudio.datasets.audit.rules import Row, false_suffix, split_name
from cnnstudio.datasets.findings import Finding

DUPLICATE_KINDS: Final = frozenset({"exact_duplicate", "near_duplicate", "leakage", "cross_class_duplicate"})
_ORDER: Final = {"train": 0, "validation": 1, "test": 2}
_MOST_NAMED: Final = 50
"""The most duplicates that a finding names."""
_TURN_TEXTS: Final = (
    Text("mirrored", "reflejada"), Text("rotated by 180°", "girada 180°"),
    Text("flipped vertically", "volteada verticalmente"), Text("rotated by 90°", "girada 90°"),
    Text("rotated by 90°", "girada 90°"), Text("mirrored and rotated", "reflejada y girada"),
    Text("mirrored and rotated", "reflejada y girada"),
)


def duplicate_findings(rows: Iterable[Row], exact: list[list[int]], near: list[NearDuplicate], kinds: frozenset[str]
                       ) -> list[Finding]:
    """Findings of the four kinds about duplicates."""
    by_id = {row.id: row for row in rows}
    near = present_pairs(exact, near, by_id)
    groups = [[by_id[item] for item in group if item in by_id] for group in exact]
    findings: list[Finding] = []
    if "exact_duplicate" in kinds:
        for group in groups:
            findings += _superfluous_findings(group, "exact_duplicate", {})
    if "near_duplicate" in kinds:
        # One of each set of exact copies represents all: the others are reported as exact copies.
        nearest: dict[int, NearDuplicate] = {}
        for pair in sorted(near, key=lambda item: item.difference):
            nearest.setdefault(pair.first, pair)
            nearest.setdefault(pair.second, pair)
        for members in connected_groups((pair.first, pair.second) for pair in near):
            findings += _superfluous_findings([by_id[member] for member in members], "near_duplicate", nearest)
    if kinds & {"leakage", "cross_class_duplicate"}:
        duplicates = _all_duplicates(groups, near, by_id)
        for row, others in duplicates:
            findings += _across_findings(row, others, kinds)
    return findings


def best_copy_of(group: Iterable[Row]) -> Row:
    """The copy to keep: most pixels, then the largest file, in training, with a correct suffix and the shortest
    path."""
    return min(group, key=lambda row: (-(row.width or 0) * (row.height or 0), -row.size, _ORDER.get(row.split, 3),
                                       false_suffix(row) != "", len(row.path), row.path))


def present_pairs(exact: list[list[int]], near: list[NearDuplicate], by_id: dict[int, Row]) -> list[NearDuplicate]:
    """The pairs of present pictures; a missing picture is replaced by a present copy of it."""
    instead = {item: present[0] for group in exact if (present := [entry for entry in group if entry in by_id])
               for item in group if item not in by_id}
    pairs = []
    for pair in near:
        first, second = (item if item in by_id else instead.get(item) for item in (pair.first, pair.second))
        if first is not None and second is not None:
            pairs.append(pair if (first, second) == (pair.first, pair.second)
                         else msgspec.structs.replace(pair, first=first, second=second))
    return pairs


def _superfluous_findings(group: list[Row], kind: str, nearest: dict[int, NearDuplicate]) -> Iterable[Finding]:
    if len(group) < 2:
        return
    best_copy = best_copy_of(group)
    members = {row.id: row for row in group}
    named = group[:_MOST_NAMED]
    for row in group:
        if row.id == best_copy.id:
            continue
        # The nearest of the set: the ends of a chain of similar pictures need not be similar.
        pair = nearest.get(row.id)
        other = best_copy if pair is None else members[pair.second if pair.first == row.id else pair.first]
        others = (other.path, *(item.path for item in named if item.id not in (row.id, other.id)))
        yield _finding(row, kind, 1.0 - (pair.difference if pair is not None else 0.0), _sentence(row, other, pair),
                       others, {"keep": best_copy.path})


def _sentence(row: Row, other: Row, pair: NearDuplicate | None) -> Text:
    if pair is None:
        return Text("Identical to {other}, byte for byte.", "Idéntica a {other}, byte a byte.").fill(other=other.path)
    how = same("")
    if pair.turn >= 0:
        how = Text(", {turn}", ", {turn}").fill(turn=_TURN_TEXTS[pair.turn])
    size = same("")
    if row.width and other.width and row.width != other.width:
        size = Text(" at {share:.0%} of its size", " al {share:.0%} de su tamaño").fill(share=row.width / other.width)
    return Text("The same picture as {other}{size}{how} (difference {difference:.1%}).",
                "La misma imagen que {other}{size}{how} (diferencia {difference:.1%}).").fill(
                    other=other.path, size=size, how=how, difference=pair.difference)


def _all_duplicates(groups: list[list[Row]], near: list[NearDuplicate], by_id: dict[int, Row]
                    ) -> list[tuple[Row, list[tuple[Row, NearDuplicate | None]]]]:
    """Every picture with its duplicates; near duplicates of one exact copy count for all its copies.

    Some exact copies of every split and class represent all.
    """
    copies_of: dict[int, list[Row]] = {row.id: group for group in groups for row in group}
    standing: dict[int, list[Row]] = {}
    for group in groups:
        chosen = _some_of_each_split_and_class(group)
        standing |= {row.id: chosen for row in group}
    duplicates: dict[int, dict[int, NearDuplicate | None]] = defaultdict(dict)
    for pair in near:
        for identifier, other in ((pair.first, pair.second), (pair.second, pair.first)):
            for member in copies_of.get(identifier, [by_id[identifier]]):
                for copy in standing.get(other, [by_id[other]]):
                    duplicates[member.id][copy.id] = pair
    for group in groups:
        for member in group:
            duplicates[member.id] |= dict.fromkeys((copy.id for copy in standing[member.id] if copy.id != member.id), None)
    return [(by_id[identifier], [(by_id[other], pair) for other, pair in others.items()])
            for identifier, others in sorted(duplicates.items())]


def _some_of_each_split_and_class(group: list[Row]) -> list[Row]:
    number: dict[tuple[str, str], int] = defaultdict(int)
    chosen = []
    for row in group:
        number[row.split, row.class_name] += 1
        if number[row.split, row.class_name] <= _MOST_NAMED:
            chosen.append(row)
    return chosen


def _across_findings(row: Row, others: list[tuple[Row, NearDuplicate | None]], kinds: frozenset[str]) -> Iterable[Finding]:
    def nearest(chosen: list[tuple[Row, NearDuplicate | None]]) -> list[tuple[Row, NearDuplicate | None]]:
        return sorted(chosen, key=lambda item: (item[1].difference if item[1] is not None else -1.0, item[0].path))

    # A test picture must not have been used for training, nor for choosing the model as validation pictures are.
    learned = nearest([item for item in others if _ORDER.get(item[0].split, 3) < _ORDER.get(row.split, 3)])
    if "leakage" in kinds and learned:
        other, pair = learned[0]
        text = Text("{sentence} The duplicate is in {theirs}, this picture in {mine}: the measured accuracy is too high.",
                    "{sentence} La copia está en {theirs} y esta imagen en {mine}: la exactitud medida es demasiado alta.")
        yield _finding(row, "leakage", 1.0 - (pair.difference if pair else 0.0),
                       text.fill(sentence=_sentence(row, other, pair), theirs=split_name(other.split),
                                 mine=split_name(row.split)),
                       tuple(item.path for item, _pair in learned), {"split": other.split})
    different = nearest([item for item in others if item[0].class_name != row.class_name])
    if "cross_class_duplicate" in kinds and different:
        other, pair = different[0]
        text = Text("{sentence} The class of the duplicate is {theirs}, that of this picture {mine}: one of the two is "
                    "wrong.",
                    "{sentence} La clase de la copia es {theirs} y la de esta imagen {mine}: una de las dos es incorrecta.")
        yield _finding(row, "cross_class_duplicate", 1.0 - (pair.difference if pair else 0.0),
                       text.fill(sentence=_sentence(row, other, pair), theirs=other.class_name or "?",
                                 mine=row.class_name or "?"),
                       tuple(item.path for item, _pair in different), {"suggested": other.class_name})


def _finding(row: Row, kind: str, score: float, text: Text, others: tuple[str, ...], data: dict[str, Any]) -> Finding:
    return Finding(kind=kind, path=row.path, picture=row.id, others=others[:_MOST_NAMED], score=max(0.0, min(1.0, score)),
                   severity=KINDS[kind].severity, text=text, data=data)
