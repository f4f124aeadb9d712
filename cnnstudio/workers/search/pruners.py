"""The registry of pruners: which trials end early because they promise little."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from cnnstudio.core.registry import Registry
from cnnstudio.core.search import SearchSpec
from cnnstudio.core.text import Text


class Pruner(msgspec.Struct, frozen=True, kw_only=True):
    """`make(spec, steps)` gives Optuna's pruner for trials of at most so many steps: epochs, or folds. `needs_folds`: it
    compares the folds of a cross-validation. `ends_trials`: it ever ends one."""

    id: str
    label: Text
    help: Text
    make: Callable[[SearchSpec, int], Any]
    needs_folds: bool = False
    ends_trials: bool = True


def _none(_spec: SearchSpec, _steps: int) -> Any:
    from optuna.pruners import NopPruner

    return NopPruner()


def _median(spec: SearchSpec, _steps: int) -> Any:
    from optuna.pruners import MedianPruner

    # The first epochs say little, and the first trials have nothing to be compared with.
    return MedianPruner(n_startup_trials=5, n_warmup_steps=0 if spec.folds else 2)


def _hyperband(_spec: SearchSpec, steps: int) -> Any:
    from optuna.pruners import HyperbandPruner

    return HyperbandPruner(min_resource=1, max_resource=max(1, steps), reduction_factor=3)


def _wilcoxon(_spec: SearchSpec, _steps: int) -> Any:
    from optuna.pruners import WilcoxonPruner

    return WilcoxonPruner(p_threshold=0.1, n_startup_steps=2)


PRUNERS: Final[Registry[Pruner]] = Registry("pruner", (
    Pruner(
        id="none", label=Text("None", "Ninguno"), make=_none, ends_trials=False,
        help=Text("Every trial is trained to its end.", "Todos los ensayos se entrenan hasta el final.")),
    Pruner(
        id="median", label=Text("Median", "Mediana"), make=_median,
        help=Text("Ends a trial whose best value so far is worse than the median of the earlier trials after the same epoch, "
                  "from the third epoch on. The first five trials are never ended.",
                  "Termina un ensayo cuyo mejor valor hasta ahora es peor que la mediana de los anteriores tras la misma "
                  "época, desde la tercera. Los cinco primeros nunca se terminan.")),
    Pruner(
        id="hyperband", label=Text("Hyperband", "Hyperband"), make=_hyperband,
        help=Text("Gives most trials few epochs and the best third of them three times as many, again and again, in several "
                  "groups that begin with different numbers. For many trials with many epochs.",
                  "Da pocas épocas a la mayoría de los ensayos y el triple al mejor tercio, una y otra vez, en varios grupos "
                  "que empiezan con números distintos. Para muchos ensayos con muchas épocas.")),
    Pruner(
        id="wilcoxon", label=Text("Wilcoxon, over folds", "Wilcoxon, sobre pliegues"), make=_wilcoxon, needs_folds=True,
        help=Text("Ends a trial when its folds are significantly worse than the same folds of the best trial (Wilcoxon's "
                  "signed-rank test, p < 0.1), so that not every fold has to be trained.",
                  "Termina un ensayo cuando sus pliegues son significativamente peores que los mismos del mejor (prueba de los "
                  "rangos con signo de Wilcoxon, p < 0,1), de modo que no hace falta entrenar todos.")),
))
