"""Pictures of an evaluation with their maps over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPainterPath
from PySide6.QtWidgets import QWidget

from cnnstudio.core.problems import Problem
from cnnstudio.core.text import tr
from cnnstudio.gui.look import icons, theme, tokens
from cnnstudio.gui.pages.evaluate.answer_grid import AnswerGrid
from cnnstudio.gui.pages.evaluate.results import Answer
from cnnstudio.gui.pages.explanation.maps import LoadedMap, MapLook
from cnnstudio.gui.widgets.picture import Overlay, draw_rounded, fit_rect, paint_overlay


class OverlayGrid(AnswerGrid):
    """The whole picture in each cell, with its map. A click opens a picture, as Enter does; `map_key` for M."""

    map_key = Signal()
    cell = 124

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(lambda _answers: {}, parent)
        self._maps: Mapping[Path, LoadedMap] = {}
        self._problems: Mapping[Path, Problem] = {}
        self._look = MapLook()
        self._drawn: dict[LoadedMap, Overlay | None] = {}
        self.setAccessibleName(tr("Explained pictures", "Imágenes explicadas"))
        self.label_key.connect(self._on_key)

    def show_maps(self, maps: Mapping[Path, LoadedMap], problems: Mapping[Path, Problem], look: MapLook) -> None:
        """Draw these maps over the pictures of these files."""
        if (look.palette, look.positive, look.shown) != (self._look.palette, self._look.positive, self._look.shown):
            self._drawn.clear()
        self._maps, self._problems, self._look = maps, problems, look
        there = set(maps.values())
        self._drawn = {found: overlay for found, overlay in self._drawn.items() if found in there}
        self.viewport().update()

    def overlay_of(self, answer: Answer) -> Overlay | None:
        """What is drawn over a picture."""
        found = self._maps.get(answer.file)
        if found is None:
            return None
        if found not in self._drawn:
            self._drawn[found] = found.overlay(self._look)
        overlay = self._drawn[found]
        return None if overlay is None else replace(overlay, opacity=self._look.strength)

    def _paint_face(self, painter: QPainter, answer: Answer, image: QImage | None, square: QRect) -> None:
        area = QRectF(square)
        path = QPainterPath()
        path.addRoundedRect(area, tokens.THUMBNAIL_RADIUS, tokens.THUMBNAIL_RADIUS)
        painter.fillPath(path, theme.color("sunk"))
        if image is not None:
            target = fit_rect(image.size(), area)
            painter.save()
            painter.setClipPath(path)
            draw_rounded(painter, image, target, 0)
            overlay = self.overlay_of(answer)
            if overlay is not None:
                paint_overlay(painter, overlay, target)
            painter.restore()
        if answer.file in self._problems and image is not None:
            icons.paint(painter, QRectF(area.right() - 24, area.y() + 6, 18, 18), "warning", "warn")

    def answer_text(self, answer: Answer) -> str:
        problem = self._problems.get(answer.file)
        return super().answer_text(answer) + (f"\n{problem.text}" if problem is not None else "")

    def _on_key(self, text: str) -> None:
        if text.lower() == "m":
            self.map_key.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        row = self.row_at(event.position().toPoint())
        if event.button() == Qt.MouseButton.LeftButton and row >= 0 and row == self._pressed_row:
            self.open_row(row)
        else:
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """The first click opened the picture."""
