"""SQLite has no room: no further page of the index, or no file longer than some bytes. What a command acknowledges is there,
what it refuses is as before, and it can be repeated."""

from __future__ import annotations

import multiprocessing
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final
from unittest import mock

from cnnstudio.core.files import PROJECT_FILE
from cnnstudio.datasets import database
from tests.sweeps import GOOD, run_command, state_of

_PAGE: Final = 4096
_ROOMS: Final = (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128)
"""Pages of room, one after the other; with the last a command must succeed."""
COMMANDS: Final = (["decide", "{project}", "a/0.png", "b/1.png", "--class", "new"], ["audit", "{project}", "--only", "blurry"],
                   ["collect", "{project}", "--to", "{out}"], ["new", "{other}", "--data", "{pictures}"],
                   ["check", "{project}"])
"""Each is run with more and more room until it succeeds; {out} and {other} are not there before."""


def sweep_full_disks(folder: Path, pictures: Path, commands: Sequence[Sequence[str]] = COMMANDS,
                     rooms: Sequence[int] = _ROOMS) -> Counter[str]:
    """The outcomes of every command with every number of free pages, and with every limit of a file's length."""
    outcomes = Counter[str]()
    # Pictures that are not in the index yet, so that audit, collect and check write to it.
    for number in range(40):
        shutil.copy(pictures / "a" / "0.png", pictures / "b" / f"{'x' * 200}{number}.png")
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    places = {"project": str(folder), "pictures": str(pictures), "out": str(folder.parent / "out"),
              "other": str(folder.parent / "other")}
    for command in commands:
        words = [word.format(**places) for word in command]
        for faults in (_few_pages, _short_files):
            for room in rooms:
                _restore(folder, before, places)
                outcome, code = faults(words, room)
                outcome = _judged(outcome, code, words, places)
                outcomes[outcome] += 1
                if outcome not in GOOD:
                    print(f"{outcome}: {faults.__name__} {room}: {' '.join(words)}")
                if code == 0:
                    break
            else:
                outcomes["silent"] += 1  # room for all of it does not help
    _restore(folder, before, places)
    return outcomes


def _few_pages(words: list[str], room: int) -> tuple[str, int]:
    """The command with that many further pages for the index: SQLite says that the disk is full."""
    def protect(connection: sqlite3.Connection, original: Callable[[sqlite3.Connection], None] = database.protect) -> None:
        original(connection)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {max(1, pages + room)}")

    with mock.patch.object(database, "protect", protect):
        return run_command(words)


def _short_files(words: list[str], room: int) -> tuple[str, int]:
    """The command in a child that can write no file beyond that many pages: the system refuses the write."""
    reader, writer = multiprocessing.Pipe(duplex=False)
    child = multiprocessing.get_context("fork").Process(target=_limited, args=(words, room * _PAGE, writer))
    child.start()
    writer.close()
    try:
        result = reader.recv() if reader.poll(90) else ("hang", -1)
    except EOFError:
        result = ("traceback", -1)
    child.kill()
    child.join()
    return result  # type: ignore[no-any-return]


def _limited(words: list[str], limit: int, writer: Any) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    writer.send(run_command(words))
    writer.close()


def _judged(outcome: str, code: int, words: list[str], places: dict[str, str]) -> str:
    """The outcome, or what is wrong with what the command left."""
    if outcome not in GOOD:
        return outcome
    folder, out, other = (Path(places[name]) for name in ("project", "out", "other"))
    kept = _decisions(folder)
    if words[0] == "decide":
        decided = {("a/0.png", "new"), ("b/1.png", "new")} & kept
        return outcome if len(decided) == (0 if code else 2) else "half" if len(decided) == 1 else "lost"
    if words[0] == "new":
        if code and (other / PROJECT_FILE).exists():
            return "half"
        again = run_command(words)[1] if code else 0
        return outcome if not again and len(state_of(other)[1]) == 64 else "lost"
    if words[0] == "collect" and code and out.exists():
        return "half"
    if words[0] in ("audit", "check") and code and run_command(words)[1]:
        return "lost"
    return outcome


def _decisions(folder: Path) -> set[tuple[str, str]]:
    return {(path, class_name) for path, class_name, _split, _excluded in state_of(folder)[1]}


def _restore(folder: Path, before: dict[Path, bytes], places: dict[str, str]) -> None:
    for name in ("out", "other"):
        shutil.rmtree(places[name], ignore_errors=True)
    for path in folder.iterdir():
        if path.is_file() and path not in before:
            path.unlink()
    for path, data in before.items():
        path.write_bytes(data)
