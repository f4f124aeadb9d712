"""What happened during a training, as marks below its curves."""

from __future__ import annotations

from typing import Any, Final

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPolygonF

from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.train.plots.history import Mark, MarkKind

_TOKENS: Final[dict[MarkKind, str]] = {"rate": "warn", "pause": "accent", "break": "error", "checkpoint": "faint"}
_SIZE: Final = 5.0


class MarkItem(pg.GraphicsObject):  # type: ignore[misc]
    """Small triangles at the lower edge of a plot; checkpoints are dots."""

    def __init__(self) -> None:
        super().__init__()
        self._marks: list[Mark] = []
        self.setZValue(50)

    def show_marks(self, marks: list[Mark]) -> None:
        self._marks = marks
        self.update()

    def near(self, x: float, reach: float) -> list[Mark]:
        """The marks within `reach` epochs of `x`."""
        return [mark for mark in self._marks if abs(mark.x - x) <= reach and mark.kind != "checkpoint"]

    def viewRangeChanged(self, *_ranges: Any) -> None:
        self.prepareGeometryChange()
        self.update()

    def boundingRect(self) -> QRectF:
        return QRectF(self.viewRect())

    def dataBounds(self, *_arguments: Any) -> tuple[None, None]:
        """It has no part in the range of the axes."""
        return None, None

    def paint(self, painter: QPainter, *_arguments: Any) -> None:
        view = self.viewRect()
        transform = painter.transform()
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for mark in self._marks:
            if not view.left() <= mark.x <= view.right():
                continue
            # The y axis of a plot points upwards.
            foot = transform.map(QPointF(mark.x, view.top()))
            color = theme.color(_TOKENS[mark.kind])
            painter.setPen(color)
            painter.setBrush(color)
            if mark.kind == "checkpoint":
                painter.drawEllipse(QPointF(foot.x(), foot.y() - 1.5), 1.2, 1.2)
                continue
            painter.drawPolygon(QPolygonF([foot + QPointF(0, -2 * _SIZE), foot + QPointF(-_SIZE, 0),
                                           foot + QPointF(_SIZE, 0)]))
        painter.setTransform(transform)
