"""Single-byte flips of the files of a project and a run: each is named, or changes nothing."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cnnstudio.core.files import PROJECT_FILE, read_project
from cnnstudio.core.problems import ProblemError
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.workers.runs.folder import RunFolder


def sweep_flips(run: RunFolder, number: int, seed: int = 0) -> dict[str, Counter[str]]:
    """The outcomes of `number` flips of each file. The project's file has no checksum, since people edit it."""
    readers: dict[Path, Callable[[], Any]] = {
        run.manifest_path: lambda: read_manifest(run.manifest_path), run.spec_path: run.spec,
        run.events_path: lambda: (run.events(), run.summary().damage),
        run.project_folder / PROJECT_FILE: lambda: read_project(run.project_folder)}
    return {path.name: _flip(path, reader, number, random.Random(seed)) for path, reader in readers.items()}


def _flip(path: Path, read: Callable[[], Any], number: int, chance: random.Random) -> Counter[str]:
    data, whole, outcomes = path.read_bytes(), read(), Counter[str]()
    for _ in range(number):
        place, mask = chance.randrange(len(data)), chance.randrange(1, 256)
        path.write_bytes(data[:place] + bytes((data[place] ^ mask,)) + data[place + 1:])
        try:
            outcome = _compared(read(), whole)
        except ProblemError:
            outcome = "named"
        except Exception:  # noqa: BLE001 - what a sweep looks for
            outcome = "traceback"
        outcomes[outcome] += 1
    path.write_bytes(data)
    return outcomes


def _compared(value: Any, whole: Any) -> str:
    if isinstance(value, tuple) and value[1] is not None:
        return "named"
    return "right" if value == whole else "silent"
