"""The pictures of a run in short: a version by their content, and how many each split has."""

from __future__ import annotations

import contextlib
from collections import Counter
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.checksums import is_file_intact, seal_file
from cnnstudio.core.foreign_files import SMALL, decode_json, read_bytes
from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.manifest import Manifest, read_manifest

_FILE: Final = "data.json"
_QUICK: Final = 4 << 20
"""Bytes of a manifest that is read while somebody waits for a list."""


class DataFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`version` is equal for the same pictures (by content) with the same classes and splits, wherever they lie; ""
    where it is not known. `pictures` are those of each split."""

    version: str = ""
    pictures: dict[str, int] = {}


def facts_of(manifest: Manifest) -> DataFacts:
    """The facts of a manifest in memory."""
    names = manifest.header.class_names
    lines = sorted(f"{entry.hash or entry.path}\t{names[entry.label] if 0 <= entry.label < len(names) else ''}\t{entry.split}"
                   for entry in manifest.entries)
    digest = blake2b("\n".join((*names, *lines)).encode("utf-8", "surrogatepass"), digest_size=4)
    return DataFacts(version=digest.hexdigest(), pictures=dict(Counter(entry.split for entry in manifest.entries)))


def data_facts(manifest_path: Path, thorough: bool = False) -> DataFacts:
    """The facts of the run with that manifest: those kept beside it, else computed where the manifest is small or the
    caller `thorough`; unknown where it cannot be read."""
    try:
        data = read_bytes(manifest_path.with_name(_FILE), SMALL)
        if is_file_intact(data):
            return decode_json(data, DataFacts)
    except (OSError, ValueError):
        pass
    try:
        size = manifest_path.stat().st_size
        return _computed(manifest_path, size, manifest_path.stat().st_mtime_ns) if thorough or size <= _QUICK else DataFacts()
    except (OSError, ProblemError):
        return DataFacts()


@lru_cache(256)
def _computed(manifest_path: Path, _size: int, _modified: int) -> DataFacts:
    return facts_of(read_manifest(manifest_path, as_trained=True))


def keep_data_facts(manifest_path: Path) -> None:
    """Keep the facts beside a manifest that was just written, if that is possible: they can be computed again."""
    with contextlib.suppress(ProblemError):
        plain = msgspec.json.format(msgspec.json.encode(facts_of(read_manifest(manifest_path, as_trained=True))), indent=2)
        write_atomically(manifest_path.with_name(_FILE), seal_file(plain + b"\n"))
