"""The plots of the curves: ROC, precision and recall, each with the points of the model and of the threshold."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt, Signal

from cnnstudio.core.text import tr
from cnnstudio.evaluation.curves import Curve
from cnnstudio.evaluation.report import Value
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.basics import Label, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.formatting import format_number, format_percent
from cnnstudio.gui.widgets.plots import SharePlot, legend_html


class CurveCard(Card):
    """One curve. `pointed(threshold)` while a point of it is dragged, then `released`."""

    pointed = Signal(float)
    released = Signal()

    def __init__(self, title: str, help: str, x_title: str, y_title: str, area_name: str, *, diagonal: bool) -> None:
        super().__init__(margins=(16, 12, 12, 8), spacing=4)
        self._area_name, self._titles = area_name, (x_title, y_title)
        self._curve: Curve | None = None
        heading = Label(title, "body_strong")
        heading.setToolTip(help)
        self.area = Label("", "secondary", "dim", wrap=True)
        self.area.setToolTip(help)
        self._legend = Label("", "secondary", wrap=True)
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self.show_legend(threshold=True)
        self.body.addLayout(row(heading, None, spacing=8))
        self.body.addWidget(self.area)
        self.plot = SharePlot(title, x_title, y_title, read=self._read, draggable=True)
        if diagonal:
            self.plot.diagonal()
        self._line = self.plot.line()
        self._own = self.plot.points("text", 11, "d", hollow=True)
        self._point = self.plot.points("accent", 12)
        self.plot.pointed.connect(self._on_pointed)
        self.plot.released.connect(self.released)
        self.body.addWidget(self.plot)
        self.body.addWidget(self._legend)

    def show_legend(self, *, threshold: bool) -> None:
        """Name the marks; a mean over classes has no threshold."""
        entries = [(theme.color("accent"), "●", tr("threshold", "umbral"))] if threshold else []
        self._legend.setText(legend_html([*entries, (theme.color("text"), "◇",
                                                     tr("model's own answers", "respuestas del modelo"))]))

    def show_curve(self, curve: Curve) -> None:
        """Draw a curve, with the point of the model's own answers; its area has no interval yet."""
        self._curve = curve
        self._line.setData(np.asarray(curve.x), np.asarray(curve.y))
        self._own.setData([curve.operating[0]], [curve.operating[1]])
        self._point.setData([], [])
        self._say_area(format_number(curve.area))

    def show_area(self, value: Value) -> None:
        """The area with its interval, or why it has none."""
        if value.value is None:
            return
        text = format_number(value.value)
        if value.interval is not None:
            text = tr("{value} (95%: {low} to {high})", "{value} (95 %: de {low} a {high})", value=text,
                      low=format_number(value.interval[0]), high=format_number(value.interval[1]))
        self._say_area(text)
        if value.reason is not None:
            self.area.setToolTip(str(value.reason))

    def _say_area(self, text: str) -> None:
        self.area.setText(f"{self._area_name}: {text}")

    def show_point(self, x: float | None, y: float | None) -> None:
        """Where the threshold stands; None: nowhere on this curve."""
        self._point.setData([] if x is None or y is None else [x], [] if x is None or y is None else [y])
        self.plot.setAccessibleDescription("" if x is None or y is None else self._text(x, y))

    def _text(self, x: float, y: float) -> str:
        return f"{self._titles[0]} {format_percent(x)}\n{self._titles[1]} {format_percent(y)}"

    def _nearest(self, x: float, y: float) -> int:
        curve = self._curve
        assert curve is not None
        return int(np.hypot(np.asarray(curve.x) - x, np.asarray(curve.y) - y).argmin())

    def _read(self, x: float, y: float) -> str:
        if self._curve is None:
            return ""
        place = self._nearest(x, y)
        text = self._text(self._curve.x[place], self._curve.y[place])
        if self._curve.thresholds:
            text += "\n" + tr("threshold {t}", "umbral {t}", t=format_percent(self._curve.thresholds[place]))
        return text

    def _on_pointed(self, x: float, y: float) -> None:
        if self._curve is not None and self._curve.thresholds:
            self.pointed.emit(self._curve.thresholds[self._nearest(x, y)])


def make_cards() -> tuple[CurveCard, CurveCard]:
    """The cards of both curves."""
    recall = tr("recall", "exhaustividad")
    roc = CurveCard(
        tr("ROC curve", "Curva ROC"),
        tr("How many pictures of the class are found (recall) at the price of how many false alarms among the others. The area "
           "is 1 for a perfect order and 0.5 for chance.",
           "Cuántas imágenes de la clase se encuentran (exhaustividad) y a costa de cuántas falsas alarmas entre las demás. El "
           "área es 1 con un orden perfecto y 0,5 con el azar."),
        tr("false alarms", "falsas alarmas"), recall, tr("Area", "Área"), diagonal=True)
    precision = CurveCard(
        tr("Precision and recall", "Precisión y exhaustividad"),
        tr("How many of the pictures called this class are right (precision), for how many of its pictures are found (recall). "
           "It tells more than ROC where the class is rare.",
           "Cuántas de las imágenes asignadas a la clase son correctas (precisión) según cuántas de las suyas se encuentran "
           "(exhaustividad). Dice más que la ROC cuando la clase es rara."),
        recall, tr("precision", "precisión"), tr("Average precision", "Precisión media"), diagonal=False)
    return roc, precision
