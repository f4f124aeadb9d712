"""Half a landscape, half its edges."""

from __future__ import annotations

import cv2
import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter, QPen

from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.picture import fit_rect, image_of
from cnnstudio.learning.benches.pictures.samples import draw_sample


def paint(painter: QPainter, room: QRectF) -> None:
    before = draw_sample("landscape")
    after = np.asarray(cv2.Canny(np.asarray(cv2.cvtColor(before, cv2.COLOR_RGB2GRAY), np.uint8), 60, 140), np.uint8)
    image = image_of(before)
    place = fit_rect(image.size(), room)
    middle = place.x() + place.width() * 0.5
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(place, image)
    painter.setClipRect(QRectF(middle, place.y(), place.width() / 2, place.height()))
    painter.drawImage(place, image_of(after))
    painter.setClipping(False)
    painter.setPen(QPen(theme.color("accent"), 2))
    painter.drawLine(QPointF(middle, place.top()), QPointF(middle, place.bottom()))
