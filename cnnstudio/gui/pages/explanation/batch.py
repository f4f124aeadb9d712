"""The maps of several pictures, or their mean: what is asked, what came, and how it is going."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PySide6.QtCore import QObject, Signal

from cnnstudio.core.events import Progress
from cnnstudio.core.explain_jobs import Explained, ExplainedTogether
from cnnstudio.core.problems import Problem
from cnnstudio.gui.pages.explanation.maps import LoadedMap, load_map, load_mean
from cnnstudio.gui.state.explainer import Ended, Explainer, Question
from cnnstudio.gui.state.prediction_server import Model
from cnnstudio.gui.state.session import Session

_FEW_PASSES: Final = 10
_MOST_PASSES: Final = 500
_SECONDS: Final = 3.0
_MEANS: Final = 16
"""Means that are kept, the newest ones."""


@dataclass(frozen=True)
class Task:
    """The pictures that are explained by a model; `mean`: together."""

    model: Model
    files: tuple[Path, ...]
    question: Question
    mean: bool = False


@dataclass(frozen=True, eq=False)
class Mean:
    """The mean of the maps of `pictures` pictures, and their mean picture, uint8 (height, width, 3)."""

    map: LoadedMap
    picture: np.ndarray
    pictures: int


class Batch(QObject):
    """`changed()` when maps came or went, and with every progress."""

    changed = Signal()

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self.explainer = Explainer(session, self)
        self.explainer.explained.connect(self._on_explained)
        self.explainer.combined.connect(self._on_combined)
        self.explainer.progressed.connect(self._on_progressed)
        self.explainer.ended.connect(self._on_ended)
        self.task: Task | None = None
        self.maps: dict[Path, LoadedMap] = {}
        self.explained: dict[Path, Explained] = {}
        self.problems: dict[Path, Problem] = {}
        self.problem: Problem | None = None
        self.progress: Progress | None = None
        self.cancelled = False
        self._means: OrderedDict[Task, Mean] = OrderedDict()

    @property
    def busy(self) -> bool:
        """Whether maps are still expected."""
        return self.explainer.busy

    @property
    def mean(self) -> Mean | None:
        """The mean that was asked for, once it is there."""
        return None if self.task is None else self._means.get(self.task)

    @property
    def missing(self) -> int:
        """How many pictures have neither a map nor a problem; of a mean all of them, until it is there."""
        if self.task is None:
            return 0
        if self.task.mean:
            return 0 if self.mean is not None else len(self.task.files)
        return sum(file not in self.maps and file not in self.problems for file in self.task.files)

    @property
    def at_once(self) -> bool:
        """Whether what is missing takes so little that it needs no button."""
        if self.task is None:
            return False
        passes = self.task.question.passes * self.missing
        seconds = self.explainer.server.seconds_per_pass
        if seconds is not None and passes * seconds <= _SECONDS:
            return True
        return self.task.question.passes <= _FEW_PASSES and passes <= _MOST_PASSES

    def show(self, task: Task | None) -> None:
        """Show what is known of a task, and explain the rest where that takes little."""
        if task == self.task and (self.busy or not self.missing or self.cancelled or self.problem is not None):
            return
        before, self.task = self.task, task
        self.explainer.cancel(quiet=True)
        self.problem, self.progress, self.cancelled = None, None, False
        if before is None or task is None or (before.model, before.question) != (task.model, task.question):
            self._forget()
        if task is not None:
            for kept in (self.maps, self.explained, self.problems):
                for file in kept.keys() - set(task.files):
                    del kept[file]
            self.explainer.server.serve(task.model)
            if not task.mean:
                for event in self.explainer.known(task.files, task.question):
                    self._keep(event)
            if self.missing and self.at_once:
                self.start()
        self.changed.emit()

    def start(self) -> None:
        """Explain what is missing."""
        task = self.task
        if task is None or not self.missing:
            return
        self.problem, self.cancelled = None, False
        files = task.files if task.mean else [file for file in task.files if file not in self.maps
                                              and file not in self.problems]
        self.explainer.ask(task.model, files, task.question, mean=task.mean)
        self.changed.emit()

    def cancel(self) -> None:
        """Stop; what came stays."""
        self.explainer.cancel()

    def close(self) -> None:
        """Ask nothing any more."""
        self.explainer.cancel(quiet=True)

    def _forget(self) -> None:
        for kept in (self.maps, self.explained, self.problems):
            kept.clear()

    def _keep(self, event: Explained) -> None:
        file = Path(event.path)
        if event.problem is not None:
            self.problems[file] = event.problem
        elif self.task is None or not self.task.mean:
            found = load_map(event)
            if found is not None:
                self.maps[file], self.explained[file] = found, event

    def _on_explained(self, event: Explained) -> None:
        self._keep(event)
        self.changed.emit()

    def _on_combined(self, event: ExplainedTogether) -> None:
        found = load_mean(Path(event.map_file)) if event.kind == "mean" else None
        if found is not None and self.task is not None:
            self._means[self.task] = Mean(*found, event.pictures)
            while len(self._means) > _MEANS:
                self._means.popitem(last=False)
        self.changed.emit()

    def _on_progressed(self, event: Progress) -> None:
        self.progress = event
        self.changed.emit()

    def _on_ended(self, end: Ended) -> None:
        self.problem, self.cancelled, self.progress = end.problem, end.cancelled, None
        self.changed.emit()
