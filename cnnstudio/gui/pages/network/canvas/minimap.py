"""A small view of the whole network with the visible part; a click goes there."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap
from PySide6.QtWidgets import QWidget

from cnnstudio.core.layout import HEIGHT, WIDTH
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.network.canvas.scene import NetworkScene

_MARGIN: Final = 8.0
_SIZE: Final = QSize(132, 168)


class Minimap(QWidget):
    """Shown in the lower right corner while a part of the network is out of view."""

    position_chosen = Signal(QPointF)
    """A point of the scene to centre the view on."""

    def __init__(self, scene: NetworkScene, parent: QWidget) -> None:
        super().__init__(parent)
        self._scene = scene
        self._visible = QRectF()
        self._drawn: QPixmap | None = None
        self._bounds = QRectF()
        self.setFixedSize(_SIZE)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(tr("Overview of the network", "Vista general de la red"))
        self.setToolTip(tr("The whole network. Click where you want to go.", "Toda la red. Haga clic adonde quiera "
                                                                             "ir."))
        self.hide()

    def redraw(self) -> None:
        """Draw again after a change of the network."""
        self._drawn = None
        self.show_visible(self._visible)

    def show_visible(self, visible: QRectF) -> None:
        """Show another visible part of the scene."""
        self._visible = visible
        bounds = self._scene.bounds()
        self.setVisible(not visible.adjusted(-1, -1, 1, 1).contains(bounds))
        if bounds != self._bounds:
            self._bounds, self._drawn = bounds, None
        self.update()

    def _scale(self) -> float:
        room = self.width() - 2 * _MARGIN, self.height() - 2 * _MARGIN
        return min(room[0] / max(self._bounds.width(), 1.0), room[1] / max(self._bounds.height(), 1.0))

    def _origin(self) -> QPointF:
        """The position of the network's middle."""
        return QPointF(self.width() / 2, self.height() / 2) - self._bounds.center() * self._scale()

    def paintEvent(self, event: QPaintEvent) -> None:
        ratio = self.devicePixelRatioF()
        if self._drawn is None or self._drawn.devicePixelRatio() != ratio:
            self._drawn = self._network(ratio)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawPixmap(0, 0, self._drawn)
        scale, origin = self._scale(), self._origin()
        seen = self._visible
        rect = QRectF(seen.topLeft() * scale + origin, seen.size() * scale).intersected(
            QRectF(self.rect()).adjusted(2, 2, -2, -2))
        painter.setPen(QPen(theme.color("accent"), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rect, 3, 3)

    def _network(self, ratio: float) -> QPixmap:
        drawn = QPixmap(self.size() * ratio)
        drawn.setDevicePixelRatio(ratio)
        drawn.fill(Qt.GlobalColor.transparent)
        painter = QPainter(drawn)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("line"), 1))
        painter.setBrush(theme.color("surface"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        painter.setPen(Qt.PenStyle.NoPen)
        scale, origin = self._scale(), self._origin()
        left, top = origin.x(), origin.y()
        size = max(WIDTH * scale, 2.0), max(HEIGHT * scale, 1.0)
        rects: dict[str, list[QRectF]] = {}
        for item in self._scene.nodes.values():
            rects.setdefault(item.look.family, []).append(QRectF(item.x() * scale + left, item.y() * scale + top, *size))
        for family, cards in rects.items():
            painter.setBrush(theme.family_color(family))
            painter.drawRects(cards)
        painter.end()
        return drawn

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.position_chosen.emit((event.position() - self._origin()) / self._scale())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.mousePressEvent(event)
