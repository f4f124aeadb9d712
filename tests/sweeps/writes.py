"""Every n-th write of a command fails, once or for ever: what it acknowledges is there, and nothing is half done."""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest import mock

from tests.sweeps import run_command, state_of

_FUNCTIONS = ("os.replace", "os.fsync", "os.open", "os.write", "os.ftruncate", "os.pwrite", "os.rename",
              "pathlib.Path.write_bytes")


class _Faults:
    """Counts writes and lets one fail, or all from one on."""

    def __init__(self, first: int, for_ever: bool, number: int) -> None:
        self.first, self.for_ever, self.number, self.count = first, for_ever, number, 0

    def wrap(self, function: Any, is_write: Any) -> Any:
        def wrapped(*arguments: Any, **options: Any) -> Any:
            if is_write(arguments):
                self.count += 1
                if self.count == self.first or (self.for_ever and self.count > self.first):
                    raise OSError(self.number, os.strerror(self.number), str(arguments[0]))
            return function(*arguments, **options)

        return wrapped


def _opens_for_writing(arguments: Sequence[Any]) -> bool:
    return len(arguments) > 1 and bool(arguments[1] & (os.O_WRONLY | os.O_RDWR))


def _run(command: Sequence[str], faults: _Faults) -> tuple[str, int]:
    """The command with those faults."""
    with mock.patch.multiple(os, **{name.rpartition(".")[2]: faults.wrap(
            getattr(os, name.rpartition(".")[2]), _opens_for_writing if name == "os.open" else lambda _arguments: True)
            for name in _FUNCTIONS if name.startswith("os.")}), mock.patch.object(
                Path, "write_bytes", faults.wrap(Path.write_bytes, lambda _arguments: True)):
        return run_command(list(command))


def sweep_writes(folder: Path, commands: Sequence[Sequence[str]], numbers: Sequence[int] = (errno.ENOSPC,)) -> Counter[str]:
    """The outcomes of every command with every fault. Each command must change what `state_of` sees when it is done."""
    outcomes = Counter[str]()
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    for command in commands:
        words = [word.format(project=folder) for word in command]
        _restore(folder, before)
        old = state_of(folder)
        counting = _Faults(0, False, 0)
        assert _run(words, counting)[1] == 0
        new = state_of(folder)
        assert old != new, command
        for number in numbers:
            for for_ever in (False, True):
                for first in range(1, counting.count + 1):
                    _restore(folder, before)
                    outcome, code = _run(words, _Faults(first, for_ever, number))
                    now = state_of(folder)
                    if outcome in ("right", "named"):
                        outcome = ("half" if now not in (old, new) else "silent" if not code and now == old else outcome)
                    outcomes[outcome] += 1
    _restore(folder, before)
    return outcomes


def _restore(folder: Path, before: dict[Path, bytes]) -> None:
    for path in folder.iterdir():
        if path.is_file() and path not in before:
            path.unlink()
    for path, data in before.items():
        path.write_bytes(data)
