"""BMP: header and pixels of every usual kind, in NumPy.

This module is copied as it is into exported bundles.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .errors import corrupt, truncated, unsupported
from .header import Header

NAME: Final = "BMP"
_PLAIN, _RLE8, _RLE4, _MASKS, _ALPHA_MASKS = 0, 1, 2, 3, 6


@dataclass
class _Bitmap:
    width: int
    height: int
    bits: int
    compression: int
    top_down: bool
    begin: int
    palette: NDArray[np.uint8]
    masks: tuple[int, int, int, int]


def _parse(data: bytes) -> _Bitmap:
    if len(data) < 26:
        raise truncated(NAME, "header")
    begin, size = struct.unpack_from("<II", data, 10)
    if size == 12:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        compression, used, entry = _PLAIN, 0, 3
    elif size in (16, 40, 52, 56, 64, 108, 124):
        if len(data) < 14 + size:
            raise truncated(NAME, "header")
        width, height, _, bits = struct.unpack_from("<iiHH", data, 18)
        compression = used = 0
        if size >= 40:
            compression, used = struct.unpack_from("<I", data, 30)[0], struct.unpack_from("<I", data, 46)[0]
        entry = 4
    else:
        raise corrupt(NAME, "header")
    top_down, height = height < 0, abs(height)
    palette_at = 14 + size
    masks = (0, 0, 0, 0)
    if compression in (_MASKS, _ALPHA_MASKS) and size != 64:
        count = 4 if compression == _ALPHA_MASKS or size >= 56 else 3
        if len(data) < 54 + 4 * count:
            raise truncated(NAME, "header")
        values = struct.unpack_from(f"<{count}I", data, 54)
        masks = (values[0], values[1], values[2], values[3] if count == 4 else 0)
        if size == 40:
            palette_at += 4 * count
    elif bits == 16:
        masks = (0x7C00, 0x03E0, 0x001F, 0)
    elif bits == 32:
        masks = (0xFF0000, 0x00FF00, 0x0000FF, 0)
    palette = np.zeros((0, 3), np.uint8)
    if bits <= 8:
        room = max(0, (min(begin, len(data)) - palette_at) // entry) if begin > palette_at else 256
        count = min(used or 1 << bits, 256, room, max(0, len(data) - palette_at) // entry)
        table = np.frombuffer(data, np.uint8, count * entry, palette_at).reshape(count, entry)
        palette = table[:, 2::-1]
        if begin == palette_at:  # writers that forget the palette when they say where the pixels begin
            begin += count * entry
    return _Bitmap(width, height, bits, compression, top_down, begin, palette, masks)


def read(data: bytes) -> Header:
    """The header of a BMP."""
    header = _parse(data)
    if header.bits <= 8:
        color, channels, depth = "palette", 1, header.bits
    else:
        color, channels = ("rgba", 4) if header.masks[3] else ("rgb", 3)
        depth = 8
    return Header(NAME, header.width, header.height, depth, channels, color)


def pixels(data: bytes) -> NDArray[np.uint8]:
    """uint8 (height, width, 3), or 4 where a mask of alpha is given; red first."""
    read(data)  # refuses impossible sizes
    header = _parse(data)
    allowed = {_PLAIN: (1, 2, 4, 8, 16, 24, 32), _RLE8: (8,), _RLE4: (4,), _MASKS: (16, 32), _ALPHA_MASKS: (16, 32)}
    if header.compression not in allowed:
        raise unsupported(NAME, "compression")
    if header.bits not in allowed[header.compression]:
        raise unsupported(NAME, "bits")
    if header.begin > len(data):
        raise truncated(NAME)
    if header.compression in (_RLE8, _RLE4):
        picture = _colored(_run_lengths(data, header), header.palette)
    else:
        stride = (header.width * header.bits + 31) // 32 * 4
        needed = stride * header.height
        # The padding of the last row is often left out.
        least = needed - stride + (header.width * header.bits + 7) // 8
        raw = data[header.begin:header.begin + needed]
        if len(raw) < least:
            raise truncated(NAME)
        rows = np.frombuffer(raw + b"\0" * (needed - len(raw)), np.uint8).reshape(header.height, stride)
        picture = _unpack(rows, header)
    return picture if header.top_down else picture[::-1]


def _unpack(rows: NDArray[np.uint8], bitmap: _Bitmap) -> NDArray[np.uint8]:
    if bitmap.bits <= 8:
        if bitmap.bits < 8:
            per_byte = 8 // bitmap.bits
            steps = np.arange(per_byte - 1, -1, -1, dtype=np.uint8) * np.uint8(bitmap.bits)
            ones = np.uint8((1 << bitmap.bits) - 1)
            rows = ((rows[:, :, None] >> steps) & ones).reshape(len(rows), -1)
        return _colored(rows[:, :bitmap.width], bitmap.palette)
    if bitmap.bits == 24:
        return rows[:, :3 * bitmap.width].reshape(bitmap.height, bitmap.width, 3)[..., ::-1]
    if bitmap.bits == 32 and bitmap.masks[:3] == (0xFF0000, 0xFF00, 0xFF) and bitmap.masks[3] in (0, 0xFF000000):
        four = rows.reshape(bitmap.height, bitmap.width, 4)
        return four[..., [2, 1, 0, 3]] if bitmap.masks[3] else four[..., 2::-1]
    words = rows.view("<u2" if bitmap.bits == 16 else "<u4")[:, :bitmap.width].astype(np.uint64)
    planes = []
    for mask in bitmap.masks if bitmap.masks[3] else bitmap.masks[:3]:
        if not mask:
            planes.append(np.zeros(words.shape, np.uint8))
            continue
        shift = (mask & -mask).bit_length() - 1
        greatest = mask >> shift
        if greatest & (greatest + 1):
            raise corrupt(NAME, "header")  # a mask with holes
        levels = (words & np.uint64(mask)) >> np.uint64(shift)
        planes.append(((levels * np.uint64(510) + np.uint64(greatest)) // np.uint64(2 * greatest)).astype(np.uint8))
    return np.dstack(planes)


def _colored(indices: NDArray[np.uint8], palette: NDArray[np.uint8]) -> NDArray[np.uint8]:
    table = np.zeros((256, 3), np.uint8)  # an index beyond the palette is black
    table[:len(palette)] = palette
    return table[indices]


def _run_lengths(data: bytes, bitmap: _Bitmap) -> NDArray[np.uint8]:
    """The indices of a run-length coded bitmap, bottom row first; pixels that are skipped are 0."""
    if bitmap.height * bitmap.width > max(1 << 22, 1024 * len(data)):
        raise corrupt(NAME, "size")  # nothing packs like that: a header that was damaged
    canvas = np.zeros((bitmap.height, bitmap.width), np.uint8)
    nibbles = bitmap.compression == _RLE4
    position, row, column = bitmap.begin, 0, 0
    while row < bitmap.height:
        if position + 2 > len(data):
            if row == bitmap.height - 1 and column >= bitmap.width:
                return canvas
            raise truncated(NAME)
        count, value = data[position], data[position + 1]
        position += 2
        if count:
            stop = column + count
            if stop > bitmap.width:
                raise corrupt(NAME, "decoding")
            if nibbles:
                canvas[row, column:stop:2] = value >> 4
                canvas[row, column + 1:stop:2] = value & 15
            else:
                canvas[row, column:stop] = value
            column = stop
        elif value == 0:
            row, column = row + 1, 0
        elif value == 1:
            return canvas
        elif value == 2:
            if position + 2 > len(data):
                raise truncated(NAME)
            column = min(column + data[position], bitmap.width)
            row += data[position + 1]
            position += 2
        else:
            size = (value + 1) // 2 if nibbles else value
            literal = np.frombuffer(data[position:position + size], np.uint8)
            if len(literal) < size:
                raise truncated(NAME)
            if nibbles:
                literal = np.column_stack([literal >> 4, literal & 15]).ravel()[:value]
            if column + value > bitmap.width:
                raise corrupt(NAME, "decoding")
            canvas[row, column:column + value] = literal
            column += value
            position += size + (size & 1)
    return canvas
