"""Pictures that are dragged from a grid onto a class."""

from __future__ import annotations

import json
from typing import Final

from PySide6.QtCore import QMimeData, QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QDrag, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from cnnstudio.gui import theme
from cnnstudio.gui.widgets.words import pictures

MIME: Final = "application/x-cnnstudio-pictures"


def start_drag(source: QWidget, ids: list[int]) -> None:
    """Drag pictures of the index; returns when they were dropped."""
    data = QMimeData()
    data.setData(MIME, json.dumps(ids).encode())
    drag = QDrag(source)
    drag.setMimeData(data)
    drag.setPixmap(_drag_picture(pictures(len(ids))))
    drag.setHotSpot(QPoint(-12, -8))
    drag.exec(Qt.DropAction.CopyAction)


def dragged_ids(mime: QMimeData) -> list[int]:
    """The pictures of a drag that started in a grid."""
    return json.loads(bytes(mime.data(MIME).data())) if mime.hasFormat(MIME) else []


def _drag_picture(text: str) -> QPixmap:
    made = QPixmap(280, 56)
    made.setDevicePixelRatio(2)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(theme.font("body_strong"))
    width = painter.fontMetrics().horizontalAdvance(text) + 20
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.color("accent"))
    painter.drawRoundedRect(QRectF(0, 0, width, 26), 13, 13)
    painter.setPen(theme.color("on_accent"))
    painter.drawText(QPointF(10, 18), text)
    painter.end()
    return made
