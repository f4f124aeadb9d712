"""A bench inside a lesson, set as its text speaks about it."""

from __future__ import annotations

import importlib
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from cnnstudio.core.problems import warning
from cnnstudio.core.text import same, tr
from cnnstudio.gui.pages.learn.bench_view import BenchView
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Icon, Label, box, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.learning.benches import BENCHES
from cnnstudio.learning.course.blocks import EmbeddedBench

_KEEP_MS = 400
"""Milliseconds after the last change until the settings of a bench are kept: a drag is one change."""


class EmbeddedBenchCard(Card):
    """The bench with its live controls; what was set is kept, since tasks may look at it."""

    bench_chosen = Signal(str)
    """The bench is to be shown as a page of its own."""

    def __init__(self, workspace: Workspace, block: EmbeddedBench, parent: QWidget | None = None) -> None:
        super().__init__(spacing=10, margins=(10, 14, 10, 14), parent=parent)
        self._workspace, self._lessons, self._block = workspace, workspace.lessons, block
        entry = BENCHES.find(block.bench)
        self.view: BenchView | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_KEEP_MS)
        self._timer.timeout.connect(self._keep)
        if entry is None:
            self.body.addWidget(Label(tr("This version of the program has no bench called {name}.",
                                         "Esta versión del programa no tiene ningún banco llamado {name}.", name=block.bench),
                                      tone="warn", wrap=True))
            return
        module, _, name = entry.view.partition(":")
        self.view = getattr(importlib.import_module(module), name)(workspace)
        tools = QWidget()
        line = FlowLayout(tools, spacing=4)
        line.addWidget(box(row(Icon(entry.icon, "accent", 18), Label(str(entry.title), "body_strong"), 12, spacing=8)))
        for button in (Button(tr("As in the text", "Como en el texto"), "quiet", "undo", on_click=self._reset),
                       Button(tr("Copy as code", "Copiar como código"), "quiet", "code", on_click=self._copy),
                       Button(tr("Open as a page", "Abrir como página"), "quiet", "open",
                              on_click=lambda: self.bench_chosen.emit(block.bench))):
            line.addWidget(button)
        self.body.addWidget(tools)
        self.body.addWidget(self.view)
        self.setAccessibleName(str(entry.title))
        self.view.restore(dict(block.settings))
        kept = self._lessons.progress.benches.get(str(block.place))
        if kept is not None:
            self.view.restore(dict(kept))
        lesson = self._lessons.lesson
        self.view.resume(f"{'' if lesson is None else lesson.id}:{block.place}")
        self.view.changed.connect(self._timer.start)

    def _keep(self) -> None:
        if self.view is not None:
            self._lessons.keep_bench(self._block.place, self.view.settings())

    def _reset(self) -> None:
        if self.view is not None:
            settings: dict[str, Any] = dict(self._block.settings)
            self.view.restore(settings)

    def _copy(self) -> None:
        if self.view is None:
            return
        if codes := self.view.code():
            QGuiApplication.clipboard().setText(codes[0].source)
        else:
            self._workspace.session.report(warning("no_code", same(self.view.no_code_text()), "machine"))

    def enter(self) -> None:
        """The page of the lesson is in sight."""
        if self.view is not None:
            self.view.enter()

    def leave(self) -> None:
        """The page of the lesson is out of sight."""
        if self._timer.isActive():
            self._timer.stop()
            self._keep()
        if self.view is not None:
            self.view.leave()

    def close_bench(self) -> None:
        """The card will be deleted."""
        self._timer.stop()
        if self.view is not None:
            self.view.close_bench()
