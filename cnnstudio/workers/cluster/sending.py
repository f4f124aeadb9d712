"""Sends what the hosts need of a run besides its pictures: specs, beginning, checkpoints, and weights of bases."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from cnnstudio.catalog.bases import BASES as ALL_BASES
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.core.network import BASE
from cnnstudio.core.own_folders import BASES, CHECKPOINTS
from cnnstudio.core.project import Project
from cnnstudio.workers.cluster import layout
from cnnstudio.workers.cluster.layout import job_folder
from cnnstudio.workers.cluster.storage import Storage
from cnnstudio.workers.runs.folder import RunFolder

_STAYS: Final = frozenset((".lock", "events.jsonl", "commands.jsonl", "worker.log", "cluster.json", "model.keras"))
"""Files of the run that are of this computer; those of a run that it begins with have the same names."""


def send_run(storage: Storage, job: str, run: RunFolder, resume: bool) -> None:
    """Put the run's files and the project's own bases into the storage; with `resume` its checkpoints, too. Raises
    ProblemError."""
    folder = job_folder(job)
    for path in run_files(run, resume):
        storage.send(path, f"{folder}/{layout.RUN}/{path.relative_to(run.folder).as_posix()}")
    bases = run.project_folder / BASES
    for path in sorted(bases.rglob("*")) if bases.is_dir() else ():
        if path.is_file():
            storage.send(path, f"{folder}/{layout.BASES}/{path.relative_to(bases).as_posix()}")


def run_files(run: RunFolder, resume: bool) -> list[Path]:
    """What of the run's folder the hosts need."""
    found = []
    for path in sorted(run.folder.rglob("*")):
        name = path.relative_to(run.folder).as_posix()
        if not path.is_file() or path.name.startswith(".") or name in _STAYS or name.startswith("evaluation-"):
            continue
        if resume or not name.startswith(f"{CHECKPOINTS}/"):
            found.append(path)
    return found


def send_weights(storage: Storage, project: Project) -> tuple[str, ...]:
    """Put the downloaded weights of the network's bases into the storage, unless they are there; returns their names. Raises
    ProblemError."""
    names = []
    for node in project.network.nodes:
        if node.type != BASE:
            continue
        values = values_of(node, LAYERS[BASE])
        base = ALL_BASES.find(values["base"])
        if base is None or base.weights.bundled or values["weights"] in ("random", "file"):
            continue
        path = base.weights.cached
        if not path.is_file():
            continue  # building the network tells it
        name = f"{layout.WEIGHTS}/{path.name}"
        if storage.size(name) != path.stat().st_size:
            storage.send(path, name)
        names.append(path.name)
    return tuple(dict.fromkeys(names))
