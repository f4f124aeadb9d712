"""Sweeps of faults and hostile input: in small as tests, in large by `python -m tests.sweeps`, which prints the figures.

Every case ends as one of OUTCOMES; all but the first two are faults of the program.
"""

from __future__ import annotations

import contextlib
import io
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from cnnstudio import cli
from cnnstudio.core.events import Epoch, Hello
from cnnstudio.core.project import Project
from cnnstudio.datasets.opening import open_project
from cnnstudio.workers.job_setup import prepare_training
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs.folder import RunFolder

OUTCOMES: Final = ("right", "named", "lost", "silent", "half", "traceback", "hang")
GOOD: Final = ("right", "named")
SECONDS: Final = 60
"""After which a command counts as hanging."""


class Gone:
    """The end of a pipe whose other end is gone."""

    def send(self, _data: bytes) -> None:
        raise OSError

    def close(self) -> None:
        """Nothing to close."""


def make_project(folder: Path) -> RunFolder:
    """A project of 24 pictures in two classes, with a run of some epochs."""
    for label in "ab":
        (folder / "pictures" / label).mkdir(parents=True)
        for number in range(12):
            cv2.imwrite(str(folder / "pictures" / label / f"{number}.png"), np.full((9, 9, 3), number * 20, np.uint8))
    with quiet():
        assert cli.main(["new", str(folder / "p"), "--data", str(folder / "pictures"), "--template", "lenet5"]) == 0
    project, index = open_project(folder / "p")
    run, _job = prepare_training(folder / "p", project, index)
    index.close()
    link = Link(Gone())  # type: ignore[arg-type]
    link.keep_in(run.folder)
    link.emit(Hello(pid=1))
    for number in range(1, 6):
        link.emit(Epoch(epoch=number, epochs=9, metrics={"loss": 1 / number}, seconds=1.0, pictures_per_second=9.0))
    link.close()
    return run


@contextlib.contextmanager
def quiet() -> Iterator[tuple[io.StringIO, io.StringIO]]:
    """What a command writes to standard output and error."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        yield out, err


class Hang(BaseException):
    """A command that takes longer than SECONDS."""


def run_command(arguments: list[str]) -> tuple[str, int]:
    """The outcome of a command, "right" (done) or "named" (refused with a message), and its exit code."""
    def over(_number: int, _frame: object) -> None:
        raise Hang

    previous = signal.signal(signal.SIGALRM, over)
    signal.alarm(SECONDS)
    try:
        with quiet() as (out, err):
            try:
                code = cli.main(arguments)
            except SystemExit as end:
                code = int(end.code or 0)
        if code and not err.getvalue().strip() and not out.getvalue().strip():
            return "silent", code
        return "named" if code else "right", code
    except Hang:
        return "hang", -1
    except Exception:  # noqa: BLE001 - what a sweep looks for
        return "traceback", -1
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, previous)


def state_of(folder: Path) -> tuple[Project, tuple[tuple[str, str, str, bool], ...]]:
    """The project and the decisions about its pictures, as they are on the disk."""
    project, index = open_project(folder)
    try:
        return project, tuple((item.path, item.class_name, item.split, item.excluded)
                              for item in index.pictures(index.ids()))
    finally:
        index.close()
