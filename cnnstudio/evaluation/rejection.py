"""The registry of ways to say "not sure", and what they cost and gain."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import msgspec
import numpy as np

from cnnstudio.core.calibration import Rejection
from cnnstudio.core.intervals import wilson_interval
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text
from cnnstudio.evaluation.answering import answer_sets, is_sure, probability_before
from cnnstudio.evaluation.answers import Answers
from cnnstudio.evaluation.temperature import temperature_problems


class RejectOption(msgspec.Struct, frozen=True, kw_only=True):
    """A way to say "not sure". `level` says what the user chooses (between 0 and 1), `default` what is proposed;
    `fit(answers, level)` gives the threshold for it from calibrated answers of validation pictures, where `needs_pictures`;
    else the level is the threshold. `has_sets`: answers are sets of classes."""

    id: str
    label: Text
    help: Text
    level: Text
    default: float
    fit: Callable[[Answers, float], float] = lambda _answers, level: level
    needs_pictures: bool = False
    has_sets: bool = False


class RejectionFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What a reject option does on evaluated pictures.

    `coverage` of them get an answer, of which `accuracy` is right (None without any); intervals are Wilson's. `set_size` is
    the mean number of classes in a set, and `held` the share of pictures whose class is in its set: for conformal sets at
    least 1 minus the chosen share of errors, on average over samples of new pictures.
    """

    coverage: float
    coverage_interval: tuple[float, float]
    accuracy: float | None
    accuracy_interval: tuple[float, float] | None
    not_sure: int
    set_size: float
    held: float


def _rank(count: int, level: float) -> int:
    """Which of the sorted scores of n pictures bounds 1 - level of new ones too (Vovk; Angelopoulos and Bates, A Gentle
    Introduction to Conformal Prediction, 2021, section 1). Raises ProblemError (too_few_pictures)."""
    rank = math.ceil(round((count + 1) * (1 - level), 9))
    if rank > count:
        text = Text("An error rate of {level:.1%} needs at least {least} validation pictures; there are {n}. Choose a larger "
                    "rate, or give more pictures to the validation split.",
                    "Una tasa de error del {level:.1%} necesita al menos {least} imágenes de validación; hay {n}. Elija una "
                    "tasa mayor o asigne más imágenes a la división de validación.")
        raise ProblemError(error("too_few_pictures", text.fill(level=level, least=math.ceil(1 / level) - 1, n=count), "run"))
    return rank


def _least_probability(answers: Answers, level: float) -> float:
    own = answers.probabilities[np.arange(len(answers)), answers.labels]
    return float(np.sort(own)[::-1][_rank(len(answers), level) - 1])


def _most_before(answers: Answers, level: float) -> float:
    own = probability_before(answers.probabilities)[np.arange(len(answers)), answers.labels]
    return float(np.sort(own)[_rank(len(answers), level) - 1])


_ERRORS: Final = Text("share of errors", "proporción de errores")

REJECTIONS: Final[Registry[RejectOption]] = Registry("reject option", (
    RejectOption(
        id="confidence", label=Text("By confidence", "Por confianza"), default=0.8,
        level=Text("least confidence", "confianza mínima"),
        help=Text("Not sure where the probability of the best class is below the chosen one.",
                  "Sin certeza cuando la probabilidad de la mejor clase es menor que la elegida.")),
    RejectOption(
        id="conformal", label=Text("Conformal sets", "Conjuntos conformes"), default=0.1, level=_ERRORS, needs_pictures=True,
        has_sets=True, fit=_least_probability,
        help=Text("The answer is the set of all classes that are probable enough, so that the right one is missing in no more "
                  "than the chosen share of new pictures of the same kind. Not sure where the set has not exactly one class "
                  "(LAC: the smallest sets; some are empty).",
                  "La respuesta es el conjunto de las clases bastante probables, de modo que la correcta falte como mucho en "
                  "la proporción elegida de imágenes nuevas del mismo tipo. Sin certeza cuando el conjunto no tiene "
                  "exactamente una clase (LAC: los conjuntos más pequeños; algunos, vacíos).")),
    RejectOption(
        id="conformal_aps", label=Text("Conformal sets, adaptive", "Conjuntos conformes, adaptativos"), default=0.1,
        level=_ERRORS, needs_pictures=True, has_sets=True, fit=_most_before,
        help=Text("As conformal sets, but the best classes are added up until they suffice: larger sets for difficult "
                  "pictures, never an empty one (APS).",
                  "Como los conjuntos conformes, pero se suman las mejores clases hasta que bastan: conjuntos mayores para las "
                  "imágenes difíciles y nunca vacíos (APS).")),
))


def parse_rejection(text: str) -> tuple[RejectOption, float]:
    """An option with its level, from "confidence:0.8" or a bare name, which takes the default. Raises ProblemError."""
    name, _, level = text.partition(":")
    option = REJECTIONS.find(name.strip())
    try:
        value = float(level.replace(",", ".")) if level else option.default if option is not None else 0.0
    except ValueError:
        value = math.nan
    if option is None or not 0 < value < 1:
        known = ", ".join(f"{entry.id}:{entry.default}" for entry in REJECTIONS)
        message = Text("{text} is no reject option. Choose one with a number between 0 and 1, such as {known}, or none.",
                       "{text} no es una opción de rechazo. Elija una con un número entre 0 y 1, como {known}, o none.")
        raise ProblemError(error("no_reject_option", message.fill(text=text, known=known), "run", field="reject"))
    return option, value


def rejection_problems(option: RejectOption, answers: Answers) -> tuple[Problem, ...]:
    """Why this option cannot be set with these answers."""
    return tuple(problem for problem in temperature_problems(answers)
                 if problem.code == "wrong_split") if option.needs_pictures else ()


def fit_rejection(option: RejectOption, level: float, answers: Answers) -> Rejection:
    """The option for that level (0 to 1). `answers` are those of the validation pictures, after the temperature.

    Raises ProblemError (wrong_split, too_few_pictures).
    """
    problems = rejection_problems(option, answers)
    if problems:
        raise ProblemError(*problems)
    return Rejection(kind=option.id, level=level, threshold=option.fit(answers, level))


def rejection_figures(answers: Answers, rejection: Rejection) -> RejectionFigures:
    """What the option does on n >= 1 pictures; the answers are those after the temperature."""
    sets = answer_sets(answers.probabilities, rejection.kind, rejection.threshold)
    sure = is_sure(sets)
    chosen, count = sets[sure].argmax(axis=1), int(sure.sum())
    right = int((chosen == answers.labels[sure]).sum())
    return RejectionFigures(
        coverage=count / len(answers), coverage_interval=wilson_interval(count / len(answers), len(answers)),
        accuracy=right / count if count else None, accuracy_interval=wilson_interval(right / count, count) if count else None,
        not_sure=len(answers) - count, set_size=float(sets.sum(axis=1).mean()),
        held=float(sets[np.arange(len(answers)), answers.labels].mean()))
