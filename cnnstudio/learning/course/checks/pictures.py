"""Checks of the pictures: faults that were planted in the set, and what the student decided about them."""

from __future__ import annotations

from typing import Final

import msgspec

from cnnstudio.core.text import Text
from cnnstudio.datasets.index import Filter, Picture
from cnnstudio.learning.course.checks.entry import NO_PROJECT, CheckKind, Outcome, joined
from cnnstudio.learning.course.evidence import Evidence


class LabelsCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Every planted wrong label is right now, and no right one was changed."""


class CopiesCheck(msgspec.Struct, frozen=True, kw_only=True):
    """Of each planted group of copies one picture is used, and at most `lost` other pictures were left out. `leaks`: it is the
    copies in different splits, which may also lie in one split together."""

    leaks: bool = False
    lost: int = 4


def _pictures(evidence: Evidence) -> dict[str, Picture] | None:
    """The pictures by the names of their files, which are unique in the sets of the course; None before there are any."""
    with evidence.index() as index:
        if index is None:
            return None
        return {picture.name: picture for picture in index.pictures(list(index.ids(Filter())))}


def _judge_labels(evidence: Evidence, _check: LabelsCheck) -> Outcome:
    pictures = _pictures(evidence) if evidence.has_project else None
    if not pictures:
        return NO_PROJECT
    wrong = evidence.faults.wrong_labels
    right = [name for name, true in wrong.items() if name in pictures and pictures[name].class_name in (true.en, true.es)]
    broken = [name for name, picture in pictures.items() if name not in wrong and picture.class_name != picture.folder_class]
    measured = Text("wrong labels put right: {n} of {all}", "etiquetas equivocadas corregidas: {n} de {all}").fill(
        n=len(right), all=len(wrong))
    missing: list[Text] = []
    if len(right) < len(wrong):
        missing.append(Text("{n} wrong labels are still there", "quedan {n} etiquetas equivocadas").fill(
            n=len(wrong) - len(right)))
    if broken:
        missing.append(Text("{n} right labels were changed; undo that (Ctrl+Z)",
                            "se cambiaron {n} etiquetas correctas; deshágalo (Ctrl+Z)").fill(n=len(broken)))
    return Outcome(done=bool(wrong) and not missing, measured=measured, missing=joined(missing),
                   share=len(right) / max(1, len(wrong)))


def _judge_copies(evidence: Evidence, check: CopiesCheck) -> Outcome:
    pictures = _pictures(evidence) if evidence.has_project else None
    if not pictures:
        return NO_PROJECT
    groups = evidence.faults.leaks if check.leaks else evidence.faults.copies
    settled = sum(_is_settled([pictures[name] for name in group if name in pictures], check.leaks) for group in groups)
    known = {name for every in (evidence.faults.copies, evidence.faults.leaks) for group in every for name in group}
    lost = sum(picture.excluded and name not in known for name, picture in pictures.items())
    measured = (Text("pairs across the splits that were parted: {n} of {all}",
                     "parejas entre divisiones resueltas: {n} de {all}")
                if check.leaks else Text("copies that were left out: {n} of {all}", "copias excluidas: {n} de {all}"))
    missing: list[Text] = []
    if settled < len(groups):
        missing.append((Text("{n} pairs lie in two splits", "{n} parejas están en dos divisiones") if check.leaks else
                        Text("{n} pictures are there twice, or both were left out",
                             "{n} imágenes están dos veces, o se excluyeron ambas")).fill(n=len(groups) - settled))
    if lost > check.lost:
        missing.append(Text("{n} pictures were left out that are no copies; include them again",
                            "se excluyeron {n} imágenes que no son copias; vuelva a incluirlas").fill(n=lost))
    return Outcome(done=bool(groups) and not missing, measured=measured.fill(n=settled, all=len(groups)),
                   missing=joined(missing), share=settled / max(1, len(groups)))


def _is_settled(group: list[Picture], leaks: bool) -> bool:
    used = [picture for picture in group if not picture.excluded]
    return len(used) == 1 or (leaks and len(used) > 1 and len({picture.split for picture in used}) == 1)


LABELS: Final = CheckKind(id="labels", looks_at="pictures", spec=LabelsCheck, judge=_judge_labels)
COPIES: Final = CheckKind(id="copies", looks_at="pictures", spec=CopiesCheck, judge=_judge_copies)
