"""TIFF: by Pillow, but for the deep kinds that it would cut to 8 bits, read wrongly or not at all; these by tifffile.

This module is copied as it is into exported bundles.
"""

from __future__ import annotations

import io
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import corrupt, unsupported
from ..header import Header
from ..orientation import valid
from . import pillow

NAME: Final = pillow.TIFF
_GRAY, _RGB, _WHITE_IS_ZERO = (0, 1), 2, 0
_UNPACKED: Final = (1, 8, 32946)
"""Compressions that tifffile undoes by itself: none and deflate. For others Pillow gives 8 bits, or a refusal."""
_KINDS: Final = {"u": "unsigned", "i": "signed", "f": "float"}


def read(data: bytes) -> Header:
    """The header of the first page."""
    if not _is_deep(data):
        return pillow.read(data, NAME)
    with pillow.errors(NAME, "header"):
        page = _page(data)
        alpha = _has_alpha(page)
        color = ("gray+alpha" if alpha else "gray") if page.photometric in _GRAY else "rgba" if alpha else "rgb"
        orientation = page.tags.valueof(274)
        return Header(NAME, page.imagewidth, page.imagelength, page.bitspersample, page.samplesperpixel, color,
                      valid(int(orientation or 1)), False, _KINDS[page.dtype.kind])


def samples(data: bytes) -> NDArray[Any]:
    """The first page as stored, not turned: (height, width) or (height, width, 2 to 4), straight alpha last."""
    if not _is_deep(data):
        return pillow.samples(data, NAME)
    with pillow.errors(NAME, "decoding"):
        page = _page(data)
        pillow.check_pieces(pillow.tiff_tags(data), len(data))
        numbers = page.asarray(maxworkers=1)
        if page.axes == "SYX":
            numbers = np.moveaxis(numbers, 0, -1)
        if numbers.shape[:2] != (page.imagelength, page.imagewidth):
            raise corrupt(NAME, "size")
        if page.photometric == _WHITE_IS_ZERO:
            if numbers.dtype.kind == "f":
                raise unsupported(NAME, "colors")
            numbers = ~numbers  # the least number becomes the greatest, with a sign, too
        colors = 1 if page.photometric in _GRAY else 3
        if numbers.ndim == 2:
            return np.asarray(numbers)
        numbers = numbers[..., :colors + _has_alpha(page)]
        return np.asarray(numbers[..., 0] if numbers.shape[2] == 1 else numbers)


def _is_deep(data: bytes) -> bool:
    """Whether the first page has samples that Pillow does not keep: deep colours, floating point of 16 or 64 bits or of
    several channels, or grey whose least number is white."""
    with pillow.errors(NAME, "header"):
        tags = pillow.tiff_tags(data)
        bits = tags.get(258, (1,))
        floats = tags.get(339, (1,))[0] == 3
        # Colours multiplied by their alpha are left to Pillow, which divides them again.
        plain = tags.get(262, 1) in (*_GRAY, _RGB) and tags.get(259, 1) in _UNPACKED and 1 not in tags.get(338, ())
        if not plain or len(set(bits)) != 1:
            return False
        if floats:
            return bool(bits[0] != 32 or len(bits) > 1)
        inverted = tags.get(262) == _WHITE_IS_ZERO
        return bits[0] in (16, 32, 64) and bool(len(bits) > 1 or bits[0] == 64 or inverted)


def _page(data: bytes) -> Any:
    try:
        import tifffile
    except ImportError:
        raise unsupported(NAME, "bits") from None
    try:
        page = tifffile.TiffFile(io.BytesIO(data)).pages[0]
    except tifffile.TiffFileError as error:
        raise corrupt(NAME, "header") from error
    if page.dtype is None or page.dtype.kind not in _KINDS:
        raise unsupported(NAME, "bits")
    return page


def _has_alpha(page: Any) -> bool:
    return any(int(sample) == 2 for sample in page.extrasamples)

