"""Everything that grading found about one hand-in."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.widgets.basics import Caption, Icon, Label, clear, column, row
from cnnstudio.learning.assignments.grading.marks import Line, Mark

_SIGNS = {"ok": ("check", "ok"), "note": ("info", "dim"), "wrong": ("close", "error")}


class LineDetails(QWidget):
    """Marks with their signs, the worst first, and the answers in words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lines = column(spacing=8)
        self.setLayout(self._lines)

    def show_line(self, line: Line | None) -> None:
        """Show a hand-in, or nothing."""
        clear(self._lines)
        if line is None:
            return
        self._lines.addWidget(Label(line.student or line.file, "body_strong", wrap=True, selectable=True))
        self._lines.addWidget(Label(" · ".join(part for part in (line.run, line.file) if part), "secondary", "dim", wrap=True,
                                    selectable=True))
        order = {"wrong": 0, "note": 1, "ok": 2}
        for mark in sorted(line.marks, key=lambda mark: (order[mark.level], not mark.suspect)):
            self._lines.addLayout(_row(mark))
        if line.answers:
            self._lines.addSpacing(6)
            self._lines.addWidget(Caption(tr("Answers", "Respuestas")))
        for question, answer in line.answers:
            self._lines.addWidget(Label(str(question), "secondary", "dim", wrap=True))
            self._lines.addWidget(Label(answer or "–", wrap=True, selectable=True))
        self._lines.addStretch(1)


def _row(mark: Mark) -> QHBoxLayout:
    icon, tone = _SIGNS[mark.level]
    if mark.level == "wrong" and mark.suspect:
        icon, tone = "warning", "warn"
    texts = column(Label(str(mark.label), "secondary", "dim"), Label(str(mark.text), wrap=True, selectable=True), spacing=0)
    line = row(spacing=10)
    line.addWidget(Icon(icon, tone, 16), alignment=Qt.AlignmentFlag.AlignTop)
    line.addLayout(texts, 1)
    return line
