"""One map of a picture: what is asked, what came, and how it is going."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from cnnstudio.core.events import Progress
from cnnstudio.core.explain_jobs import Explained
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.explanation.maps import LoadedMap, load_map
from cnnstudio.gui.state.explainer import Ended, Explainer, Question
from cnnstudio.gui.state.prediction_server import Model
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.formatting import format_percent


@dataclass(frozen=True)
class Subject:
    """The picture that is explained, by which model."""

    model: Model
    file: Path


class Slot(QObject):
    """`changed()` when a map came or went, and with every progress."""

    changed = Signal()

    def __init__(self, session: Session, question: Callable[[], Question], parent: QObject) -> None:
        super().__init__(parent)
        self._question = question
        self.explainer = Explainer(session, self)
        self.explainer.explained.connect(self._on_explained)
        self.explainer.progressed.connect(self._on_progressed)
        self.explainer.ended.connect(self._on_ended)
        self.subject: Subject | None = None
        self.explained: Explained | None = None
        self.map: LoadedMap | None = None
        self.problem: Problem | None = None
        self.progress: Progress | None = None
        self.checking = self.cancelled = False

    @property
    def busy(self) -> bool:
        """Whether a map or its checks are still expected."""
        return self.explainer.busy

    def explain(self, subject: Subject, *, check: bool = False) -> None:
        """Explain a picture; the map of another picture goes at once."""
        if subject != self.subject or not check:
            self._forget()
        self.subject, self.problem, self.progress = subject, None, None
        self.checking, self.cancelled = check, False
        self.explainer.ask(subject.model, [subject.file], self._question(), check=check)
        self.changed.emit()

    def clear(self) -> None:
        """Nothing is explained any more."""
        self.explainer.cancel(quiet=True)
        self.subject, self.problem, self.progress = None, None, None
        self._forget()
        self.changed.emit()

    def cancel(self) -> None:
        """Stop waiting."""
        self.explainer.cancel()

    def caption(self) -> str:
        """What the map shows: method, class and layer."""
        event = self.explained
        if event is None:
            return ""
        parts = [str(self._question_of(event)), f"{event.class_name} {format_percent(event.probability)}", event.layer]
        return " · ".join(part for part in parts if part)

    def status(self) -> str:
        """Why there is no map yet; "" where there is one."""
        if self.busy and self.explainer.server.ready is None:
            return tr("Loading the model…", "Cargando el modelo…")
        if self.busy:
            return tr("Checking…", "Comprobando…") if self.checking else tr("Explaining…", "Explicando…")
        if self.problem is not None:
            return str(self.problem.text)
        if self.cancelled:
            return tr("Cancelled", "Cancelado")
        return ""

    def _question_of(self, event: Explained) -> object:
        from cnnstudio.catalog.explanations import EXPLANATIONS

        return EXPLANATIONS[event.method].label

    def _forget(self) -> None:
        self.explained = self.map = None

    def _on_explained(self, event: Explained) -> None:
        if event.problem is not None:
            self._forget()
            self.problem = event.problem
        else:
            self.explained, self.map = event, load_map(event)
        self.changed.emit()

    def _on_progressed(self, event: Progress) -> None:
        self.progress = event
        self.changed.emit()

    def _on_ended(self, end: Ended) -> None:
        if end.problem is not None:
            self._forget()
            self.problem = end.problem
        self.cancelled, self.progress, self.checking = end.cancelled, None, False
        self.changed.emit()
