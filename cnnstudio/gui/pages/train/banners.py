"""What went wrong with the run on screen."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from cnnstudio.core.problems import Problem
from cnnstudio.gui.widgets.basics import clear
from cnnstudio.gui.widgets.cards import Banner
from cnnstudio.workers.runs.folder import RunSummary


class RunBanners(QWidget):
    """One banner at most; it takes no room without a problem."""

    fix_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._box = QVBoxLayout(self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self.hide()

    def show_problem(self, problem: Problem) -> None:
        """Show a problem instead of the one before."""
        self.clear()
        banner = Banner(problem, closable=True)
        banner.fix_chosen.connect(self.fix_chosen)
        banner.closed.connect(self.clear)
        self._box.addWidget(banner)
        self.show()

    def show_damage(self, summary: RunSummary) -> None:
        """Show what is damaged in a run, if anything is."""
        damage = summary.problem if summary.state == "damaged" else summary.damage
        if damage is not None:
            self.show_problem(damage)

    def clear(self) -> None:
        clear(self._box)
        self.hide()
