"""The legend of the map; a click on a line selects its pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.widgets.basics import Button, Label, clear
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.gui.widgets.formatting import format_count
from cnnstudio.gui.widgets.map.entries import Entry

_MOST: Final = 16


class Legend(QWidget):
    """Emits `chosen(index of the line, add to the selection)`."""

    chosen = Signal(int, bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._flow = FlowLayout(self, spacing=4)
        self._shown_entries: list[tuple[str, str, int]] = []

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show these lines; of very many the first ones, and the number of the others."""
        wanted = [(entry.label, entry.color.name(), len(entry.rows)) for entry in entries]
        if wanted == self._shown_entries:
            return
        self._shown_entries = wanted
        clear(self._flow)
        for place, entry in enumerate(entries[:_MOST]):
            text = f" {_short(entry.label)}  {format_count(len(entry.rows))}"
            button = Button(text, "status", tooltip=tr("{name}: click to select these pictures, Ctrl+click to add them",
                                                      "{name}: clic para seleccionar estas imágenes, Ctrl+clic para "
                                                      "añadirlas", name=entry.label))
            button.setIcon(_dot(entry.color, self.devicePixelRatioF()))
            button.clicked.connect(lambda _=False, place=place: self._choose(place))
            self._flow.addWidget(button)
        if len(entries) > _MOST:
            self._flow.addWidget(Label(tr("and {n} more", "y {n} más", n=len(entries) - _MOST), "secondary", "dim"))
        self.updateGeometry()

    def _choose(self, place: int) -> None:
        from PySide6.QtWidgets import QApplication

        self.chosen.emit(place, bool(QApplication.keyboardModifiers() & Qt.KeyboardModifier.ControlModifier))


def _short(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:22]}…"


def _dot(color: QColor, ratio: float) -> QIcon:
    pixmap = QPixmap(round(10 * ratio), round(10 * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(color)
    painter.drawRoundedRect(0, 0, 10, 10, 3, 3)
    painter.end()
    return QIcon(pixmap)
