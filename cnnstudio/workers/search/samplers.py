"""The registry of samplers: how the settings of the next trial are chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from cnnstudio.catalog.backends import TORCH
from cnnstudio.core.libraries import Library
from cnnstudio.core.registry import Registry
from cnnstudio.core.search import SearchSpec
from cnnstudio.core.text import Text
from cnnstudio.workers.search.grid import grid_values


class Sampler(msgspec.Struct, frozen=True, kw_only=True):
    """`make(spec, seed)` gives Optuna's sampler. `finite`: it has an end, after which every combination was
    tried."""

    id: str
    label: Text
    help: Text
    make: Callable[[SearchSpec, int], Any]
    libraries: tuple[Library, ...] = ()
    finite: bool = False


def _tpe(_spec: SearchSpec, seed: int) -> Any:
    from optuna.samplers import TPESampler

    # Multivariate: keys that depend on each other are drawn together; groups, since some matter for certain choices alone.
    return TPESampler(seed=seed, multivariate=True, group=True)


def _gp(_spec: SearchSpec, seed: int) -> Any:
    from cnnstudio.workers.search.child_sampler import ChildSampler

    return ChildSampler(seed)


def _random(_spec: SearchSpec, seed: int) -> Any:
    from optuna.samplers import RandomSampler

    return RandomSampler(seed=seed)


def _grid(spec: SearchSpec, _seed: int) -> Any:
    from cnnstudio.workers.search.grid_sampler import EndlessGridSampler

    # Every session must have the same order.
    return EndlessGridSampler({item.key: grid_values(item) for item in spec.varied}, seed=spec.seed)


SAMPLERS: Final[Registry[Sampler]] = Registry("sampler", (
    Sampler(
        id="tpe", label=Text("TPE", "TPE"), make=_tpe,
        help=Text("Tree-structured Parzen estimator: after ten random trials it prefers what the better ones have in common. "
                  "Right for most searches, for choices and numbers alike, and quick.",
                  "Estimador de Parzen en árbol: tras diez ensayos al azar prefiere lo que tienen en común los mejores. "
                  "Adecuado para casi todas las búsquedas, con opciones y con números, y rápido.")),
    Sampler(
        id="gp", label=Text("Gaussian process", "Proceso gaussiano"), make=_gp, libraries=(TORCH,),
        help=Text("Fits a smooth surface through all trials and tries where the most can be gained. Often needs the fewest "
                  "trials where numbers are varied, and a few seconds more for each.",
                  "Ajusta una superficie suave a todos los ensayos y prueba donde más se puede ganar. Suele necesitar menos "
                  "ensayos si se varían números, y unos segundos más para cada uno.")),
    Sampler(
        id="random", label=Text("Random", "Al azar"), make=_random,
        help=Text("Draws every trial independently of the others: nothing is learned, and nothing misleads.",
                  "Sortea cada ensayo con independencia de los demás: no aprende nada, y nada lo engaña.")),
    Sampler(
        id="grid", label=Text("Grid", "Cuadrícula"), make=_grid, finite=True,
        help=Text("Tries every combination: of a range its steps, or five numbers where it has none. Their number multiplies "
                  "with every key.",
                  "Prueba todas las combinaciones: de un intervalo, sus pasos o cinco números si no los tiene. Su número se "
                  "multiplica con cada clave.")),
))
