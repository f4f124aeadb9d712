"""Commands are killed at random moments, as a whole or their first process alone: what they write is there whole or not at
all, decisions stay, no process stays, and the command can be repeated."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.sweeps import SECONDS, state_of

COMMANDS: Final = (["collect", "{project}", "--to", "{out}"], ["audit", "{project}", "--only", "blurry"],
                   ["network", "{project}", "--base", "mobilenet"])
EXPORT: Final = (["export", "{project}", "--format", "keras", "--to", "{out}.keras"],)
"""Needs a run with a model, and Keras."""


def sweep_command_kills(folder: Path, commands: Sequence[Sequence[str]], number: int, seed: int = 0) -> Counter[str]:
    """The outcomes of that many kills of each command, spread over the time that it takes."""
    chance, outcomes = random.Random(seed), Counter[str]()
    out = folder.parent / "out"
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    for command in commands:
        words = [word.format(project=folder, out=out) for word in command]
        _restore(folder, out, before)
        old, begin = state_of(folder), time.monotonic()
        assert _start(words).wait(SECONDS) == 0, words
        took, new, whole = time.monotonic() - begin, state_of(folder), _written(out)
        for _ in range(number):
            _restore(folder, out, before)
            child, alone = _start(words), chance.random() < 0.5
            try:
                child.wait(chance.uniform(0, took))
            except subprocess.TimeoutExpired:
                child.kill() if alone else os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            outcome = _outcome(folder, out, child.pid, words, (old, new), whole)
            outcomes[outcome] += 1
            if outcome != "right":
                print(f"{outcome}: {' '.join(words)}{', alone' if alone else ''}")
    _restore(folder, out, before)
    return outcomes


def train(folder: Path) -> Path:
    """The folder of a project with a trained run that can be exported, and no others."""
    shutil.rmtree(folder / "runs")
    for words in (["set", str(folder), "training.epochs=1"], ["train", str(folder)]):
        assert _start(words).wait(300) == 0, words
    return folder


def _start(words: Sequence[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "cnnstudio", *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                            start_new_session=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})


def _outcome(folder: Path, out: Path, group: int, words: Sequence[str], states: Sequence[object],
             whole: dict[str, int]) -> str:
    if not _is_over(group):
        os.killpg(group, signal.SIGKILL)
        return "hang"
    if state_of(folder) not in states:
        return "lost"
    written = _written(out)
    if written and (written.keys() != whole.keys() or any(size != whole[name] for name, size in written.items()
                                                          if not name.endswith(".keras"))):
        return "half"
    if any(not zipfile.is_zipfile(out.parent / name) for name in written if name.endswith(".keras")):
        return "half"
    _remove(out)
    return "right" if _start(words).wait(SECONDS) == 0 and _written(out).keys() == whole.keys() else "lost"


def _is_over(group: int) -> bool:
    """Whether all processes of a command have ended, at the latest after some seconds."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except (ProcessLookupError, PermissionError):
            return True
        time.sleep(0.05)
    return False


def _written(out: Path) -> dict[str, int]:
    """The files that a command has written under its own names, with their sizes."""
    return {str(path.relative_to(out.parent)): path.stat().st_size for start in out.parent.glob("out*")
            for path in (start, *start.rglob("*")) if path.is_file()}


def _remove(out: Path) -> None:
    for path in out.parent.glob("out*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _restore(folder: Path, out: Path, before: dict[Path, bytes]) -> None:
    _remove(out)
    for path in folder.iterdir():
        if path.is_file() and path not in before:
            path.unlink()
    for path, data in before.items():
        path.write_bytes(data)
