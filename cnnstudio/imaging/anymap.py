"""PNM: portable bit-, grey- and pixmaps (P1 to P6) and PAM (P7), in NumPy.

This module is copied as it is into exported bundles.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .errors import corrupt, truncated
from .header import Header, to_eight_bits

NAME: Final = "PNM"
# A number after white space and comments.
_NUMBER: Final = re.compile(rb"(?:\s+|#[^\n\r]*)*(\d{1,10})")
_COMMENT: Final = re.compile(rb"#[^\n\r]*")
_PAM_COLORS: Final = {1: "gray", 2: "gray+alpha", 3: "rgb", 4: "rgba"}


@dataclass
class _Map:
    header: Header
    maximum: int
    begin: int
    plain: bool
    bitmap: bool


def _parse(data: bytes) -> _Map:
    kind = data[1:2]
    if kind == b"7":
        return _parse_pam(data)
    bitmap = kind in b"14"
    numbers: list[int] = []
    position = 2
    for _ in range(2 if bitmap else 3):
        match = _NUMBER.match(data, position)
        if match is None:
            # A cut file ends within its header; anything else is no number.
            rest = _COMMENT.sub(b"", data[position:position + 4096]).strip()
            raise truncated(NAME, "header") if not rest else corrupt(NAME, "header")
        numbers.append(int(match[1]))
        position = match.end()
    if position >= len(data):
        raise truncated(NAME, "header")
    maximum = 1 if bitmap else numbers[2]
    if not 1 <= maximum <= 65535:
        raise corrupt(NAME, "header")
    channels = 3 if kind in b"36" else 1
    depth = 1 if bitmap else 8 if maximum < 256 else 16
    header = Header(NAME, numbers[0], numbers[1], depth, channels, "rgb" if channels == 3 else "gray")
    return _Map(header, maximum, position + 1, kind in b"123", bitmap)


def _parse_pam(data: bytes) -> _Map:
    end = data.find(b"ENDHDR")
    after = data.find(b"\n", end)
    if end < 0 or after < 0:
        raise truncated(NAME, "header")
    values: dict[bytes, bytes] = {}
    for line in data[2:end].splitlines():
        words = line.split(None, 1)
        if len(words) == 2 and not line.lstrip().startswith(b"#"):
            values[words[0]] = words[1].strip()
    try:
        width, height, depth, maximum = (
            int(values[name][:10]) for name in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL")
        )
    except (KeyError, ValueError):
        raise corrupt(NAME, "header") from None
    if not 1 <= maximum <= 65535 or depth not in _PAM_COLORS:
        raise corrupt(NAME, "header")
    bits = 1 if maximum == 1 else 8 if maximum < 256 else 16
    return _Map(Header(NAME, width, height, bits, depth, _PAM_COLORS[depth]), maximum, after + 1, False, False)


def read(data: bytes) -> Header:
    """The header of a PNM or PAM."""
    return _parse(data).header


def pixels(data: bytes) -> NDArray[np.uint8]:
    """uint8 grey (height, width) or (height, width, 2, 3 or 4); every maximum is scaled to 255."""
    found = _parse(data)
    header = found.header
    if found.bitmap:
        return np.where(_bits(data, found), 0, 255).astype(np.uint8)
    count = header.width * header.height * header.channels
    if found.plain:
        samples = _plain_numbers(data[found.begin:], count)
    else:
        kind = ">u2" if found.maximum > 255 else "u1"
        size = count * np.dtype(kind).itemsize
        if len(data) - found.begin < size:
            raise truncated(NAME)
        samples = np.frombuffer(data, kind, count, found.begin)
    shape = (header.height, header.width, header.channels)[:2 if header.channels == 1 else 3]
    if found.maximum == 255 and not found.plain:
        return samples.reshape(shape).astype(np.uint8)
    return to_eight_bits(samples.astype(np.uint16), found.maximum).reshape(shape)


def _bits(data: bytes, found: _Map) -> NDArray[np.uint8]:
    """0 and 1 (black) of a bitmap."""
    width, height = found.header.width, found.header.height
    if found.plain:
        text = _COMMENT.sub(b"", data[found.begin:])
        digits = np.frombuffer(text, np.uint8)
        digits = digits[(digits == 48) | (digits == 49)]
        if len(digits) < width * height:
            raise truncated(NAME)
        values: NDArray[np.uint8] = digits[:width * height] - 48
        return values.reshape(height, width)
    stride = -(-width // 8)
    if len(data) - found.begin < stride * height:
        raise truncated(NAME)
    rows = np.frombuffer(data, np.uint8, stride * height, found.begin).reshape(height, stride)
    bits: NDArray[np.uint8] = np.unpackbits(rows, axis=1)[:, :width]
    return bits


def _plain_numbers(text: bytes, count: int) -> NDArray[np.uint16]:
    words = _COMMENT.sub(b"", text).split(None, count)[:count]
    if len(words) < count:
        raise truncated(NAME)
    try:
        numbers = np.array(words, dtype="S8").astype(np.int64)
    except ValueError:
        raise corrupt(NAME) from None
    if bool((numbers < 0).any()) or bool((numbers > 65535).any()):
        raise corrupt(NAME)
    return numbers.astype(np.uint16)
