"""When the model says "not sure": the option and its level, what it costs and gains, and whether it is in force."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal

from cnnstudio.core.calibration import Rejection
from cnnstudio.core.display import PERCENT
from cnnstudio.core.text import tr
from cnnstudio.evaluation.rejection import REJECTIONS, RejectionFigures, RejectOption
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.evaluate.confidence_data import ConfidenceData, RejectPreview
from cnnstudio.gui.widgets.basics import Button, Label, box, column, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.formatting import capitalize, format_number, format_percent, format_pictures
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.gui.widgets.number_box import NumberBox
from cnnstudio.gui.widgets.plots import SharePlot, legend_label
from cnnstudio.gui.widgets.side_by_side import SideBySide
from cnnstudio.gui.widgets.threshold_plot import Bars, ThresholdPlot


class RejectCard(Card):
    """`changed(kind, level)` at every step of the choice; `apply_requested()`, `remove_requested()`, and
    `evaluate_requested()` of the validation pictures, which some options need."""

    changed = Signal(str, float)
    apply_requested = Signal()
    remove_requested = Signal()
    evaluate_requested = Signal()

    def __init__(self) -> None:
        super().__init__(title=tr("“Not sure”: when the model gives no answer", "«Sin certeza»: cuándo el modelo no responde"),
                         spacing=10)
        self._data: ConfidenceData | None = None
        self.kind, self.level = "confidence", REJECTIONS["confidence"].default
        self._state = Label("", "body", wrap=True)
        self.option = Select([(entry.id, str(entry.label)) for entry in REJECTIONS], self.kind)
        self.option.setAccessibleName(tr("Reject option", "Opción de rechazo"))
        self.option.chosen.connect(self._on_option)
        self._help = Label("", "secondary", "dim", wrap=True)
        self._level_name = Label("", "body", "dim", wrap=True)
        self.field = NumberBox(self.level, minimum=0.001, maximum=0.999, display=PERCENT)
        self.field.setFixedWidth(104)
        self.field.value_changed.connect(self._on_level)
        level = row(self._level_name, self.field, spacing=10)
        level.setStretch(0, 1)
        self.slider = ThresholdPlot(tr("Least confidence", "Confianza mínima"), 0.001, 0.999, 0.01,
                                    lambda value: format_percent(value, 0), "accent")
        self.slider.moved.connect(self._on_level)
        self.result = Label("", "body", wrap=True)
        self._sets = Label("", "secondary", "dim", wrap=True)
        self._missing = Label("", "secondary", "warn", wrap=True)
        self._evaluate = Button(tr("Evaluate validation pictures", "Evaluar las de validación"), "link",
                                on_click=self.evaluate_requested.emit)
        self._apply = Button(tr("Apply", "Aplicar"), on_click=self.apply_requested.emit)
        self._remove = Button(tr("Remove", "Quitar"), "link", on_click=self.remove_requested.emit)
        controls = box(column(self.option, self._help, box(level), self.slider, self.result, self._sets, self._missing,
                              row(self._evaluate, None), row(self._apply, self._remove, None, spacing=10), None, spacing=8))
        legend = legend_label(((theme.color("accent"), "▬", tr("by confidence", "por confianza")),
                               (theme.color("ok"), "●", tr("this choice", "esta elección"))))
        self.plot = SharePlot(tr("Coverage against accuracy", "Cobertura frente a exactitud"),
                              tr("pictures with an answer", "imágenes con respuesta"), tr("of them right", "aciertos"),
                              read=self._read, draggable=True, height=260)
        self._curve = self.plot.line("accent", 2.0)
        self._point = self.plot.points("ok", 12)
        self.plot.pointed.connect(self._on_pointed)
        self.body.addWidget(self._state)
        self.body.addWidget(SideBySide(controls, box(column(legend, self.plot, None, spacing=4)), wide=560, shares=(1, 1)))

    @property
    def chosen(self) -> RejectOption:
        return REJECTIONS[self.kind]

    def show_data(self, data: ConfidenceData, kind: str, level: float, *, busy: bool) -> None:
        """Show the curve of a run, and a choice of option and level."""
        self._data = data
        points = data.coverage
        self._curve.setData(np.asarray([point.coverage for point in points]), np.asarray([point.accuracy for point in points]))
        lowest = min(point.accuracy for point in points)
        self.plot.getPlotItem().setYRange(max(0.0, lowest - 0.1 * (1 - lowest) - 0.005), 1.0, padding=0.08)
        self.slider.show_bars(Bars(0.0, 1.0, data.counts), above=True)
        self._show_choice(kind, level)
        self.show_busy(busy=busy)

    def show_busy(self, *, busy: bool) -> None:
        """What is in force, and whether the buttons work now."""
        rejection = None if self._data is None else self._data.rejection
        self._state.setText(_state_text(rejection))
        same = rejection is not None and (rejection.kind, round(rejection.level, 6)) == (self.kind, round(self.level, 6))
        possible = self._data is not None and (self._data.validation is not None or self._data.validation_pictures > 0)
        self._apply.setEnabled(not busy and not same and possible)
        self._apply.setToolTip("" if possible else tr("The run has no validation pictures.",
                                                      "El entrenamiento no tiene imágenes de validación."))
        self._remove.setVisible(rejection is not None)
        self._remove.setEnabled(not busy)
        self._evaluate.setEnabled(not busy)

    def _show_choice(self, kind: str, level: float) -> None:
        self.kind, self.level = kind, level
        option = self.chosen
        self.option.set_value(kind)
        self._help.setText(str(option.help))
        self._level_name.setText(capitalize(option.level))
        self.field.setAccessibleName(capitalize(option.level))
        self.field.set_value(level)
        self.slider.setVisible(not option.needs_pictures)
        self.slider.show_value(level)
        missing = option.needs_pictures and self._data is not None and self._data.validation is None
        self._evaluate.setVisible(missing)

    def show_preview(self, preview: RejectPreview) -> None:
        """Say what the choice does on the pictures that are shown."""
        figures, data = preview.figures, self._data
        missing = "" if preview.problem is None else str(preview.problem.text)
        if figures is None and preview.problem is None:
            missing = tr("These sets are fitted to the validation pictures, which are not evaluated yet.",
                         "Estos conjuntos se ajustan a las imágenes de validación, que aún no están evaluadas.")
        self._missing.setText(missing)
        self._missing.setVisible(bool(missing))
        self.result.setVisible(figures is not None)
        self._sets.setVisible(figures is not None and self.chosen.has_sets)
        if figures is None or data is None:
            self._point.setData([], [])
            return
        self.result.setText(_result_text(figures, data))
        self._sets.setText(tr("The right class is in the set for {held}; a set has {n} classes on average.",
                              "La clase correcta está en el conjunto en el {held}; un conjunto tiene {n} clases de media.",
                              held=format_percent(figures.held), n=format_number(figures.set_size, 2)))
        self._point.setData([figures.coverage], [1.0 if figures.accuracy is None else figures.accuracy])
        self.slider.show_value(self.level, tr("{n} not sure", "{n} sin certeza", n=format_pictures(figures.not_sure)))

    def _on_option(self, kind: object) -> None:
        option = REJECTIONS[str(kind)]
        present = None if self._data is None else self._data.rejection
        level = present.level if present is not None and present.kind == option.id else option.default
        self._take(option.id, level)

    def _on_level(self, level: object) -> None:
        if isinstance(level, int | float):
            self._take(self.kind, round(float(level), 6))

    def _take(self, kind: str, level: float) -> None:
        self._show_choice(kind, level)
        self.changed.emit(kind, level)

    def _nearest(self, x: float) -> int:
        assert self._data is not None
        return int(np.abs(np.asarray([point.coverage for point in self._data.coverage]) - x).argmin())

    def _on_pointed(self, x: float, _y: float) -> None:
        if self._data is None:
            return
        point = self._data.coverage[self._nearest(x)]
        # A confidence of 1 would be no choice between 0 and 1.
        level = min(0.999, max(0.001, float(np.floor(point.threshold * 1e4) / 1e4)))
        self._take("confidence", level)

    def _read(self, x: float, _y: float) -> str:
        if self._data is None:
            return ""
        point = self._data.coverage[self._nearest(x)]
        return tr("from {t} on: {coverage} have an answer,\n{accuracy} of them right",
                  "a partir del {t}: el {coverage} tiene respuesta\ny acierta el {accuracy}", t=format_percent(point.threshold),
                  coverage=format_percent(point.coverage), accuracy=format_percent(point.accuracy))


def _state_text(rejection: Rejection | None) -> str:
    if rejection is None:
        return tr("Not set: the model answers every picture, however unsure it is.",
                  "Sin establecer: el modelo responde a todas las imágenes, por poca certeza que tenga.")
    option = REJECTIONS[rejection.kind]
    return tr("In force: {option}, {level} {value}. Predict, bundles and exports use it.",
              "En vigor: {option}, {level} {value}. La usan Predecir, los paquetes y las exportaciones.",
              option=str(option.label).lower(), level=option.level, value=format_percent(rejection.level))


def _result_text(figures: RejectionFigures, data: ConfidenceData) -> str:
    low, high = (format_percent(value) for value in figures.coverage_interval)
    text = tr("{share} of these pictures get an answer (95%: {low} to {high}); {n} are “not sure”.",
              "El {share} de estas imágenes obtiene respuesta (95 %: de {low} a {high}); {n} quedan «sin certeza».",
              share=format_percent(figures.coverage), low=low, high=high, n=format_pictures(figures.not_sure))
    if figures.accuracy is None or figures.accuracy_interval is None:
        return text
    low, high = (format_percent(value) for value in figures.accuracy_interval)
    return text + " " + tr("Of the answers {right} are right (95%: {low} to {high}), instead of {all} of all.",
                           "De las respuestas acierta el {right} (95 %: de {low} a {high}), en lugar del {all} del total.",
                           right=format_percent(figures.accuracy), low=low, high=high,
                           all=format_percent((data.calibrated or data.own).accuracy))
