"""How sure the model is against how often it is right, and the temperature that brings both together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt, Signal

from cnnstudio.core.intervals import wilson_interval
from cnnstudio.core.text import tr
from cnnstudio.evaluation.curves import ReliabilityBin
from cnnstudio.evaluation.report import Value
from cnnstudio.evaluation.temperature import FEWEST
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.evaluate.confidence_data import ConfidenceData, Reliability
from cnnstudio.gui.widgets.basics import Button, Label, box, column, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.formatting import format_count, format_number, format_percent, format_pictures
from cnnstudio.gui.widgets.plots import SharePlot, legend_html
from cnnstudio.gui.widgets.side_by_side import SideBySide

_HIGHEST = 0.22
"""How high the bar of the most pictures is, as a share of the plot."""


class ReliabilityCard(Card):
    """`calibrate_requested()`, `remove_requested()`, `discard_requested()` of a calibration that is not in force."""

    calibrate_requested = Signal()
    remove_requested = Signal()
    discard_requested = Signal()

    def __init__(self) -> None:
        super().__init__(title=tr("Confidence and accuracy", "Confianza y exactitud"), spacing=10)
        self._bins: tuple[ReliabilityBin, ...] = ()
        self._legend = Label("", "secondary", wrap=True)
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self.plot = SharePlot(tr("Reliability diagram", "Diagrama de fiabilidad"), tr("confidence", "confianza"),
                              tr("right", "aciertos"), read=self._read, height=260)
        self._bars = pg.BarGraphItem(x=[], height=[], width=0.09, brush=pg.mkBrush(theme.color("line")), pen=pg.mkPen(None))
        self.plot.addItem(self._bars)
        self.plot.diagonal()
        self._before = self.plot.line("dim", 1.4, style=Qt.PenStyle.DashLine)
        self._before_points = self.plot.points("dim", 8, hollow=True)
        self._errors = pg.ErrorBarItem(x=np.empty(0), y=np.empty(0), top=np.empty(0), bottom=np.empty(0), beam=0.02,
                                       pen=pg.mkPen(theme.color("accent"), width=1.4))
        self.plot.addItem(self._errors)
        self._line = self.plot.line("accent", 2.0)
        self._points = self.plot.points("accent", 8)
        left = box(column(self._legend, self.plot, spacing=4))
        self._verdict = Label("", "body", wrap=True)
        self._error = Label("", "body", wrap=True)
        self._error.setToolTip(tr(
            "The expected calibration error: how far confidence and accuracy are apart, on average over all pictures. 0 is "
            "best; a little above 0 is chance.",
            "El error de calibración esperado: cuánto se separan la confianza y la exactitud, de media sobre todas las "
            "imágenes. 0 es lo mejor; un poco más de 0 es azar."))
        self._state = Label("", "body", "dim", wrap=True)
        self._obstacle = Label("", "secondary", "warn", wrap=True)
        self._calibrate = Button(tr("Calibrate", "Calibrar"), on_click=self.calibrate_requested.emit)
        self._remove = Button(tr("Remove", "Quitar"), "link", on_click=self.remove_requested.emit)
        self._discard = Button(tr("Remove it", "Quitarla"), "link", on_click=self.discard_requested.emit)
        buttons = row(self._calibrate, self._remove, self._discard, None, spacing=10)
        right = box(column(self._verdict, self._error, 4, self._state, self._obstacle, buttons, None, spacing=8))
        self.body.addWidget(SideBySide(left, right, wide=560, shares=(3, 2)))

    def show_data(self, data: ConfidenceData, *, busy: bool) -> None:
        """Show the reliability of a run on a split, and its temperature."""
        shown = data.calibrated or data.own
        self._show_bins(shown, data.own if data.calibrated is not None else None)
        self._verdict.setText(_verdict(shown))
        name = tr("Calibration error", "Error de calibración")
        text = f"{name}: {_value(shown.error)}"
        if data.calibrated is not None and data.own.error.value is not None:
            text += "\n" + tr("without temperature: {value}", "sin temperatura: {value}", value=_value(data.own.error))
        self._error.setText(text)
        self._show_state(data, busy=busy)

    def show_busy(self, data: ConfidenceData, *, busy: bool) -> None:
        """Whether the buttons work now."""
        self._show_state(data, busy=busy)

    def _show_state(self, data: ConfidenceData, *, busy: bool) -> None:
        self._state.setText(_state_text(data))
        obstacle = _obstacle(data)
        self._obstacle.setText(obstacle)
        self._obstacle.setVisible(bool(obstacle))
        scaled = data.temperature != 1.0
        self._calibrate.setText(tr("Calibrate again", "Calibrar de nuevo") if scaled else tr("Calibrate", "Calibrar"))
        self._calibrate.setEnabled(not busy and not _obstacle(data, only_certain=True))
        self._calibrate.setToolTip(tr("Finds the temperature on the validation pictures; where they are not evaluated yet, "
                                      "that comes first.",
                                      "Busca la temperatura con las imágenes de validación; si aún no están evaluadas, se "
                                      "evalúan antes."))
        self._remove.setVisible(scaled)
        self._remove.setEnabled(not busy)
        self._discard.setVisible(bool(data.notes))
        self._discard.setEnabled(not busy)

    def _show_bins(self, shown: Reliability, before: Reliability | None) -> None:
        bins = self._bins = shown.bins
        x, y = _points(bins)
        counts = np.asarray([entry.count for entry in bins], float)
        self._bars.setOpts(x=np.asarray([(entry.low + entry.high) / 2 for entry in bins]),
                           height=counts / counts.max() * _HIGHEST)
        self._line.setData(x, y)
        self._points.setData(x, y)
        ends = np.asarray([entry.interval for entry in bins])
        self._errors.setData(x=x, y=y, top=np.maximum(ends[:, 1] - y, 0), bottom=np.maximum(y - ends[:, 0], 0))
        xs, ys = _points(before.bins) if before is not None else (np.empty(0), np.empty(0))
        self._before.setData(xs, ys)
        self._before_points.setData(xs, ys)
        entries = [(theme.color("accent"), "●", tr("with temperature", "con temperatura") if before is not None
                    else tr("model", "modelo"))]
        if before is not None:
            entries.append((theme.color("dim"), "○", tr("without", "sin ella")))
        entries += [(theme.color("dim"), "- -", tr("as sure as right", "confianza justa")),
                    (theme.color("faint"), "▮", tr("pictures", "imágenes"))]
        self._legend.setText(legend_html(entries))
        # For a screen reader, which sees no points.
        self.plot.setAccessibleDescription("; ".join(_bin_text(entry) for entry in bins))

    def _read(self, x: float, _y: float) -> str:
        return next((_bin_text(entry) for entry in self._bins if entry.low <= x <= entry.high), "")


def _points(bins: Sequence[ReliabilityBin]) -> tuple[np.ndarray, np.ndarray]:
    return np.asarray([entry.confidence for entry in bins]), np.asarray([entry.accuracy for entry in bins])


def _bin_text(entry: ReliabilityBin) -> str:
    low, high = (format_percent(value, 0) for value in entry.interval)
    return tr("confidence {a} to {b}: {n}\n{right} right (95%: {low} to {high})",
              "confianza de {a} a {b}: {n}\n{right} de aciertos (95 %: de {low} a {high})", a=format_percent(entry.low, 0),
              b=format_percent(entry.high, 0), n=format_pictures(entry.count), right=format_percent(entry.accuracy), low=low,
              high=high)


def _value(value: Value) -> str:
    if value.value is None:
        return "–" if value.reason is None else str(value.reason)
    text = format_number(value.value)
    if value.interval is None:
        return text
    return tr("{value} (95%: {low} to {high})", "{value} (95 %: de {low} a {high})", value=text,
              low=format_number(value.interval[0]), high=format_number(value.interval[1]))


def _verdict(shown: Reliability) -> str:
    images = sum(entry.count for entry in shown.bins)
    low, high = wilson_interval(shown.accuracy, images)
    sure, right = format_percent(shown.confidence), format_percent(shown.accuracy)
    if shown.confidence > high:
        return tr("The model is surer than it is right: on average it gives its answer {sure}, and {right} are right.",
                  "El modelo está más seguro de lo que acierta: de media da a su respuesta un {sure} y acierta el {right}.",
                  sure=sure, right=right)
    if shown.confidence < low:
        return tr("The model is less sure than it may be: on average it gives its answer {sure}, and {right} are right.",
                  "El modelo está menos seguro de lo que podría: de media da a su respuesta un {sure} y acierta el {right}.",
                  sure=sure, right=right)
    return tr("On average the model is about as sure as it is right: it gives its answer {sure}, and {right} are right.",
              "De media, la confianza del modelo se ajusta a sus aciertos: da a su respuesta un {sure} y acierta el {right}.",
              sure=sure, right=right)


def _state_text(data: ConfidenceData) -> str:
    if data.notes:
        return str(data.notes[0].text)
    calibration = data.calibration
    if calibration is None or calibration.temperature == 1.0:
        if calibration is not None and calibration.fit is not None:
            return tr("Calibrated: no temperature does better than the model's own answers.",
                      "Calibrado: ninguna temperatura mejora las respuestas del propio modelo.")
        return tr("Not calibrated. A temperature makes the probabilities as sure as they are right; which class is most "
                  "probable does not change. It is kept with the run, and exports carry it.",
                  "Sin calibrar. Una temperatura ajusta las probabilidades a los aciertos; la clase más probable no cambia. Se "
                  "guarda con el entrenamiento y la llevan las exportaciones.")
    text = tr("Calibrated with the temperature {t}.", "Calibrado con la temperatura {t}.",
              t=format_number(calibration.temperature))
    fit = calibration.fit
    if fit is not None:
        text += " " + tr("Found on {n}: log loss {a} → {b}, calibration error {c} → {d}.",
                         "Hallada con {n}: pérdida logarítmica {a} → {b}, error de calibración {c} → {d}.",
                         n=tr("{n} validation pictures", "{n} imágenes de validación", n=format_count(fit.images)),
                         a=format_number(fit.loss_before), b=format_number(fit.loss_after),
                         c=format_number(fit.ece_before), d=format_number(fit.ece_after))
    return text


def _obstacle(data: ConfidenceData, *, only_certain: bool = False) -> str:
    """Why no temperature can be found, or what comes first."""
    if data.obstacles:
        return str(data.obstacles[0].text)
    if data.validation is None:
        if data.validation_pictures < FEWEST:
            return tr("Calibration needs at least {least} validation pictures; this run has {n}.",
                      "La calibración necesita al menos {least} imágenes de validación; este entrenamiento tiene {n}.",
                      least=FEWEST, n=data.validation_pictures)
        if not only_certain:
            return tr("The validation pictures are evaluated first.", "Antes se evalúan las imágenes de validación.")
    return ""
