"""Lines of JSON and files that carry a checksum, so that a damaged one is noticed.

The checksum is one more member at the end of an object ("crc": eight hexadecimal digits of the CRC-32 of the object
without it), so that readers that do not know it lose nothing. Lines without one, of an earlier version, are accepted.
"""

from __future__ import annotations

import re
import zlib
from typing import Final

_MEMBER: Final = re.compile(rb',"crc":"([0-9a-f]{8})"}$')
_LENGTH: Final = len(',"crc":"01234567"}')
_LINE: Final = re.compile(rb'^  "crc": "([0-9a-f]{8})",\n', re.MULTILINE)
_FIRST: Final = b"{\n"


def seal_line(line: bytes) -> bytes:
    """An object on one line with its checksum; an object without members has none."""
    if line == b"{}":
        return line
    return b'%s,"crc":"%08x"}' % (line[:-1], zlib.crc32(line))


def is_sealed(line: bytes) -> bool:
    """Whether a line carries a checksum."""
    return _MEMBER.search(line, max(0, len(line) - _LENGTH)) is not None


def is_line_intact(line: bytes) -> bool:
    """Whether a line has the checksum that it carries, or carries none."""
    match = _MEMBER.search(line, max(0, len(line) - _LENGTH))
    return match is None or int(match[1], 16) == zlib.crc32(line[:match.start()] + b"}")


def seal_file(data: bytes) -> bytes:
    """An indented object with its checksum as the first member."""
    return b'%s  "crc": "%08x",\n%s' % (_FIRST, zlib.crc32(data), data.removeprefix(_FIRST))


def is_file_intact(data: bytes) -> bool:
    """Whether a file has the checksum that it carries, or carries none."""
    match = _LINE.search(data)
    return match is None or int(match[1], 16) == zlib.crc32(data[:match.start()] + data[match.end():])
