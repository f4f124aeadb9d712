"""Divide pictures into training, validation and test, stably and by seed."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Final, cast

from cnnstudio.core.dataset import SPLITS, Split, SplitSpec

_LARGEST_GROUP: Final = 1 / 3
"""A group with a larger share of its class is not kept together, since the class could not be divided."""
_HELD: Final[tuple[Split, ...]] = ("test", "validation")
_BURST: Final = re.compile(
    r"(?P<stem>.*?(?:burst|frame|fotograma|ráfaga|rafaga)[ _-]*(?:\d{8,})?)[ _-]*\d+(?:[ _-]*cover)?$", re.IGNORECASE)


def burst_of(path: str) -> str:
    """The name of the burst or film that a picture belongs to by its name, or "".

    Only explicit names count (`IMG_20240501_BURST003`, `cat_frame_0012`): plain numbers do not.
    """
    folder, _, name = path.rpartition("/")
    match = _BURST.match(name.rpartition(".")[0])
    return f"burst:{folder}/{match['stem'].casefold()}" if match else ""


def divide(pictures: Iterable[tuple[str, str, Split | None]], spec: SplitSpec,
           groups: Mapping[str, str] | None = None, pinned: Mapping[str, str] | None = None,
           folder_splits: Iterable[Split] = ()) -> dict[str, Split]:
    """The split of every picture from (path, class name, split of its folder).

    Pins of the user come first, then split folders. Splits without a folder are drawn from the pictures of the training
    folder (or from all, where no folder names any) in the shares of `spec`. A picture's place in the draw depends on
    the seed and its own path only, so that new pictures do not shuffle the old ones. Pictures of one of the `groups`
    stay together: they are drawn as one, and follow a pinned member. `folder_splits` are splits that folders of other
    pictures name, since classes may be divided one after the other.
    """
    groups = groups or {}
    said: dict[str, Split] = {}
    folder_splits = set(folder_splits)
    strata: dict[str, str] = {}
    for path, class_name, split in pictures:
        if split is not None:
            folder_splits.add(split)
        if split is None or split == "train" or (spec.folds >= 2 and split == "validation"):
            strata[path] = class_name if spec.stratified else ""
        else:
            said[path] = split
    units = _units(strata, groups, spec.seed)
    shares = {split: (0.0 if split in folder_splits and split != "train" else getattr(spec, split)) for split in SPLITS}
    if spec.folds >= 2:
        shares["train"], shares["validation"] = shares["train"] + shares["validation"], 0.0
    rest = _fill(units, strata, _wanted(strata, shares), said)
    if spec.folds >= 2:
        _fold(rest, strata, spec, said)
    else:
        said.update((path, "train") for paths in rest for path in paths)
    _pin(said, groups, pinned or {})
    return said


def _pin(said: dict[str, Split], groups: Mapping[str, str], pinned: Mapping[str, str]) -> None:
    """Apply pins after the draw, so that nothing else moves; groups follow if all their pins agree."""
    ways: dict[str, set[str]] = defaultdict(set)
    for path, split in pinned.items():
        if path in groups:
            ways[groups[path]].add(split)
    if ways:
        for path in said:
            way = ways.get(groups.get(path, ""), set())
            if len(way) == 1:
                said[path] = cast(Split, next(iter(way)))
    said.update({path: cast(Split, split) for path, split in pinned.items() if path in said})


def _units(strata: Mapping[str, str], groups: Mapping[str, str], seed: int) -> list[list[str]]:
    """The units of the draw, in its order: the members of a group, or a single picture."""
    places = {path: blake2b(f"{seed}:{path}".encode(), digest_size=8).digest() for path in strata}
    if not groups:
        return [[path] for path in sorted(strata, key=places.__getitem__)]
    sizes = Counter(strata.values())
    members: dict[str, list[str]] = defaultdict(list)
    for path in strata:
        if path in groups:
            members[groups[path]].append(path)
    for name, paths in list(members.items()):
        if len(paths) > max(2.0, _LARGEST_GROUP * sizes[strata[paths[0]]]):
            del members[name]
    alone = [[path] for path in strata if groups.get(path) not in members]
    # A group has the position of its first member, so that new duplicates move few others.
    together = [sorted(paths, key=places.__getitem__) for paths in members.values()]
    return sorted([*alone, *together], key=lambda paths: places[paths[0]])


def _wanted(strata: Mapping[str, str], shares: Mapping[Split, float]) -> dict[str, dict[Split, int]]:
    """The wanted number of pictures by stratum and split."""
    total = sum(shares.values()) or 1.0
    return {stratum: _counts(size, {split: share / total for split, share in shares.items()})
            for stratum, size in Counter(strata.values()).items()}


def _fill(units: list[list[str]], strata: Mapping[str, str], wanted: dict[str, dict[Split, int]],
          said: dict[str, Split]) -> list[list[str]]:
    """Assign units to test and validation, in order, while they fit; returns the rest, for training."""
    for part in _HELD:
        rest = []
        for paths in units:
            if len(paths) <= wanted[strata[paths[0]]][part]:
                for path in paths:
                    wanted[strata[path]][part] -= 1
                    said[path] = part
            else:
                rest.append(paths)
        units = rest
    return units


def _fold(units: list[list[str]], strata: Mapping[str, str], spec: SplitSpec, said: dict[str, Split]) -> None:
    """Assign each unit to the fold with the fewest pictures of its stratum."""
    dealt: dict[str, list[int]] = defaultdict(lambda: [0] * spec.folds)
    for paths in units:
        counts = dealt[strata[paths[0]]]
        fold = counts.index(min(counts))
        for path in paths:
            dealt[strata[path]][fold] += 1
            said[path] = "validation" if fold == spec.fold % spec.folds else "train"


def _counts(size: int, shares: Mapping[Split, float]) -> dict[Split, int]:
    """Whole numbers that add up to `size`; training gets the remainder, and one at least."""
    counts: dict[Split, int] = {split: round(size * shares[split]) for split in _HELD}
    for split in _HELD:
        if shares[split] > 0 and counts[split] == 0 and size >= 3:
            counts[split] = 1
    while size and counts["validation"] + counts["test"] > size - 1 and shares["train"] > 0:
        larger = max(counts, key=counts.__getitem__)
        if counts[larger] == 0:
            break
        counts[larger] -= 1
    counts["train"] = size - sum(counts.values())
    return counts
