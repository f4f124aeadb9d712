"""Brings what a job on a cluster has written into the run's folder here."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path, PurePosixPath
from typing import Final

import msgspec

from cnnstudio.core.atomic import write_problem
from cnnstudio.core.own_folders import CHECKPOINTS, NO_FOLLOW
from cnnstudio.core.problems import ProblemError
from cnnstudio.workers.cluster import layout
from cnnstudio.workers.cluster.layout import FileIndex, Written, job_folder, segment_name
from cnnstudio.workers.cluster.storage import Storage
from cnnstudio.workers.runs.folder import RunFolder

CHECKPOINT_SECONDS: Final = 60.0
"""A checkpoint comes back at most once in this time, and at the end."""

LOG_SECONDS: Final = 15.0


class RunSync:
    """From the storage of a cluster into one run. `begin` is how long the run's events were before the job."""

    def __init__(self, storage: Storage, job: str, run: RunFolder, begin: int) -> None:
        self._storage, self._job, self._run, self._begin = storage, job, run, begin
        self._have: dict[str, Written] = {}
        self._next_log, self._log_size = 0.0, -1
        self._next_checkpoint = time.monotonic() + CHECKPOINT_SECONDS

    def pull_events(self) -> bool:
        """Append the events that are new; whether there were any. Raises ProblemError."""
        path = self._run.events_path
        offset = (path.stat().st_size if path.exists() else 0) - self._begin
        data = self._events_from(offset)
        if not data:
            return False
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | NO_FOLLOW, 0o644)
            with os.fdopen(descriptor, "ab") as file:
                file.write(data)
        except OSError as os_error:
            raise ProblemError(write_problem(os_error, path)) from os_error
        return True

    def _events_from(self, offset: int) -> bytes:
        folder = f"{job_folder(self._job)}/{layout.EVENTS}"
        sizes = {int(name.partition(".")[0]): size for name, size in self._storage.sizes(folder).items() if name[:1].isdigit()}
        parts = [self._storage.read(segment_name(self._job, begin), max(0, offset - begin))
                 for begin, size in sorted(sizes.items()) if begin + size > offset]
        return b"".join(part or b"" for part in parts)

    def pull_files(self, all_of_them: bool) -> None:
        """Copy the files that changed. Without `all_of_them` checkpoints come at times only. Raises ProblemError."""
        data = self._storage.read(f"{job_folder(self._job)}/{layout.INDEX}")
        if data is None:
            return
        try:
            index = msgspec.json.decode(data, type=FileIndex)
        except msgspec.MsgspecError:
            return
        due = all_of_them or time.monotonic() >= self._next_checkpoint
        for name, written in index.files.items():
            is_checkpoint = name.startswith(f"{CHECKPOINTS}/")
            if self._have.get(name) == written or not is_safe(name) or (is_checkpoint and not due):
                continue
            path = self._run.folder / name
            if not (is_checkpoint and path.is_file() and path.stat().st_size == written.size):
                with contextlib.suppress(_GoneError):
                    self._fetch(name, written, path)
            self._have[name] = written
            if is_checkpoint:
                self._next_checkpoint = time.monotonic() + CHECKPOINT_SECONDS
        if due and any(name.startswith(f"{CHECKPOINTS}/") for name in index.files):
            self._drop_old_checkpoints(set(index.files))

    def _fetch(self, name: str, written: Written, path: Path) -> None:
        from cnnstudio.core.atomic import write_atomically

        data = self._storage.read(f"{job_folder(self._job)}/{layout.FILES}/{name}")
        if data is None or len(data) != written.size:
            # Replaced meanwhile: the next index tells.
            raise _GoneError
        write_atomically(path, data)

    def _drop_old_checkpoints(self, there: set[str]) -> None:
        for path in self._run.checkpoints.glob("epoch-*.ckpt"):
            if f"{CHECKPOINTS}/{path.name}" not in there:
                with contextlib.suppress(OSError):
                    path.unlink()

    def pull_log(self, at_once: bool = False) -> None:
        """Copy the log of rank 0 where it has grown, now and then, or `at_once`. Raises ProblemError."""
        now = time.monotonic()
        if now < self._next_log and not at_once:
            return
        self._next_log = now + LOG_SECONDS
        name = f"{job_folder(self._job)}/{layout.LOGS}/rank-0.log"
        size = self._storage.size(name)
        if size is None or size == self._log_size:
            return
        self._log_size = size
        data = self._storage.read(name)
        if data is not None:
            from cnnstudio.core.atomic import write_atomically

            write_atomically(self._run.log_path, data)


class _GoneError(Exception):
    """A file was replaced while it was read."""


def is_safe(name: str) -> bool:
    """Whether a name stays within the folder, and is none of the files that only this side writes."""
    path = PurePosixPath(name)
    kept = {"spec.json", "manifest.jsonl", "cluster.json", "events.jsonl", "commands.jsonl", ".lock", "worker.log"}
    return bool(name) and not path.is_absolute() and ".." not in path.parts and "\\" not in name and name not in kept
