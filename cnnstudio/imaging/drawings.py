"""What is drawn by hand, as the pictures of a collection are: in the middle, and on paper like theirs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cnnstudio.imaging.operations import Picture

SHARE: Final = 20 / 28
"""The share of the side that the longer side of a centred drawing takes, as in collections of handwritten digits."""
_LARGEST: Final = 4.0
"""A dot stays a dot."""


def centred(ink: NDArray[np.uint8], share: float = SHARE) -> NDArray[np.uint8]:
    """Ink (height, width; 255 where it is full) scaled to a share of the picture, with its centre of mass in the middle."""
    if not ink.any():
        return ink
    height, width = ink.shape
    left, top, wide, high = cv2.boundingRect(ink)
    scale = min(share * min(height, width) / max(wide, high), _LARGEST)
    moments = cv2.moments(ink)
    x, y = moments["m10"] / moments["m00"], moments["m01"] / moments["m00"]
    # Nothing of the drawing leaves the picture, however unevenly its mass lies.
    right, below = left + wide, top + high
    shift_x = _kept(width / 2 - scale * x, scale * left, scale * right, width)
    shift_y = _kept(height / 2 - scale * y, scale * top, scale * below, height)
    matrix = np.array([[scale, 0, shift_x], [0, scale, shift_y]], np.float64)
    return np.asarray(cv2.warpAffine(ink, matrix, (width, height), flags=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR),
                      np.uint8)


def on_paper(ink: NDArray[np.uint8], dark: bool) -> Picture:
    """The picture (height, width, 3): white ink on black paper, or black ink on white."""
    gray = ink if dark else 255 - ink
    return np.ascontiguousarray(np.repeat(gray[:, :, None], 3, axis=2))


def has_dark_paper(pictures: Sequence[Picture]) -> bool:
    """Whether the borders of these pictures are rather dark; without pictures the paper is white."""
    borders = [np.concatenate([picture[0].reshape(-1), picture[-1].reshape(-1), picture[:, 0].reshape(-1),
                               picture[:, -1].reshape(-1)]) for picture in pictures]
    return bool(borders) and float(np.mean([np.median(border) for border in borders])) < 128


def _kept(shift: float, first: float, last: float, size: int) -> float:
    """The shift nearest to `shift` that keeps a drawing from `first` to `last` inside."""
    return min(max(shift, -first), size - last)
