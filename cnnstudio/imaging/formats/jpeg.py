"""JPEG: header, completeness, pixels.

OpenCV (libjpeg) paints missing parts of a JPEG grey and reports nothing, so the structure of the file is
checked here first; in doubtful cases the picture is decoded twice, the second time with other bytes put
where data may be missing: if the two pictures differ, something was missing.

This module is copied as it is into exported bundles.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import corrupt, truncated, unsupported
from ..header import Header, decode_with_opencv
from ..orientation import exif_orientation, xmp_orientation

NAME: Final = "JPEG"
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_BASELINE: Final = (0xC0, 0xC1)
_LOSSLESS: Final = 0xC3
_ONE_PASS: Final = (*_BASELINE, _LOSSLESS)
_READABLE_FRAMES: Final = (0xC0, 0xC1, 0xC2, _LOSSLESS, 0xC9, 0xCA)
# In entropy-coded data 0xff is followed by a stuffed zero, by a fill byte, by a restart, or is another marker.
_RESTART: Final = re.compile(rb"\xff[\xd0-\xd7]")
_OTHER_MARKER: Final = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
_FILLING: Final = bytes((37 * place * place + 165) % 251 for place in range(2048))


@dataclass
class Structure:
    """The segments of a JPEG up to its end."""

    frame: int = 0
    width: int = 0
    height: int = 0
    precision: int = 0
    sampling: list[tuple[int, int]] = field(default_factory=list)
    identifiers: bytes = b""
    adobe: int | None = None
    exif: int | None = None
    xmp: int | None = None
    restart_interval: int = 0
    restarts: int = 0
    scans: int = 0
    segments: list[tuple[int, int]] = field(default_factory=list)
    junk: bool = False
    stop: int = 0
    end: int | None = None


def walk(data: bytes, *, header_only: bool) -> Structure:
    """Read the segments; with `header_only` stop at the first scan.

    `stop` is where the data of the last scan end; `end`, behind the end marker, stays None without one.
    """
    structure = Structure()
    position = 2
    size = len(data)
    while True:
        begin = data.find(b"\xff", position)
        if begin < 0:
            return structure
        mark = begin + 1
        while mark < size and data[mark] == 0xFF:
            mark += 1
        if mark >= size:
            return structure
        if begin > position and not structure.scans:
            structure.junk = True
        marker = data[mark]
        position = mark + 1
        if marker == 0xD9:
            structure.end = position
            return structure
        if marker in (0x00, 0x01, 0xD8) or 0xD0 <= marker <= 0xD7:
            structure.junk = structure.junk or not structure.scans
            continue
        if position + 2 > size:
            return structure
        length = int(struct.unpack_from(">H", data, position)[0])
        stop = position + length
        if length < 2 or stop > size:
            if length < 2:
                raise corrupt(NAME)
            return structure
        _segment(structure, marker, data[position + 2:stop])
        structure.segments.append((mark - 1, stop))
        position = stop
        if marker == 0xDA:
            if header_only:
                return structure
            structure.scans += 1
            following = _OTHER_MARKER.search(data, position)
            structure.stop = size if following is None else following.start()
            if following is None:
                return structure
            if structure.restart_interval:
                structure.restarts += sum(1 for _ in _RESTART.finditer(data, position, structure.stop))
            position = structure.stop


def _segment(structure: Structure, marker: int, body: bytes) -> None:
    if marker in _FRAMES and not structure.frame:
        if len(body) < 6 or len(body) < 6 + 3 * body[5]:
            raise corrupt(NAME)
        structure.frame = marker
        structure.precision, structure.height, structure.width, count = struct.unpack_from(">BHHB", body)
        for component in range(count):
            structure.identifiers += body[6 + 3 * component:7 + 3 * component]
            factor = body[7 + 3 * component]
            structure.sampling.append((factor >> 4, factor & 15))
    elif marker == 0xE1 and body.startswith(b"Exif\0\0") and structure.exif is None:
        structure.exif = exif_orientation(body)
    elif marker == 0xE1 and body.startswith(_XMP) and structure.xmp is None:
        structure.xmp = xmp_orientation(body)
    elif marker == 0xEE and body.startswith(b"Adobe") and len(body) >= 12:
        structure.adobe = body[11]
    elif marker == 0xDD and len(body) >= 2:
        structure.restart_interval = int(struct.unpack_from(">H", body)[0])


def read(data: bytes) -> Header:
    """The header of a JPEG."""
    return _header(walk(data, header_only=True))


def _header(structure: Structure) -> Header:
    if not structure.frame:
        raise truncated(NAME, "header")
    count = len(structure.sampling)
    colors = {1: "gray", 3: "ycbcr", 4: "ycck" if structure.adobe == 2 else "cmyk"}
    if count not in colors:
        raise unsupported(NAME, "colors")
    if structure.height == 0:
        raise unsupported(NAME, "size")
    orientation = structure.exif if structure.exif is not None else structure.xmp
    return Header(NAME, structure.width, structure.height, structure.precision, count, colors[count], orientation or 1)


def pixels(data: bytes, reduce: int = 1) -> NDArray[np.uint8]:
    """uint8 (height, width) or (height, width, 3), red first; sides divided by `reduce` (1, 2, 4, 8)."""
    structure = walk(data, header_only=False)
    header = _header(structure)
    if structure.precision != 8:
        raise unsupported(NAME, "bits")
    if structure.frame not in _READABLE_FRAMES:
        raise unsupported(NAME, "compression")
    if not structure.scans:
        raise truncated(NAME)
    if structure.junk:
        # libjpeg warns on standard error about bytes between segments, which are harmless.
        begin_of_data = _first_scan(data, structure)
        head = b"".join(data[begin:stop] for begin, stop in structure.segments if stop <= begin_of_data)
        return pixels(b"\xff\xd8" + head + data[begin_of_data:], reduce)
    if structure.frame == _LOSSLESS and reduce > 1:
        size = -(-header.width // reduce), -(-header.height // reduce)
        return cv2.resize(pixels(data), size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    flags = _flags(header.channels, reduce)
    if structure.end is None:
        # Sound only if no byte of the picture is missing.
        stop = structure.stop - (structure.stop == len(data) and data.endswith(b"\xff"))
        ended = data[:stop] + b"\xff\xd9"
        picture = _decode(ended, flags)
        if structure.frame not in _ONE_PASS or _changes(data, stop, header.channels, _whole(ended, header, reduce, picture)):
            raise truncated(NAME, "end")
        return picture
    if _restarts_are_missing(structure):
        raise truncated(NAME)
    picture = _decode(data, flags)
    if structure.frame in _ONE_PASS:
        # Damage can create a marker inside the data; libjpeg stops there.
        early = structure.stop != structure.end - 2
        if early or _ends_grey(picture, reduce):
            whole = _whole(data, header, reduce, picture)
            if (early or _ends_grey(whole, 1)) and _changes(data, structure.stop, header.channels, whole):
                raise truncated(NAME)
    return picture


def _first_scan(data: bytes, structure: Structure) -> int:
    for begin, stop in structure.segments:
        if data[begin + 1] == 0xDA:
            return stop
    raise truncated(NAME)


def _flags(channels: int, reduce: int) -> int:
    # OpenCV converts CMYK and YCCK itself and takes them as inverted, which is what Adobe writes and what
    # every reader assumes; a colour JPEG always comes as colour, so that grey is computed in one way only.
    if channels == 1:
        return {1: cv2.IMREAD_GRAYSCALE, 2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
                4: cv2.IMREAD_REDUCED_GRAYSCALE_4, 8: cv2.IMREAD_REDUCED_GRAYSCALE_8}[reduce]
    # OpenCV refuses blue first and red first together: remove the former from the reduced kinds.
    blue_first = {1: cv2.IMREAD_COLOR_BGR, 2: cv2.IMREAD_REDUCED_COLOR_2,
                  4: cv2.IMREAD_REDUCED_COLOR_4, 8: cv2.IMREAD_REDUCED_COLOR_8}[reduce]
    return blue_first & ~cv2.IMREAD_COLOR_BGR | cv2.IMREAD_COLOR_RGB


def _decode(data: bytes, flags: int) -> NDArray[np.uint8]:
    return decode_with_opencv(data, flags, NAME).astype(np.uint8, copy=False)


def _restarts_are_missing(structure: Structure) -> bool:
    """Whether a baseline picture of one scan has too few restart markers for its size."""
    if not structure.restart_interval or structure.scans != 1 or structure.frame not in _BASELINE:
        return False
    across = max((factor[0] for factor in structure.sampling), default=1)
    down = max((factor[1] for factor in structure.sampling), default=1)
    if len(structure.sampling) == 1:
        across = down = 1  # a scan of one component is not interleaved
    units = -(-structure.width // (8 * max(across, 1))) * -(-structure.height // (8 * max(down, 1)))
    return structure.restarts < -(-units // structure.restart_interval) - 1


def _ends_grey(picture: NDArray[np.uint8], reduce: int) -> bool:
    """Whether the last block is plain grey, as it is where libjpeg had no data for it."""
    last = int(picture[-1, -1].flat[0])
    if not (127 <= last <= 129 or 63 <= last <= 65):
        return False
    side = 8 // reduce
    corner = picture[-min(side, len(picture)):, -min(side, picture.shape[1]):].astype(np.int16)
    # 128 in every component; of CMYK that is 64.
    return bool((np.abs(corner - 128) <= 1).all() or (np.abs(corner - 64) <= 1).all())


def _whole(data: bytes, header: Header, reduce: int, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """`data` in full size, of which `picture` is what `reduce` gives: what is missing may be detail that a smaller picture
    does not show, and a scan must refuse what training would refuse."""
    return picture if reduce == 1 else _decode(data, _flags(header.channels, 1))


def _changes(data: bytes, end: int, channels: int, whole: NDArray[np.uint8]) -> bool:
    """Whether bytes put at the end of the entropy-coded data would have been read."""
    return not np.array_equal(_decode(data[:end] + _FILLING + b"\xff\xd9", _flags(channels, 1)), whole)
