"""TIFF: directory, header and the coded pieces (strips or tiles) of the first page.

TIFF is decoded here and not by OpenCV, because OpenCV (libtiff) fills what it cannot decode with old
memory and reports nothing. Only fax-coded pages are left to it. This module is copied as it is into
exported bundles; `tiff_pixels.py` makes pixels of what is read here.
"""

from __future__ import annotations

import lzma
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from .errors import corrupt, truncated, unsupported
from .header import Header
from .lzw import DamagedCodes, decode_lzw
from .orientation import valid, xmp_orientation

NAME: Final = "TIFF"
SIGNATURES: Final = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_TYPES: Final = {1: "B", 2: "s", 3: "H", 4: "I", 6: "b", 7: "s", 8: "h", 9: "i", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_MOST_VALUES: Final = 1 << 24
NONE, FAX_RUNS, FAX3, FAX4, LZW, OLD_JPEG, JPEG, DEFLATE = 1, 2, 3, 4, 5, 6, 7, 8
PACKBITS, OLD_DEFLATE, LZMA = 32773, 32946, 34925
FAX: Final = (FAX_RUNS, FAX3, FAX4)
_COLORS: Final = {0: "gray", 1: "gray", 2: "rgb", 3: "palette", 5: "cmyk", 6: "ycbcr"}
_REVERSED: Final = bytes(int(f"{value:08b}"[::-1], 2) for value in range(256))


@dataclass
class Directory:
    """The tags of the first page that matter, with their defaults."""

    order: str
    tags: dict[int, tuple[int, ...] | bytes]
    places: dict[int, int]
    more: bool

    def number(self, tag: int, default: int) -> int:
        """The first value of a numeric tag."""
        values = self.tags.get(tag)
        return values[0] if values and not isinstance(values, bytes) else default

    def numbers(self, tag: int) -> tuple[int, ...]:
        """All values of a numeric tag; empty where it does not stand."""
        values = self.tags.get(tag, ())
        return tuple(values)

    def bytes_of(self, tag: int) -> bytes:
        """The value of a tag of bytes."""
        values = self.tags.get(tag, b"")
        if isinstance(values, bytes):
            return values
        return bytes(value & 255 for value in values)


def directory(data: bytes) -> Directory:
    """The first directory of a classic or big TIFF."""
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    try:
        start = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)[0]
        count = struct.unpack_from(order + ("Q" if big else "H"), data, start)[0]
        begin, size, inline = (start + 8, 20, 8) if big else (start + 2, 12, 4)
        if count > 4096:
            raise corrupt(NAME, "header")
        following = struct.unpack_from(order + ("Q" if big else "I"), data, begin + size * count)[0]
    except struct.error:
        raise truncated(NAME, "header") from None
    tags: dict[int, tuple[int, ...] | bytes] = {}
    places: dict[int, int] = {}
    for position in range(begin, begin + size * count, size):
        tag, kind = struct.unpack_from(order + "HH", data, position)
        number = struct.unpack_from(order + ("Q" if big else "I"), data, position + 4)[0]
        letter = _TYPES.get(kind)
        if letter is None or number > _MOST_VALUES or tag in tags:
            continue
        where = position + (12 if big else 8)
        length = number * struct.calcsize(order + letter)
        if length > inline:
            where = struct.unpack_from(order + ("Q" if big else "I"), data, where)[0]
        if where + length > len(data):
            if tag in (256, 257, 258, 273, 279, 320, 324, 325):
                raise truncated(NAME, "header")
            continue
        places[tag] = where
        tags[tag] = data[where:where + length] if letter == "s" else struct.unpack_from(
            f"{order}{number}{letter}", data, where)
    return Directory(order, tags, places, following != 0)


def read(data: bytes) -> Header:
    """The header of the first page."""
    return describe(directory(data))


def describe(page: Directory) -> Header:
    """The header of a directory."""
    width, height = page.number(256, 0), page.number(257, 0)
    samples = page.number(277, 1)
    default = 0 if samples == 1 else 2
    color = _COLORS.get(page.number(262, default), "unknown")
    if alpha_kind(page):
        color = "rgba" if color == "rgb" else color + "+alpha"
    orientation = valid(page.number(274, 0)) if 274 in page.tags else xmp_orientation(page.bytes_of(700))
    depth = page.number(258, 1)
    return Header(NAME, width, height, depth, samples, color, orientation or 1, page.more)


def color_samples(page: Directory) -> int:
    """How many samples of a pixel are colour."""
    photometric = page.number(262, 0 if page.number(277, 1) == 1 else 2)
    return {2: 3, 5: 4, 6: 3}.get(photometric, 1)


