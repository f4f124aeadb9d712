"""Simple measures of a picture, to sort and filter by: brightness, contrast, blur, information."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

_SIDE: Final = 256


@dataclass(frozen=True)
class Quality:
    """Measures of one picture.

    brightness: mean grey, 0 (black) to 1 (white). contrast: standard deviation of grey, 0 to 0.5.
    sharpness: variance of the Laplacian of grey (0 to 255) at 256 pixels on the longer side; small for
    blurred pictures. entropy: information of the grey histogram in bits, 0 (plain) to 8.
    """

    brightness: float
    contrast: float
    sharpness: float
    entropy: float


def measure(picture: NDArray[np.uint8]) -> Quality:
    """Measure uint8 (height, width[, 1, 3 or 4]). Pictures smaller than 256 pixels are not enlarged."""
    if picture.ndim == 3:
        picture = picture[..., 0] if picture.shape[2] == 1 else cv2.cvtColor(
            np.ascontiguousarray(picture[..., :3]), cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
    gray = np.ascontiguousarray(picture)
    scale = _SIDE / max(gray.shape)
    if scale < 1:
        size = (max(1, round(gray.shape[1] * scale)), max(1, round(gray.shape[0] * scale)))
        gray = cv2.resize(gray, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    shares = np.bincount(gray.ravel(), minlength=256) / gray.size
    present = shares[shares > 0]
    return Quality(
        brightness=float(gray.mean()) / 255,
        contrast=float(gray.std()) / 255,
        sharpness=float(np.asarray(cv2.Laplacian(gray, cv2.CV_32F)).var()),
        entropy=max(0.0, float(-(present * np.log2(present)).sum())),
    )
