"""The registry of terminators: when more trials will not help."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import stdev
from typing import Any, Final

import msgspec

from cnnstudio.catalog.backends import TORCH
from cnnstudio.core.libraries import Library
from cnnstudio.core.problems import Problem, warning
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text, format_number

LEAST_TRIALS: Final = 20
"""Complete trials before which nothing is judged, as in Optuna."""
STAGNATION: Final = 20
"""Complete trials in a row that are not better than the best before them."""


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """What a terminator knows besides the study: how many pictures the first objective is measured on where it is a share of
    right ones (0: it is none), and its values by fold of the best trial."""

    pictures: int = 0
    folds: tuple[float, ...] = ()


class Terminator(msgspec.Struct, frozen=True, kw_only=True):
    """`judge(study, judged)` gives the reason why more trials will not help, None while they may."""

    id: str
    label: Text
    help: Text
    judge: Callable[[Any, Judged], Problem | None]
    libraries: tuple[Library, ...] = ()


def _complete(study: Any) -> list[Any]:
    from optuna.trial import TrialState

    return list(study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)))


def _stagnation(study: Any, _judged: Judged) -> Problem | None:
    from optuna.terminator import BestValueStagnationEvaluator

    complete = _complete(study)
    if len(complete) < LEAST_TRIALS:
        return None
    if BestValueStagnationEvaluator(STAGNATION).evaluate(complete, study.direction) > 0:
        return None
    text = Text("More trials will hardly help: the last {n} complete ones were no better than the best before them.",
                "Más ensayos apenas ayudarán: los últimos {n} completos no fueron mejores que el mejor anterior.")
    return warning("no_more_to_gain", text.fill(n=STAGNATION), "run")


def _regret(study: Any, judged: Judged) -> Problem | None:
    from cnnstudio.core.search_jobs import BoundRegret, RegretBounded
    from cnnstudio.workers.search.child_sampler import directions, run_child, study_trials

    complete = _complete(study)
    if len(complete) < LEAST_TRIALS:
        return None
    error = standard_error(study.best_value, judged)
    job = BoundRegret(trials=study_trials(study), directions=directions(study), backend="torch")
    bound = run_child(job, RegretBounded).bound
    if error is None or bound >= error:
        return None
    text = Text("More trials will hardly help: no setting is expected to be better by more than {bound}, and the best value "
                "itself is only known to within {error}, its standard error.",
                "Más ensayos apenas ayudarán: no se espera que ningún ajuste sea mejor en más de {bound}, y el propio mejor "
                "valor solo se conoce con un error estándar de {error}.")
    return warning("no_more_to_gain", text.fill(bound=format_number(bound, ".2g"), error=format_number(error, ".2g")), "run")


def standard_error(best: float, judged: Judged) -> float | None:
    """How uncertain the value of the best trial is: over its folds, or as a share of so many pictures; None if unknown.

    Of folds Optuna's formula, with the correction of Nadeau and Bengio (2003) for training sets that overlap: the variance of
    the k folds times 1/k + 1/(k - 1).
    """
    if len(judged.folds) > 1:
        count = len(judged.folds)
        return stdev(judged.folds) * math.sqrt(1 / count + 1 / (count - 1))
    if judged.pictures and 0 <= best <= 1:
        # One right and one wrong answer more, so that a perfect score is not certain (Agresti and Coull, 1998).
        share = (best * judged.pictures + 1) / (judged.pictures + 2)
        return math.sqrt(share * (1 - share) / (judged.pictures + 2))
    return None


TERMINATORS: Final[Registry[Terminator]] = Registry("terminator", (
    Terminator(
        id="none", label=Text("Off", "No"), judge=lambda _study, _judged: None,
        help=Text("The search goes on to its number of trials, or to the end of its time.",
                  "La búsqueda sigue hasta su número de ensayos o hasta el final de su tiempo.")),
    Terminator(
        id="stagnation", label=Text("No better for 20 trials", "20 ensayos sin mejorar"), judge=_stagnation,
        help=Text("Ends the search when 20 complete trials in a row were no better than the best before them.",
                  "Termina la búsqueda cuando 20 ensayos completos seguidos no fueron mejores que el mejor anterior.")),
    Terminator(
        id="regret", label=Text("Nothing to gain", "Nada que ganar"), judge=_regret, libraries=(TORCH,),
        help=Text("Ends the search when a Gaussian process expects less of any other settings than the best value is uncertain "
                  "(Makarova et al., 2022), after 20 complete trials.",
                  "Termina la búsqueda cuando un proceso gaussiano espera de cualquier otro ajuste menos que la incertidumbre "
                  "del mejor valor (Makarova et al., 2022), tras 20 ensayos completos.")),
))
