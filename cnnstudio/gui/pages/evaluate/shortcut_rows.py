"""A line for each probe of the shortcut audit: an example, a bar against chance, and what it means."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.catalog.shortcuts import ShortcutProbe
from cnnstudio.core.text import tr
from cnnstudio.core.trial_jobs import ShortcutProbed
from cnnstudio.gui.look import icons, theme
from cnnstudio.gui.widgets.basics import Badge, Label, box, column, row
from cnnstudio.gui.widgets.flow import flow_row
from cnnstudio.gui.widgets.formatting import format_percent
from cnnstudio.gui.widgets.picture import draw_rounded, fit_rect

_SIDE = 64
_BAR = 10


class ShortcutRow(QWidget):
    """What one kind of information tells."""

    def __init__(self, probe: ShortcutProbe | None) -> None:
        super().__init__()
        self._probe = probe
        name = tr("Whole picture", "Imagen entera") if probe is None else str(probe.label)
        help_text = tr("Everything there is to see, for comparison.", "Todo lo que hay que ver, para comparar.") \
            if probe is None else str(probe.help)
        self.picture = _Example()
        self.badge = Badge(tr("Suspicious", "Sospechoso"), "warn")
        self.badge.hide()
        self.value = Label("–", "body_strong")
        self.interval = Label("", "secondary", "dim")
        head = flow_row(box(row(Label(name, "body_strong"), self.badge, spacing=8)), self.value, self.interval, apart=1)
        self.bar = ShortcutBar(name)
        self.meaning = Label("", "body", "warn", wrap=True)
        self.meaning.hide()
        text = column(head, self.bar, Label(help_text, "secondary", "dim", wrap=True), self.meaning, spacing=4)
        whole = row(self.picture, box(text), spacing=16)
        whole.setStretch(1, 1)
        whole.setAlignment(self.picture, Qt.AlignmentFlag.AlignTop)
        self.setLayout(whole)

    def show_example(self, image: QImage | None) -> None:
        """The example as the probe sees it; None: no pixel is read."""
        self.picture.show_image(image)

    def show_result(self, result: ShortcutProbed | None) -> None:
        """The accuracy of a probe, or of whole pictures; None: none yet."""
        if result is None:
            self.value.setText("–")
            self.interval.setText("")
        elif self._probe is None:
            self.value.setText(format_percent(result.model))
            self.interval.setText(tr("the model", "el modelo"))
        else:
            low, high = (format_percent(value) for value in result.interval)
            self.value.setText(format_percent(result.accuracy))
            self.interval.setText(tr("95%: {low} to {high}", "95 %: de {low} a {high}", low=low, high=high))
        suspicious = self._probe is not None and result is not None and result.suspicious
        self.badge.setVisible(suspicious)
        self.meaning.setVisible(suspicious)
        self.meaning.setText(str(self._probe.meaning) if suspicious and self._probe is not None else "")
        self.bar.show_result(result, whole=self._probe is None)


class _Example(QWidget):
    """A small square picture, or the sign of a file."""

    def __init__(self) -> None:
        super().__init__()
        self._image: QImage | None = None
        self.setFixedSize(_SIDE, _SIDE)

    def show_image(self, image: QImage | None) -> None:
        self._image = image
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRectF(self.rect())
        if self._image is not None:
            draw_rounded(painter, self._image, fit_rect(self._image.size(), room), 6)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("sunk"))
        painter.drawRoundedRect(room, 6, 6)
        icons.paint(painter, QRectF(_SIDE / 2 - 12, _SIDE / 2 - 12, 24, 24), "data", "dim")


class ShortcutBar(QWidget):
    """The accuracy as a bar from 0 to 1, with its interval, chance, that of whole pictures, and the model's own."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._result: ShortcutProbed | None = None
        self._whole = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(22)

    def sizeHint(self) -> QSize:
        return QSize(240, 22)

    def show_result(self, result: ShortcutProbed | None, *, whole: bool = False) -> None:
        self._result, self._whole = result, whole
        self.setAccessibleName(f"{self._name}: {self._text()}")
        self.setToolTip(self._text())
        self.update()

    def _text(self) -> str:
        result = self._result
        if result is None:
            return tr("not measured yet", "aún sin medir")
        lines = [] if self._whole else [tr("from this alone: {value}", "solo con esto: {value}",
                                           value=format_percent(result.accuracy))]
        lines += [tr("chance: {value}", "azar: {value}", value=format_percent(result.chance)),
                  tr("whole pictures: {value}", "imágenes enteras: {value}", value=format_percent(result.reference))]
        own = result.model if self._whole else result.model_accuracy
        if own is not None:
            lines.append(tr("the model: {value}", "el modelo: {value}", value=format_percent(own)))
        return "\n".join(lines)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width, middle = self.width() - 8.0, self.height() / 2
        track = QRectF(4, middle - _BAR / 2, width, _BAR)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("sunk"))
        painter.drawRoundedRect(track, 4, 4)
        result = self._result
        if result is None:
            return

        def x_of(share: float) -> float:
            return track.left() + width * share

        value = result.model if self._whole else result.accuracy
        color = QColor(theme.color("dim" if self._whole else "warn" if result.suspicious else "accent"))
        painter.setBrush(color)
        painter.drawRoundedRect(QRectF(track.left(), track.top(), max(4.0, width * value), _BAR), 4, 4)
        if not self._whole:
            low, high = (x_of(end) for end in result.interval)
            painter.setPen(QPen(theme.color("text"), 1.4))
            painter.drawLine(QPointF(low, middle), QPointF(high, middle))
            for end in (low, high):
                painter.drawLine(QPointF(end, middle - 4), QPointF(end, middle + 4))
        painter.setPen(QPen(theme.color("text"), 1.4, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(x_of(result.chance), 0), QPointF(x_of(result.chance), self.height()))
        painter.setPen(QPen(theme.color("ok"), 2))
        painter.drawLine(QPointF(x_of(result.reference), 1), QPointF(x_of(result.reference), self.height() - 1))
        own = result.model if self._whole else result.model_accuracy
        if own is not None:
            at = x_of(own)
            painter.setPen(QPen(theme.color("raised"), 1))
            painter.setBrush(theme.color("text"))
            painter.drawPolygon(QPolygonF([QPointF(at, middle - 6), QPointF(at + 6, middle), QPointF(at, middle + 6),
                                           QPointF(at - 6, middle)]))
