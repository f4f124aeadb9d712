"""The accuracy of each bin of a property as a bar with its interval; a bar opens its pictures."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from cnnstudio.catalog.properties import PictureProperty
from cnnstudio.core.text import tr
from cnnstudio.evaluation.by_property import PropertyAccuracy, PropertyBin
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.basics import Button, Elided, Label, clear
from cnnstudio.gui.widgets.formatting import format_count, format_percent, format_pictures
from cnnstudio.gui.widgets.plots import legend_label
from cnnstudio.workers.property_texts import bin_label

_BAR = 12
_NAME = 132


class PropertyBars(QWidget):
    """`opened(bin, wrong only)`: the user wants to see pictures."""

    opened = Signal(object, bool)

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(8)
        self._grid.setColumnStretch(1, 1)
        self.bars: list[ShareBar] = []

    def show_bins(self, entry: PictureProperty, result: PropertyAccuracy) -> None:
        """Show the bins of a property."""
        clear(self._grid)
        self.bars = []
        for line, item in enumerate(result.bins):
            name = bin_label(entry, item)
            token = "dim" if item.kind in ("missing", "other") else "text"
            label = Elided(name, "body", token, mode=Qt.TextElideMode.ElideMiddle)
            label.setFixedWidth(_NAME)
            bar = ShareBar(name, item, result.accuracy)
            bar.clicked.connect(partial(self.opened.emit, item, False))
            mark = "" if not bar.tone else " ▼" if item.accuracy < result.accuracy else " ▲"
            value = Label(format_percent(item.accuracy) + mark, "body_strong" if bar.tone else "body", bar.tone or "text")
            value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            low, high = (format_percent(end) for end in item.interval)
            value.setToolTip(tr("95% interval: {low} to {high}", "Intervalo del 95 %: de {low} a {high}", low=low, high=high))
            wrong = item.pictures - item.right
            every = Button(format_count(item.pictures), "link", tooltip=tr("Show its pictures", "Ver sus imágenes"),
                           on_click=partial(self.opened.emit, item, False))
            every.setAccessibleName(tr("{name}: show {n}", "{name}: ver {n}", name=name, n=format_pictures(item.pictures)))
            only = Button(tr("{n} wrong", "{n} errores", n=format_count(wrong)) if wrong != 1 else tr("1 wrong", "1 error"),
                          "link", tooltip=tr("Show its wrong answers only", "Ver solo sus errores"),
                          on_click=partial(self.opened.emit, item, True))
            only.setAccessibleName(f"{name}: {only.text()}")
            only.setEnabled(wrong > 0)
            self.bars.append(bar)
            for place, widget in enumerate((label, bar, value, every, only)):
                side = Qt.AlignmentFlag.AlignRight if place > 2 else Qt.AlignmentFlag(0)
                self._grid.addWidget(widget, line, place, side)


class ShareBar(QWidget):
    """The accuracy from 0 to 1 with its interval, the mean confidence, and the accuracy over all pictures as a line. A click
    emits `clicked()`."""

    clicked = Signal()

    def __init__(self, name: str, item: PropertyBin, overall: float) -> None:
        super().__init__()
        self._item, self._overall = item, overall
        self.tone = "" if not item.differs_from(overall) else "error" if item.accuracy < overall else "ok"
        low, high = (format_percent(end) for end in item.interval)
        lines = [tr("{right} of {n} right: {accuracy}", "{right} de {n} acertadas: {accuracy}", right=format_count(item.right),
                    n=format_pictures(item.pictures), accuracy=format_percent(item.accuracy)),
                 tr("95% interval: {low} to {high}", "Intervalo del 95 %: de {low} a {high}", low=low, high=high),
                 tr("mean confidence: {value}", "confianza media: {value}", value=format_percent(item.confidence)),
                 tr("all pictures: {value}", "todas las imágenes: {value}", value=format_percent(overall))]
        if self.tone:
            lines.append(tr("Its interval excludes the accuracy of all pictures.",
                            "Su intervalo excluye la exactitud de todas las imágenes."))
        self.setToolTip("\n".join(lines))
        self.setAccessibleName(f"{name}: " + "; ".join(lines))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(24)
        self.setMinimumWidth(120)

    def sizeHint(self) -> QSize:
        return QSize(240, 24)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width, middle = self.width() - 10.0, self.height() / 2
        track = QRectF(5, middle - _BAR / 2, width, _BAR)

        def x_of(share: float) -> float:
            return track.left() + width * share

        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("sunk"))
        painter.drawRoundedRect(track, 4, 4)
        painter.setBrush(theme.color(self.tone or "accent"))
        painter.drawRoundedRect(QRectF(track.left(), track.top(), max(4.0, width * self._item.accuracy), _BAR), 4, 4)
        # A light edge keeps the interval legible on the bar and beside it.
        for pen in (QPen(theme.color("raised"), 3.4), QPen(theme.color("text"), 1.4)):
            painter.setPen(pen)
            low, high = (x_of(end) for end in self._item.interval)
            painter.drawLine(QPointF(low, middle), QPointF(high, middle))
            for end in (low, high):
                painter.drawLine(QPointF(end, middle - 4), QPointF(end, middle + 4))
        painter.setPen(QPen(theme.color("text"), 1.4, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(x_of(self._overall), 0), QPointF(x_of(self._overall), self.height()))
        at = x_of(self._item.confidence)
        painter.setPen(QPen(theme.color("raised"), 1))
        painter.setBrush(theme.color("text"))
        painter.drawPolygon(QPolygonF([QPointF(at, middle - 6), QPointF(at + 5, middle), QPointF(at, middle + 6),
                                       QPointF(at - 5, middle)]))


def bars_legend() -> Label:
    """What the marks of the bars mean."""
    text = theme.color("text")
    return legend_label([
        (theme.color("accent"), "■", tr("accuracy", "exactitud")),
        (text, "├┤", tr("95% interval", "intervalo del 95 %")),
        (text, "┊", tr("all pictures", "todas las imágenes")),
        (text, "◆", tr("mean confidence", "confianza media")),
        (theme.color("error"), "▼", tr("interval below all pictures", "intervalo por debajo de todas")),
        (theme.color("ok"), "▲", tr("interval above all pictures", "intervalo por encima de todas"))])
