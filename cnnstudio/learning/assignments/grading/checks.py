"""The checks of a capsule: each one entry that looks at the evidence and gives marks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from cnnstudio.core.dataset import SPLIT_NAMES
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text
from cnnstudio.evaluation.figures import FIGURES
from cnnstudio.learning.assignments.facts import judge_limits
from cnnstudio.learning.assignments.grading.evidence import Evidence, Prints
from cnnstudio.learning.assignments.grading.marks import Level, Mark
from cnnstudio.learning.assignments.standing import reaches_goal

_NAMED: Final = 4
_TOLERANCE: Final = 0.005
"""A figure that differs by less, or by one picture, is the same: another engine rounds in another way."""
_SPLITS: Final = SPLIT_NAMES | {"hidden": Text("Hidden", "Ocultas")}
Found = tuple[Level, Text]


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """`judge` gives a level and a text for everything it finds; nothing where it does not apply. `suspect`: what it finds
    wrong, no honest work leads to."""

    id: str
    label: Text
    judge: Callable[[Evidence], Iterator[Found]]
    suspect: bool = False

    def marks(self, evidence: Evidence) -> Iterator[Mark]:
        """The marks of a capsule."""
        for level, text in self.judge(evidence):
            yield Mark(check=self.id, label=self.label, level=level, text=text, suspect=self.suspect)


def _goal(evidence: Evidence) -> Iterator[Found]:
    outcome, assignment = evidence.outcome, evidence.assignment
    label = FIGURES[assignment.metric].label
    if outcome.problem is not None:
        yield "wrong", Text("The model could not be evaluated: {reason}", "No se pudo evaluar el modelo: {reason}").fill(
            reason=outcome.problem.text)
        return
    if outcome.hidden is None or outcome.hidden.value is None:
        yield "wrong", Text("{metric} is not defined for these answers.", "«{metric}» no está definida para estas "
                            "respuestas.").fill(metric=label)
        return
    value, reached = outcome.hidden.value, reaches_goal(assignment, outcome.hidden.value)
    text = (Text("{metric} {value:.4f} on the hidden pictures reaches {threshold:g}.",
                 "{metric} {value:.4f} con las imágenes ocultas: alcanza {threshold:g}.") if reached else
            Text("{metric} {value:.4f} on the hidden pictures does not reach {threshold:g}.",
                 "{metric} {value:.4f} con las imágenes ocultas: no alcanza {threshold:g}."))
    yield "ok" if reached else "wrong", text.fill(metric=label, value=value, threshold=assignment.threshold)
    interval = outcome.hidden.interval
    if interval is not None and interval[0] <= assignment.threshold <= interval[1]:
        yield "note", Text("The threshold lies within the interval: other hidden pictures could have decided otherwise.",
                           "El umbral está dentro del intervalo: con otras imágenes ocultas podría haber sido al revés.")
    expected = len(evidence.key.split("hidden"))
    if outcome.answered < expected:
        yield "wrong", Text("Only {n:,} of the {all:,} hidden pictures were answered: the model does not know all classes.",
                            "Solo se respondieron {n:,} de las {all:,} imágenes ocultas: el modelo no conoce todas las "
                            "clases.").fill(n=outcome.answered, all=expected)


def _limits(evidence: Evidence) -> Iterator[Found]:
    if evidence.facts is None:
        return
    for outcome in judge_limits(evidence.assignment.limits, evidence.facts):
        yield "ok" if outcome.kept else "wrong", Text("{label}: {measured} ({limit})", "{label}: {measured} ({limit})").fill(
            label=outcome.label, measured=outcome.measured, limit=outcome.limit)


def _belongs(evidence: Evidence) -> Iterator[Found]:
    if evidence.capsule.info.assignment != evidence.assignment.id:
        yield "wrong", Text("It was handed in for another assignment.", "Se entregó para otra práctica.")


def _answers(evidence: Evidence) -> Iterator[Found]:
    missing = [question for question in evidence.assignment.questions
               if not evidence.capsule.info.answers.get(question.id, "").strip()]
    if missing:
        yield "wrong", Text("Questions without an answer: {n}", "Preguntas sin respuesta: {n}").fill(n=len(missing))
    elif evidence.assignment.questions:
        yield "note", Text("Answers to read: {n}", "Respuestas por leer: {n}").fill(n=len(evidence.assignment.questions))


def _files(evidence: Evidence) -> Iterator[Found]:
    capsule = evidence.capsule
    for names, text in ((capsule.missing, Text("Missing files: {names}", "Faltan archivos: {names}")),
                        (capsule.edited, Text("Files changed after the hand-in was written: {names}",
                                              "Archivos modificados después de escribir la entrega: {names}")),
                        (capsule.foreign, Text("Files that do not belong there: {names}",
                                               "Archivos que no deberían estar: {names}"))):
        if names:
            yield "wrong", text.fill(names=_some(names))
    if evidence.manifest is None and not capsule.missing:
        yield "wrong", Text("The list of pictures of the run is damaged.",
                            "La lista de imágenes del entrenamiento está dañada.")
    if evidence.stated is None and not capsule.missing:
        yield "wrong", Text("The settings of the run are damaged.", "Los ajustes del entrenamiento están dañados.")
    gone = sum(picture.missing for picture in capsule.pictures)
    if gone:
        yield "note", Text("Pictures of the run that were gone at the hand-in: {n:,}",
                           "Imágenes del entrenamiento que ya no estaban al entregar: {n:,}").fill(n=gone)


def _splits(evidence: Evidence) -> Iterator[Found]:
    for (given, used), count in sorted(evidence.split_changes().items()):
        yield "wrong", Text("{n:,} pictures given as “{given}” were used as “{used}”.",
                            "{n:,} imágenes dadas como «{given}» se usaron como «{used}».").fill(
                                n=count, given=_SPLITS[given], used=_SPLITS.get(used, used))
    dropped = evidence.dropped()
    if dropped:
        yield "wrong", Text("{n:,} of the given validation pictures were left out.",
                            "Se dejaron fuera {n:,} de las imágenes de validación dadas.").fill(n=dropped)
    changed = evidence.label_changes()
    if changed:
        yield "note", Text("{n:,} pictures have another class than they were given with.",
                           "{n:,} imágenes tienen otra clase que la dada.").fill(n=changed)


def _own_pictures(evidence: Evidence) -> Iterator[Found]:
    count = len(evidence.foreign)
    if count:
        level: Level = "note" if evidence.assignment.limits.own_pictures else "wrong"
        yield level, Text("{n:,} pictures are not among those of the assignment: {names}",
                          "{n:,} imágenes no son de la práctica: {names}").fill(
                              n=count, names=_some([picture.path for picture in evidence.foreign]))


def _leaks(evidence: Evidence) -> Iterator[Found]:
    for pictures, text in ((evidence.exact_leaks, Text("{n:,} hidden pictures are among the pictures of the run: {names}",
                                                       "{n:,} imágenes ocultas están entre las del entrenamiento: {names}")),
                           (evidence.near_leaks, Text("{n:,} pictures of the run are nearly the same as hidden ones: {names}",
                                                      "{n:,} imágenes del entrenamiento son casi iguales a imágenes ocultas: "
                                                      "{names}"))):
        if pictures:
            yield "wrong", text.fill(n=len(pictures), names=_some([picture.path for picture in pictures]))


def _reported(evidence: Evidence) -> Iterator[Found]:
    validation, assignment = evidence.outcome.validation, evidence.assignment
    if validation is None or validation.value is None:
        return
    allowed = max(_TOLERANCE, 1.01 / max(1, len(evidence.key.split("validation"))))
    reported = evidence.capsule.info.reported.get(assignment.metric)
    claims = [] if reported is None else [(FIGURES[assignment.metric].label, reported)]
    if assignment.metric == "accuracy" and evidence.trained_accuracy is not None:
        claims.append((Text("Accuracy at the end of the training", "Exactitud al final del entrenamiento"),
                       evidence.trained_accuracy))
    for label, claim in claims:
        if not abs(claim - validation.value) <= allowed:
            yield "wrong", Text("{label}: {claim:.4f} is reported for the validation pictures, {value:.4f} was found.",
                                "{label}: se declara {claim:.4f} con las imágenes de validación y se obtuvo {value:.4f}.").fill(
                                    label=label, claim=claim, value=validation.value)


def _network(evidence: Evidence) -> Iterator[Found]:
    if evidence.facts is None or evidence.stated is None or not evidence.stated.parameters:
        return
    found, stated = evidence.facts.parameters, evidence.stated.parameters
    if abs(found - stated) > 0.02 * stated:
        yield "wrong", Text("The model has {found:,} parameters, the network of the run {stated:,}.",
                            "El modelo tiene {found:,} parámetros y la red del entrenamiento {stated:,}.").fill(
                                found=found, stated=stated)


_SAME: Final[tuple[tuple[str, Text], ...]] = (
    ("weights", Text("The same weights as {names}", "Los mismos pesos que {names}")),
    ("predictions", Text("The same answers of the model, to the last digit, as {names}",
                         "Las mismas respuestas del modelo, hasta la última cifra, que {names}")),
    ("events", Text("The same course of the training as {names}", "El mismo curso del entrenamiento que {names}")),
    ("answers", Text("The same answers in words as {names}", "Las mismas respuestas escritas que {names}")))
_UNKNOWN_ORIGINAL: Final = Text(
    "The files do not tell which of them is the original: whoever made it is marked as well",
    "Los archivos no dicen cuál de ellos es el original: quien lo hizo también aparece marcado")
"""Times in a hand-in are written by the computer of whoever hands it in, and prove nothing."""


def _identical(evidence: Evidence) -> Iterator[Found]:
    own, copied = evidence.prints, False
    for name, text in _SAME:
        value = getattr(own, name)
        same = [other for other in evidence.others if value and getattr(other, name) == value]
        if same and not (name == "predictions" and any(other.weights == own.weights for other in same)):
            by_others = any(other.student.casefold() != own.student.casefold() for other in same)
            copied = copied or by_others
            yield "wrong" if by_others else "note", text.fill(names=_some([_name(other) for other in same]))
    if copied:
        yield "note", _UNKNOWN_ORIGINAL


def _name(other: Prints) -> str:
    return f"{other.student} ({other.file})" if other.student else other.file


def _some(names: object) -> str:
    found = list(names)  # type: ignore[call-overload]
    return ", ".join(found[:_NAMED]) + (f", … (+{len(found) - _NAMED})" if len(found) > _NAMED else "")


CHECKS: Final[Registry[Check]] = Registry("check of a hand-in", (
    Check(id="goal", label=Text("Goal", "Objetivo"), judge=_goal),
    Check(id="limits", label=Text("Limits", "Límites"), judge=_limits),
    Check(id="answers", label=Text("Questions", "Preguntas"), judge=_answers),
    Check(id="assignment", label=Text("Assignment", "Práctica"), judge=_belongs),
    Check(id="files", label=Text("Files", "Archivos"), judge=_files, suspect=True),
    Check(id="splits", label=Text("Splits", "Divisiones"), judge=_splits, suspect=True),
    Check(id="own_pictures", label=Text("Other pictures", "Otras imágenes"), judge=_own_pictures, suspect=True),
    Check(id="leaks", label=Text("Leaks", "Fugas"), judge=_leaks, suspect=True),
    Check(id="reported", label=Text("Reported figures", "Cifras declaradas"), judge=_reported, suspect=True),
    Check(id="network", label=Text("Network", "Red"), judge=_network, suspect=True),
    Check(id="identical", label=Text("Same work", "Mismo trabajo"), judge=_identical, suspect=True),
))
