"""The threshold of one class: dragged over a histogram, with the four kinds of pictures and the figures that follow it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from cnnstudio.core.display import PERCENT
from cnnstudio.core.text import Text, tr
from cnnstudio.evaluation.class_figures import CLASS_FIGURES
from cnnstudio.evaluation.report import Report, Value
from cnnstudio.evaluation.thresholds import OneClass
from cnnstudio.gui.pages.evaluate.curve_data import CELLS
from cnnstudio.gui.widgets.basics import Button, Label, box, column, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.formatting import format_count, format_number, format_percent
from cnnstudio.gui.widgets.number_box import NumberBox
from cnnstudio.gui.widgets.side_by_side import SideBySide
from cnnstudio.gui.widgets.threshold_plot import Bars, ThresholdPlot

CELL_NAMES: Final = {
    "found": Text("Found", "Encontradas"), "missed": Text("Missed", "Omitidas"),
    "alarm": Text("False alarms", "Falsas alarmas"), "left": Text("Rightly left out", "Bien descartadas")}
_CELL_HELP: Final = {
    "found": Text("{name}, and called so", "{name}, y así se llaman"),
    "missed": Text("{name}, but not called so", "{name}, pero no se llaman así"),
    "alarm": Text("Not {name}, but called so", "No son {name}, pero se llaman así"),
    "left": Text("Not {name}, and not called so", "No son {name}, y no se llaman así")}
_SHOWN: Final = ("precision", "recall", "f1")


class ThresholdCard(Card):
    """`moved(threshold)` at every step, `settled()` when it is let go, `cell_requested(cell)` on a click on a count."""

    moved = Signal(float)
    settled = Signal()
    cell_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__(spacing=10)
        self._one: OneClass | None = None
        self.threshold = 0.5
        self._title = Label("", "body_strong", wrap=True)
        self._hint = Label("", "secondary", "dim", wrap=True)
        self.body.addLayout(column(self._title, self._hint, spacing=2))
        self.plot = ThresholdPlot(tr("Threshold", "Umbral"), 0.0, 1.0, 0.01, lambda value: format_percent(value, 0), "accent")
        self.plot.moved.connect(self._move)
        self.plot.settled.connect(self.settled)
        self._field = NumberBox(0.5, minimum=0.0, maximum=1.0, display=PERCENT)
        self._field.setAccessibleName(tr("Threshold", "Umbral"))
        self._field.setFixedWidth(104)
        self._field.value_changed.connect(self._move)
        self._field.settled.connect(self.settled)
        half = Button(tr("Back to 50%", "Volver al 50 %"), "link", on_click=lambda: self._jump(0.5))
        controls = box(row(self._field, half, None, spacing=10))
        self.body.addWidget(self.plot)
        self.body.addWidget(controls)
        self._cells = {name: _Cell(str(CELL_NAMES[name])) for name in CELLS}
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(8)
        for place, (name, cell) in enumerate(self._cells.items()):
            cell.clicked.connect(partial(self.cell_requested.emit, name))
            grid.addWidget(cell, place // 2, place % 2)
        cells = QWidget()
        cells.setLayout(grid)
        self._figures = _Figures([tr("Accuracy", "Exactitud"), *(str(CLASS_FIGURES[name].label) for name in _SHOWN)])
        self.body.addWidget(SideBySide(cells, self._figures, wide=520, top=True))

    def show_class(self, one: OneClass, name: str, counts: Sequence[int], threshold: float, *, two_classes: bool) -> None:
        """Show a class with the histogram of its probability."""
        self._one = one
        self._title.setText(tr("Threshold for {name}", "Umbral de {name}", name=name))
        self._hint.setText(tr(
            "A picture is called {name} where its probability is at least the threshold. With two classes 50% are the model's "
            "own answers.",
            "Una imagen se llama {name} si su probabilidad alcanza el umbral. Con dos clases, el 50 % da las respuestas del "
            "propio modelo.", name=name) if two_classes else tr(
            "A picture is called {name} where its probability is at least the threshold, whatever the other classes have. The "
            "model itself takes the most probable class.",
            "Una imagen se llama {name} si su probabilidad alcanza el umbral, tengan lo que tengan las demás clases. El propio "
            "modelo elige la clase más probable.", name=name))
        for cell, card in self._cells.items():
            card.setToolTip(str(_CELL_HELP[cell].fill(name=name)) + "\n" + tr("Click to see the pictures.",
                                                                             "Haga clic para ver las imágenes."))
        self.plot.show_bars(Bars(0.0, 1.0, tuple(counts)), above=True)
        self.set_threshold(threshold)

    def _move(self, threshold: object) -> None:
        if isinstance(threshold, int | float):
            self.moved.emit(float(threshold))

    def _jump(self, threshold: float) -> None:
        self.moved.emit(threshold)
        self.settled.emit()

    def set_threshold(self, threshold: float) -> None:
        """Compute everything for a threshold."""
        self.threshold = threshold
        if self._one is None:
            return
        (left, alarm), (missed, found) = self._one.confusion(threshold).tolist()
        own, others = found + missed, alarm + left
        for name, count, of in (("found", found, own), ("missed", missed, own), ("alarm", alarm, others),
                                ("left", left, others)):
            self._cells[name].show_count(count, of)
        self._field.set_value(round(min(threshold, 1.0), 4))
        report = self._one.report(threshold)
        self._figures.show_values(_values(report))
        self.plot.show_value(threshold, tr("{found} found, {missed} missed, {alarm} false alarms",
                                           "{found} encontradas, {missed} omitidas, {alarm} falsas alarmas",
                                           found=format_count(found), missed=format_count(missed), alarm=format_count(alarm)))


def _values(report: Report) -> list[Value]:
    own = report.classes[1]
    return [report["accuracy"], *(own[name] for name in _SHOWN)]


class _Cell(Card):
    """A count of pictures; a click opens them."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._count = Label("", "title")
        self._share = Label("", "secondary", "dim")
        super().__init__(Label(name, "secondary", "dim"), clickable=True, spacing=0, margins=(12, 8, 12, 8))
        line = row(self._count, self._share, None, spacing=8)
        self.body.addLayout(line)

    def show_count(self, count: int, of: int) -> None:
        self._count.setText(format_count(count))
        self._share.setText(format_percent(count / of) if of else "–")
        self.setAccessibleName(f"{self._name}: {format_count(count)}")


class _Figures(QWidget):
    """Lines of name, value and interval whose texts change without being laid out anew."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 2, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(10)
        self._labels: list[tuple[Label, Label]] = []
        for place, name in enumerate(names):
            value, interval = Label("", "body_strong"), Label("", "secondary", "dim")
            grid.addWidget(Label(name, "body", "dim"), place, 0)
            grid.addWidget(value, place, 1)
            grid.addWidget(interval, place, 2)
            self._labels.append((value, interval))
        grid.setColumnStretch(2, 1)

    def show_values(self, values: Sequence[Value]) -> None:
        for value, (number, interval) in zip(values, self._labels, strict=True):
            number.setText("–" if value.value is None else format_number(value.value))
            interval.setText("" if value.interval is None else tr(
                "95%: {low} to {high}", "95 %: {low} a {high}", low=format_number(value.interval[0]),
                high=format_number(value.interval[1])))
            for label in (number, interval):
                label.setToolTip("" if value.reason is None else str(value.reason))
