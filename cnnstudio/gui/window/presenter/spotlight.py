"""One thing at a time: a card or panel, live and enlarged, before everything else dimmed."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, QTimer
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPixmap, QRegion, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme, tokens

_LARGEST: Final = 3.0
_MARGIN: Final = 36
_DIMMED: Final = 0.78
_FRAME: Final = 40
"""Milliseconds between two looks at what is shown: it may move."""


class Spotlight(QWidget):
    """Covers its parent. What the mouse does on the enlarged thing happens to the thing itself."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._target: QWidget | None = None
        self._ground = QPixmap()
        self._pressed: QWidget | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_FRAME)
        self._timer.timeout.connect(self._look)
        self.hide()

    @property
    def target(self) -> QWidget | None:
        """What is shown."""
        return self._target

    def show_widget(self, target: QWidget) -> None:
        """Enlarge a widget of the parent."""
        parent = self.parentWidget()
        assert parent is not None
        self.hide()
        self._target = target
        self._ground = parent.grab()
        self.setGeometry(parent.rect())
        name = target.accessibleName()
        self.setAccessibleName(tr("Enlarged: {name}", "Ampliado: {name}", name=name) if name else tr("Enlarged", "Ampliado"))
        self.show()
        self.raise_()
        self._timer.start()

    def leave(self) -> None:
        """Show everything again."""
        self._timer.stop()
        self._target = self._pressed = None
        self._ground = QPixmap()
        self.hide()

    def _look(self) -> None:
        # A page that goes takes its cards along.
        if self._target is None or not self._target.isVisible():
            self.leave()
        else:
            self.update(self.area().toAlignedRect().adjusted(-2, -2, 2, 2))

    def area(self) -> QRectF:
        """Where the enlarged thing is."""
        if self._target is None:
            return QRectF()
        factor = self._factor()
        width, height = self._target.width() * factor, self._target.height() * factor
        return QRectF((self.width() - width) / 2, (self.height() - height) / 2, width, height)

    def _factor(self) -> float:
        assert self._target is not None
        room = self.size().width() - 2 * _MARGIN, self.size().height() - 2 * _MARGIN
        return min(_LARGEST, room[0] / max(1, self._target.width()), room[1] / max(1, self._target.height()))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._ground)
        dim = QColor(theme.color("bg"))
        dim.setAlphaF(_DIMMED)
        painter.fillRect(self.rect(), dim)
        if self._target is None:
            return
        area, factor = self.area(), self._factor()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(QPen(theme.color("accent"), 2))
        painter.setBrush(theme.color("surface"))
        painter.drawRoundedRect(area.adjusted(-1, -1, 1, 1), tokens.CARD_RADIUS * factor, tokens.CARD_RADIUS * factor)
        painter.translate(area.topLeft())
        painter.scale(factor, factor)
        # Drawn anew at this size, not as an enlarged picture: letters stay sharp.
        self._target.render(painter, QPoint(), QRegion(), QWidget.RenderFlag.DrawChildren)

    # The mouse -----------------------------------------------------------------------------------

    def _inside(self, place: QPointF) -> QPointF:
        return (place - self.area().topLeft()) / self._factor()

    def _send(self, event: QMouseEvent) -> None:
        if self._target is None or not (self._pressed or self.area().contains(event.position())):
            return
        place = self._inside(event.position())
        child = self._pressed or self._target.childAt(place.toPoint()) or self._target
        if event.type() in (QMouseEvent.Type.MouseButtonPress, QMouseEvent.Type.MouseButtonDblClick):
            self._pressed = child
            if child.focusPolicy() & Qt.FocusPolicy.ClickFocus:
                child.setFocus(Qt.FocusReason.MouseFocusReason)
        local = QPointF(child.mapFrom(self._target, place.toPoint())) if child is not self._target else place
        QApplication.sendEvent(child, QMouseEvent(event.type(), local, QPointF(child.mapToGlobal(local.toPoint())),
                                                  event.button(), event.buttons(), event.modifiers()))
        if event.type() == QMouseEvent.Type.MouseButtonRelease:
            self._pressed = None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._send(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._send(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._send(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._send(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self._target is None or not self.area().contains(event.position()):
            return
        place = self._inside(event.position())
        child = self._target.childAt(place.toPoint()) or self._target
        local = QPointF(child.mapFrom(self._target, place.toPoint())) if child is not self._target else place
        QApplication.sendEvent(child, QWheelEvent(
            local, QPointF(child.mapToGlobal(local.toPoint())), event.pixelDelta(), event.angleDelta(), event.buttons(),
            event.modifiers(), event.phase(), event.inverted()))
