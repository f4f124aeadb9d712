"""Measures of a picture, to sort, filter and judge by: light, contrast, sharpness, information, colour."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

_SIDE: Final = 1024
"""Larger pictures are halved until they fit: what matters for a network is visible at that size."""
_TILE: Final = 16
"""Pixels a side that a tile has at least; a picture has at most 8 x 8 tiles."""
_SHARPEST: Final = 0.1
"""The tenth of the tiles that is sharpest decides: a portrait before a soft background is no blurred picture."""
_NOISE: Final = 2.0
"""Added to the variance that is divided by, in squared grey levels: plain tiles say nothing."""
_USUAL: Final = 50.0
"""Standard deviation in grey levels of a photo of usual contrast: in flatter ones less counts as noise."""


@dataclass(frozen=True)
class Quality:
    """Measures of one picture.

    brightness: mean grey, 0 (black) to 1 (white). dark: the 99th percentile of grey; small where even the
    lights are dark. bright: the 5th percentile; large where even the shadows are bright. contrast: standard
    deviation of grey, 0 to 0.5. sharpness: how much of the detail is finest detail: variance of grey between
    Gaussian scales 0 and 1 by that between 1 and 2 pixels, in the sharpest tenth of the picture; below
    0.38 after a blur of 2 pixels and more, above 0.5 for nearly all sharp photos, whatever their contrast. entropy:
    information of the grey histogram in bits, 0 (plain) to 8. colorfulness: mean distance of the channels
    from grey, 0 to 255; below 2 in grey pictures stored as colour.
    """

    brightness: float
    dark: float
    bright: float
    contrast: float
    sharpness: float
    entropy: float
    colorfulness: float


def measure(picture: NDArray[np.uint8]) -> Quality:
    """Measure uint8 (height, width[, 1, 3 or 4]); small pictures are not enlarged."""
    colorful = colorfulness(picture)
    gray = to_gray(picture)
    while max(gray.shape) > _SIDE:
        gray = cv2.resize(gray, ((gray.shape[1] + 1) // 2, (gray.shape[0] + 1) // 2),
                          interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    shares = np.asarray(cv2.calcHist([gray], [0], None, [256], [0, 256]), np.float64).ravel() / gray.size
    levels = np.arange(256)
    mean = float(shares @ levels)
    running = np.cumsum(shares)
    present = shares[shares > 0]
    deviation = math.sqrt(max(0.0, float(shares @ (levels - mean) ** 2)))
    return Quality(
        brightness=mean / 255,
        dark=float(np.searchsorted(running, 0.99)) / 255,
        bright=float(np.searchsorted(running, 0.05)) / 255,
        contrast=deviation / 255,
        sharpness=sharpness(gray, deviation),
        entropy=max(0.0, float(-(present * np.log2(present)).sum())),
        colorfulness=colorful,
    )


def to_gray(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 (height, width) of uint8 (height, width[, 1, 3 or 4])."""
    if picture.ndim == 3:
        picture = picture[..., 0] if picture.shape[2] == 1 else cv2.cvtColor(
            np.ascontiguousarray(picture[..., :3]), cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
    return np.ascontiguousarray(picture)


def colorfulness(picture: NDArray[np.uint8]) -> float:
    """The mean of the largest minus the smallest channel, sampled at 64 x 64 places."""
    if picture.ndim == 2 or picture.shape[2] == 1:
        return 0.0
    small = cv2.resize(np.ascontiguousarray(picture[..., :3]), (64, 64), interpolation=cv2.INTER_LINEAR)
    return float((small.max(axis=2).astype(np.int16) - small.min(axis=2)).mean())


def sharpness(gray: NDArray[np.uint8], deviation: float) -> float:
    """See `Quality`; 0 for a plain picture. `deviation`: standard deviation of grey in levels."""
    middle = cv2.GaussianBlur(gray, (7, 7), 1.0)
    # Blurring by sqrt(3) once more makes sigma 2 in all.
    first, second = cv2.absdiff(gray, middle), cv2.absdiff(middle, cv2.GaussianBlur(middle, (11, 11), 3.0 ** 0.5))
    noise = min(_NOISE, max(0.15 * _NOISE, _NOISE * (deviation / _USUAL) ** 2))
    height, width = gray.shape
    down, across = max(1, min(8, height // _TILE)), max(1, min(8, width // _TILE))
    ratios = []
    for line in range(down):
        lines = slice(line * height // down, (line + 1) * height // down)
        for column in range(across):
            place = (lines, slice(column * width // across, (column + 1) * width // across))
            finer = second[place]
            ratios.append(cv2.norm(first[place], cv2.NORM_L2SQR) / (cv2.norm(finer, cv2.NORM_L2SQR) + noise * finer.size))
    ratios.sort()
    return float(ratios[-1 - int(_SHARPEST * (len(ratios) - 1))])
