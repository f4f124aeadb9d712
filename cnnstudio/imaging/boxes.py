"""AVIF and JPEG 2000: headers in boxes, pixels by OpenCV.

In AVIF the turning boxes `irot` and `imir` say how the picture is seen and OpenCV does not apply them; EXIF
orientation means nothing there, XMP is heard only where neither of them stands (as in Pillow).

This module is copied as it is into exported bundles.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from .errors import corrupt, truncated, unsupported
from .header import Header, decode_with_opencv, to_eight_bits, to_rgb_order
from .orientation import exif_orientation, xmp_orientation

AVIF: Final = "AVIF"
JPEG2000: Final = "JPEG 2000"
# (quarter turns counter-clockwise, mirror axis or None) as an EXIF orientation: turned first, then mirrored.
_TURNS: Final = {
    (0, None): 1, (1, None): 8, (2, None): 3, (3, None): 6,
    (0, 0): 4, (1, 0): 5, (2, 0): 2, (3, 0): 7,
    (0, 1): 2, (1, 1): 7, (2, 1): 4, (3, 1): 5,
}


def _boxes(data: bytes, position: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, begin of the body, end of the body); a box that runs over the end is cut there."""
    while position + 8 <= end:
        length = int.from_bytes(data[position:position + 4], "big")
        kind = data[position + 4:position + 8]
        begin = position + 8
        if length == 1:
            length = int.from_bytes(data[begin:begin + 8], "big")
            begin += 8
        stop = end if length == 0 else position + length
        if stop < begin:
            return
        yield kind, begin, min(stop, end)
        position = stop


def _find(data: bytes, kind: bytes, position: int, end: int) -> tuple[int, int] | None:
    for name, begin, stop in _boxes(data, position, end):
        if name == kind:
            return begin, stop
    return None


def read_avif(data: bytes) -> Header:
    """The header of an AVIF picture or sequence."""
    meta = _find(data, b"meta", 0, len(data))
    if meta is None:
        raise truncated(AVIF, "header")
    begin, end = meta[0] + 4, meta[1]
    brands = data[8:int.from_bytes(data[:4], "big")]
    primary = _find(data, b"pitm", begin, end)
    properties = _find(data, b"iprp", begin, end)
    if properties is None or primary is None:
        raise truncated(AVIF, "header")
    wide = 4 if data[primary[0]] else 2
    item = int.from_bytes(data[primary[0] + 4:primary[0] + 4 + wide], "big")
    container = _find(data, b"ipco", *properties)
    links = _find(data, b"ipma", *properties)
    if container is None or links is None:
        raise truncated(AVIF, "header")
    listed = list(_boxes(data, *container))
    width = height = 0
    depth, channels = 8, 3
    turn, mirror = 0, None
    turned = False
    for index in _associations(data, *links).get(item, []):
        if not 0 < index <= len(listed):
            continue
        kind, start, stop = listed[index - 1]
        body = data[start:stop]
        if kind == b"ispe" and len(body) >= 12:
            width, height = struct.unpack_from(">II", body, 4)
        elif kind == b"pixi" and len(body) >= 6:
            channels, depth = body[4], body[5]
        elif kind == b"irot" and body:
            turn, turned = body[0] & 3, True
        elif kind == b"imir" and body:
            mirror, turned = body[0] & 1, True
    alpha = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha" in data[container[0]:container[1]]
    if turned:
        orientation: int | None = _TURNS[turn, mirror]
    else:
        orientation = _avif_metadata_orientation(data, begin, end)
    name = ("gray" if channels == 1 else "rgb") + ("+alpha" if channels == 1 and alpha else "a" if alpha else "")
    return Header(AVIF, width, height, depth, channels + alpha, name, orientation or 1, b"avis" in brands)


def _associations(data: bytes, begin: int, end: int) -> dict[int, list[int]]:
    """Item -> the numbers (from 1) of its properties."""
    version, flags = data[begin], data[begin + 3]
    body = data[begin + 4:end]
    result: dict[int, list[int]] = {}
    try:
        count = struct.unpack_from(">I", body)[0]
        position = 4
        for _ in range(count):
            item = struct.unpack_from(">I" if version else ">H", body, position)[0]
            position += 4 if version else 2
            number = body[position]
            position += 1
            for _ in range(number):
                if flags & 1:
                    value = struct.unpack_from(">H", body, position)[0] & 0x7FFF
                    position += 2
                else:
                    value = body[position] & 0x7F
                    position += 1
                result.setdefault(item, []).append(value)
    except (struct.error, IndexError):
        raise corrupt(AVIF, "header") from None
    return result


