"""Pictures by content: hashes and signatures, and which of two sets are copies of each other."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from cnnstudio.datasets.audit.duplicates import connected_groups, near_pairs
from cnnstudio.datasets.audit.file_measures import measure_file
from cnnstudio.imaging.decode import read_bytes
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.hashing import content_hash
from cnnstudio.imaging.signature import BYTES


class Print(msgspec.Struct, frozen=True, kw_only=True):
    """By what a file is recognised; `signature` is empty where it cannot be decoded."""

    size: int
    sha256: str
    hash: str
    signature: str = ""


def print_of(path: Path) -> Print | None:
    """The fingerprint of a picture file; None where it cannot be read."""
    try:
        data = read_bytes(path)
    except PictureError:
        return None
    signature = measure_file(path.parent, 0, path.name).row[-2]
    return Print(size=len(data), sha256=hashlib.sha256(data).hexdigest(), hash=content_hash(data),
                 signature=signature.hex() if isinstance(signature, bytes) else "")


def duplicate_groups(prints: Mapping[str, Print], largest: float) -> dict[str, str]:
    """A group for every picture (by its key) that has exact or near copies among the others."""
    names = list(prints)
    pairs: list[tuple[int, int]] = []
    first: dict[str, int] = {}
    for place, name in enumerate(names):
        other = first.setdefault(prints[name].hash, place)
        if other != place:
            pairs.append((other, place))
    known = [place for place, name in enumerate(names) if prints[name].signature]
    pairs += [(known[one], known[two]) for one, two, _difference in near_pairs(
        _array([prints[names[place]].signature for place in known]), largest)]
    return {names[place]: f"copies:{number}" for number, group in enumerate(connected_groups(pairs)) for place in group}


def copies_between(first: Sequence[str], second: Sequence[str], largest: float) -> list[tuple[int, int, float]]:
    """(place in `first`, place in `second`, difference) of signatures that are nearly the same; those of no picture ("") and
    of no length of a signature are left out."""
    one = [place for place, value in enumerate(first) if _is_signature(value)]
    two = [place for place, value in enumerate(second) if _is_signature(value)]
    both = _array([*(first[place] for place in one), *(second[place] for place in two)])
    return [(one[left], two[right - len(one)], difference) for left, right, difference in near_pairs(both, largest)
            if left < len(one) <= right]


def _is_signature(value: str) -> bool:
    if len(value) != 2 * BYTES:
        return False
    try:
        return len(bytes.fromhex(value)) == BYTES
    except ValueError:
        return False


def _array(signatures: Iterable[str]) -> NDArray[np.uint8]:
    data = b"".join(bytes.fromhex(signature) for signature in signatures)
    return np.frombuffer(data, np.uint8).reshape(-1, BYTES)
