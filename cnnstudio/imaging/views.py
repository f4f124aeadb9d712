"""Pictures of which only one kind of information is left, to find out what that alone tells about their class."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np

BORDER: Final = 0.15
"""Width of the border on each side, as a share of the picture's side."""
CENTER: Final = 0.5
"""Side of the middle, as a share of the picture's side."""
_GRAY: Final = 127
_THUMBNAIL: Final = 4
_GRID: Final = 4


def border_only(pictures: np.ndarray) -> np.ndarray:
    """uint8 (n, height, width, channels) with all but the border grey."""
    height, width = pictures.shape[1:3]
    top, left = max(1, round(height * BORDER)), max(1, round(width * BORDER))
    result = pictures.copy()
    result[:, top:height - top, left:width - left] = _GRAY
    return result


def center_only(pictures: np.ndarray) -> np.ndarray:
    """uint8 (n, height, width, channels) with all but the middle grey."""
    height, width = pictures.shape[1:3]
    top, left = round(height * (1 - CENTER) / 2), round(width * (1 - CENTER) / 2)
    result = np.full_like(pictures, _GRAY)
    inside = (slice(None), slice(top, height - top), slice(left, width - left))
    result[inside] = pictures[inside]
    return result


def thumbnails(pictures: np.ndarray) -> np.ndarray:
    """uint8 (n, height, width, channels), reduced to 4 x 4 pixels and enlarged again."""
    height, width = pictures.shape[1:3]
    small = (min(_THUMBNAIL, width), min(_THUMBNAIL, height))
    return _each(pictures, lambda picture: cv2.resize(cv2.resize(picture, small, interpolation=cv2.INTER_AREA),
                                                      (width, height), interpolation=cv2.INTER_LINEAR))


def shuffled_patches(pictures: np.ndarray, seed: int = 0) -> np.ndarray:
    """uint8 (n, height, width, channels), cut into 4 x 4 patches that are put together in random order, another one for
    each picture. Pictures smaller than that stay as they are; so do the last rows and columns that make no whole patch."""
    count, height, width, channels = pictures.shape
    high, wide = height // _GRID, width // _GRID
    if not high or not wide:
        return pictures.copy()
    inside = pictures[:, :high * _GRID, :wide * _GRID]
    patches = inside.reshape(count, _GRID, high, _GRID, wide, channels).transpose(0, 1, 3, 2, 4, 5)
    patches = patches.reshape(count, _GRID * _GRID, high, wide, channels)
    order = np.random.default_rng(seed).permuted(np.tile(np.arange(_GRID * _GRID), (count, 1)), axis=1)
    patches = patches[np.arange(count)[:, None], order].reshape(count, _GRID, _GRID, high, wide, channels)
    result = pictures.copy()
    result[:, :high * _GRID, :wide * _GRID] = patches.transpose(0, 1, 3, 2, 4, 5).reshape(inside.shape)
    return result


def color_statistics(pictures: np.ndarray) -> np.ndarray:
    """float32 (n, 2 x channels): mean and standard deviation of each channel."""
    flat = pictures.reshape(len(pictures), -1, pictures.shape[-1]).astype(np.float32)
    return np.concatenate([flat.mean(axis=1), flat.std(axis=1)], axis=1)


def _each(pictures: np.ndarray, change: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    return np.stack([np.asarray(change(picture)).reshape(picture.shape) for picture in pictures])
