"""The finished thumbnails of a grid: decoded in threads, drawn a few per frame, cached within limits."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QPixmap

from cnnstudio.gui.state.thumbnails import Thumbnails, Wanted, size_for
from cnnstudio.gui.widgets.picture import thumbnail_face

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from cnnstudio.datasets.index import Picture

_BYTES: Final = 64 << 20
_SECONDS: Final = 0.005
"""Time per frame for drawing newly decoded thumbnails."""


class GridFaces(QObject):
    """Square pictures with round corners, border and class; an empty well for a missing one.

    Between `begin_frame` and `end_frame` the grid requests the `face` of every visible picture.
    """

    arrived = Signal()
    """Thumbnails were decoded: repaint."""

    def __init__(self, path_of: Callable[[Picture], Path], color_of: Callable[[Picture], QColor], parent: QObject) -> None:
        super().__init__(parent)
        self._path_of, self._color_of = path_of, color_of
        self._size, self._ratio = 0, 1.0
        self._faces: OrderedDict[int, tuple[QPixmap, tuple[object, ...]]] = OrderedDict()
        self._well: QPixmap | None = None
        self._missing: list[Wanted] = []
        self._late, self._left = 0.0, False
        self._thumbnails = Thumbnails(self)
        self._thumbnails.arrived.connect(self.arrived)

    def clear(self) -> None:
        """Clear the cache: other pictures may have the same ids."""
        self._faces.clear()

    def close_threads(self) -> None:
        """Stop the decoding threads; the grid will be deleted."""
        self._thumbnails.close()

    def begin_frame(self, size: int, ratio: float) -> None:
        """Start a frame with pictures of `size` pixels a side, at `ratio` device pixels each."""
        if (size, ratio) != (self._size, self._ratio):
            self._faces.clear()
            self._well = None
            self._size, self._ratio = size, ratio
        self._missing = []
        self._late, self._left = time.perf_counter() + _SECONDS, False

    def end_frame(self, distance: Callable[[int], float]) -> bool:
        """Request missing thumbnails, the nearest first by the id's `distance`; True where faces are left to draw."""
        self._missing.sort(key=lambda wanted: distance(wanted.key))  # type: ignore[arg-type]
        self._thumbnails.want(self._missing)
        return self._left

    def face(self, picture: Picture) -> QPixmap:
        """The finished picture, or an empty well."""
        color = self._color_of(picture) if picture.problem is None else None
        looks = (color, picture.path, picture.size, picture.modified_ns)
        cached = self._faces.get(picture.id)
        if cached is not None and cached[1] == looks:
            self._faces.move_to_end(picture.id)
            return cached[0]
        image: QImage | None = None
        if color is not None:
            wanted = self._wanted(picture)
            image = self._thumbnails.get(wanted)
            if image is None:
                self._missing.append(wanted)
        if image is None or image.isNull():
            return self._blank()
        if time.perf_counter() > self._late:
            # Many arrived at once: the others follow in the next frame, so that scrolling stays smooth.
            self._left = True
            return self._blank()
        face = thumbnail_face(image, color, self._size, self._ratio)
        self._faces[picture.id] = (face, looks)
        cost = face.width() * face.height() * 4
        while len(self._faces) * cost > _BYTES and len(self._faces) > 1:
            self._faces.popitem(last=False)
        return face

    def _wanted(self, picture: Picture) -> Wanted:
        size = size_for(self._size * self._ratio * 1.25)
        return Wanted(picture.id, self._path_of(picture), picture.size, picture.modified_ns, size)

    def _blank(self) -> QPixmap:
        if self._well is None:
            self._well = thumbnail_face(None, None, self._size, self._ratio)
        return self._well
