"""Sanity checks: whether a map depends on the learned weights, and whether it finds the pixels that matter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from scipy.stats import spearmanr

from cnnstudio.core.explain_jobs import SanityChecks
from cnnstudio.core.text import Text
from cnnstudio.engine.environment import numpy_of
from cnnstudio.engine.explaining.baselines import baseline
from cnnstudio.engine.explaining.gradients import ClassScores

Method = Callable[[int], np.ndarray]
"""The map of a class, with the weights as they are now."""
SIMILAR: Final = 0.5
"""From this rank correlation on a map is called independent of the weights. Chosen on cats and dogs: record 46."""
_SHUFFLES: Final = 3
_MOVED: Final = 9
"""Copies of the map that are moved elsewhere; a map must beat all of them: by chance that happens once in ten."""
_STEPS: Final = 8
"""Parts in which the pixels are blurred or come back."""


def check_map(scores: ClassScores, picture: np.ndarray, label: int, found: np.ndarray, method: Method, seed: int = 0
              ) -> SanityChecks:
    """The checks of the map `found` (height, width) of a picture, float32 (height, width, channels)."""
    similarity = _similarity(scores, label, found, method, seed)
    deletion, insertion = _faithfulness(scores, picture, label, found)
    random = np.random.default_rng(seed)
    moved = np.asarray([_faithfulness(scores, picture, label, other) for other in _moved_copies(found, random)])
    better = float(np.mean(insertion - deletion > moved[:, 1] - moved[:, 0]))
    depends, beats = similarity < SIMILAR, better == 1.0
    return SanityChecks(
        similarity=similarity, deletion=deletion, insertion=insertion, chance_deletion=float(moved[:, 0].mean()),
        chance_insertion=float(moved[:, 1].mean()), better_than=better, depends_on_weights=depends, beats_chance=beats,
        verdict=_verdict(depends, beats))


def check_passes(passes: int) -> int:
    """About how many pictures the network computes to check a map that takes `passes`."""
    return _SHUFFLES * passes + (1 + _MOVED) * 2 * (_STEPS + 1)


def completeness(scores: ClassScores, picture: np.ndarray, label: int, found: np.ndarray, start: str) -> float:
    """How far the sum of integrated gradients is from S(x) - S(baseline), as a share of it."""
    ends = scores.scores_of(np.stack([picture, baseline(picture, start)]), label)
    difference = float(ends[0] - ends[1])
    return abs(float(found.sum(dtype=np.float64)) - difference) / max(abs(difference), 1e-6)


def _verdict(depends: bool, beats: bool) -> Text:
    if depends and beats:
        return Text("The map passes both checks: it depends on what the network learned, and the pixels it names matter more "
                    "than others.",
                    "El mapa supera ambas pruebas: depende de lo que la red aprendió, y los píxeles que señala importan más "
                    "que otros.")
    if depends:
        return Text("Do not rely on this map: moved to another place of the picture, it names pixels that matter as much.",
                    "No se fíe de este mapa: desplazado a otro lugar de la imagen, señala píxeles que importan lo mismo.")
    if beats:
        return Text("Do not rely on this map: with shuffled weights the network gives nearly the same one, so that it shows "
                    "the picture rather than what was learned.",
                    "No se fíe de este mapa: con los pesos mezclados, la red da casi el mismo, así que muestra la imagen y no "
                    "lo aprendido.")
    return Text("This map means nothing: with shuffled weights the network gives nearly the same one, and the pixels it names "
                "do not matter more than others.",
                "Este mapa no significa nada: con los pesos mezclados, la red da casi el mismo, y los píxeles que señala no "
                "importan más que otros.")


def _similarity(scores: ClassScores, label: int, found: np.ndarray, method: Method, seed: int) -> float:
    """The mean rank correlation, without its sign, with the maps of networks whose weights are shuffled, each array for
    itself: they keep their distribution, so that activations neither vanish nor run away."""
    variables = [variable for variable in scores.network.model.weights if np.prod(tuple(variable.shape)) > 1]
    before = [np.array(numpy_of(variable)) for variable in variables]
    values = []
    try:
        for number in range(_SHUFFLES):
            random = np.random.default_rng((seed, number))
            for variable, array in zip(variables, before, strict=True):
                variable.assign(random.permutation(array.ravel()).reshape(array.shape))
            scores.forget()
            other = method(label)
            # A map with nothing in it is like no other, and says nothing of the others.
            if np.isfinite(other).all() and np.ptp(other) > 0:
                values.append(abs(rank_correlation(found, other)))
    finally:
        for variable, array in zip(variables, before, strict=True):
            variable.assign(array)
        scores.forget()
    return float(np.mean(values)) if values else 0.0


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Spearman's correlation of two maps; 0 where one of them is the same everywhere."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return 0.0
    return float(spearmanr(one.ravel(), other.ravel()).statistic)


def _moved_copies(found: np.ndarray, random: np.random.Generator) -> list[np.ndarray]:
    """The map mirrored and moved around: the same shape in other places."""
    copies: list[np.ndarray] = []
    for number in range(_MOVED):
        turned = found[::-1] if number % 2 else found
        turned = turned[:, ::-1] if number // 2 % 2 else turned
        ways = tuple(int(random.integers(side // 4, max(side // 4 + 1, 3 * side // 4))) for side in found.shape)
        copies.append(np.roll(turned, ways, axis=(0, 1)))
    return copies


def _faithfulness(scores: ClassScores, picture: np.ndarray, label: int, found: np.ndarray) -> tuple[float, float]:
    """(deletion, insertion): the mean probability of the class over the steps, ends included."""
    order = np.argsort(-found, axis=None, kind="stable")
    blurred = baseline(picture, "blur")
    pictures = []
    for step in range(_STEPS + 1):
        first = np.zeros(found.size, bool)
        first[order[:round(step * found.size / _STEPS)]] = True
        chosen = first.reshape(found.shape)[..., None]
        pictures += [np.where(chosen, blurred, picture), np.where(chosen, picture, blurred)]
    answers: Any = scores.probabilities(scores.outputs_of(np.stack(pictures)))[:, label]
    return float(answers[0::2].mean()), float(answers[1::2].mean())
