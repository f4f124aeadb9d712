"""The map itself: a hundred thousand dots to pan, zoom and select, with the pictures behind them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen, QPixmap, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.state.thumbnails import Thumbnails, Wanted, size_for
from cnnstudio.gui.widgets.formatting import format_pictures
from cnnstudio.gui.widgets.map import mosaic
from cnnstudio.gui.widgets.map.camera import Camera
from cnnstudio.gui.widgets.map.card import CARD, paint_card, paint_outline
from cnnstudio.gui.widgets.map.raster import Raster, id_array, mix_with_ground, opaque_pixels, pack_color, unpack_color
from cnnstudio.gui.widgets.picture import thumbnail_face

if TYPE_CHECKING:
    from cnnstudio.datasets.index import Picture

_FINE: Final = 300
"""Up to so many dots are drawn by Qt, with smooth edges at their exact positions."""
_MANY: Final = 20_000
"""More dots than this are drawn with coarse pixels while they move, on screens of high resolution."""
_REST_MS: Final = 120
_PAINT_SECONDS: Final = 0.006
_CACHED_PICTURES: Final = 4096


class DotView(QWidget):
    """Draws the map. `fetch(ids)` returns the pictures, `path_of` their files; ids are those of the index."""

    selection_changed = Signal(list)
    """Ids that the user selected."""
    opened = Signal(int)
    menu_requested = Signal(QPoint)
    label_key = Signal(str)
    exclude_key = Signal()
    view_changed = Signal()
    """The user zoomed or panned."""

    def __init__(self, fetch: Callable[[list[int]], list[Picture]] | None = None,
                 path_of: Callable[[Picture], Path] | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fetch, self._path_of = fetch, path_of
        self.camera = Camera()
        self.ids: NDArray[np.int64] = np.empty(0, np.int64)
        self._position: NDArray[np.float32] = np.empty((0, 2), np.float32)
        self._colors: NDArray[np.uint32] = np.empty(0, np.uint32)
        self._faint: NDArray[np.uint32] = self._colors
        self._order: NDArray[np.intp] = np.empty(0, np.intp)
        self._rank: NDArray[np.intp] = self._order
        self._selected: NDArray[np.bool_] = np.empty(0, np.bool_)
        self._dimmed: NDArray[np.bool_] = self._selected
        self._raster = Raster(1, 1)
        self._layer: QImage | None = None
        self._x: NDArray[np.float32] = np.empty(0, np.float32)
        self._y: NDArray[np.float32] = self._x
        self._placed: list[int] | None = None
        self._faces: dict[tuple[int, int], QPixmap] = {}
        self._pictures: dict[int, Picture] = {}
        self._with_pictures = True
        self.note_of: Callable[[int], str] = lambda _id: ""
        """A line below the class of the picture under the pointer, "" for none."""
        self._hover = self._current = -1
        self._hover_at = QPointF()
        self._outline = QPolygonF()
        self._thumbnails = Thumbnails(self)
        self._thumbnails.arrived.connect(self.update)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._on_rested)
        # Work that a paint had no time for is done by the next.
        self._more = QTimer(self)
        self._more.setSingleShot(True)
        self._more.timeout.connect(self.update)
        self.setMinimumSize(160, 160)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._update_description()

    # Content -------------------------------------------------------------------------------------

    def set_points(self, position: NDArray[np.float32], ids: Sequence[int] | NDArray[np.int64],
                   colors: NDArray[np.uint8], top: NDArray[np.bool_] | None = None) -> None:
        """Show dots: positions (n, 2), the pictures' ids (n,), RGBA (n, 4), which lie on top (n,) if any do.

        The selection is kept by id.
        """
        selected, dimmed = self.selected_ids(), self.ids[self._dimmed]
        fresh = np.asarray(ids, np.int64)
        moved = len(fresh) != len(self.ids) or not np.array_equal(position, self._position)
        self.ids, self._position = fresh, np.ascontiguousarray(position, np.float32)
        self._selected = np.isin(self.ids, selected)
        self._dimmed = np.isin(self.ids, dimmed)
        self._hover = self._current = -1
        self._pictures.clear()
        if moved:
            self.camera.measure(self._position)
            self.camera.fit()
        self.set_colors(colors, top)

    def set_colors(self, colors: NDArray[np.uint8], top: NDArray[np.bool_] | None = None) -> None:
        """Change the colours of the dots: RGBA (n, 4), which of them lie on top (n,)."""
        # In the order of the index one class would lie on top of all others; this order is fixed.
        self._order = np.random.default_rng(0).permutation(len(self.ids))
        if top is not None:
            self._order = self._order[np.argsort(top[self._order], kind="stable")]
        self._rank = np.empty_like(self._order)
        self._rank[self._order[::-1]] = np.arange(len(self._order))
        ground = pack_color(theme.color("bg"))
        self._colors = opaque_pixels(np.asarray(colors, np.uint8), ground)
        self._faint = mix_with_ground(self._colors, ground, 0.22)
        self._faces.clear()
        self._redraw()

    def selected_ids(self) -> list[int]:
        result: list[int] = self.ids[self._selected].tolist()
        return result

    def set_selected(self, ids: Iterable[int]) -> None:
        """Select the pictures that the grid selected; emits nothing."""
        wanted = np.isin(self.ids, id_array(ids))
        if not np.array_equal(wanted, self._selected):
            self._selected = wanted
            self._redraw()

    def show_filtered(self, ids: Iterable[int] | None) -> None:
        """Dim all other dots, they cannot be selected then; None dims none."""
        dimmed = np.zeros(len(self.ids), np.bool_) if ids is None else ~np.isin(self.ids, id_array(ids))
        if not np.array_equal(dimmed, self._dimmed):
            self._dimmed = dimmed
            self._redraw()

    def show_pictures(self, on: bool) -> None:
        """Whether thumbnails replace dots where there is room."""
        self._with_pictures = on
        self.update()

    def forget(self) -> None:
        """The pictures' data changed: fetch them again."""
        self._pictures.clear()
        self.update()

    def close_threads(self) -> None:
        """Stop the decoding threads; the view will be deleted."""
        self._rest.stop()
        self._more.stop()
        self._thumbnails.close()

    def _update_description(self) -> None:
        total, chosen = format_pictures(len(self.ids)), int(self._selected.sum())
        self.setAccessibleName(tr("Map of the pictures", "Mapa de las imágenes"))
        self.setAccessibleDescription(tr("{n}, {m} selected", "{n}, {m} seleccionadas", n=total, m=chosen))

    # Geometry ------------------------------------------------------------------------------------

    @property
    def _visible(self) -> float:
        """The approximate number of dots in view at this zoom, the same at every position."""
        return len(self.ids) / max(1.0, self.camera.zoom) ** 2

    @property
    def radius(self) -> float:
        """The radius of the dots in pixels: larger with fewer dots, the same at every position."""
        room = np.sqrt(self.camera.width * self.camera.height * 0.25 / max(1.0, self._visible))
        return float(min(5.0, max(1.2, 0.35 * room)))

    def row_at(self, point: QPointF) -> int:
        """The dot (or picture) under a point, or -1."""
        if self._placed:
            half = self._side() / 2
            for row in self._placed:
                if abs(self._x[row] - point.x()) <= half and abs(self._y[row] - point.y()) <= half:
                    return row
        if not len(self._x):
            return -1
        apart = (self._x - np.float32(point.x())) ** 2 + (self._y - np.float32(point.y())) ** 2
        apart[self._dimmed] = np.inf
        row = int(np.argmin(apart))
        return row if apart[row] <= max(8.0, self.radius + 4) ** 2 else -1

    def point_of(self, row: int) -> QPointF:
        """The position of a dot on the screen."""
        x, y = self.camera.to_screen(self._position[row:row + 1])
        return QPointF(float(x[0]), float(y[0]))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.camera.resize(self.width(), self.height())
        self._redraw()

    @property
    def _fades(self) -> bool:
        """Whether a selection makes the other dots faint."""
        return True

    def _redraw(self) -> None:
        self._layer = self._placed = None
        self._update_description()
        self.update()

    # Drawing -------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._layer is None:
            self._draw_layer()
        assert self._layer is not None
        painter.drawImage(0, 0, self._layer)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        missing: list[Wanted] = []
        self._paint_pictures(painter, missing)
        self._paint_links(painter)
        self._paint_marks(painter)
        paint_outline(painter, self._outline)
        if 0 <= self._hover < len(self.ids) and self._outline.isEmpty():
            self._paint_card(painter, missing)
        self._thumbnails.want(missing)

    def _on_rested(self) -> None:
        """Movement ended: redraw all dots with the finest pixels."""
        self._layer = None
        self._draw_layer(at_rest=True)
        self.update()

    def _draw_layer(self, at_rest: bool = False) -> None:
        """Draw all dots: the dimmed ones first, then the others, the selected ones with a rim on top."""
        ratio = self.devicePixelRatioF()
        if ratio > 1 and not at_rest and self._visible > _MANY:
            ratio = 1.0
            self._rest.start()
        width, height = round(self.width() * ratio), round(self.height() * ratio)
        if (self._raster.width, self._raster.height) != (max(1, width), max(1, height)):
            self._raster = Raster(width, height)
        raster = self._raster
        raster.clear(pack_color(theme.color("bg")))
        x, y = self.camera.to_screen(self._position, ratio)
        self._x, self._y = (x, y) if ratio == 1.0 else (x / np.float32(ratio), y / np.float32(ratio))
        rows = self._order[raster.inside(x[self._order], y[self._order])]
        chosen = self._selected[rows] & ~self._dimmed[rows]
        faint = self._dimmed[rows] | (~chosen if self._fades and self._selected.any() else False)
        fine = len(rows) <= _FINE
        self._layer = raster.image()
        self._layer.setDevicePixelRatio(ratio)
        radius = self.radius * ratio
        rim = pack_color(theme.color("text"))
        groups = ((rows[faint], self._faint, radius), (rows[~faint & ~chosen], self._colors, radius),
                  (rows[chosen], rim, radius + max(ratio, 0.4 * radius)), (rows[chosen], self._colors, radius))
        if fine:
            painter = QPainter(self._layer)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            for group, colors, size in groups:
                self._draw_fine(painter, group, colors, size / ratio)
            painter.end()
            return
        for group, colors, size in groups:
            if len(group):
                raster.dots(x[group], y[group], colors if isinstance(colors, int) else colors[group], size)

    def _draw_fine(self, painter: QPainter, rows: NDArray[np.intp], colors: NDArray[np.uint32] | int,
                   radius: float) -> None:
        pen = QPen(Qt.GlobalColor.black, 2 * radius, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
        values = np.full(len(rows), colors, np.uint32) if isinstance(colors, int) else colors[rows]
        for value in np.unique(values).tolist():
            pen.setColor(unpack_color(value))
            painter.setPen(pen)
            same = rows[values == value]
            painter.drawPoints([QPointF(across, down) for across, down in
                                zip(self._x[same].tolist(), self._y[same].tolist(), strict=True)])

    def _side(self) -> int:
        """The side of the thumbnails, 0 while there are none."""
        if not self._with_pictures or self._fetch is None:
            return 0
        return mosaic.thumbnail_side(self.camera.width, self.camera.height, self._visible)

    def _paint_pictures(self, painter: QPainter, missing: list[Wanted]) -> None:
        side = self._side()
        if not side:
            self._placed = []
            return
        if self._placed is None:
            near = (self._x > -side) & (self._x < self.width() + side) & (self._y > -side) & (
                self._y < self.height() + side) & ~self._dimmed
            rows = np.flatnonzero(near)
            # Selected ones come first, so that they stay visible.
            rows = rows[np.lexsort((self._rank[rows], ~self._selected[rows]))]
            self._placed = mosaic.place_thumbnails(self._x, self._y, rows, side)
        fade = self._fades and bool(self._selected.any())
        self._look_up(self._placed)
        until = time.perf_counter() + _PAINT_SECONDS
        for row in reversed(self._placed):
            face = self._faces.get((row, side)) or self._face(row, side, missing, until)
            if face is None:
                continue
            rect = QRectF(round(float(self._x[row])) - side / 2, round(float(self._y[row])) - side / 2, side, side)
            if fade and not self._selected[row]:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.color("bg"))
                painter.drawRoundedRect(rect, 8, 8)
                painter.setOpacity(0.3)
            if face.width() == round(side * self.devicePixelRatioF()):
                painter.drawPixmap(rect.topLeft(), face)
            else:
                painter.drawPixmap(rect, face, QRectF(face.rect()))
            painter.setOpacity(1.0)
            if self._selected[row]:
                painter.setPen(QPen(theme.color("text"), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRoundedRect(rect.adjusted(-1, -1, 1, 1), 8, 8)

    def _look_up(self, rows: Iterable[int]) -> None:
        """Fetch the pictures of these dots that are missing, all at once."""
        unknown = [int(self.ids[row]) for row in rows if int(self.ids[row]) not in self._pictures]
        if unknown and self._fetch is not None:
            if len(self._pictures) > _CACHED_PICTURES:
                self._pictures.clear()
            self._pictures.update({picture.id: picture for picture in self._fetch(unknown)})

    def _image(self, row: int, pixels: float, missing: list[Wanted]) -> QImage | None:
        picture = self._pictures.get(int(self.ids[row]))
        if picture is None or self._path_of is None or picture.problem is not None:
            return None
        wanted = Wanted(picture.id, self._path_of(picture), picture.size, picture.modified_ns,
                        size_for(pixels * self.devicePixelRatioF()))
        image = self._thumbnails.get(wanted)
        if image is None:
            missing.append(wanted)
            return None
        return None if image.isNull() else image

    def _face(self, row: int, side: int, missing: list[Wanted], until: float) -> QPixmap | None:
        """The square thumbnail with its dot's colour around it, drawn if there is time before `until`; else one of
        another size, or None."""
        late = time.perf_counter() > until
        image = None if late else self._image(row, side, missing)
        if image is None:
            if late:
                self._more.start()
            return next((self._faces[row, size] for size in mosaic.SIZES if (row, size) in self._faces), None)
        inner = thumbnail_face(image, None, side - 4, self.devicePixelRatioF())
        face = QPixmap(round(side * self.devicePixelRatioF()), round(side * self.devicePixelRatioF()))
        face.setDevicePixelRatio(self.devicePixelRatioF())
        face.fill(Qt.GlobalColor.transparent)
        painter = QPainter(face)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(unpack_color(int(self._colors[row])))
        painter.drawRoundedRect(QRectF(0, 0, side, side), 8, 8)
        painter.drawPixmap(2, 2, inner)
        painter.end()
        if len(self._faces) > _CACHED_PICTURES // 4:
            self._faces.clear()
        self._faces[row, side] = face
        return face

    def _paint_marks(self, painter: QPainter) -> None:
        """Draw rings around the dots under the pointer and the keyboard."""
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for row, token in ((self._current if self.hasFocus() else -1, "accent"), (self._hover, "text")):
            if 0 <= row < len(self.ids):
                reach = self.radius + 4
                side = self._side()
                rect = QRectF(self._x[row] - reach, self._y[row] - reach, 2 * reach, 2 * reach)
                painter.setPen(QPen(theme.color(token), 2))
                if side and self._placed and row in self._placed:
                    rect = QRectF(round(float(self._x[row])) - side / 2, round(float(self._y[row])) - side / 2, side, side)
                    painter.drawRoundedRect(rect.adjusted(-2, -2, 2, 2), 8, 8)
                else:
                    painter.drawEllipse(rect)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)

    def _paint_links(self, painter: QPainter) -> None:
        """Draw what connects dots; here nothing does."""

    def _paint_card(self, painter: QPainter, missing: list[Wanted]) -> None:
        """Draw the card of the picture under the pointer, with its name, class and note."""
        self._look_up([self._hover])
        picture = self._pictures.get(int(self.ids[self._hover]))
        if picture is not None:
            paint_card(painter, self.rect(), self._hover_at, self._image(self._hover, CARD, missing),
                       unpack_color(int(self._colors[self._hover])), picture.name, picture.class_name, self.note_of(picture.id))
