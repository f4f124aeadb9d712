"""The film of a bench: drawn in the window between two events, written in the background."""

from __future__ import annotations

import operator
import queue
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QImage

from cnnstudio.core.text import Text
from cnnstudio.gui.pages.file_dialogs import report_saved
from cnnstudio.gui.pages.learn.bench_view import BenchView
from cnnstudio.gui.state.jobs import Job, Report, Work
from cnnstudio.gui.state.session import Session
from cnnstudio.imaging.film import write_film

KIND: Final = "bench-film"
WIDEST: Final = 1280
"""Pixels of a film's width."""
_AHEAD: Final = 8
"""Frames that wait to be written."""
_WAIT: Final = 0.1


class BenchFilm(QObject):
    """Draws the frames one by one, so that the window stays alive; the status bar shows the progress and Cancel."""

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._frames: Iterator[QImage] = iter(())
        self._queue: queue.Queue[np.ndarray | None] = queue.Queue(_AHEAD)
        self._waiting: np.ndarray | None = None
        self._drawn = False
        self._size: tuple[int, int] | None = None
        self._job: Work | None = None
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._draw)

    @property
    def running(self) -> bool:
        return self._job is not None

    def write(self, view: BenchView, path: Path) -> None:
        """Write a film of what moves on a bench."""
        if self.running:
            return
        self._queue = queue.Queue(_AHEAD)
        self._frames, self._waiting, self._drawn, self._size = view.frames(), None, False, None
        count, per_second = operator.length_hint(self._frames), view.frames_per_second
        frames = self._queue

        def work(report: Report) -> str:
            return write_film(path, _taken(frames, report), count, per_second,
                              lambda done, total: report.progress(done, total, "frames"))

        def done(job: Work) -> None:
            self._on_written(job, path)

        self._job = self._session.jobs.run(work, Text("Writing a film", "Escribiendo una película"), KIND, page="learn",
                                           done=done, owner=self)
        self._timer.start(0)

    def _draw(self) -> None:
        """Draw the next frame, unless enough wait."""
        if self._waiting is None and not self._drawn:
            image = next(self._frames, None)
            self._drawn = image is None
            self._waiting = None if image is None else self._pixels(image)
        try:
            self._queue.put_nowait(self._waiting)
        except queue.Full:
            self._timer.setInterval(10)
            return
        self._waiting = None
        self._timer.setInterval(0)
        if self._drawn:
            self._timer.stop()

    def _pixels(self, image: QImage) -> np.ndarray:
        """A frame as red, green and blue, all of the size of the first."""
        if image.width() > WIDEST:
            image = image.scaledToWidth(WIDEST)
        image = image.convertToFormat(QImage.Format.Format_RGB888)
        height, width = image.height(), image.width()
        rows = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine())
        pixels = rows[:, :3 * width].reshape(height, width, 3).copy()
        if self._size is None:
            self._size = (height, width)
        if self._size != (height, width):
            fitted = np.zeros((*self._size, 3), np.uint8)
            high, wide = min(height, self._size[0]), min(width, self._size[1])
            fitted[:high, :wide] = pixels[:high, :wide]
            return fitted
        return pixels

    def _on_written(self, job: Job, path: Path) -> None:
        self._end()
        problem = getattr(job.last, "problem", None)
        if problem is not None:
            self._session.report(problem)
        elif not job.cancelling:
            report_saved(self._session, path, opens=True)

    def _end(self) -> None:
        self._timer.stop()
        self._job, self._frames = None, iter(())

    def close(self) -> None:
        """Give up a film that is being written: its bench goes."""
        if self._job is not None:
            job = self._job
            self._end()
            job.cancel()
            job.join()


def _taken(frames: queue.Queue[np.ndarray | None], report: Report) -> Iterator[np.ndarray]:
    while True:
        report.check()
        try:
            frame = frames.get(timeout=_WAIT)
        except queue.Empty:
            continue
        if frame is None:
            return
        yield frame
