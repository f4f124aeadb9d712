"""A transport without a pipe, as for a child on another machine: both sides append lines to files that both can reach.

Run as a module it is the child: `python -m tests.workers.files FOLDER TARGET LOG`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from cnnstudio.workers import entry
from cnnstudio.workers.transport import ProtocolError, Ready, Setup

POLL_SECONDS = 0.02
ROOT = Path(__file__).resolve().parents[2]
END = "end"


class FileEndpoint:
    """Appends to one file and reads another from where it stopped; a file named "end" beside it ends the stream."""

    def __init__(self, reads: Path, writes: Path) -> None:
        self._reads, self._writes = reads, writes
        self._offset = 0
        self._closed = False

    def send(self, message: bytes) -> None:
        with self._writes.open("ab") as file:
            file.write(message + b"\n")

    def has_message(self) -> bool:
        try:
            with self._reads.open("rb") as file:
                file.seek(self._offset)
                return b"\n" in file.read()
        except FileNotFoundError:
            return False

    def receive(self) -> bytes:
        while not self.has_message():
            if self._reads.with_suffix(f".{END}").exists() and not self.has_message():
                raise EOFError
            time.sleep(POLL_SECONDS)
        with self._reads.open("rb") as file:
            file.seek(self._offset)
            line = file.readline()
        self._offset += len(line)
        if len(line) > 64 << 20:
            raise ProtocolError("a line that is too long")
        return line.rstrip(b"\n")

    def close(self) -> None:
        self._writes.with_suffix(f".{END}").touch()


class FileChild:
    """A process that knows its supervisor by a folder alone."""

    def __init__(self, setup: Setup, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.endpoint = FileEndpoint(folder / "events.jsonl", folder / "commands.jsonl")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.workers.files", str(folder), setup.target, str(setup.log)],
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT), **setup.environment})
        self._woken = threading.Event()

    @property
    def pid(self) -> int | None:
        return self._process.pid

    @property
    def exitcode(self) -> int | None:
        return self._process.poll()

    def wait(self, timeout: float | None, listening: bool) -> Ready:
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            result = Ready.NOTHING
            # Asked before the messages, so that what was said last is read before the exit counts.
            exited = self._process.poll() is not None
            if listening and self.endpoint.has_message():
                result |= Ready.MESSAGE
            if exited:
                result |= Ready.EXIT
            if self._woken.is_set():
                self._woken.clear()
                result |= Ready.WAKE
            if result or (end is not None and time.monotonic() >= end):
                return result
            self._woken.wait(POLL_SECONDS)

    def wake(self) -> None:
        self._woken.set()

    def join(self, timeout: float | None = None) -> None:
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()

    def abandon(self) -> None:
        threading.Thread(target=self._process.wait, daemon=True).start()

    def close(self) -> None:
        self.endpoint.close()
        if self._process.poll() is not None:
            self._process.wait()


def starting_in(folder: Path):
    """The transport whose files lie in a new folder below this one for every child."""
    def start(setup: Setup) -> FileChild:
        return FileChild(setup, folder / f"child-{len(list(folder.glob('child-*')))}")
    return start


if __name__ == "__main__":
    place = Path(sys.argv[1])
    try:
        entry.enter(FileEndpoint(place / "commands.jsonl", place / "events.jsonl"), sys.argv[2], sys.argv[3], {})
    finally:
        (place / f"events.{END}").touch()
