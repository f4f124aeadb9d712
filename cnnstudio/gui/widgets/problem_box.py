"""The problem of what a view asked for, above what it shows."""

from __future__ import annotations

import msgspec
from PySide6.QtWidgets import QWidget

from cnnstudio.core.problems import Problem
from cnnstudio.gui.widgets.basics import clear, column
from cnnstudio.gui.widgets.cards import Banner


class ProblemBox(QWidget):
    """Takes no room without a problem; the user can close it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines = column(spacing=0)
        self.setLayout(self._lines)
        self.hide()

    def show_problem(self, problem: Problem | None) -> None:
        """Show a problem without its fixes, in place of the one before; None shows none."""
        clear(self._lines)
        self.setVisible(problem is not None)
        if problem is not None:
            banner = Banner(msgspec.structs.replace(problem, fixes=()), closable=True)
            banner.closed.connect(lambda: self.show_problem(None))
            self._lines.addWidget(banner)