def alpha_kind(page: Directory) -> int:
    """0 no alpha, 1 associated (colours multiplied by it), 2 straight."""
    if page.number(277, 1) <= color_samples(page):
        return 0
    extra = page.numbers(338)
    return extra[0] if extra and extra[0] in (1, 2) else 0


@dataclass
class Piece:
    """A strip or tile: where it lies, its size as coded, its plane (0 unless planes are apart)."""

    left: int
    top: int
    width: int
    height: int
    plane: int
    offset: int
    length: int


def pieces(page: Directory, header: Header, size_of_file: int) -> Iterator[Piece]:
    """The strips or tiles in the order of the file's tables; raises where they lie beyond the file."""
    tiled = 322 in page.tags
    offsets = page.numbers(324 if tiled else 273) or page.numbers(273)
    lengths = page.numbers(325 if tiled else 279) or page.numbers(279)
    if tiled:
        wide, high = page.number(322, 0), page.number(323, 0)
    else:
        wide, high = header.width, min(page.number(278, header.height) or header.height, header.height)
    if wide <= 0 or high <= 0:
        raise corrupt(NAME, "size")
    across, down = -(-header.width // wide), -(-header.height // high)
    planes = header.channels if page.number(284, 1) == 2 else 1
    if len(offsets) < across * down * planes:
        raise truncated(NAME, "header")
    if not lengths and across * down * planes == 1:
        lengths = (size_of_file - offsets[0],)
    if len(lengths) < across * down * planes:
        raise truncated(NAME, "header")
    for index in range(across * down * planes):
        plane, place = divmod(index, across * down)
        top = place // across * high
        rows = high if tiled else min(high, header.height - top)
        yield Piece(place % across * wide, top, wide, rows, plane, offsets[index], lengths[index])


def unpack(coded: bytes, compression: int, expected: int, fill_order: int) -> bytes:
    """`expected` bytes of a piece; raises PictureError where the data give fewer or are damaged."""
    if fill_order == 2:
        coded = coded.translate(_REVERSED)
    if compression == NONE:
        plain = coded
    elif compression in (DEFLATE, OLD_DEFLATE):
        try:
            plain = zlib.decompressobj().decompress(coded, expected)
        except zlib.error:
            raise corrupt(NAME, "decoding") from None
    elif compression == LZMA:
        try:
            plain = lzma.LZMADecompressor().decompress(coded, expected)
        except lzma.LZMAError:
            raise corrupt(NAME, "decoding") from None
    elif compression == PACKBITS:
        plain = _packed_runs(coded, expected)
    elif compression == LZW:
        # Files of before 1988 pack the codes the other way round.
        old = coded[:1] == b"\0" and len(coded) > 1 and coded[1] & 1 == 1
        try:
            plain = decode_lzw(coded, expected, bits=8, most_significant_first=not old).tobytes()
        except DamagedCodes:
            raise corrupt(NAME, "decoding") from None
    else:
        raise unsupported(NAME, "compression")
    if len(plain) < expected:
        raise truncated(NAME)
    return plain[:expected]


def _packed_runs(coded: bytes, expected: int) -> bytes:
    output = bytearray()
    position = 0
    while position < len(coded) and len(output) < expected:
        count = coded[position]
        if count < 128:
            output += coded[position + 1:position + 2 + count]
            position += 2 + count
        elif count > 128:
            output += coded[position + 1:position + 2] * (257 - count)
            position += 2
        else:
            position += 1
    return bytes(output)


def upright_copy(data: bytes, page: Directory) -> bytes:
    """The file with its orientation tag set to 1: OpenCV would turn the picture by itself."""
    place = page.places.get(274)
    if place is None:
        return data
    changed = bytearray(data)
    changed[place:place + 2] = struct.pack(page.order + "H", 1)
    return bytes(changed)


def sample_kind(page: Directory, bits: int) -> tuple[str, np.dtype[np.generic] | None]:
    """("unsigned" | "signed" | "float", dtype where samples are whole bytes)."""
    kind = {1: "unsigned", 2: "signed", 3: "float", 4: "unsigned"}.get(page.number(339, 1))
    if kind is None:
        raise unsupported(NAME, "bits")
    letter = {"unsigned": "u", "signed": "i", "float": "f"}[kind]
    whole = {"u": (8, 16, 32, 64), "i": (8, 16, 32, 64), "f": (16, 32, 64)}[letter]
    return kind, np.dtype(f"{page.order}{letter}{bits // 8}") if bits in whole else None
