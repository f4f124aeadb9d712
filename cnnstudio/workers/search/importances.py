"""The registry of importance measures: how much each key decides of an objective. Computed by Optuna, so not in the thread
of a window."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text
from cnnstudio.workers.search.folder import SearchFolder
from cnnstudio.workers.search.study import open_study, study_errors

LEAST_TRIALS: Final = 4
"""Complete trials below which no share means anything."""


class ImportanceMeasure(msgspec.Struct, frozen=True, kw_only=True):
    """`make()` gives Optuna's evaluator."""

    id: str
    label: Text
    help: Text
    make: Callable[[], Any]


def _ped_anova() -> Any:
    from optuna.importance import PedAnovaImportanceEvaluator

    return PedAnovaImportanceEvaluator()


def _fanova() -> Any:
    from optuna.importance import FanovaImportanceEvaluator

    return FanovaImportanceEvaluator(seed=0)


IMPORTANCES: Final[Registry[ImportanceMeasure]] = Registry("importance measure", (
    ImportanceMeasure(
        id="ped_anova", label=Text("PED-ANOVA", "PED-ANOVA"), make=_ped_anova,
        help=Text("By how much the values of the best tenth of the trials are unlike those of all: what matters for being "
                  "among the best (Watanabe et al., 2023). Quick, also with many trials.",
                  "En qué medida los valores del mejor diez por ciento de los ensayos difieren de los de todos: lo que "
                  "importa para estar entre los mejores (Watanabe et al., 2023). Rápido también con muchos ensayos.")),
    ImportanceMeasure(
        id="fanova", label=Text("fANOVA", "fANOVA"), make=_fanova,
        help=Text("The share of the variance over the whole range that each key explains, by a random forest (Hutter et al., "
                  "2014). Bad regions count as much as good ones.",
                  "La parte de la varianza en todo el intervalo que explica cada clave, con un bosque aleatorio (Hutter et "
                  "al., 2014). Las regiones malas cuentan tanto como las buenas.")),
))


def importances(search: SearchFolder, measure: str, objective: int = 0) -> dict[str, float]:
    """The share (0 to 1, together 1) of every varied key in an objective (by its place), the greatest first.

    Keys that matter for some choices alone, so that not every trial has them, are left out. Raises ProblemError
    (few_trials, damaged_search).
    """
    with open_study(search) as study, study_errors(search):
        return _shares(study, IMPORTANCES[measure], objective)


def _shares(study: Any, measure: ImportanceMeasure, objective: int) -> dict[str, float]:
    import optuna

    complete = [trial for trial in study.get_trials(deepcopy=False) if trial.state == optuna.trial.TrialState.COMPLETE]
    shared = set.intersection(*(set(trial.params) for trial in complete)) if complete else set()
    values = {trial.values[objective] for trial in complete}
    if len(complete) < LEAST_TRIALS or not shared or len(values) < 2:
        text = Text("Importances need at least {n} complete trials with different values.",
                    "Las importancias necesitan al menos {n} ensayos completos con valores distintos.")
        raise ProblemError(error("few_trials", text.fill(n=LEAST_TRIALS), "run"))
    varied = sorted(key for key in shared if len({trial.params[key] for trial in complete}) > 1)
    # PED-ANOVA takes low values of a target for the good ones, whatever the direction of the study.
    sign = -1 if study.directions[objective].name == "MAXIMIZE" else 1
    found = optuna.importance.get_param_importances(
        study, evaluator=measure.make(), params=varied, normalize=True,
        target=lambda trial: sign * trial.values[objective]) if varied else {}
    return {key: float(share) for key, share in found.items()} | dict.fromkeys(sorted(shared - set(varied)), 0.0)
