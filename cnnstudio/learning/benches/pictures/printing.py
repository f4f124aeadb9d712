"""A picture as lines of Python that make it again, with NumPy and the standard library alone."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator
from typing import Final

import numpy as np

_WRITTEN_OUT: Final = 400
"""Values up to which a picture is written as numbers."""
_LINE: Final = 96


def picture_imports(pixels: np.ndarray) -> list[str]:
    """The imports that `picture_lines` needs besides NumPy."""
    return [] if _is_written_out(pixels) else ["import base64", "import zlib", ""]


def picture_lines(pixels: np.ndarray, name: str = "picture") -> list[str]:
    """Lines that define `picture`, (height, width, channels)."""
    height, width, channels = pixels.shape
    if _is_written_out(pixels):
        kind = "uint8" if pixels.min() >= 0 and pixels.max() <= 255 else "int64"
        rows = [", ".join(_cell(cell) for cell in row) for row in pixels.tolist()]
        return [f"{name} = np.array([", *(f"    [{row}]," for row in rows),
                f"], np.{kind}).reshape({height}, {width}, {channels})  # height, width, channels"]
    packed = base64.b64encode(zlib.compress(np.ascontiguousarray(pixels, np.uint8).tobytes(), 9)).decode()
    return ["packed = (", *(f'    "{part}"' for part in _parts(packed)), ")",
            f"{name} = np.frombuffer(zlib.decompress(base64.b64decode(packed)), np.uint8)"
            f".reshape({height}, {width}, {channels})  # height, width, channels"]


def _is_written_out(pixels: np.ndarray) -> bool:
    return pixels.size <= _WRITTEN_OUT or pixels.min() < 0 or pixels.max() > 255


def _cell(cell: list[int]) -> str:
    return str(cell[0]) if len(cell) == 1 else f"[{', '.join(map(str, cell))}]"


def _parts(text: str) -> Iterator[str]:
    for start in range(0, len(text), _LINE):
        yield text[start:start + _LINE]


def format_float(value: float) -> str:
    """A number as Python writes it, a whole one without its decimal point."""
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))
