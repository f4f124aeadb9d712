"""What lies where in the shared storage, and what a job on the hosts is told."""

from __future__ import annotations

from typing import Final

import msgspec

from cnnstudio.core.problems import Problem

JOB_VARIABLE: Final = "CNNSTUDIO_JOB"
STORAGE_VARIABLE: Final = "CNNSTUDIO_STORAGE"
TASK: Final = "task.json"
END: Final = "end.json"
INDEX: Final = "files.json"
EVENTS: Final = "events"
FILES: Final = "files"
RUN: Final = "run"
BASES: Final = "bases"
WEIGHTS: Final = "weights"
COMMANDS: Final = "commands"
LOGS: Final = "logs"
SEGMENT_BYTES: Final = 256 << 10
"""An object with events is written anew as it grows, up to this size; then the next one begins."""


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A training on a cluster. `run` is the run's id; every one of `ranks` hosts gives `cpus` and `gpus`."""

    run: str
    ranks: int = 1
    cpus: int = 1
    gpus: int = 0
    device: str = "auto"
    determinism: str = "auto"
    language: str = "en"
    resume: bool = False
    weights: tuple[str, ...] = ()
    """Files with the weights of bases, in the storage's folder for them."""


class End(msgspec.Struct, frozen=True, kw_only=True):
    """How a job ended, by its driver: `problem` where it failed."""

    problem: Problem | None = None


class Written(msgspec.Struct, frozen=True, array_like=True):
    """A file of the run as it was sent: bytes, and time of change in ns by the host's clock."""

    size: int
    modified: int


class FileIndex(msgspec.Struct, frozen=True, kw_only=True):
    """The files of the run that are in the storage, by their paths in the run's folder."""

    files: dict[str, Written] = {}


def job_folder(job: str) -> str:
    return f"jobs/{job}"


def segment_name(job: str, offset: int) -> str:
    """The object with the events from that byte on."""
    return f"{job_folder(job)}/{EVENTS}/{offset:016d}.jsonl"
