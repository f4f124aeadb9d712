"""Occlusion: how far the score falls where a part of the picture is covered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cnnstudio.engine.explaining.baselines import baseline
from cnnstudio.engine.explaining.gradients import BATCH, ClassScores


def occlusion(scores: ClassScores, picture: np.ndarray, label: int, _layer: str, values: Mapping[str, Any]) -> np.ndarray:
    """float32 (height, width), signed: the mean fall of the score over the patches that cover a pixel (Zeiler and Fergus,
    2014, with the logit in place of the probability). Patches are cut at the border, so that every pixel is covered."""
    height, width = picture.shape[:2]
    cover = baseline(picture, values["baseline"])
    high, wide = (max(1, round(float(values["patch"]) * side)) for side in (height, width))
    down, across = (max(1, round(float(values["stride"]) * side)) for side in (height, width))
    boxes = [(top, left) for top in _starts(height, high, down) for left in _starts(width, wide, across)]
    before = float(scores.scores_of(picture[None], label)[0])
    falls, covered = np.zeros((height, width)), np.zeros((height, width))
    for begin in range(0, len(boxes), BATCH):
        part = boxes[begin:begin + BATCH]
        pictures = np.repeat(picture[None], len(part), axis=0)
        for number, (top, left) in enumerate(part):
            pictures[number, top:top + high, left:left + wide] = cover[top:top + high, left:left + wide]
        for (top, left), score in zip(part, scores.scores_of(pictures, label).tolist(), strict=True):
            falls[top:top + high, left:left + wide] += before - score
            covered[top:top + high, left:left + wide] += 1
    return np.asarray(falls / np.maximum(covered, 1), np.float32)


def _starts(side: int, patch: int, stride: int) -> list[int]:
    """Where patches begin: in equal steps, the last one at the end."""
    return [*range(0, max(1, side - patch), stride), max(0, side - patch)]
