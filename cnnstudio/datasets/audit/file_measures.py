"""Decode a picture file once and measure everything. Helper processes import this module, so it imports little."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from cnnstudio.core.text import Text
from cnnstudio.datasets.inspection import Inspected
from cnnstudio.imaging.decode import decode_samples, lay_over, picture_of, read_bytes, reduction
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.formats import BY_NAME
from cnnstudio.imaging.hashing import content_hash
from cnnstudio.imaging.header import Header
from cnnstudio.imaging.headers import read_header
from cnnstudio.imaging.metadata import taken_at
from cnnstudio.imaging.quality import measure as measure_pixels
from cnnstudio.imaging.quality import sample_pixels, to_gray
from cnnstudio.imaging.sample_range import STRETCHED, TYPE_RANGE, is_deep, stored_samples
from cnnstudio.imaging.signature import signature

VERSION: Final = 7
"""Version of the measures; rows of another version are measured again."""
_ENOUGH: Final = 768
"""Pixels of the longer side that a JPEG keeps at least when it is decoded at a part of its size."""
_WHITE: Final = (255, 255, 255)
"""The background of transparent pixels."""


class Measured(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One picture: what `Index.set_inspected` takes, and the row of its measures."""

    inspected: Inspected
    row: tuple[Any, ...]


def measure_file(root: Path, identifier: int, path: str) -> Measured:
    """Read, decode and measure one file; its problem is part of the result."""
    digest: str | None = None
    header: Header | None = None
    try:
        data = read_bytes(root / path)
        digest = content_hash(data)
        header = read_header(data)
        samples = decode_samples(data, header, reduce=reduction(header, _ENOUGH))
        deep = stored_samples(samples, header) if is_deep(samples) else None
        # Whether the recipe sees anything of a deep picture is another finding: here it is judged by its own range.
        picture = picture_of(samples, header, channels=None, background=_WHITE,
                             sample_range=TYPE_RANGE if deep is None else STRETCHED)
        channels = picture.shape[2] if picture.ndim == 3 else 1
        if channels == 4:
            picture = np.ascontiguousarray(lay_over(picture, _WHITE))
        gray = to_gray(picture)
        small = sample_pixels(picture)
        quality = measure_pixels(picture, gray, small)
        width, height = header.size_as_seen
        if not BY_NAME[header.format].reduces:
            height, width = picture.shape[:2]
        taken = taken_at(data) if b"Exif" in data[:4096] else None
        row = (identifier, quality.brightness, quality.dark, quality.bright, quality.contrast, quality.sharpness,
               quality.entropy, quality.colorfulness, channels, header.format, header.orientation, taken,
               signature(picture, gray, small), VERSION)
        return Measured(inspected=(identifier, width, height, digest, None, None, deep), row=row)
    except PictureError as picture_error:
        return refused(identifier, picture_error, digest, header.format if header is not None else None)


def refused(identifier: int, picture_error: PictureError, digest: str | None = None, file_format: str | None = None
            ) -> Measured:
    """The result for a file that cannot be decoded."""
    text = Text(picture_error.text("en"), picture_error.text("es"))
    return Measured(inspected=(identifier, None, None, digest, picture_error.code, text, None),
                    row=(identifier, *[None] * 8, file_format, None, None, None, VERSION))
