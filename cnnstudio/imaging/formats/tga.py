"""TGA: by Pillow, but for transparency that a file says it has not, and runs of pixels that go on in the next line, as old
programs write them, which Pillow refuses.

This module is copied as it is into exported bundles.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from numpy.typing import NDArray

from ..errors import PictureError, truncated
from ..header import Header
from . import pillow

NAME: Final = "TGA"
_ALPHA_BITS: Final = 15
"""The bits of the descriptor that count the bits of transparency."""
_PACKED: Final = 8
"""What the kind of a packed picture has more than that of a plain one."""


def read(data: bytes) -> Header:
    """The header of a TGA."""
    header = pillow.read(data, NAME)
    return replace(header, color="rgb", channels=3) if _has_idle_bit(data) else header


def samples(data: bytes) -> NDArray[Any]:
    """The samples as stored, as `pillow.samples` gives them."""
    try:
        numbers = pillow.samples(data, NAME)
    except PictureError:
        plain = _unpack(data)
        if plain is data:
            raise
        numbers = pillow.samples(plain, NAME)
    if _has_idle_bit(data):
        return numbers[..., :3]
    if not data[17] & _ALPHA_BITS and numbers.shape[2:] == (4,) and not numbers[..., 3].any():
        numbers = numbers.copy()
        numbers[..., 3] = 255  # nothing would be seen of a picture that says it has no transparency
    return numbers


def _has_idle_bit(data: bytes) -> bool:
    """Whether the sixteenth bit of a pixel means nothing; Pillow takes it for transparency."""
    return data[2] & 7 == 2 and data[16] == 16 and not data[17] & _ALPHA_BITS


def _unpack(data: bytes) -> bytes:
    """A run-length packed TGA as a plain one; any other as it is. Raises PictureError (truncated)."""
    kind, depth = data[2], -(-data[16] // 8)
    if kind < _PACKED:
        return data
    begin = 18 + data[0] + int.from_bytes(data[5:7], "little") * -(-data[7] // 8) * data[1]
    needed = int.from_bytes(data[12:14], "little") * int.from_bytes(data[14:16], "little") * depth
    parts: list[bytes] = []
    position, size = begin, 0
    while size < needed:
        if position >= len(data):
            raise truncated(NAME)
        count, is_run = (data[position] & 127) + 1, data[position] & 128
        stop = position + 1 + (depth if is_run else count * depth)
        pixels = data[position + 1:stop]
        if stop > len(data):
            raise truncated(NAME)
        parts.append(pixels * count if is_run else pixels)
        size += count * depth
        position = stop
    return data[:2] + bytes((kind - _PACKED,)) + data[3:begin] + b"".join(parts)[:needed]
