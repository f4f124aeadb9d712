"""The views of an evaluation as a list in groups, in the left panel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import Text
from cnnstudio.gui.pages.evaluate.views import EvaluationView
from cnnstudio.gui.widgets.basics import Button, Caption, column

_LINE = 28


class ViewList(QWidget):
    """`chosen(id)` on a click; the arrow keys walk through all views."""

    chosen = Signal(str)

    def __init__(self, views: Sequence[type[EvaluationView]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: dict[str, Button] = {}
        layout = column(spacing=0)
        group: Text | None = None
        for view in views:
            if view.group != group:
                if group is not None:
                    layout.addSpacing(8)
                group = view.group
                layout.addWidget(Caption(str(group)))
                layout.addSpacing(4)
            line = Button(str(view.title), "row", checkable=True, on_click=partial(self.chosen.emit, view.id))
            line.setFixedHeight(_LINE)
            line.installEventFilter(self)
            self.lines[view.id] = line
            layout.addWidget(line)
        self.setLayout(layout)

    def mark(self, identifier: str) -> None:
        """Mark the view in sight; Tab focuses it."""
        for name, line in self.lines.items():
            line.setChecked(name == identifier)
            line.setFocusPolicy(Qt.FocusPolicy.StrongFocus if name == identifier else Qt.FocusPolicy.ClickFocus)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        lines = list(self.lines.values())
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched in lines:
            step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
            place = -1 if step is None else lines.index(watched) + step
            if 0 <= place < len(lines):
                self.chosen.emit(list(self.lines)[place])
                lines[place].setFocus(Qt.FocusReason.TabFocusReason)
                return True
        return False
