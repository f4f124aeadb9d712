"""Augmentations that mix the pictures of a batch with each other, and their labels: MixUp and CutMix, as in Keras 3.

Zhang et al., "mixup: Beyond Empirical Risk Minimization", 2018; Yun et al., "CutMix", 2019.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from cnnstudio.catalog.steps.common import PROBABILITY, pair, share
from cnnstudio.catalog.steps.entry import Augmentation, MixScript
from cnnstudio.core.params import Float
from cnnstudio.core.text import Text, same
from cnnstudio.imaging.changes import Chosen, Mix, Mixing, Params
from cnnstudio.imaging.counter_rng import CounterRng, beta, factor_range


def _mix_up(params: Params, rng: CounterRng, chosen: Chosen, partners: NDArray[np.int64], _height: int, _width: int) -> Mix:
    weights = beta(float(params["alpha"]), rng.uniform(0.0, 1.0))
    return Mix(partners, np.where(chosen, weights, 1.0), None)


_MIX_UP_SCRIPT: Final = (
    "def mix_up(pictures, labels, rng, alpha, probability):",
    '    """Fades every picture, and its label, with another one of the batch (Zhang et al., 2018)."""',
    "    count = len(pictures)",
    "    stays = np.where(rng.random(count) < probability, rng.beta(alpha, alpha, count), 1.0).astype(np.float32)",
    "    other, share = rng.permutation(count), stays.reshape(-1, 1, 1, 1)",
    "    faded = share * pictures + (1 - share) * pictures[other]",
    "    return np.rint(faded).astype(np.uint8), stays[:, None] * labels + (1 - stays[:, None]) * labels[other]")


def _cut_mix(params: Params, rng: CounterRng, chosen: Chosen, partners: NDArray[np.int64], height: int, width: int) -> Mix:
    low, high = factor_range(params["factor"], 0.0)
    alphas = rng.uniform(low, high)
    sides = np.sqrt(1.0 - beta(float(alphas[0]) + 1e-6 if len(alphas) else 1.0, rng.uniform(0.0, 1.0)))
    ends = []
    for length in (width, height):
        start = rng.uniform(0.0, 1.0) * (length - sides * length)
        first = np.ceil(start)
        ends += [first, np.where(chosen, np.ceil(start + sides * length), first)]
    boxes = np.minimum(np.stack(ends, 1), [width, width, height, height]).astype(np.int64)
    # The actual share in integer pixels.
    area = (boxes[:, 1] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 2])
    return Mix(partners, 1.0 - area / float(width * height), boxes)


_CUT_MIX_SCRIPT: Final = (
    "def cut_mix(pictures, labels, rng, factor, probability):",
    '    """Puts a rectangle of another picture of the batch in and mixes the labels by area (Yun et al., 2019)."""',
    "    count, rows, columns = pictures.shape[:3]",
    "    other, alpha = rng.permutation(count), rng.uniform(*factor) + 1e-6",
    "    sides = np.sqrt(1 - rng.beta(alpha, alpha, count))",
    "    mixed, stays = pictures.copy(), np.ones((count, 1), np.float32)",
    "    for index in np.flatnonzero(rng.random(count) < probability):",
    "        high, wide = sides[index] * rows, sides[index] * columns",
    "        top, left = rng.random() * (rows - high), rng.random() * (columns - wide)",
    "        top, bottom = math.ceil(top), math.ceil(top + high)",
    "        left, right = math.ceil(left), math.ceil(left + wide)",
    "        mixed[index, top:bottom, left:right] = pictures[other[index], top:bottom, left:right]",
    "        stays[index] -= (bottom - top) * (right - left) / (rows * columns)",
    "    return mixed, stays * labels + (1 - stays) * labels[other]")

STEPS: Final = (
    Augmentation(
        id="mix_up", label=Text("MixUp", "MixUp"), group="mix", keras="keras.layers.MixUp",
        help=Text("Blends every picture with another picture of the batch, and their labels in the same proportion.",
                  "Mezcla cada imagen con otra del lote, y sus etiquetas en la misma proporción."),
        params=(Float(name="alpha", default=0.2, minimum=0, above=True, maximum=8, step=0.1, decimals=2,
                      label=same("alpha"), help=Text("Higher values mix more evenly: the weights follow a Beta(alpha, alpha) "
                                                     "distribution.",
                                                     "Los valores más altos mezclan más por igual: los pesos siguen una "
                                                     "distribución beta(alpha, alpha).")), PROBABILITY),
        change=Mixing(_mix_up), script=MixScript(_MIX_UP_SCRIPT, lambda values: repr(float(values["alpha"])))),
    Augmentation(
        id="cut_mix", label=Text("CutMix", "CutMix"), group="mix", keras="keras.layers.CutMix",
        help=Text("Pastes in a rectangle of another picture of the batch and mixes the labels by area.",
                  "Pega un rectángulo de otra imagen del lote y mezcla las etiquetas según el área."),
        params=(share("factor", (1.0, 1.0), Text("Alpha of the beta distribution of the area, which is drawn once per batch.",
                                                  "Alfa de la distribución beta del área, que se sortea una vez por lote.")),
                PROBABILITY),
        change=Mixing(_cut_mix), script=MixScript(_CUT_MIX_SCRIPT, lambda values: str(pair(values["factor"], 0.0)))),
)
