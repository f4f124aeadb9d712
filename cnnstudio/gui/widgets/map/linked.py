"""A map whose dots can be connected by lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QLineF, QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.map.gestures import MapView


class LinkedMapView(MapView):
    """Connects one dot with others, such as its neighbours: a line to each in its colour, and a ring around it."""

    _links: tuple[int, tuple[tuple[int, QColor, bool], ...]] = (-1, ())

    def set_links(self, start: int, links: Sequence[tuple[int, QColor, bool]] = ()) -> None:
        """Connect the dot with the id `start` with those of these ids; the last value: with a solid line, else a dashed one.
        -1 connects nothing."""
        self._links = start, tuple(links)
        self._redraw()

    @property
    def _fades(self) -> bool:
        # What lies around a picture and its neighbours is a part of its neighbourhood.
        return not self._links[1]

    def reveal(self, row: int) -> None:
        """Bring a dot to sight, and the keyboard's mark to it."""
        self._current = row
        self.camera.show(*(float(value) for value in self._position[row]))
        self._redraw()

    def _paint_links(self, painter: QPainter) -> None:
        start, links = self._links
        begin = self._at(start) if links else None
        if begin is None:
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        ground = theme.color("bg")
        for identifier, color, solid in links:
            end = self._at(identifier)
            if end is None:
                continue
            # A wider line of the ground below keeps it visible over a crowd of dots.
            for shade, width in ((ground, 4.0), (color, 2.0)):
                style = Qt.PenStyle.SolidLine if solid or shade is ground else Qt.PenStyle.DotLine
                painter.setPen(QPen(shade, width, style, Qt.PenCapStyle.RoundCap))
                painter.drawLine(QLineF(begin, end))
            painter.setPen(QPen(theme.color("text"), 1.5))
            painter.setBrush(color)
            painter.drawEllipse(end, self.radius + 2, self.radius + 2)
            painter.setBrush(Qt.BrushStyle.NoBrush)
        # A thumbnail has the frame of the selection.
        if not any(self.ids[row] == start for row in self._placed or ()):
            painter.setPen(QPen(theme.color("text"), 2.5))
            painter.drawEllipse(begin, self.radius + 6, self.radius + 6)

    def _at(self, identifier: int) -> QPointF | None:
        """Where the dot of that id is on the screen."""
        rows = np.flatnonzero(self.ids == identifier)
        return QPointF(float(self._x[rows[0]]), float(self._y[rows[0]])) if len(rows) else None
