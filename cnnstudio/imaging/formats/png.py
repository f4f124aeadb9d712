"""PNG: header, checksums, pixels.

Only the chunks of the picture itself are passed to OpenCV. So an animation (APNG) gives its default picture, and broken
side information (profiles, texts, EXIF) changes nothing.

This module is copied as it is into exported bundles.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import corrupt, truncated, unsupported
from ..header import Header, decode_with_opencv, to_rgb_order
from ..orientation import exif_orientation, xmp_orientation

NAME: Final = "PNG"
SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_COLORS: Final = {0: ("gray", 1), 2: ("rgb", 3), 3: ("palette", 1), 4: ("gray+alpha", 2), 6: ("rgba", 4)}
_DEPTHS: Final = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_ADAM7: Final = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def _chunks(data: bytes) -> tuple[list[tuple[bytes, int, int]], bool]:
    """(type, begin of the body, end of the body) of the complete chunks, and whether IEND was seen."""
    result: list[tuple[bytes, int, int]] = []
    position = len(SIGNATURE)
    while position + 8 <= len(data):
        length = int.from_bytes(data[position:position + 4], "big")
        kind = data[position + 4:position + 8]
        begin = position + 8
        if begin + length + 4 > len(data):
            # The checksum of the last chunk may be cut off while its body is whole.
            result.append((kind, begin, min(begin + length, len(data))))
            return result, False
        result.append((kind, begin, begin + length))
        if kind == b"IEND":
            return result, True
        position = begin + length + 4
    return result, False


def _describe(data: bytes, chunks: list[tuple[bytes, int, int]]) -> Header:
    if not chunks or chunks[0][0] != b"IHDR":
        raise corrupt(NAME, "header")
    begin, end = chunks[0][1:]
    if end - begin != 13:
        raise truncated(NAME, "header") if end == len(data) else corrupt(NAME, "header")
    width, height, depth, color, compression, filtering, interlace = struct.unpack_from(">IIBBBBB", data, begin)
    if color not in _COLORS or depth not in _DEPTHS[color] or compression or filtering or interlace > 1:
        raise corrupt(NAME)
    exif: int | None = None
    xmp: int | None = None
    animated = transparent = False
    for kind, begin, end in chunks:
        if kind == b"tRNS":
            transparent = True
        elif kind == b"acTL" and end - begin >= 4:
            animated = int.from_bytes(data[begin:begin + 4], "big") > 1
        elif kind == b"eXIf":
            exif = exif_orientation(data[begin:end])
        elif kind == b"iTXt" and data.startswith(b"XML:com.adobe.xmp\0", begin, end) and xmp is None:
            xmp = xmp_orientation(_international_text(data[begin + 18:end]))
        elif kind in _TEXTS and data.startswith(_RAW_EXIF, begin, end) and exif is None:
            exif = _raw_profile(_TEXTS[kind](data[begin + len(_RAW_EXIF):end]))
    name, channels = _COLORS[color]
    if transparent and name in ("gray", "palette"):
        name += "+alpha"
    elif transparent and name == "rgb":
        name = "rgba"
    orientation = exif if exif is not None else xmp
    return Header(NAME, width, height, depth, channels, name, orientation or 1, animated)


def _inflate(packed: bytes, limit: int = 1 << 20) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, limit)
    except zlib.error:
        return b""


def _international_text(body: bytes) -> bytes:
    """The text of an iTXt chunk, after its keyword."""
    if len(body) < 2:
        return b""
    parts = body[2:].split(b"\0", 2)
    if len(parts) < 3:
        return b""
    return _inflate(parts[2]) if body[0] else parts[2]


_RAW_EXIF: Final = b"Raw profile type exif\0"
_TEXTS: Final[dict[bytes, Callable[[bytes], bytes]]] = {
    b"tEXt": lambda body: body, b"zTXt": lambda body: _inflate(body[1:]), b"iTXt": _international_text}
"""The kinds of text, and how what follows the keyword is read."""


def _raw_profile(text: bytes) -> int | None:
    """EXIF as ImageMagick writes it: text of a name, a length and hexadecimal digits."""
    lines = text.split(b"\n", 3)
    digits = re.sub(rb"[^0-9a-fA-F]", b"", lines[3]) if len(lines) == 4 else b""
    return exif_orientation(bytes.fromhex(digits[:len(digits) // 2 * 2].decode("ascii")))


def read(data: bytes) -> Header:
    """The header of a PNG."""
    return _describe(data, _chunks(data)[0])


def samples(data: bytes) -> NDArray[Any]:
    """uint8 or uint16 grey (height, width) or (height, width, 2, 3 or 4): with alpha, red first."""
    chunks, ended = _chunks(data)
    header = _describe(data, chunks)
    view = memoryview(data)
    kept_chunks: list[bytes | memoryview] = [SIGNATURE]
    packed: list[tuple[int, int]] = []
    key: bytes | None = None
    palette = False
    for kind, begin, end in chunks:
        if kind not in (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"):
            if not kind[:1].islower() and kind.isalpha():
                raise unsupported(NAME, "compression")  # an unknown chunk that must be understood
            continue
        is_complete = end + 4 <= len(data)
        if is_complete and zlib.crc32(view[begin - 4:end]) != int.from_bytes(data[end:end + 4], "big"):
            raise corrupt(NAME, "checksum")
        if kind == b"PLTE":
            palette = True
        if kind == b"IDAT":
            packed.append((begin, end))
        if kind == b"tRNS" and header.color.startswith("gray"):
            key = data[begin:end]
            continue
        if kind != b"IEND" and is_complete:
            kept_chunks.append(view[begin - 8:end + 4])
    if not packed or (header.color.startswith("palette") and not palette):
        raise truncated(NAME) if not ended else corrupt(NAME)
    if not ended:
        # The end chunk is cut: sound only if nothing but it is missing (the orientation may stand before it).
        if chunks[-1][0] != b"IEND":
            raise truncated(NAME)
        stream = b"".join(data[begin:end] for begin, end in packed)
        _check_stream(stream, header, data[8 + 8 + 12])
        kept_chunks = [part for part in kept_chunks if part[4:8] != b"IDAT"] + [_chunk(b"IDAT", stream)]
    kept_chunks.append(_chunk(b"IEND", b""))
    if header.bit_depth <= 8 and header.color in ("rgb", "palette"):
        picture = decode_with_opencv(b"".join(kept_chunks), cv2.IMREAD_COLOR_RGB, NAME)
    else:
        picture = to_rgb_order(decode_with_opencv(b"".join(kept_chunks), cv2.IMREAD_UNCHANGED, NAME))
    if picture.shape[:2] != (header.height, header.width):
        raise corrupt(NAME, "size")
    mask = _transparent(picture, key, header.bit_depth) if key is not None else None
    if mask is not None and picture.ndim == 2:
        return np.dstack([picture, mask])
    return picture


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _transparent(picture: NDArray[Any], key: bytes, depth: int) -> NDArray[Any] | None:
    """Alpha of a grey picture with one transparent value, which OpenCV leaves out."""
    if len(key) < 2:
        return None
    value = int.from_bytes(key[:2], "big") & ((1 << depth) - 1)
    if depth < 8:
        value = value * 255 // ((1 << depth) - 1)
    return np.where(picture == value, 0, np.iinfo(picture.dtype).max).astype(picture.dtype)


def _check_stream(stream: bytes, header: Header, interlace: int) -> None:
    bits = header.bit_depth * header.channels
    if interlace:
        needed = 0
        for left, top, across, down in _ADAM7:
            columns = -(-(header.width - left) // across) if header.width > left else 0
            rows = -(-(header.height - top) // down) if header.height > top else 0
            needed += rows * (1 + -(-columns * bits // 8)) if columns else 0
    else:
        needed = header.height * (1 + -(-header.width * bits // 8))
    try:
        unpacked = zlib.decompressobj().decompress(stream, needed)
    except zlib.error:
        raise corrupt(NAME, "decoding") from None
    if len(unpacked) < needed:
        raise truncated(NAME)
