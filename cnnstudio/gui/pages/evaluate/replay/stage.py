"""The stage of the time machine: one epoch, with what can be pointed at."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QHelpEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.evaluate.replay.painting import Region, paint_scene
from cnnstudio.gui.pages.evaluate.replay.scene import Scene


class Stage(QWidget):
    """`cell_chosen(true class, predicted class)` and `picture_chosen(number of the fixed picture)` on a click."""

    cell_chosen = Signal(int, int)
    picture_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Scene | None = None
        self._index = 0
        self._regions: list[Region] = []
        self.setMinimumSize(420, 320)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setAccessibleName(tr("Epoch", "Época"))

    def sizeHint(self) -> QSize:
        return QSize(760, 460)

    def show_epoch(self, scene: Scene | None, index: int) -> None:
        """Show the epoch number `index` of a scene."""
        self._scene, self._index = scene, index
        if scene is not None:
            self.setAccessibleDescription(f"{scene.title(index)}: {scene.figures(index)}")
        self.update()

    def _at(self, point: QPointF) -> Region | None:
        return next((region for region in self._regions if region.rect.contains(point)), None)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._scene is not None:
            painter = QPainter(self)
            self._regions = paint_scene(painter, QRectF(self.rect()), self._scene, self._index, theme.name(), ground=False)

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            region = self._at(QPointF(event.pos()))
            if region is not None:
                QToolTip.showText(event.globalPos(), region.text, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self._at(event.position()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        region = self._at(event.position())
        if region is None:
            super().mousePressEvent(event)
        elif region.cell is not None:
            self.cell_chosen.emit(*region.cell)
        elif region.picture is not None:
            self.picture_chosen.emit(region.picture)
