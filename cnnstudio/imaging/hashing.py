"""Hashes of pictures: exact ones of the bytes, and one that is alike for pictures that look alike."""

from __future__ import annotations

import hashlib
import os
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

_CHUNK: Final = 1 << 20


def content_hash(data: bytes | memoryview) -> str:
    """"b2:" and 32 hexadecimal digits of the bytes' BLAKE2b: equal for equal content only."""
    return "b2:" + hashlib.blake2b(data, digest_size=16).hexdigest()


def content_hash_of_file(path: str | os.PathLike[str]) -> str:
    """`content_hash` of a file without reading it into memory at once. Raises OSError."""
    state = hashlib.blake2b(digest_size=16)
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            state.update(chunk)
    return "b2:" + state.hexdigest()


def perceptual_hash(picture: NDArray[np.uint8]) -> int:
    """64 bits of the picture's coarse structure: the signs of its lowest spatial frequencies.

    `picture` is uint8 (height, width[, 1, 3 or 4]). Resized, recompressed or slightly changed copies
    differ in few bits; see `distance`.
    """
    if picture.ndim == 3:
        picture = picture[..., 0] if picture.shape[2] == 1 else cv2.cvtColor(
            np.ascontiguousarray(picture[..., :3]), cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
    small = cv2.resize(np.ascontiguousarray(picture), (32, 32), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = np.asarray(cv2.dct(small), np.float32)[:8, :8].ravel()
    # The mean brightness says nothing about structure and would shift the median.
    median = float(np.median(low[1:]))
    bits = np.packbits(low > median)
    return int.from_bytes(bits.tobytes(), "big")


def distance(first: int, second: int) -> int:
    """The number of bits (0 to 64) in which two perceptual hashes differ."""
    return (first ^ second).bit_count()
