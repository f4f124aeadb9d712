"""Runs as a job on a cluster and prints, as one line of JSON, the versions of its Python and the hosts there are."""

from __future__ import annotations

import platform
from importlib import metadata
from typing import Final

import msgspec

MARK: Final = "CNNSTUDIO-PROBE "
PACKAGES: Final = ("ray", "keras", "jax", "numpy", "msgspec", "opencv-python-headless", "fsspec", "cnnstudio")
NEEDED: Final = ("keras", "jax", "numpy", "msgspec", "opencv-python-headless", "fsspec")


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """One machine of a cluster, with what Ray gives out of it."""

    name: str
    cpus: float = 0.0
    gpus: float = 0.0
    memory_gb: float = 0.0


class Probed(msgspec.Struct, frozen=True, kw_only=True):
    """Versions by package ("" where it is missing) and the hosts; `storage` is what is wrong with the storage there."""

    python: str
    versions: dict[str, str]
    hosts: tuple[Host, ...] = ()
    storage: str = ""


def own_versions() -> dict[str, str]:
    """The versions of this very Python."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = ""
    return versions


def living_hosts() -> tuple[Host, ...]:
    """The hosts of the cluster that this process is connected to."""
    import ray

    return tuple(Host(name=node["NodeManagerAddress"], cpus=node["Resources"].get("CPU", 0.0),
                      gpus=node["Resources"].get("GPU", 0.0), memory_gb=node["Resources"].get("memory", 0.0) / 1e9)
                 for node in ray.nodes() if node["Alive"])


def _main() -> None:
    import os

    import ray

    from cnnstudio.core.problems import ProblemError
    from cnnstudio.workers.cluster.storage import Storage

    storage = ""
    if url := os.environ.get("CNNSTUDIO_STORAGE"):
        try:
            Storage(url).check()
        except ProblemError as problem_error:
            storage = msgspec.json.encode(problem_error.problems[0]).decode()
    ray.init(log_to_driver=False)
    probed = Probed(python=platform.python_version(), versions=own_versions(), hosts=living_hosts(), storage=storage)
    print(MARK + msgspec.json.encode(probed).decode(), flush=True)


if __name__ == "__main__":
    _main()
