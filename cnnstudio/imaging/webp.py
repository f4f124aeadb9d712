"""WebP: header, first frame, pixels.

Of an animation the first frame is taken out and put on a transparent canvas: the other frames are not
decoded. This module is copied as it is into exported bundles.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from .errors import corrupt, truncated
from .header import Header, decode_with_opencv, to_rgb_order
from .orientation import exif_orientation, xmp_orientation

NAME: Final = "WebP"


@dataclass
class _Parts:
    chunks: list[tuple[bytes, int, int]] = field(default_factory=list)
    whole: bool = True


def _split(data: bytes, position: int, end: int) -> _Parts:
    found = _Parts()
    while position + 8 <= end:
        length = int.from_bytes(data[position + 4:position + 8], "little")
        stop = position + 8 + length
        if stop > end:
            found.whole = False
            stop = end
        found.chunks.append((data[position:position + 4], position + 8, stop))
        position = stop + (length & 1)
    return found


def _end(data: bytes) -> int:
    return 8 + int.from_bytes(data[4:8], "little")


def _still(data: bytes, chunks: list[tuple[bytes, int, int]]) -> tuple[int, int, bool] | None:
    """(width, height, alpha) of the VP8 or VP8L data among the chunks."""
    alpha = any(kind == b"ALPH" for kind, _, _ in chunks)
    for kind, begin, end in chunks:
        body = data[begin:min(end, begin + 10)]
        if kind == b"VP8 " and len(body) == 10 and body[3:6] == b"\x9d\x01\x2a":
            width = int.from_bytes(body[6:8], "little") & 0x3FFF
            return width, int.from_bytes(body[8:10], "little") & 0x3FFF, alpha
        if kind == b"VP8L" and len(body) >= 5 and body[0] == 0x2F:
            bits = int.from_bytes(body[1:5], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, bool(bits >> 28 & 1)
    return None


def read(data: bytes) -> Header:
    """The header of a WebP."""
    chunks = _split(data, 12, min(_end(data), len(data))).chunks
    if not chunks:
        raise truncated(NAME, "header")
    kind, begin, end = chunks[0]
    if kind == b"VP8X":
        if end - begin < 10:
            raise truncated(NAME, "header")
        flags = data[begin]
        width = int.from_bytes(data[begin + 4:begin + 7], "little") + 1
        height = int.from_bytes(data[begin + 7:begin + 10], "little") + 1
        alpha, animated = bool(flags & 0x10), bool(flags & 0x02)
    else:
        still = _still(data, chunks)
        if still is None:
            raise corrupt(NAME, "header")
        width, height, alpha = still
        animated = False
    exif: int | None = None
    xmp: int | None = None
    for kind, begin, end in chunks:
        if kind == b"EXIF":
            exif = exif_orientation(data[begin:end])
        elif kind == b"XMP ":
            xmp = xmp_orientation(data[begin:end])
    orientation = exif if exif is not None else xmp
    channels = 4 if alpha else 3
    return Header(NAME, width, height, 8, channels, "rgba" if alpha else "rgb", orientation or 1, animated)


def pixels(data: bytes) -> NDArray[np.uint8]:
    """uint8 (height, width, 3 or 4), red first."""
    header = read(data)
    end = _end(data)
    found = _split(data, 12, min(end, len(data)))
    # What stands behind the picture counts, too: its orientation may. Only the padding of a byte does not.
    if len(data) < end - 1 or not found.whole:
        raise truncated(NAME)
    if header.animated:
        for kind, begin, stop in found.chunks:
            if kind == b"ANMF":
                return _first_frame(data, begin, stop, header)
        raise corrupt(NAME)
    return _picture(data, found.chunks, (header.width, header.height))


def _picture(data: bytes, chunks: list[tuple[bytes, int, int]], size: tuple[int, int]) -> NDArray[np.uint8]:
    still = _still(data, chunks)
    if still is None or still[:2] != size:
        raise corrupt(NAME, "size")
    width, height, alpha = still
    body = b""
    if alpha:
        canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
        body = _chunk(b"VP8X", b"\x10\0\0\0" + canvas)
    seen: set[bytes] = set()
    for kind, begin, end in chunks:
        if kind in (b"ALPH", b"VP8 ", b"VP8L") and kind not in seen:
            seen.add(kind)
            body += _chunk(kind, data[begin:end])
    file = b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WEBP" + body
    picture = to_rgb_order(decode_with_opencv(file, cv2.IMREAD_UNCHANGED, NAME)).astype(np.uint8, copy=False)
    if picture.shape[:2] != (height, width):
        raise corrupt(NAME, "size")
    return picture


def _chunk(kind: bytes, body: bytes) -> bytes:
    return kind + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) & 1)


def _first_frame(data: bytes, begin: int, end: int, header: Header) -> NDArray[np.uint8]:
    if end - begin < 16:
        raise truncated(NAME)
    left = 2 * int.from_bytes(data[begin:begin + 3], "little")
    top = 2 * int.from_bytes(data[begin + 3:begin + 6], "little")
    width = int.from_bytes(data[begin + 6:begin + 9], "little") + 1
    height = int.from_bytes(data[begin + 9:begin + 12], "little") + 1
    if left + width > header.width or top + height > header.height:
        raise corrupt(NAME, "size")
    parts = _split(data, begin + 16, end)
    if not parts.whole:
        raise truncated(NAME)
    frame = _picture(data, parts.chunks, (width, height))
    if (width, height) == (header.width, header.height):
        return frame
    canvas = np.zeros((header.height, header.width, 4), np.uint8)
    place = canvas[top:top + height, left:left + width]
    place[..., :3] = frame[..., :3]
    place[..., 3] = frame[..., 3] if frame.shape[2] == 4 else 255
    return canvas
