"""The runs of a project that wait for their turn, kept in `runs/queue.json` so that their order survives the program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.atomic import write_atomically, write_problem
from cnnstudio.core.foreign_files import SMALL, find_json
from cnnstudio.core.own_folders import RUNS
from cnnstudio.core.problems import ProblemError

_FILE: Final = "queue.json"


class _Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """`clusters`: where each goes that does not stay on this computer."""

    waiting: tuple[str, ...] = ()
    clusters: dict[str, str] = {}


def read_waiting(project_folder: Path) -> tuple[str, ...]:
    """The ids of the runs that waited, the next one first; none where nothing is kept, or it cannot be read."""
    kept = find_json(project_folder / RUNS / _FILE, _Waiting, SMALL)
    return () if kept is None else tuple(dict.fromkeys(kept.waiting))


def read_waiting_clusters(project_folder: Path) -> dict[str, str]:
    """The cluster of each run that waits for one, by the run's id."""
    kept = find_json(project_folder / RUNS / _FILE, _Waiting, SMALL)
    return {} if kept is None else kept.clusters


def write_waiting(project_folder: Path, ids: Sequence[str], clusters: Mapping[str, str] | None = None) -> None:
    """Keep the ids of the runs that wait, and the clusters they go to; without any there is no file. Raises ProblemError."""
    path = project_folder / RUNS / _FILE
    try:
        if ids:
            kept = _Waiting(waiting=tuple(ids), clusters=dict(clusters or {}))
            write_atomically(path, msgspec.json.format(msgspec.json.encode(kept), indent=2) + b"\n")
        else:
            path.unlink(missing_ok=True)
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, path)) from os_error
