"""Drags of pictures from a grid onto a class, and of classes to another position."""

from __future__ import annotations

import json
from typing import Final

from PySide6.QtCore import QMimeData, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QDrag, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.formatting import format_pictures

MIME: Final = "application/x-cnnstudio-pictures"
CLASS_MIME: Final = "application/x-cnnstudio-class"


def start_drag(source: QWidget, ids: list[int]) -> None:
    """Drag pictures of the index; returns when they were dropped."""
    _drag(source, MIME, json.dumps(ids).encode(), format_pictures(len(ids)))


def drag_class(source: QWidget, name: str) -> None:
    """Drag a class to another position of its list; returns when it was dropped."""
    _drag(source, CLASS_MIME, name.encode(), name[:32])


def dragged_class(mime: QMimeData) -> str:
    """The class of a drag that started in a class list, or ""."""
    return bytes(mime.data(CLASS_MIME).data()).decode() if mime.hasFormat(CLASS_MIME) else ""


def _drag(source: QWidget, kind: str, content: bytes, text: str) -> None:
    data = QMimeData()
    data.setData(kind, content)
    drag = QDrag(source)
    drag.setMimeData(data)
    drag.setPixmap(_drag_picture(text))
    drag.setHotSpot(QPoint(-12, -8))
    drag.exec(Qt.DropAction.CopyAction)


def dragged_ids(mime: QMimeData) -> list[int]:
    """The pictures of a drag that started in a grid."""
    return json.loads(bytes(mime.data(MIME).data())) if mime.hasFormat(MIME) else []


def _drag_picture(text: str) -> QPixmap:
    pixmap = QPixmap(280, 56)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(theme.font("body_strong"))
    width = painter.fontMetrics().horizontalAdvance(text) + 20
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("accent"))
    painter.drawRoundedRect(QRectF(0, 0, width, 26), 13, 13)
    painter.setPen(theme.color("on_accent"))
    painter.drawText(QPointF(10, 18), text)
    painter.end()
    return pixmap
