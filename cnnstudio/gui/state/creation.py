"""Creating projects in the background: from a source of pictures, or the sample."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.events import Failed, Finished
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text
from cnnstudio.gui.state.jobs import Report, Work

if TYPE_CHECKING:
    from cnnstudio.gui.state.session import Session
    from cnnstudio.interchange.script.model import Script
    from cnnstudio.learning.course.lesson import Lesson


def create_project(session: Session, folder: Path, data: Path, template: str, base: str, name: str,
                   done: Callable[[Path], object], base_name: str = "", reading: DatasetSpec | None = None) -> Work:
    """Create a project for the pictures in `data`, then call `done(folder)`.

    `base` is an id or the file of a model, whose copy is then named `base_name`; `reading` says how a list is read.
    """

    def work(report: Report) -> Path:
        from cnnstudio.datasets import opening

        def progress(count: int, total: int) -> None:
            report.progress(count, total or max(count, 1))

        try:
            _created, index = opening.create_project(folder, data, template, base, name, progress, report.is_cancelled,
                                                     base_name, reading)
        except ProblemError:
            report.check()
            raise
        index.close()
        report.check()
        return folder

    return _make(session, work, Text("Reading the pictures", "Leyendo las imágenes"), done)


def create_script_project(session: Session, folder: Path, script: Script, places: Sequence[Path], name: str,
                          done: Callable[[Path], object]) -> Work:
    """Create a project from a training script for the pictures in `places`, then call `done(folder)`."""

    def work(report: Report) -> Path:
        from cnnstudio.datasets.script_project import create_from_script

        def progress(count: int, total: int) -> None:
            report.progress(count, total or max(count, 1))

        try:
            _created, index = create_from_script(folder, script, places, name, None, progress, report.is_cancelled)
        except ProblemError:
            report.check()
            raise
        index.close()
        report.check()
        return folder

    return _make(session, work, Text("Reading the pictures", "Leyendo las imágenes"), done)


def make_sample(session: Session, done: Callable[[Path], object]) -> Work:
    """Create the sample project, if it does not exist yet, then call `done(folder)`."""

    def work(_report: Report) -> Path:
        from cnnstudio.datasets.opening import sample_project

        return sample_project()

    return _make(session, work, Text("Preparing the sample", "Preparando el ejemplo"), done)


def make_lesson(session: Session, lesson: Lesson, folder: Path, done: Callable[[Path], object]) -> Work:
    """Create the project of a lesson in `folder`, then call `done(folder)`."""

    def work(report: Report) -> Path:
        from cnnstudio.learning.course.start import start_lesson

        def progress(count: int, total: int) -> None:
            report.progress(count, total or max(count, 1))

        try:
            start_lesson(lesson, folder, progress, report.is_cancelled)
        except ProblemError:
            report.check()
            raise
        report.check()
        return folder

    return _make(session, work, Text("Preparing the lesson", "Preparando la lección"), done)


def _make(session: Session, work: Callable[[Report], Path], label: Text, done: Callable[[Path], object]) -> Work:
    def on_ended(job: Work) -> None:
        if isinstance(job.last, Failed):
            session.report(job.last.problem)
        elif isinstance(job.last, Finished):
            done(job.result)

    return session.jobs.run(work, label, "create", page="start", done=on_ended)
