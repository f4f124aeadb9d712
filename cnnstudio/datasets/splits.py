"""Dividing pictures into training, validation and test, stably and by seed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from hashlib import blake2b
from typing import Final

from cnnstudio.core.dataset import SPLITS, Split, SplitSpec


def divide(pictures: Iterable[tuple[str, str, Split | None]], spec: SplitSpec) -> dict[str, Split]:
    """The split of every picture, given (path, class name, split its folder says).

    What a folder says stands. Splits that no folder names are taken from the pictures of the training
    folder (or from all, where no folder names any) in the shares of `spec`. A picture's place in the
    draw depends on the seed and its own path only, so that new pictures do not shuffle the old ones.
    """
    said: dict[str, Split] = {}
    groups: dict[str, list[str]] = defaultdict(list)
    named: set[Split] = set()
    for path, class_name, split in pictures:
        if split is not None:
            named.add(split)
        if split is None or split == "train":
            groups[class_name if spec.stratified else ""].append(path)
        else:
            said[path] = split
    shares = {split: (0.0 if split in named and split != "train" else getattr(spec, split)) for split in SPLITS}
    total = sum(shares.values()) or 1.0
    for group in groups.values():
        counts = _counts(len(group), {split: share / total for split, share in shares.items()})
        drawn = sorted(group, key=lambda path: blake2b(f"{spec.seed}:{path}".encode(), digest_size=8).digest())
        start = 0
        for part in _DRAWN:
            for path in drawn[start:start + counts[part]]:
                said[path] = part
            start += counts[part]
    return said


_DRAWN: Final[tuple[Split, ...]] = ("test", "validation", "train")


def _counts(size: int, shares: dict[Split, float]) -> dict[Split, int]:
    """Whole numbers that add up to `size`; training gets the remainder, and one at least."""
    held: tuple[Split, ...] = ("test", "validation")
    counts: dict[Split, int] = {split: round(size * shares[split]) for split in held}
    for split in held:
        if shares[split] > 0 and counts[split] == 0 and size >= 3:
            counts[split] = 1
    while size and counts["validation"] + counts["test"] > size - 1 and shares["train"] > 0:
        larger = max(counts, key=counts.__getitem__)
        if counts[larger] == 0:
            break
        counts[larger] -= 1
    counts["train"] = size - sum(counts.values())
    return counts