def _avif_metadata_orientation(data: bytes, begin: int, end: int) -> int | None:
    """1 where EXIF names an orientation (it is not to be applied), else that of XMP."""
    information = _find(data, b"iinf", begin, end)
    if information is None:
        return None
    exif_at = data.find(b"Exif", information[0], information[1])
    if exif_at >= 0:
        where = data.find(b"Exif\0\0", information[1])
        for mark in (b"MM\0*", b"II*\0"):
            start = data.find(mark, max(where, information[1]))
            if start >= 0 and exif_orientation(data[start:]) is not None:
                return 1
    if data.find(b"application/rdf+xml", information[0], information[1]) >= 0:
        start = data.find(b"<x:xmpmeta", information[1])
        if start >= 0:
            return xmp_orientation(data[start:])
    return None


def avif_pixels(data: bytes) -> NDArray[np.uint8]:
    """uint8 grey (height, width) or (height, width, 3 or 4), red first; not turned."""
    header = read_avif(data)
    picture = to_rgb_order(decode_with_opencv(data, cv2.IMREAD_UNCHANGED, AVIF))
    if picture.shape[:2] != (header.height, header.width):
        raise corrupt(AVIF, "size")
    if picture.dtype == np.uint16:  # 10 and 12 bits come in the low bits
        return to_eight_bits(picture, (1 << header.bit_depth) - 1 if header.bit_depth > 8 else 65535)
    return picture.astype(np.uint8, copy=False)


def read_jpeg2000(data: bytes) -> Header:
    """The header of a JPEG 2000 file (JP2) or bare codestream."""
    palette = False
    alpha = False
    luminance = False
    start = 0
    if not data.startswith(b"\xff\x4f\xff\x51"):
        header = _find(data, b"jp2h", 0, len(data))
        stream = _find(data, b"jp2c", 0, len(data))
        if header is None or stream is None:
            raise truncated(JPEG2000, "header")
        start = stream[0]
        for kind, begin, end in _boxes(data, *header):
            if kind == b"pclr":
                palette = True
            elif kind == b"cdef" and end - begin >= 2:
                count = int.from_bytes(data[begin:begin + 2], "big")
                for entry in range(count):
                    what = data[begin + 4 + 6 * entry:begin + 6 + 6 * entry]
                    alpha = alpha or what in (b"\0\1", b"\0\2")
            elif kind == b"colr" and data[begin:begin + 1] == b"\1":
                luminance = data[begin:begin + 7] == b"\1\0\0\0\0\0\x12"
    if len(data) < start + 43:
        raise truncated(JPEG2000, "header")
    if data[start:start + 4] != b"\xff\x4f\xff\x51":
        raise corrupt(JPEG2000, "header")
    right, bottom, left, top = struct.unpack_from(">IIII", data, start + 8)
    count = int.from_bytes(data[start + 40:start + 42], "big")
    depth = (data[start + 42] & 0x7F) + 1
    names = {1: "gray", 2: "gray+alpha", 3: "ycbcr" if luminance else "rgb", 4: "rgba" if alpha else "cmyk"}
    color = "palette" if palette else names.get(count, "unknown")
    return Header(JPEG2000, right - left, bottom - top, depth, count, color)


def jpeg2000_pixels(data: bytes) -> NDArray[np.uint8]:
    """uint8 grey (height, width) or (height, width, 3 or 4), red first."""
    header = read_jpeg2000(data)
    start = 0 if data.startswith(b"\xff\x4f\xff\x51") else data.find(b"\xff\x4f\xff\x51")
    if header.color not in ("gray", "rgb", "rgba", "ycbcr"):
        raise unsupported(JPEG2000, "colors")
    kinds = {data[start + 42 + 3 * index:start + 45 + 3 * index] for index in range(header.channels)}
    if len(kinds) != 1 or kinds.pop()[1:] != b"\1\1":
        raise unsupported(JPEG2000, "colors")  # samples of several sizes
    if header.bit_depth > 16 or data[start + 42] & 0x80:
        raise unsupported(JPEG2000, "bits")
    if header.color == "ycbcr":
        # OpenCV converts these with the factors of another colour space: have it leave them alone.
        data = data.replace(b"colr\1\0\0\0\0\0\x12", b"colr\1\0\0\0\0\0\x10", 1)
    picture = to_rgb_order(decode_with_opencv(data, cv2.IMREAD_UNCHANGED, JPEG2000))
    if picture.shape[:2] != (header.height, header.width):
        raise corrupt(JPEG2000, "size")
    maximum = (1 << header.bit_depth) - 1
    eight = picture if maximum == 255 else to_eight_bits(picture.astype(np.uint16), maximum)
    if header.color == "ycbcr":
        eight = cv2.cvtColor(np.ascontiguousarray(eight[..., [0, 2, 1]]), cv2.COLOR_YCrCb2RGB)
    return eight.astype(np.uint8, copy=False)
