"""Reads an ONNX file without its large weights, which never enter memory.

The file is a protocol buffer (protobuf.dev, "Encoding"; field numbers are those of onnx.proto). Messages longer than
SMALL bytes are walked through; the data fields of tensors that long are skipped, their names and dimensions stay.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

from cnnstudio.core.foreign_files import open_regular

SMALL: Final = 64 << 10
"""Bytes of a message that is copied without walking through it."""
LARGEST: Final = 64 << 20
"""Bytes of a description without its large weights: that of a network of 500 layers has less than one million."""
FIELDS: Final = 1_000_000
"""Limit of fields in one file."""
DEEPEST: Final = 40
"""Messages within messages."""

_MODEL: Final = "model"
_CHILDREN: Final[dict[str, dict[int, str]]] = {
    _MODEL: {7: "graph", 25: "function"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_DATA: Final = frozenset((4, 5, 6, 7, 9, 10, 11))
"""float_data, int32_data, string_data, int64_data, raw_data, double_data, uint64_data of a tensor."""
_TRAINING: Final = 20
"""training_info of a model: graphs of a training, not read here."""


class Damaged(Exception):
    """The bytes are no protocol buffer of a model."""


class TooLarge(Exception):
    """Far more layers or numbers than any network has."""


def _no_check() -> None:
    pass


def strip_weights(path: Path, check: Callable[[], None] = _no_check) -> bytes:
    """The model's message without tensors larger than SMALL; raises OSError, Damaged or TooLarge.

    `check` is called now and then; what it raises ends the reading.
    """
    with open_regular(path) as file:
        return _Walk(file, os.fstat(file.fileno()).st_size, check).read()


class _Walk:
    def __init__(self, file: IO[bytes], size: int, check: Callable[[], None]) -> None:
        self._file, self._size, self._check = file, size, check
        self._bytes_read = self._fields = 0

    def read(self) -> bytes:
        return self._message(_MODEL, self._size, 0)

    def _message(self, kind: str, length: int, depth: int) -> bytes:
        if depth > DEEPEST:
            raise Damaged
        if length <= SMALL:
            return self._read(length)
        children, content, left = _CHILDREN[kind], bytearray(), length
        while left > 0:
            self._count()
            key, used = self._varint()
            number, wire_type = key >> 3, key & 7
            left -= used
            dropped = (kind == "tensor" and number in _DATA) or (kind == _MODEL and number == _TRAINING)
            if wire_type == 2:
                size, used = self._varint()
                left -= used + size
                if left < 0:
                    raise Damaged
                if dropped:
                    self._file.seek(size, os.SEEK_CUR)
                    continue
                child = children.get(number)
                body = self._message(child, size, depth + 1) if child is not None else self._read(size)
                content += _encode_varint(key) + _encode_varint(len(body)) + body
                continue
            if wire_type == 0:
                value, used = self._varint()
                body = _encode_varint(value)
            elif wire_type in (1, 5):
                used = 8 if wire_type == 1 else 4
                body = self._read(used)
            else:
                raise Damaged
            left -= used
            if not dropped:
                content += _encode_varint(key) + body
        if left < 0:
            raise Damaged
        return bytes(content)

    def _count(self) -> None:
        self._fields += 1
        if self._fields > FIELDS:
            raise TooLarge
        if self._fields % 2000 == 0:
            self._check()

    def _read(self, length: int) -> bytes:
        self._bytes_read += length
        if self._bytes_read > LARGEST:
            raise TooLarge
        data = self._file.read(length)
        if len(data) < length:
            raise Damaged
        return data

    def _varint(self) -> tuple[int, int]:
        """A whole number of at most 64 bits, and the bytes that it takes."""
        value = 0
        for used in range(10):
            byte = self._file.read(1)
            if not byte:
                raise Damaged
            value |= (byte[0] & 0x7F) << (7 * used)
            if byte[0] < 0x80:
                return value, used + 1
        raise Damaged


def _encode_varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)
