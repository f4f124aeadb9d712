"""Which way up a picture is: EXIF and XMP orientation, read from their bytes.

This module is copied as it is into exported bundles. EXIF wins over XMP where both name an orientation,
as Pillow's `exif_transpose` has it: cameras write EXIF, and XMP is often a stale copy of it.
"""

from __future__ import annotations

import re
import struct

import numpy as np
from numpy.typing import NDArray

_XMP_ORIENTATION = re.compile(rb"tiff:Orientation(?:\s*=\s*[\"']|>)\s*([0-9])")
_ORIENTATION_TAG = 0x0112


def exif_orientation(block: bytes) -> int | None:
    """The orientation tag of an EXIF block (with or without its "Exif\\0\\0" prefix).

    Returns None where the block has none or is malformed; values outside 1 to 8 count as 1, as they do
    in Pillow.
    """
    while block.startswith(b"Exif\0\0"):
        block = block[6:]
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 14:
        return None
    start = struct.unpack_from(order + "I", block, 4)[0]
    if start + 2 > len(block):
        return None
    count = struct.unpack_from(order + "H", block, start)[0]
    for position in range(start + 2, min(start + 2 + 12 * count, len(block) - 11), 12):
        tag, kind, number = struct.unpack_from(order + "HHI", block, position)
        if tag == _ORIENTATION_TAG and number >= 1:
            letter = {1: "B", 3: "H", 4: "I"}.get(kind)
            if letter is None:
                return None
            return valid(struct.unpack_from(order + letter, block, position + 8)[0])
    return None


def xmp_orientation(packet: bytes) -> int | None:
    """tiff:Orientation of an XMP packet, or None."""
    match = _XMP_ORIENTATION.search(packet)
    return None if match is None else valid(int(match[1]))


def valid(orientation: int) -> int:
    """`orientation` if it is 1 to 8, else 1."""
    return orientation if 1 <= orientation <= 8 else 1


def apply_orientation(picture: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """The picture (height, width, ...) turned upright, for an EXIF orientation of 1 to 8."""
    if orientation in (5, 6, 7, 8):
        picture = picture.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        picture = picture[::-1]
    if orientation in (2, 3, 6, 7):
        picture = picture[:, ::-1]
    return picture
