"""Deterministic operations on uint8 pictures (height, width, channels), the building blocks of recipe steps.

A fourth channel is transparency: steps leave it as it is.

This module is copied as it is into exported bundles.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

INTERPOLATIONS: Final = {
    "nearest": cv2.INTER_NEAREST_EXACT,
    "nearest_opencv": cv2.INTER_NEAREST,
    "bilinear": cv2.INTER_LINEAR,
    "linear_exact": cv2.INTER_LINEAR_EXACT,
    "bicubic": cv2.INTER_CUBIC,
    "area": cv2.INTER_AREA,
    "lanczos4": cv2.INTER_LANCZOS4,
}
FITS: Final = ("stretch", "crop", "pad")


def resize(picture: Picture, height: int, width: int, *, fit: str = "stretch", interpolation: str = "auto",
           background: Sequence[int] = (255, 255, 255)) -> Picture:
    """The picture (height, width, channels) in another size.

    `fit`: "stretch" uses the whole picture whatever its proportions; "crop" keeps proportions and cuts the
    middle out; "pad" keeps proportions and the whole picture, centred on `background` (red, green, blue;
    transparent where there is a fourth channel). `interpolation`: "auto" averages areas along a side that
    shrinks and interpolates linearly along one that grows; or one of INTERPOLATIONS. "nearest" takes the
    pixel under the middle of the new one, "nearest_opencv" the one under its corner.
    """
    if fit not in FITS or (interpolation != "auto" and interpolation not in INTERPOLATIONS):
        raise ValueError(f"Expected fit {FITS} and interpolation auto or {tuple(INTERPOLATIONS)}. "
                         f"Received: {fit!r}, {interpolation!r}")
    (top, left, rows, columns), (above, before, high, wide) = fit_boxes(
        picture.shape[0], picture.shape[1], height, width, fit)
    scaled = _scaled(picture[top:top + rows, left:left + columns], high, wide, interpolation)
    if (high, wide) == (height, width):
        return scaled
    canvas = np.empty((height, width, picture.shape[2]), np.uint8)
    canvas[...] = background_value(background, picture.shape[2])
    canvas[above:above + high, before:before + wide] = scaled
    return canvas


def fit_boxes(high: int, wide: int, height: int, width: int, fit: str = "stretch"
              ) -> tuple[tuple[int, int, int, int], tuple[int, int, int, int]]:
    """Which part of a picture (high, wide) `resize` uses, and which part of the result (height, width) it fills: each top,
    left, height, width."""
    if fit == "crop":
        # The largest part of the picture that has the target's proportions.
        rows = min(high, max(1, round(wide * height / width)))
        columns = min(wide, max(1, round(high * width / height)))
        return ((high - rows) // 2, (wide - columns) // 2, rows, columns), (0, 0, height, width)
    if fit == "pad":
        scale = min(height / high, width / wide)
        rows = min(height, max(1, round(high * scale)))
        columns = min(width, max(1, round(wide * scale)))
        return (0, 0, high, wide), ((height - rows) // 2, (width - columns) // 2, rows, columns)
    return (0, 0, high, wide), (0, 0, height, width)


def crop(picture: Picture, kind: str = "none", share: float = 1.0, box: Sequence[int] = (0, 0, 0, 0)) -> Picture:
    """A part of the picture, at least one pixel: "share" of both sides from the middle, or the "box" (top, left,
    height, width; 0 reaches to the end) as far as it lies inside."""
    if kind == "none":
        return picture
    top, left, rows, columns = crop_box_pixels(picture.shape[0], picture.shape[1], kind, share, box)
    return picture[top:top + rows, left:left + columns]


def crop_box_pixels(high: int, wide: int, kind: str = "none", share: float = 1.0, box: Sequence[int] = (0, 0, 0, 0)
                    ) -> tuple[int, int, int, int]:
    """The pixels that `crop` keeps of a picture of that height and width: top, left, height, width."""
    if kind == "none":
        return 0, 0, high, wide
    if kind == "share":
        rows, columns = (min(side, max(1, round(side * float(share)))) for side in (high, wide))
        return (high - rows) // 2, (wide - columns) // 2, rows, columns
    if kind != "box":
        raise ValueError(f"Expected crop none, share or box. Received: {kind!r}")
    top, left = min(int(box[0]), high - 1), min(int(box[1]), wide - 1)
    rows, columns = (int(length) or side for length, side in ((box[2], high), (box[3], wide)))
    return top, left, min(rows, high - top), min(columns, wide - left)


def background_value(background: Sequence[int], channels: int) -> Picture:
    """A red-green-blue colour as one pixel of 1, 3 or 4 channels (transparent in the last case)."""
    pixel = np.array([[[int(value) for value in background[:3]]]], np.uint8)
    if channels == 1:
        return cv2.cvtColor(pixel, cv2.COLOR_RGB2GRAY).reshape(1).astype(np.uint8)
    return np.concatenate([pixel.reshape(3), np.zeros(channels - 3, np.uint8)])


def _scaled(picture: Picture, height: int, width: int, interpolation: str) -> Picture:
    high, wide, channels = picture.shape
    if (high, wide) == (height, width):
        return np.ascontiguousarray(picture)
    picture = np.ascontiguousarray(picture)
    if interpolation == "auto":
        if height < high or width < wide:
            least = (min(width, wide), min(height, high))
            picture = cv2.resize(picture, least, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        if height > high or width > wide:
            picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
    else:
        flag = INTERPOLATIONS[interpolation]
        picture = cv2.resize(picture, (width, height), interpolation=flag).astype(np.uint8, copy=False)
    return picture.reshape(height, width, channels)


def on_colors(picture: Picture, work: Callable[[Picture], NDArray[Any]]) -> Picture:
    """`work` on the picture without its transparency; OpenCV drops a single channel's axis."""
    if picture.shape[2] == 4:
        colors = on_colors(np.ascontiguousarray(picture[..., :3]), work)
        return np.concatenate([colors, picture[..., 3:]], axis=2)
    return np.asarray(work(np.ascontiguousarray(picture)), np.uint8).reshape(picture.shape)


def on_lightness(picture: Picture, work: Callable[[Picture], NDArray[Any]]) -> Picture:
    """`work` on grey, or on the lightness (CIE L*) of colours."""

    def apply(colors: Picture) -> NDArray[Any]:
        if colors.shape[2] == 1:
            return work(colors[..., 0])
        lab = cv2.cvtColor(colors, cv2.COLOR_RGB2LAB)
        lab[..., 0] = work(np.ascontiguousarray(lab[..., 0], np.uint8))
        return cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)

    return on_colors(picture, apply)


def odd(kernel_size: int) -> int:
    """The side of a window: an even one counts as the next odd one. Raises ValueError below 1."""
    size = int(kernel_size)
    if size < 1:
        raise ValueError(f"Expected a kernel_size of 1 or more. Received: {kernel_size!r}")
    return size | 1
