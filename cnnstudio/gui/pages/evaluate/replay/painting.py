"""Painting one epoch of the time machine, for the window and for films alike. Lengths are logical pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from cnnstudio.core.display import format_percent
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.look.tokens import THEMES, Tokens
from cnnstudio.gui.pages.evaluate.replay.scene import Scene
from cnnstudio.gui.widgets.picture import draw_rounded, fit_rect, image_of

_MARGIN: Final = 16.0
_GAP: Final = 16.0
_LABELLED: Final = 24
"""Up to so many classes are named beside the matrix."""
_TOP: Final = 3
"""So many classes of each fixed picture have a bar."""


@dataclass(frozen=True)
class Region:
    """A part of the scene that can be pointed at: a cell of the matrix (true and predicted class), or a fixed picture."""

    rect: QRectF
    text: str
    cell: tuple[int, int] | None = None
    picture: int | None = None


def paint_scene(painter: QPainter, room: QRectF, scene: Scene, index: int, theme_name: str = "light", *,
                ground: bool = True) -> list[Region]:
    """Paint the epoch number `index` of a scene into a room; answers what can be pointed at."""
    tokens = THEMES[theme_name]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if ground:
        painter.fillRect(room, QColor(tokens.bg))
    inner = room.adjusted(_MARGIN, 10, -_MARGIN, -10)
    _text(painter, QRectF(inner.x(), inner.y(), inner.width(), 26), scene.title(index), "title", tokens.text)
    taken = painter.fontMetrics().horizontalAdvance(scene.title(index)) + 16
    _text(painter, QRectF(inner.x() + taken, inner.y(), inner.width() - taken, 26), scene.figures(index), "secondary",
          tokens.dim, Qt.AlignmentFlag.AlignRight)
    body = inner.adjusted(0, 34, 0, 0)
    count = len(scene.replays[index].fixed)
    columns = min(count, 12 if body.width() >= 1600 else 6) or 1
    lines = -(-count // columns) if count else 0
    # As high as the pictures become: the rest belongs to matrix and map.
    high = min(0.46 * body.height(), lines * (_share_of(body.width() / columns) + 28)) if lines else 0.0
    upper = QRectF(body.x(), body.y(), body.width(), body.height() - high - (_GAP if lines else 0))
    side = min(upper.height(), 0.38 * upper.width())
    curve = min(0.30 * upper.width(), 340.0)
    regions = _paint_matrix(painter, QRectF(upper.x(), upper.y(), side, upper.height()), scene, index, tokens)
    left = upper.x() + side + _GAP
    _paint_map(painter, QRectF(left, upper.y(), upper.right() - left - curve - _GAP, upper.height()), scene, index, tokens)
    _paint_curve(painter, QRectF(upper.right() - curve, upper.y(), curve, upper.height()), scene, index, tokens)
    if lines:
        strip = QRectF(body.x(), body.bottom() - high, body.width(), high)
        regions += _paint_strip(painter, strip, scene, index, columns, lines, tokens)
    return regions


def _text(painter: QPainter, rect: QRectF, text: str, style: str, color: str,
          align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft) -> None:
    painter.setFont(theme.font(style))
    painter.setPen(QColor(color))
    painter.drawText(rect, align | Qt.AlignmentFlag.AlignVCenter, painter.fontMetrics().elidedText(
        text, Qt.TextElideMode.ElideRight, round(rect.width())))


def _mixed(first: str, second: str, share: float) -> QColor:
    """From the first colour to the second."""
    low, high = QColor(first), QColor(second)
    return QColor(*(round(getattr(low, part)() * (1 - share) + getattr(high, part)() * share)
                    for part in ("red", "green", "blue")))


def _paint_matrix(painter: QPainter, room: QRectF, scene: Scene, index: int, tokens: Tokens) -> list[Region]:
    names, confusion = scene.class_names, scene.replays[index].confusion
    count = len(names)
    _text(painter, QRectF(room.x(), room.y(), room.width(), 18), tr("Confusion matrix", "Matriz de confusión"), "body_strong",
          tokens.text)
    area = room.adjusted(0, 22, 0, 0)
    painter.setFont(theme.font("secondary"))
    labelled = count <= _LABELLED
    wide = min(0.3 * area.width(), 8.0 + max((painter.fontMetrics().horizontalAdvance(name) for name in names), default=0)
               ) if labelled else 0.0
    cell = max(1.0, min((area.width() - wide) / count, (area.height() - (18 if labelled else 0)) / count))
    labelled = labelled and cell >= 12
    start = QPointF(area.x() + wide, area.y())
    totals = np.maximum(1, confusion.sum(axis=1, keepdims=True))
    shares = confusion / totals
    regions = []
    for true in range(count):
        for predicted in range(count):
            rect = QRectF(start.x() + predicted * cell, start.y() + true * cell, cell, cell)
            share = float(shares[true, predicted])
            shade = tokens.accent if true == predicted else tokens.error
            color = _mixed(tokens.raised, shade, share ** 0.6 if share else 0.0)
            gap = 1.0 if cell >= 8 else 0.0
            painter.fillRect(rect.adjusted(0, 0, -gap, -gap), color)
            number = int(confusion[true, predicted])
            if cell >= 20 and number:
                painter.setPen(theme.on_color(color))
                painter.setFont(theme.font("secondary"))
                if painter.fontMetrics().horizontalAdvance(str(number)) <= cell - 2:
                    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, str(number))
            regions.append(Region(rect, tr("{true} predicted as {predicted}: {n}", "{true} predichas como {predicted}: {n}",
                                           true=names[true], predicted=names[predicted], n=number), cell=(true, predicted)))
        if labelled:
            _text(painter, QRectF(area.x(), start.y() + true * cell, wide - 6, cell), names[true], "secondary", tokens.dim,
                  Qt.AlignmentFlag.AlignRight)
    if labelled:
        for predicted in range(count):
            rect = QRectF(start.x() + predicted * cell - 2, start.y() + count * cell, cell + 4, 18)
            _text(painter, rect, names[predicted], "secondary", tokens.dim, Qt.AlignmentFlag.AlignHCenter)
    return regions


def _paint_map(painter: QPainter, room: QRectF, scene: Scene, index: int, tokens: Tokens) -> None:
    _text(painter, QRectF(room.x(), room.y(), room.width(), 18), tr("Map of features", "Mapa de características"),
          "body_strong", tokens.text)
    area = room.adjusted(0, 22, 0, 0)
    painter.setPen(QPen(QColor(tokens.line), 1))
    painter.setBrush(QColor(tokens.sunk))
    painter.drawRoundedRect(area, 8, 8)
    replay, position = scene.replays[index], scene.positions[index]
    half = QPointF(area.width() / 2 - 10, area.height() / 2 - 10)
    x = area.center().x() + position[:, 0] * half.x()
    y = area.center().y() - position[:, 1] * half.y()
    wrong = replay.probabilities.argmax(axis=1) != replay.labels
    radius = float(np.clip(26 / np.sqrt(max(1, len(x))), 1.6, 4.0))
    mistakes, others = np.flatnonzero(wrong), np.flatnonzero(~wrong)
    for rows, size in ((others, radius), (mistakes, radius + 1.2), (mistakes, radius)):
        ring = size > radius
        for label in np.unique(replay.labels[rows]).tolist():
            same = rows[replay.labels[rows] == label]
            color = QColor(tokens.text) if ring else scene.colors[label]
            painter.setPen(QPen(color, 2 * size, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPoints([QPointF(across, down)
                                for across, down in zip(x[same].tolist(), y[same].tolist(), strict=True)])


def _paint_curve(painter: QPainter, room: QRectF, scene: Scene, index: int, tokens: Tokens) -> None:
    _text(painter, QRectF(room.x(), room.y(), room.width(), 18), tr("Accuracy", "Exactitud"), "body_strong", tokens.text)
    area = room.adjusted(50, 30, -6, -22)
    values = [replay.accuracy for replay in scene.replays]
    low = float(np.floor(10 * min(values)) / 10)
    span = max(0.1, 1.0 - low)
    first, last = scene.epochs[0], scene.epochs[-1]

    def at(number: int) -> QPointF:
        share = (scene.epochs[number] - first) / (last - first) if last > first else 0.5
        return QPointF(area.x() + share * area.width(), area.bottom() - (values[number] - low) / span * area.height())

    for step in range(3):
        value = low + span * step / 2
        y = area.bottom() - step / 2 * area.height()
        painter.setPen(QPen(QColor(tokens.line), 1))
        painter.drawLine(QLineF(area.x(), y, area.right(), y))
        _text(painter, QRectF(room.x(), y - 9, 44, 18), format_percent(value, 0), "secondary", tokens.dim,
              Qt.AlignmentFlag.AlignRight)
    for epoch, align in ((first, Qt.AlignmentFlag.AlignLeft), (last, Qt.AlignmentFlag.AlignRight)):
        if epoch != first or align == Qt.AlignmentFlag.AlignLeft:
            _text(painter, QRectF(area.x(), area.bottom() + 3, area.width(), 18), str(epoch), "secondary", tokens.dim, align)
    points = [at(number) for number in range(len(scene))]
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(tokens.accent), 2))
    painter.drawPolyline(QPolygonF(points))
    painter.setPen(QPen(QColor(tokens.dim), 1, Qt.PenStyle.DashLine))
    painter.drawLine(QLineF(points[index].x(), area.y(), points[index].x(), area.bottom()))
    painter.setPen(QPen(QColor(tokens.bg), 2))
    painter.setBrush(QColor(tokens.accent))
    painter.drawEllipse(points[index], 5, 5)


def _paint_strip(painter: QPainter, room: QRectF, scene: Scene, index: int, columns: int, lines: int, tokens: Tokens
                 ) -> list[Region]:
    replay = scene.replays[index]
    shown = replay.overlays if len(replay.overlays) else replay.fixed_pixels
    wide, high = room.width() / columns, room.height() / lines
    regions = []
    for number in range(len(replay.fixed)):
        cell = QRectF(room.x() + number % columns * wide, room.y() + number // columns * high, wide - 10, high - 8)
        label, chances = int(replay.fixed_labels[number]), replay.fixed_probabilities[number]
        predicted = int(chances.argmax())
        side = min(cell.height() - 20, _share_of(wide))
        square = QRectF(cell.x(), cell.y() + 20, side, side)
        image = image_of(np.ascontiguousarray(shown[number]))
        draw_rounded(painter, image, fit_rect(image.size(), square), 6)
        names = scene.class_names
        right = label in (-1, predicted)
        text = names[predicted] if right else f"{names[label]} → {names[predicted]}"
        _text(painter, QRectF(cell.x(), cell.y(), cell.width(), 18), text, "body_strong",
              tokens.text if right else tokens.error)
        bars = QRectF(square.right() + 8, square.y(), cell.right() - square.right() - 8, square.height())
        _paint_bars(painter, bars, chances, scene, label, tokens)
        regions.append(Region(cell, f"{replay.fixed[number]}\n{text} {format_percent(float(chances[predicted]))}",
                              picture=number))
    return regions


def _share_of(wide: float) -> float:
    """The side of a followed picture in a cell of that width, beside its bars."""
    return 0.56 * (wide - 10)


def _paint_bars(painter: QPainter, room: QRectF, chances: np.ndarray, scene: Scene, label: int, tokens: Tokens) -> None:
    """The most probable classes, and the true one in the place of the last where it is not among them."""
    order = np.argsort(-chances, kind="stable")[:_TOP].tolist()
    if label >= 0 and label not in order:
        order[-1] = label
    high = min(22.0, room.height() / max(1, len(order)))
    for place, number in enumerate(order):
        line = QRectF(room.x(), room.y() + place * high, room.width(), high)
        track = QRectF(line.x(), line.bottom() - 6, line.width(), 4)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(tokens.line))
        painter.drawRoundedRect(track, 2, 2)
        filled = QRectF(track.x(), track.y(), max(2.0, track.width() * float(chances[number])), 4)
        painter.setBrush(scene.colors[number])
        painter.drawRoundedRect(filled, 2, 2)
        upper = line.adjusted(0, 0, 0, -7)
        if high < 16:
            continue
        percent = format_percent(float(chances[number]), 0)
        painter.setFont(theme.font("secondary"))
        taken = painter.fontMetrics().horizontalAdvance(percent) if upper.width() >= 58 else 0
        _text(painter, upper.adjusted(0, 0, -taken - 2, 0), scene.class_names[number], "secondary",
              tokens.text if number == label else tokens.dim)
        if taken:
            _text(painter, upper, percent, "secondary", tokens.dim, Qt.AlignmentFlag.AlignRight)
