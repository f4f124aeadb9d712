"""GIF: header and first frame, in NumPy.

This module is copied as it is into exported bundles.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .errors import corrupt, truncated
from .header import Header
from .lzw import DamagedCodes, decode_lzw

NAME: Final = "GIF"


@dataclass
class _Frame:
    left: int
    top: int
    width: int
    height: int
    interlaced: bool
    palette: bytes
    transparent: int | None
    begin: int


def _skip_blocks(data: bytes, position: int) -> int | None:
    """The place after a chain of sub-blocks, or None where the data end before it does."""
    while position < len(data):
        length = data[position]
        position += 1 + length
        if length == 0:
            return position
    return None


def _parse(data: bytes) -> tuple[Header, _Frame, bytes]:
    """Header, first frame, global palette."""
    if len(data) < 13:
        raise truncated(NAME, "header")
    width, height, flags, _ = struct.unpack_from("<HHBB", data, 6)
    position = 13
    shared = b""
    if flags & 0x80:
        size = 3 << ((flags & 7) + 1)
        shared = data[position:position + size]
        position += size
    transparent: int | None = None
    frame: _Frame | None = None
    while position < len(data):
        kind = data[position]
        if kind == 0x21:
            if frame is None and data[position + 1:position + 3] == b"\xf9\x04" and position + 7 <= len(data):
                transparent = data[position + 6] if data[position + 3] & 1 else None
            after = _skip_blocks(data, position + 2)
            if after is None:
                break
            position = after
        elif kind == 0x2C:
            if frame is not None:
                break
            if position + 10 > len(data):
                raise truncated(NAME, "header")
            left, top, wide, high, bits = struct.unpack_from("<HHHHB", data, position + 1)
            position += 10
            palette = shared
            if bits & 0x80:
                size = 3 << ((bits & 7) + 1)
                palette = data[position:position + size]
                position += size
            frame = _Frame(left, top, wide, high, bool(bits & 0x40), palette, transparent, position)
            after = _skip_blocks(data, position + 1)
            if after is None:
                position = len(data)
                break
            position = after
        elif kind == 0x3B:
            position = len(data)
        else:
            position += 1  # readers skip bytes that stand between blocks
    if frame is None:
        raise truncated(NAME)
    if not frame.width or not frame.height:
        raise corrupt(NAME, "size")
    # A frame may reach over the screen: the picture is then as large as needed, as in Pillow.
    width, height = max(width, frame.left + frame.width), max(height, frame.top + frame.height)
    animated = position < len(data) and data[position] == 0x2C
    color = "palette" if frame.transparent is None else "palette+alpha"
    return Header(NAME, width, height, 8, 1, color, 1, animated), frame, shared


def read(data: bytes) -> Header:
    """The header of a GIF."""
    return _parse(data)[0]


def pixels(data: bytes) -> NDArray[np.uint8]:
    """The first frame on its canvas: uint8 (height, width, 3), or 4 where it has a transparent colour."""
    header, frame, _ = _parse(data)
    bits = data[frame.begin] if frame.begin < len(data) else 0
    if not 1 <= bits <= 11:
        raise truncated(NAME) if frame.begin >= len(data) else corrupt(NAME)
    codes: list[bytes] = []
    position = frame.begin + 1
    while position < len(data) and data[position]:
        codes.append(data[position + 1:position + 1 + data[position]])
        position += 1 + data[position]
    total = frame.width * frame.height
    try:
        indices = decode_lzw(b"".join(codes), total, bits=bits, most_significant_first=False)
    except DamagedCodes:
        raise corrupt(NAME, "decoding") from None
    if len(indices) < total:
        raise truncated(NAME)
    rows = indices.reshape(frame.height, frame.width)
    if frame.interlaced:
        order = np.concatenate([np.arange(start, frame.height, step)
                                for start, step in ((0, 8), (4, 8), (2, 4), (1, 2))])
        straight = np.empty_like(rows)
        straight[order] = rows
        rows = straight
    table = np.zeros((256, 4), np.uint8)
    if frame.palette:
        colors = np.frombuffer(frame.palette[:len(frame.palette) // 3 * 3], np.uint8).reshape(-1, 3)
        table[:len(colors), :3] = colors
    else:  # no palette at all: the indices are shades of grey
        table[:, :3] = np.arange(256, dtype=np.uint8)[:, None]
    table[:, 3] = 255
    if frame.transparent is not None:
        table[frame.transparent, 3] = 0
    full = (frame.width, frame.height) == (header.width, header.height)
    canvas = np.broadcast_to(
        table[frame.transparent if frame.transparent is not None else 0], (header.height, header.width, 4)
    )
    picture = table[rows]
    if not full:
        whole = canvas.copy()
        whole[frame.top:frame.top + frame.height, frame.left:frame.left + frame.width] = picture
        picture = whole
    return picture if frame.transparent is not None else np.ascontiguousarray(picture[..., :3])
