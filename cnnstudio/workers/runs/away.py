"""A run that is trained on a cluster: where, as which job, and whether that is over."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.clusters import Cluster
from cnnstudio.core.foreign_files import SMALL, find_json

AWAY_FILE: Final = "cluster.json"


class Away(msgspec.Struct, frozen=True, kw_only=True):
    """The cluster as it was at submission, the id of the job, and when it was submitted (seconds since the epoch).

    `begin` is how many bytes of events the run had before. `over`: nothing more comes back.
    """

    cluster: Cluster
    job: str
    ranks: int
    submitted: float = 0.0
    begin: int = 0
    over: bool = False


def read_away(folder: Path) -> Away | None:
    """Where the run in `folder` is or was trained; None for one of this computer."""
    return find_json(folder / AWAY_FILE, Away, SMALL)


def write_away(folder: Path, away: Away) -> None:
    """Raises ProblemError."""
    write_atomically(folder / AWAY_FILE, msgspec.json.format(msgspec.json.encode(away), indent=2) + b"\n")


def is_away(folder: Path) -> bool:
    """Whether a job on a cluster works on the run, as far as is known here."""
    away = read_away(folder)
    return away is not None and not away.over


def cluster_name(folder: Path) -> str:
    """The name of the cluster that the run in `folder` is or was trained on; "" for this computer."""
    away = read_away(folder)
    return "" if away is None else away.cluster.name
