"""Recognise a picture by its bytes, never by its name, and describe it without decoding it.

This module is copied as it is into exported bundles.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Final

from . import anymap, bmp, boxes, gif, jpeg, png, tiff, webp
from .errors import PictureError, corrupt, truncated
from .header import Header

__all__ = ["Header", "read_header", "recognise"]

_READERS: Final[dict[str, Callable[[bytes], Header]]] = {
    jpeg.NAME: jpeg.read,
    png.NAME: png.read,
    bmp.NAME: bmp.read,
    gif.NAME: gif.read,
    webp.NAME: webp.read,
    tiff.NAME: tiff.read,
    boxes.AVIF: boxes.read_avif,
    boxes.JPEG2000: boxes.read_jpeg2000,
    anymap.NAME: anymap.read,
}


def recognise(data: bytes) -> str | None:
    """The name of the format that the bytes begin as, or None."""
    start = data[:16]
    if start[:3] == b"\xff\xd8\xff":
        return jpeg.NAME
    if start[:8] == png.SIGNATURE:
        return png.NAME
    if start[:6] in (b"GIF87a", b"GIF89a"):
        return gif.NAME
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return webp.NAME
    if start[:4] in tiff.SIGNATURES:
        return tiff.NAME
    if start[4:8] == b"ftyp":
        brands = data[8:min(len(data), 8 + 256, max(16, int.from_bytes(start[:4], "big")))]
        return boxes.AVIF if b"avif" in brands or b"avis" in brands else None
    if start[:12] == b"\0\0\0\x0cjP  \r\n\x87\n" or start[:4] == b"\xff\x4f\xff\x51":
        return boxes.JPEG2000
    if start[:2] == b"BM" and len(data) >= 18 and int.from_bytes(data[14:18], "little") <= 124:
        return bmp.NAME
    if start[:1] == b"P" and start[1:2] in b"1234567" and len(start) > 2 and start[2:3] in b" \t\r\n#\v\f":
        return anymap.NAME
    return None


def read_header(data: bytes) -> Header:
    """Describe a picture. Raises PictureError where it is no picture or its header is damaged."""
    if not data:
        raise PictureError("empty_file")
    name = recognise(data)
    if name is None:
        raise PictureError("not_a_picture")
    try:
        return _READERS[name](data)
    except (struct.error, IndexError):
        raise truncated(name, "header") from None
    except (ValueError, OverflowError):
        raise corrupt(name, "header") from None
