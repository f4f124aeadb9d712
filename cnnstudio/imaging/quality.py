"""Quality measures of a picture: light, contrast, sharpness, information, colour."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

_SIDE: Final = 1024
"""Larger pictures are halved until they fit: the details that matter for a network are visible at that size."""
_TILE: Final = 16
"""Pixels a side that a tile has at least; a picture has at most 8 x 8 tiles."""
_SHARPEST: Final = 0.1
"""The sharpest tenth of the tiles decides: a portrait in front of a blurred background is sharp."""
_NOISE: Final = 2.0
"""Added to the denominator, in squared grey levels, so that plain tiles count little."""
_USUAL: Final = 50.0
"""Standard deviation in grey levels of a photo of usual contrast: in flatter ones less counts as noise."""
_MANY: Final = 128
"""From this number of lines and columns on, a part of them is enough for coarser details."""
_SAMPLED: Final = 64
_ONE: Final = np.array([1, 4, 6, 4, 1]) / 16
"""A Gaussian of variance 1, as binomial numbers: OpenCV filters bytes with whole numbers quicker."""
_MORE: Final = cv2.getGaussianKernel(11, 3.0 ** 0.5)
_MORE_OF_HALF: Final = np.array([1, 8, 14, 8, 1]) / 32
"""Variance 3, and a quarter of it for a picture of half the size: [1, 2, 1] / 4 on [1, 6, 1] / 8."""
_LEVELS: Final = np.arange(256, dtype=np.float64)


@dataclass(frozen=True)
class Quality:
    """Measures of one picture.

    brightness: mean grey, 0 (black) to 1 (white). dark: the 99th percentile of grey; small where even the
    lights are dark. bright: the 5th percentile; large where even the shadows are bright. contrast: standard
    deviation of grey, 0 to 0.5. sharpness: how much of the detail is finest detail: variance of grey between
    Gaussian scales 0 and 1 by that between 1 and 2 pixels, in the sharpest tenth of the picture; below
    0.4 after a blur of 2 pixels and more, above 0.5 for nearly all sharp photos, whatever their contrast. entropy:
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


def measure(picture: NDArray[np.uint8], gray: NDArray[np.uint8] | None = None,
            small: NDArray[np.uint8] | None = None) -> Quality:
    """Measure uint8 (height, width[, 1, 3 or 4]); small pictures are not enlarged.

    `gray`: its `to_gray`, `small`: its `sampled`, if they are known.
    """
    gray = to_gray(picture) if gray is None else gray
    while max(gray.shape) > _SIDE:
        gray = halve(gray)
    # Every fourth line of a larger picture is enough for the histogram.
    seen = np.ascontiguousarray(gray[::4]) if min(gray.shape) >= _MANY else gray
    shares = np.asarray(cv2.calcHist([seen], [0], None, [256], [0, 256]), np.float64).ravel() / seen.size
    mean = float(shares @ _LEVELS)
    deviation = math.sqrt(max(0.0, float(shares @ _LEVELS**2) - mean * mean))
    running = np.cumsum(shares)
    present = shares[shares > 0]
    return Quality(
        brightness=mean / 255,
        dark=float(np.searchsorted(running, 0.99)) / 255,
        bright=float(np.searchsorted(running, 0.05)) / 255,
        contrast=deviation / 255,
        sharpness=sharpness(gray, deviation),
        entropy=max(0.0, float(-(present @ np.log2(present)))),
        colorfulness=colorfulness(sample_pixels(picture) if small is None else small),
    )


def to_gray(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """uint8 (height, width) of uint8 (height, width[, 1, 3 or 4])."""
    if picture.ndim == 3:
        picture = picture[..., 0] if picture.shape[2] == 1 else cv2.cvtColor(
            np.ascontiguousarray(picture[..., :3]), cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
    return np.ascontiguousarray(picture)


def halve(gray: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Half the size; each pixel is the mean of about 2 x 2, and the middle stays the middle for odd sides, too."""
    height, width = gray.shape
    return cv2.resize(gray, ((width + 1) // 2, (height + 1) // 2), interpolation=cv2.INTER_LINEAR).astype(
        np.uint8, copy=False)


def sample_pixels(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Grey or colours without transparency, sampled at 64 x 64 places where either side is longer."""
    if picture.ndim == 3 and picture.shape[2] == 4:
        picture = picture[..., :3]
    picture = np.ascontiguousarray(picture)
    if max(picture.shape[:2]) > _SAMPLED:
        picture = cv2.resize(picture, (_SAMPLED, _SAMPLED), interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
    return picture


def colorfulness(small: NDArray[np.uint8]) -> float:
    """The mean of the largest minus the smallest channel of a `sampled` picture."""
    if small.ndim == 2 or small.shape[2] == 1:
        return 0.0
    red, green, blue = cv2.split(small)
    most, least = cv2.max(cv2.max(red, green), blue), cv2.min(cv2.min(red, green), blue)
    return float(cv2.mean(cv2.subtract(most, least))[0])


def sharpness(gray: NDArray[np.uint8], deviation: float) -> float:
    """See `Quality`; 0 for a plain picture. `deviation`: standard deviation of grey in levels."""
    middle = cv2.sepFilter2D(gray, -1, _ONE, _ONE)
    first = cv2.absdiff(gray, middle)
    # Blurring by sqrt(3) once more makes sigma 2 in all; what is so smooth needs every second pixel only, and half
    # of the tiles are enough: the black fields of a chessboard.
    step = 2 if min(gray.shape) >= _MANY else 1
    more = _MORE if step == 1 else _MORE_OF_HALF
    middle = np.ascontiguousarray(middle[::step, ::step])
    second = cv2.absdiff(middle, cv2.sepFilter2D(middle, -1, more, more))
    noise = min(_NOISE, max(0.15 * _NOISE, _NOISE * (deviation / _USUAL) ** 2))
    height, width = second.shape
    down, across = max(1, min(8, gray.shape[0] // _TILE)), max(1, min(8, gray.shape[1] // _TILE))
    columns = [column * width // across for column in range(across + 1)]
    sides = list(zip(columns, columns[1:], strict=False))
    ratios = []
    for line in range(down):
        top, bottom = line * height // down, (line + 1) * height // down
        finest, finer = first[step * top:step * bottom], second[top:bottom]
        for left, right in sides[line % step::step]:
            detail = finest[:, step * left:step * right]
            coarser = finer[:, left:right]
            # Mean squares: the two are not of one size.
            ratios.append(cv2.norm(detail, cv2.NORM_L2SQR) / detail.size
                          / (cv2.norm(coarser, cv2.NORM_L2SQR) / coarser.size + noise))
    ratios.sort()
    return float(ratios[-1 - int(_SHARPEST * (len(ratios) - 1))])
