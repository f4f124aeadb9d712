"""Hashes of the bytes of files. For pictures that look alike see `signature`."""

from __future__ import annotations

import hashlib
import os
from typing import Final

from cnnstudio.imaging.picture_files import open_regular

_CHUNK: Final = 1 << 20


def content_hash(data: bytes | memoryview) -> str:
    """"b2:" and 32 hexadecimal digits of the bytes' BLAKE2b: equal for equal content only."""
    return "b2:" + hashlib.blake2b(data, digest_size=16).hexdigest()


def content_hash_of_file(path: str | os.PathLike[str]) -> str:
    """`content_hash` of a regular file without reading it into memory at once. Raises OSError and PictureError."""
    state = hashlib.blake2b(digest_size=16)
    with open_regular(path) as file:
        while chunk := file.read(_CHUNK):
            state.update(chunk)
    return "b2:" + state.hexdigest()
