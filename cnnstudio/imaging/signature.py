"""A small signature of a picture, by which its copies are recognised: recompressed, resized, mirrored or rotated."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from cnnstudio.imaging.quality import halve, sample_pixels, to_gray

SIDE: Final = 16
"""Grey pixels a side."""
COLORS: Final = 4
"""Coloured pixels a side."""
BYTES: Final = SIDE * SIDE + COLORS * COLORS * 3
FLAT: Final = 6.0
"""Least standard deviation of a signature in grey levels: plain pictures have no structure."""


def signature(picture: NDArray[np.uint8], gray: NDArray[np.uint8] | None = None,
              small: NDArray[np.uint8] | None = None) -> bytes:
    """The signature of uint8 (height, width[, 1, 3 or 4]): 16 x 16 grey bytes, then 4 x 4 of red-green-blue.

    `gray`: its `to_gray`, `small`: its `sampled`, if they are known.
    """
    gray = to_gray(picture) if gray is None else gray
    # Averaging in steps is much quicker, and nearly the same.
    while min(gray.shape) >= 8 * SIDE:
        gray = halve(gray)
    likeness = cv2.resize(gray, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    small = sample_pixels(picture) if small is None else small
    colored = small.ndim == 3 and small.shape[2] == 3
    colors: NDArray[Any] = small if colored else cv2.cvtColor(gray, cv2.COLOR_GRAY2RGB)
    colors = cv2.resize(colors, (COLORS, COLORS), interpolation=cv2.INTER_AREA)
    return np.asarray(likeness, np.uint8).tobytes() + np.asarray(colors, np.uint8).tobytes()


def turned_signatures(signatures: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """The signatures (n, BYTES) of the seven mirrored and rotated pictures.

    In this order: mirrored, turned by half, mirrored top to bottom, turned by a quarter clockwise and against it,
    transposed, transposed and turned by half.
    """
    gray = signatures[:, :SIDE * SIDE].reshape(-1, SIDE, SIDE)
    color = signatures[:, SIDE * SIDE:].reshape(-1, COLORS, COLORS, 3)
    result = []
    for transpose, down, across in ((0, 0, 1), (0, 1, 1), (0, 1, 0), (1, 0, 1), (1, 1, 0), (1, 0, 0), (1, 1, 1)):
        parts = []
        for part in (gray, color):
            changed: NDArray[Any] = part.swapaxes(1, 2) if transpose else part
            changed = changed[:, ::-1] if down else changed
            changed = changed[:, :, ::-1] if across else changed
            parts.append(changed.reshape(len(signatures), -1))
        result.append(np.ascontiguousarray(np.concatenate(parts, axis=1)))
    return result


def descriptors(signatures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """float32 (n, 63): the lowest spatial frequencies without the mean, of length 1; their product is a similarity."""
    gray = signatures[:, :SIDE * SIDE].reshape(-1, SIDE, SIDE).astype(np.float32)
    basis = _cosines()
    low = np.einsum("ui,nij,vj->nuv", basis, gray, basis, optimize=True).reshape(len(gray), -1)[:, 1:]
    length = np.sqrt((low * low).sum(axis=1, keepdims=True))
    return np.asarray(low / np.maximum(length, FLAT * SIDE), np.float32)


def _cosines() -> NDArray[np.float32]:
    """The eight lowest rows of the orthonormal discrete cosine transform of length 16."""
    rows, columns = np.arange(8)[:, None], np.arange(SIDE)[None]
    basis = np.cos(np.pi * (2 * columns + 1) * rows / (2 * SIDE)) * np.sqrt(2 / SIDE)
    basis[0] /= np.sqrt(2)
    return np.asarray(basis, np.float32)


def differences(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The differences of signatures (n, BYTES) in pairs: float32 (n,), 0 for the same, about 1.4 for unrelated ones.

    The root mean square difference of grey after mean and contrast are taken away, by the contrast; or that of
    colour by a fifth of the range of 255, whichever is larger.
    """
    edge = SIDE * SIDE
    one, two = first[:, :edge].astype(np.float32), second[:, :edge].astype(np.float32)
    one -= one.mean(axis=1, keepdims=True)
    two -= two.mean(axis=1, keepdims=True)
    scales = [np.maximum(np.sqrt((part * part).mean(axis=1, keepdims=True)), FLAT) for part in (one, two)]
    contrast = np.abs(np.log(scales[0] / scales[1]))[:, 0]
    gray = np.sqrt(((one / scales[0] - two / scales[1]) ** 2).mean(axis=1))
    colors = first[:, edge:].astype(np.float32) - second[:, edge:].astype(np.float32)
    color = np.sqrt((colors * colors).mean(axis=1)) / 51.0
    return np.asarray(np.maximum.reduce([gray, 0.25 * contrast, 0.5 * color]), np.float32)
