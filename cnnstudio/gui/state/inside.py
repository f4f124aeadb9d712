"""What one part of a page asks the warm server of the layers of a model: the newest request counts."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject, Signal

from cnnstudio.core.atomic import write_problem
from cnnstudio.core.events import Progress
from cnnstudio.core.explain_jobs import FeaturesRequest, FeaturesShown
from cnnstudio.core.jobs import Answered
from cnnstudio.gui.state.explainer import Ended
from cnnstudio.gui.state.prediction_server import Model, server_of
from cnnstudio.gui.state.session import Session


class Inside(QObject):
    """`shown(FeaturesShown)` for each part of the answer, `progressed(Progress)`, and `ended(Ended)` at last. A new request
    takes the place of the one before, whose signals end without a word. The files of an answer are deleted with its end: read
    them on arrival."""

    shown = Signal(object)
    progressed = Signal(object)
    ended = Signal(object)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.server = server_of(session)
        self._number: int | None = None
        self._folder = ""
        self.server.features_shown.connect(self._on_shown)
        self.server.progressed.connect(self._on_progressed)
        self.server.answered.connect(self._on_answered)
        self.server.dropped.connect(self._on_dropped)

    @property
    def busy(self) -> bool:
        """Whether answers are still expected."""
        return self._number is not None

    def ask(self, model: Model, kind: str, files: Sequence[Path] = (), layer: str = "", *, units: Sequence[int] = (),
            position: tuple[int, int] | None = None, most: int = 9) -> None:
        """Ask what a FeaturesRequest of that kind says; the server loads the model where it serves another one."""
        self.cancel(quiet=True)
        self.server.serve(model)
        if not self.server.running:
            self.ended.emit(Ended(self.server.problem, self.server.problem is None))
            return
        try:
            self._folder = self.server.maps.new_folder()
        except OSError as os_error:
            self.ended.emit(Ended(write_problem(os_error, Path(os_error.filename or ""))))
            return
        self._number = self.server.look_inside(FeaturesRequest(
            kind=kind, target=self._folder, paths=tuple(map(str, files)), layer=layer, units=tuple(units), position=position,
            most=most, sheets=False))

    def cancel(self, *, quiet: bool = False) -> None:
        """End the request; `ended` follows at once, unless `quiet`."""
        number, self._number = self._number, None
        if number is None:
            return
        self.server.cancel(number)
        if not quiet:
            self.ended.emit(Ended(cancelled=True))

    def _on_shown(self, event: FeaturesShown) -> None:
        if event.request == self._number:
            self.shown.emit(event)

    def _on_progressed(self, event: Progress) -> None:
        if event.request == self._number:
            self.progressed.emit(event)

    def _on_answered(self, event: Answered) -> None:
        if event.request == self._number:
            self._number = None
            shutil.rmtree(self._folder, ignore_errors=True)
            self.ended.emit(Ended(event.problem, event.cancelled))

    def _on_dropped(self, number: int) -> None:
        if number == self._number:
            self._number = None
            self.ended.emit(Ended(self.server.problem, self.server.problem is None))


def read_arrays(path: str) -> dict[str, np.ndarray]:
    """The arrays of an answer's file; none where it is gone."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: np.asarray(arrays[name]) for name in arrays.files}
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return {}
