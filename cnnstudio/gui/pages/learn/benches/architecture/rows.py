"""The layers of the network, one line each: shape, parameters, multiply-adds, and how far it sees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme, tokens
from cnnstudio.gui.pages.learn.drawing.field_colors import depth_color
from cnnstudio.gui.widgets.formatting import format_count
from cnnstudio.learning.benches.architecture.measures import LayerRow

LINE: Final = 26
_NAME, _SHAPE, _NUMBER, _FIELD = 150, 96, 92, 64
_GAP: Final = 12
_ROOMY: Final = _NAME + _SHAPE + 2 * _NUMBER + _FIELD + 3 * _GAP


class LayerRows(QWidget):
    """`chosen(id)` on a click or with the arrow keys."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: Sequence[LayerRow] = ()
        self._chosen = ""
        self._most = 1
        self.setAccessibleName(tr("Layers of the network", "Capas de la red"))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMinimumWidth(_NAME + _SHAPE + _NUMBER + _FIELD)

    def show_rows(self, rows: Sequence[LayerRow], chosen: str) -> None:
        """Show the layers, one of them chosen."""
        if len(rows) != len(self._rows):
            self.setFixedHeight((len(rows) + 1) * LINE + 2)
        self._rows, self._chosen = rows, chosen
        self._most = max([1, *(row.parameters for row in rows)])
        current = next((row for row in rows if row.id == chosen), None)
        self.setAccessibleDescription(describe_row(current) if current is not None else "")
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(560, (len(self._rows) + 1) * LINE + 2)

    def _edges(self) -> tuple[float, ...]:
        """The right edges of the columns of numbers; where there is no room the multiply-adds have none (they stand in the
        accessible text and above, in the sum)."""
        right = float(self.width()) - 8
        if self.width() < _ROOMY:
            return right - _FIELD - _NUMBER - 2 * _GAP, right - _FIELD - _GAP, -1000.0, right
        return right - _FIELD - 2 * _NUMBER - 3 * _GAP, right - _FIELD - _NUMBER - 2 * _GAP, right - _FIELD - _GAP, right

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edges = self._edges()
        painter.setFont(theme.font("secondary"))
        painter.setPen(theme.color("dim"))
        titles = (tr("output", "salida"), tr("parameters", "parámetros"), tr("multiply-adds", "multiplicaciones"),
                  tr("sees", "ve"))
        for edge, title in zip(edges, titles, strict=True):
            width = _NUMBER + _GAP - 2.0
            painter.drawText(QRectF(edge - width, 0, width, LINE), Qt.AlignmentFlag.AlignRight
                             | Qt.AlignmentFlag.AlignVCenter, _elided(painter, title, width))
        for number, row in enumerate(self._rows):
            self._paint_row(painter, number, row, edges)

    def _paint_row(self, painter: QPainter, number: int, row: LayerRow, edges: tuple[float, ...]) -> None:
        line = QRectF(1, (number + 1) * LINE + 1, self.width() - 2, LINE - 2)
        if row.id == self._chosen:
            painter.setPen(QPen(theme.color("accent"), 2) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("accent_bg"))
            painter.drawRoundedRect(line, tokens.RADIUS, tokens.RADIUS)
        # How much of the parameters lies here, as a faint bar below the number.
        if row.parameters:
            width = max(2.0, (_NUMBER - 8) * row.parameters / self._most)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.family_color(row.family))
            painter.drawRoundedRect(QRectF(edges[1] - width, line.bottom() - 3, width, 2.5), 1, 1)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.family_color(row.family))
        painter.drawRoundedRect(QRectF(8, line.center().y() - 5, 10, 10), 3, 3)
        if row.field is not None:
            painter.setBrush(depth_color(number, len(self._rows)))
            painter.drawRoundedRect(QRectF(edges[3] - _FIELD + 4, line.center().y() - 4, 8, 8), 2, 2)
        painter.setPen(theme.color("text"))
        painter.setFont(theme.font("body"))
        name_room = max(40.0, edges[0] - _SHAPE - 28)
        painter.drawText(QRectF(26, line.top(), name_room, line.height()), Qt.AlignmentFlag.AlignVCenter,
                         _elided(painter, row.type, name_room))
        for edge, text in zip(edges, _cells(row), strict=True):
            painter.setPen(theme.color("faint" if text == "0" else "text"))
            painter.drawText(QRectF(edge - 160, line.top(), 160, line.height()),
                             Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

    # Mouse and keyboard --------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._choose(int(event.position().y() // LINE) - 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        now = next((place for place, row in enumerate(self._rows) if row.id == self._chosen), 0)
        places = {Qt.Key.Key_Up: now - 1, Qt.Key.Key_Down: now + 1, Qt.Key.Key_Home: 0, Qt.Key.Key_End: len(self._rows) - 1}
        place = places.get(Qt.Key(event.key()))
        if place is None:
            super().keyPressEvent(event)
            return
        self._choose(min(max(place, 0), len(self._rows) - 1))

    def _choose(self, place: int) -> None:
        if 0 <= place < len(self._rows):
            self.chosen.emit(self._rows[place].id)


def _cells(row: LayerRow) -> tuple[str, ...]:
    shape = " × ".join(map(str, row.shape)) if row.shape is not None else "?"
    field = f"{row.field} × {row.field}" if row.field is not None else tr("all", "todo")
    return shape, format_count(row.parameters), format_count(row.multiply_adds), field


def describe_row(row: LayerRow) -> str:
    """A line in words."""
    shape, parameters, multiply_adds, field = _cells(row)
    return tr("{type}: output {shape}, parameters {parameters}, multiply-adds {adds}, sees {field}",
              "{type}: salida {shape}, parámetros {parameters}, multiplicaciones {adds}, ve {field}", type=row.type,
              shape=shape, parameters=parameters, adds=multiply_adds, field=field)


def _elided(painter: QPainter, text: str, room: float) -> str:
    return QFontMetricsF(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, room)
