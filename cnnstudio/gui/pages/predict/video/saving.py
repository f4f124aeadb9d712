"""The answers of a video in little memory, and their tables: a row for each frame, or for each segment."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec
from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from cnnstudio.core.calibration import Rejection
from cnnstudio.core.events import Failed
from cnnstudio.core.jobs import Prediction
from cnnstudio.core.text import Text, tr
from cnnstudio.evaluation.segments import Segment
from cnnstudio.gui.pages.file_dialogs import report_saved
from cnnstudio.gui.pages.predict.answers import Answer
from cnnstudio.gui.pages.predict.saving import KIND, ask_table_path
from cnnstudio.gui.state.jobs import Report, Work
from cnnstudio.gui.state.session import Session
from cnnstudio.workers.compact_answers import AnswerPacker

_EVERY: Final = 256


def ask_frames_path(session: Session, parent: QWidget, stem: str) -> Path | None:
    """Ask where to save the answers of the frames."""
    return ask_table_path(session, parent.window(), f"{stem}-{tr('frames', 'fotogramas')}")


def ask_segments_path(session: Session, parent: QWidget, stem: str) -> Path | None:
    """Ask where to save the segments."""
    return ask_table_path(session, parent.window(), f"{stem}-{tr('segments', 'segmentos')}")


class VideoAnswers:
    """Answers of frames in the order of time, with their seconds and numbers."""

    def __init__(self) -> None:
        self.rows: list[Answer] = []
        self.times, self.frames = array("d"), array("q")
        self.packer: AnswerPacker | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def add(self, event: Prediction, rejection: Rejection | None) -> None:
        """Add the answer of the next frame."""
        self.rows.append(Answer("", event, rejection, self.packer))
        self.times.append(event.seconds or 0.0)
        self.frames.append(event.frame if event.frame is not None else len(self.frames))

    def prediction(self, place: int, path: str) -> Prediction:
        """The prediction of a frame, as of the file `path`."""
        prediction = self.rows[place].prediction
        assert prediction is not None
        return msgspec.structs.replace(prediction, path=path, frame=self.frames[place], seconds=self.times[place])

    def save_frames(self, session: Session, path: Path, video: str, owner: QObject) -> Work:
        """Write a row for each frame, in a thread; a problem is reported."""
        names = self.packer.names if self.packer is not None else ()
        count, with_doubt = len(self), any(answer.tells_doubt for answer in self.rows)

        def write(report: Report) -> Path:
            from cnnstudio.workers.answer_tables import write_answers

            with write_answers(path, names, with_doubt=with_doubt, with_time=True) as add:
                for place in range(count):
                    if place % _EVERY == 0:
                        report.check()
                        report.progress(place, count)
                    add(self.prediction(place, video))
            return path

        return _run(session, write, path, owner)

    def save_segments(self, session: Session, path: Path, segments: Sequence[Segment], owner: QObject) -> Work:
        """Write a row for each segment, in a thread; a problem is reported."""

        def write(_report: Report) -> Path:
            from cnnstudio.datasets.sources.table_writing import TableColumn
            from cnnstudio.datasets.sources.tables import write_table

            columns = [TableColumn("from", "number"), TableColumn("to", "number"), TableColumn("label"),
                       TableColumn("not_sure", "boolean"), TableColumn("mean_probability", "number"),
                       TableColumn("frames", "integer")]
            with write_table(path, columns) as add:
                for item in segments:
                    add([item.begin, item.end, item.label, item.not_sure, item.probability, item.frames])
            return path

        return _run(session, write, path, owner)


def _run(session: Session, write: Callable[[Report], Path], path: Path, owner: QObject) -> Work:
    def done(job: Work) -> None:
        if isinstance(job.last, Failed):
            session.report(job.last.problem)
        elif job.result is not None:
            report_saved(session, path, opens=True)

    return session.jobs.run(write, Text("Saving {name}", "Guardando {name}").fill(name=path.name), KIND, page="predict",
                            done=done, owner=owner)
