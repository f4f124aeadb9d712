"""What came of an advice: the run that was made with its change, beside what it promised."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Final

import msgspec

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.foreign_files import find_json
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text
from cnnstudio.workers.coach.advice import Advice
from cnnstudio.workers.coach.evidence import Evidence, collect
from cnnstudio.workers.coach.judge import RULES
from cnnstudio.workers.coach.statistics import half_width
from cnnstudio.workers.runs.folder import RunFolder

ADVICE_FILE: Final = "advice.json"


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """In the folder of a run: the run that was judged, the advice and the change that was made."""

    run: str
    advice: str
    change: dict[str, Any] = {}


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A figure that an advice promises to make better. `share`: it is shown in percent."""

    id: str
    label: Text
    measure: Callable[[Evidence], float | None]
    higher: bool = False
    share: bool = True


def _gap(evidence: Evidence) -> float | None:
    train, validation = evidence.train_accuracy, evidence.validation_accuracy
    return None if train is None or validation is None else train - validation


def _lowest_recall(evidence: Evidence) -> float | None:
    seen = evidence.inspected
    known = [] if seen is None else [recall for recall, count in zip(seen.recalls, seen.supports, strict=True) if count]
    return min(known, default=None)


def _interval(evidence: Evidence) -> float | None:
    values = evidence.curve("val_accuracy")
    count = evidence.pictures("validation")
    return half_width(min(max(values), (count - 0.5) / count), count) if values and count else None


FIGURES: Final = {figure.id: figure for figure in (
    Figure(id="gap", label=Text("difference between training and validation accuracy",
                                "diferencia entre la exactitud de entrenamiento y la de validación"), measure=_gap),
    Figure(id="loss", label=Text("training loss", "pérdida de entrenamiento"), share=False,
           measure=lambda evidence: evidence.kept("loss")),
    Figure(id="val_loss", label=Text("validation loss", "pérdida de validación"), share=False,
           measure=lambda evidence: evidence.kept("val_loss")),
    Figure(id="val_accuracy", label=Text("validation accuracy", "exactitud de validación"), higher=True,
           measure=lambda evidence: evidence.kept("val_accuracy")),
    Figure(id="lowest_recall", label=Text("lowest recall of a class", "menor exhaustividad de una clase"), higher=True,
           measure=_lowest_recall),
    Figure(id="interval", label=Text("half of the interval of the accuracy", "mitad del intervalo de la exactitud"),
           measure=_interval),
    Figure(id="leaked", label=Text("pictures that leak", "imágenes con fuga"), share=False,
           measure=lambda evidence: float(sum(leak.leaked for leak in evidence.leaks))),
)}


def follow(run: RunFolder, judged: str, advice: Advice) -> None:
    """Note in a new run that it follows an advice. A full disk is no reason not to train."""
    with contextlib.suppress(ProblemError):
        write_atomically(run.folder / ADVICE_FILE, msgspec.json.encode(
            Followed(run=judged, advice=advice.advice, change=advice.change)))


def outcome(run: RunFolder) -> Text | None:
    """What the advice that a run follows promised and what came of it, in a sentence; None for a run that follows none, or
    while one of the two has no such figure."""
    followed = find_json(run.folder / ADVICE_FILE, Followed)
    rule = None if followed is None else RULES.find(followed.advice)
    if followed is None or rule is None:
        return None
    try:
        before, after = collect(RunFolder(run.folder.parent / followed.run)), collect(run)
    except ProblemError:
        return None
    figure = FIGURES[rule.promise]
    old, new = figure.measure(before), figure.measure(after)
    if not after.over or old is None or new is None:
        return None
    better = new > old if figure.higher else new < old
    kept = Text("The advice kept its promise", "El consejo cumplió lo prometido") if better else Text(
        "The advice did not help here", "El consejo no ayudó aquí")
    form = "{old:.1%} → {new:.1%}" if figure.share else "{old:.4g} → {new:.4g}"
    text = Text("{kept} ({advice}): {figure} " + form + ".", "{kept} ({advice}): {figure} " + form + ".")
    return text.fill(kept=kept, advice=rule.label, figure=figure.label, old=old, new=new)
