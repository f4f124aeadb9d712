"""On a host: copies what a training writes into its folder to the shared storage, and brings commands from there."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.foreign_files import LARGEST, read_bytes
from cnnstudio.core.own_folders import NO_FOLLOW
from cnnstudio.core.problems import Problem, ProblemError
from cnnstudio.workers.cluster import layout
from cnnstudio.workers.cluster.layout import SEGMENT_BYTES, FileIndex, Written, job_folder, segment_name
from cnnstudio.workers.cluster.shards import CATALOGUE
from cnnstudio.workers.cluster.storage import Storage
from cnnstudio.workers.link import COMMAND_FILE
from cnnstudio.workers.runs.folder import RunFolder

LOOK_SECONDS: Final = 0.5
_STAYS: Final = frozenset(("spec.json", "manifest.jsonl", CATALOGUE, "events.jsonl", COMMAND_FILE, ".lock", "worker.log",
                           "cluster.json", "origin.json"))


class Mirror:
    """From the run's folder on this host to the storage, twice a second, until `close`.

    `failed` is called once, in the mirror's thread, where the storage cannot be written: the training would be lost.
    """

    def __init__(self, storage: Storage, job: str, run: RunFolder, failed: Callable[[Problem], None]) -> None:
        self._storage, self._job, self._run, self._failed = storage, job, run, failed
        self._begin, self._sent = 0, 0
        self._files: dict[str, Written] = {}
        self._commands: set[str] = set()
        self._left = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True, name="mirror")

    def start(self) -> None:
        """Continue behind what is in the storage already, which the run's folder has, too."""
        begins = self._segments()
        self._begin = begins[-1] if begins else 0
        self._sent = self._run.events_path.stat().st_size if self._run.events_path.exists() else 0
        # Commands of an earlier start of the group were heeded then.
        self._commands = set(self._storage.sizes(f"{job_folder(self._job)}/{layout.COMMANDS}"))
        self._files = self._present()
        self._thread.start()

    def close(self) -> None:
        """Copy the rest and end. Raises ProblemError."""
        self._left.set()
        self._thread.join()
        self._look()
        self._send_log()

    def _segments(self) -> list[int]:
        names = self._storage.sizes(f"{job_folder(self._job)}/{layout.EVENTS}")
        return sorted(int(name.partition(".")[0]) for name in names if name[:1].isdigit())

    def _work(self) -> None:
        looks = 0
        while not self._left.wait(LOOK_SECONDS):
            looks += 1
            try:
                self._look()
                if looks % 20 == 0:
                    self._send_log()
            except ProblemError as problem_error:
                self._failed(problem_error.problems[0])
                return

    def _look(self) -> None:
        # Files before the events that tell of them.
        data = self._events()
        self._send_files()
        self._send_events(data)
        self._take_commands()

    def _events(self) -> bytes:
        """All since the present segment began, up to the last complete line."""
        try:
            data = read_bytes(self._run.events_path, LARGEST)[self._begin:]
        except OSError:
            return b""
        return data[:data.rfind(b"\n") + 1]

    def _send_events(self, data: bytes) -> None:
        end = self._begin + len(data)
        if end <= self._sent:
            return
        self._storage.write(segment_name(self._job, self._begin), data)
        self._sent = end
        if len(data) >= SEGMENT_BYTES:
            self._begin = end

    def _present(self) -> dict[str, Written]:
        present = {}
        for path in self._run.folder.rglob("*"):
            name = path.relative_to(self._run.folder).as_posix()
            if name in _STAYS or path.name.startswith(".") or name.startswith("start/"):
                continue
            with contextlib.suppress(OSError):
                if path.is_file():
                    facts = path.stat()
                    present[name] = Written(facts.st_size, facts.st_mtime_ns)
        return present

    def _send_files(self) -> None:
        present = self._present()
        if present == self._files:
            return
        folder = f"{job_folder(self._job)}/{layout.FILES}"
        sent = dict(present)
        for name, written in present.items():
            if self._files.get(name) == written:
                continue
            try:
                data = (self._run.folder / name).read_bytes()
            except OSError:
                # Dropped meanwhile, as old checkpoints are.
                del sent[name]
                continue
            self._storage.write(f"{folder}/{name}", data)
            sent[name] = Written(len(data), written.modified)
        gone = set(self._files) - set(sent)
        self._storage.write(f"{job_folder(self._job)}/{layout.INDEX}", msgspec.json.encode(FileIndex(files=sent)))
        self._files = sent
        for name in gone:
            self._storage.remove(f"{folder}/{name}")

    def _take_commands(self) -> None:
        folder = f"{job_folder(self._job)}/{layout.COMMANDS}"
        for name in sorted(set(self._storage.sizes(folder)) - self._commands):
            data = self._storage.read(f"{folder}/{name}")
            self._commands.add(name)
            if data:
                path = self._run.folder / COMMAND_FILE
                with contextlib.suppress(OSError):
                    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | NO_FOLLOW, 0o644)
                    with os.fdopen(descriptor, "ab") as file:
                        file.write(data + b"\n")

    def _send_log(self) -> None:
        send_log(self._storage, self._job, 0, self._run.log_path)


def send_log(storage: Storage, job: str, rank: int, path: Path) -> None:
    """Put the log of a rank into the storage; raises ProblemError."""
    with contextlib.suppress(OSError):
        data = read_bytes(path, LARGEST)
        storage.write(f"{job_folder(job)}/{layout.LOGS}/rank-{rank}.log", data[-4_000_000:])


def fetch_run(storage: Storage, job: str, run: RunFolder) -> None:
    """Make the folder of a run on this host: what was submitted, and what earlier starts of the group wrote. Raises
    ProblemError."""
    folder = job_folder(job)
    bases = run.project_folder / "bases"
    for source, target in ((layout.RUN, run.folder), (layout.FILES, run.folder), (layout.BASES, bases)):
        for name in storage.sizes(f"{folder}/{source}"):
            storage.fetch(f"{folder}/{source}/{name}", target / name)
    run.folder.mkdir(parents=True, exist_ok=True)
    events = storage.sizes(f"{folder}/{layout.EVENTS}")
    if events:
        parts = [storage.read(f"{folder}/{layout.EVENTS}/{name}") or b"" for name in sorted(events)]
        run.events_path.write_bytes(b"".join(parts))
