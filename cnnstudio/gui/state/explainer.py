"""Explanations that one part of a page asks of the warm server: the newest request counts."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from cnnstudio.catalog.explanations import EXPLANATIONS, GRADCAM, Explanation
from cnnstudio.core.atomic import write_problem
from cnnstudio.core.events import Progress
from cnnstudio.core.explain_jobs import Explained, ExplainRequest
from cnnstudio.core.jobs import Answered
from cnnstudio.core.problems import Problem
from cnnstudio.gui.state.prediction_server import Model, server_of
from cnnstudio.gui.state.session import Session


@dataclass(frozen=True)
class Question:
    """What is asked of a picture: by which method with which parameters, at which layer and for which class ("": the default
    layer, the predicted class)."""

    method: str = GRADCAM.id
    params: tuple[tuple[str, Any], ...] = ()
    layer: str = ""
    class_name: str = ""

    @property
    def entry(self) -> Explanation:
        return EXPLANATIONS[self.method]

    @property
    def passes(self) -> int:
        """About how many pictures the network computes for one map."""
        return 1 + self.entry.passes(self.entry.values(dict(self.params)))


@dataclass(frozen=True)
class Ended:
    """The end of a request: everything came, or it was cancelled, or the problem says why nothing can be explained."""

    problem: Problem | None = None
    cancelled: bool = False


@dataclass
class _Asked:
    number: int
    question: Question
    files: list[Path] = field(default_factory=list)


class Explainer(QObject):
    """`explained(Explained)` for each picture, `combined(ExplainedTogether)` for a mean, `progressed(Progress)`, and
    `ended(Ended)` at last. What was explained before comes at once. A new request takes the place of the one before, whose
    signals end without a word."""

    explained = Signal(object)
    combined = Signal(object)
    progressed = Signal(object)
    ended = Signal(object)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.server = server_of(session)
        self._asked: _Asked | None = None
        self.server.explained.connect(self._on_explained)
        self.server.progressed.connect(self._on_progressed)
        self.server.answered.connect(self._on_answered)
        self.server.dropped.connect(self._on_dropped)

    @property
    def busy(self) -> bool:
        """Whether answers are still expected."""
        return self._asked is not None

    def ask(self, model: Model, files: Sequence[Path], question: Question, *, check: bool = False, mean: bool = False) -> None:
        """Explain pictures by a model; the server loads it where it serves another one."""
        self.cancel(quiet=True)
        self.server.serve(model)
        if not self.server.running:
            self.ended.emit(Ended(self.server.problem, self.server.problem is None))
            return
        self.server.ask_layers()
        known = [] if mean else self.known(files, question, check=check)
        paths = {event.path for event in known}
        missing = [file for file in files if str(file) not in paths]
        for event in known:
            self.explained.emit(event)
        if not missing:
            self.ended.emit(Ended())
            return
        try:
            target = self.server.maps.new_folder()
        except OSError as os_error:
            self.ended.emit(Ended(write_problem(os_error, Path(os_error.filename or ""))))
            return
        number = self.server.explain(ExplainRequest(
            paths=tuple(map(str, missing)), method=question.method, params=dict(question.params), layer=question.layer,
            class_name=question.class_name, target=target, check=check, mean=mean, overlays=False))
        self._asked = _Asked(number, question, missing)

    def known(self, files: Sequence[Path], question: Question, *, check: bool = False) -> list[Explained]:
        """What the model that is served explained before; `check`: with the sanity checks."""
        return [found for file in files if (found := self.server.maps.find(_key(file, question), checked=check)) is not None]

    def cancel(self, *, quiet: bool = False) -> None:
        """End the request; `ended` follows at once, unless `quiet`."""
        asked, self._asked = self._asked, None
        if asked is None:
            return
        self.server.cancel(asked.number)
        if not quiet:
            self.ended.emit(Ended(cancelled=True))

    def _on_explained(self, event: Any) -> None:
        asked = self._asked
        if asked is None or event.request != asked.number:
            return
        if not isinstance(event, Explained):
            self.combined.emit(event)
            return
        if event.problem is None:
            self.server.maps.keep(_key(Path(event.path), asked.question), event)
        self.explained.emit(event)

    def _on_progressed(self, event: Progress) -> None:
        if self._asked is not None and event.request == self._asked.number:
            self.progressed.emit(event)

    def _on_answered(self, event: Answered) -> None:
        if self._asked is not None and event.request == self._asked.number:
            self._asked = None
            self.ended.emit(Ended(event.problem, event.cancelled))

    def _on_dropped(self, number: int) -> None:
        if self._asked is not None and number == self._asked.number:
            self._asked = None
            self.ended.emit(Ended(self.server.problem, self.server.problem is None))


def _key(file: Path, question: Question) -> Hashable:
    try:
        changed = file.stat().st_mtime_ns
    except OSError:
        changed = 0
    return str(file), changed, question
