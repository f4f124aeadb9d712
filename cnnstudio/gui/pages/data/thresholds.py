"""The thresholds of the audit as lines in histograms of the project's own pictures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.findings import KINDS
from cnnstudio.core import edits
from cnnstudio.core.audit import AUDIT_PARAMS
from cnnstudio.core.display import Display, with_unit
from cnnstudio.core.params import Float, Int, Param
from cnnstudio.core.text import localize_number, tr
from cnnstudio.gui.pages.data.threshold_examples import ThresholdExamples
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.jobs import Report
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Label, box, column, row
from cnnstudio.gui.widgets.form import Form
from cnnstudio.gui.widgets.formatting import format_classes, format_percent, format_pictures
from cnnstudio.gui.widgets.threshold_plot import Bars, ThresholdPlot
from cnnstudio.network.checks import spec_fields

if TYPE_CHECKING:
    from cnnstudio.datasets.audit.threshold_values import Measured
    from cnnstudio.datasets.embedding import Embedding
    from cnnstudio.datasets.index import Index

BINS: Final = 48
_LEAST: Final = 0.05
_LEAST_COUNT: Final = 0.5
"""Where a logarithmic axis begins, at the lowest."""
_PARAMS: Final = {param.name: param for param in AUDIT_PARAMS}
_LEARNED: Final = frozenset(kind.threshold for kind in KINDS if kind.group == "labels")


@dataclass(frozen=True)
class _Request:
    """`near`: whether near duplicates are asked for, which takes longest."""

    index: Index
    spec: Any
    embedding: Embedding | None
    near: bool


@dataclass(frozen=True)
class _Drawn:
    measured: Measured
    bars: Bars


def draw_thresholds(request: _Request, report: Report) -> dict[str, _Drawn | None]:
    """The histograms of the thresholds by name, None where nothing is measured; in a thread."""
    from cnnstudio.datasets.audit.threshold_values import NEAR, near_values, threshold_values

    if request.near:
        measured = {NEAR: near_values(request.index, request.spec, report.is_cancelled)}
    else:
        measured = threshold_values(request.index, request.spec, request.embedding)
    report.check()
    audit = request.spec.audit
    return {name: None if item is None else _Drawn(item, make_bars(item, _PARAMS[name], getattr(audit, name)))
            for name, item in measured.items()}


def make_bars(measured: Measured, param: Param, threshold: float) -> Bars:
    """The histogram on an axis that has the values, the threshold and its default."""
    import numpy as np

    assert isinstance(param, Float | Int)
    values = measured.values[np.isfinite(measured.values)]
    ends = [float(threshold), float(param.default)]
    if len(values):
        # A long tail on the side that is not found would press the rest together.
        ends += [float(values[0]) if not measured.above else float(np.percentile(values, 0.5)),
                 float(values[-1]) if measured.above else float(np.percentile(values, 99.5))]
    if measured.reach:
        ends = [0.0, measured.reach]
    low, high = min(ends), max(ends)
    if measured.logarithmic:
        low, high = low / 1.1, high * 1.1
    else:
        room = 0.0 if measured.reach else 0.04 * (high - low) or 0.5
        low, high = low - room, high + room
    low, high = max(low, float(param.minimum)), min(high, float(param.maximum))
    if measured.logarithmic:
        low = max(low, _LEAST_COUNT if isinstance(param, Int) else _LEAST)
        edges = np.geomspace(low, high, BINS + 1)
    else:
        edges = np.linspace(low, high, BINS + 1)
    counts, _edges = np.histogram(np.clip(values, low, high), edges)
    return Bars(low, high, tuple(int(count) for count in counts), measured.logarithmic)


class ThresholdPanel(QWidget):
    """A form of all thresholds, each with its histogram once its measure is there. `threshold_changed(name)` after the
    user changed one."""

    threshold_changed = Signal(str)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._collection, self._counts = workspace.session, workspace.collection, workspace.counts
        self._judge, self._audit = workspace.judge, workspace.audit
        self._scanner = workspace.scanner
        self._was_busy = False
        self._near_key: object = None
        self.form = Form(AUDIT_PARAMS, spec_fields(self._session.project.dataset.audit, AUDIT_PARAMS))
        self.form.value_changed.connect(self._set)
        self.form.settled.connect(lambda _name: self._session.seal())
        self._examples = ThresholdExamples(workspace.collection)
        self.cells: dict[str, ThresholdCell] = {}
        self._start_button = Button(tr("Audit the pictures", "Auditar las imágenes"), "", "search", on_click=self._start)
        self._missing = box(column(Label(tr(
            "Nothing has been measured yet. After the audit, each threshold is a line in the histogram of your pictures.",
            "Aún no se ha medido nada. Tras la auditoría, cada umbral es una línea en el histograma de sus imágenes."),
            "secondary", "dim", wrap=True), self._start_button, spacing=6))
        self._missing.hide()
        note = Label(tr("The affected pictures are shown while you change a threshold.",
                        "Al cambiar un umbral se muestran las imágenes afectadas."), "secondary", "dim", wrap=True)
        self.setLayout(column(note, self._missing, self.form, spacing=8, margins=(8, 0, 0, 8)))
        jobs = self._session.jobs
        self._work = Latest(jobs, "thresholds", draw_thresholds, self)
        self._near = Latest(jobs, "near-thresholds", draw_thresholds, self)
        for work in (self._work, self._near):
            work.answered.connect(self._show)
        jobs.changed.connect(self._show_running)

    def _build(self) -> None:
        """Build the histograms when they are first seen: the window opens before what they need is loaded."""
        from cnnstudio.datasets.audit.threshold_values import MEASURED

        for name in MEASURED:
            cell = ThresholdCell(_PARAMS[name], classes=not any(
                kind.threshold == name and kind.group != "balance" for kind in KINDS))
            cell.plot.moved.connect(partial(self._on_moved, name))
            cell.plot.settled.connect(self._session.seal)
            cell.plot.focused.connect(partial(self._show_examples, name))
            if name in _LEARNED:
                cell.add_button(tr("Compare the pictures", "Comparar las imágenes"), self._start)
            cell.show_threshold(self._threshold(name))
            self.cells[name] = cell
            self.form.insert_above(name, cell)

    # Following the project -----------------------------------------------------------------------

    def refresh(self, change: Change) -> None:
        """Show the values of the project, and measure again where it can be seen."""
        if change.of("dataset", "folder"):
            self.form.set_values(spec_fields(self._session.project.dataset.audit, AUDIT_PARAMS))
            for cell in self.cells.values():
                cell.show_threshold(self._threshold(cell.name))
            self._examples.refresh()
        if change.of("folder"):
            self._near_key = None
            for cell in self.cells.values():
                cell.show_drawn(None)
        # A changed threshold is followed by its findings, and then by the counts.
        if self.isVisible() and change.of("pictures", "folder"):
            self._ask()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self.cells:
            self._build()
        self._ask()

    def close_threads(self) -> None:
        """Stop computing; the page will be deleted."""
        self._work.close()
        self._near.close()
        self._examples.close_threads()

    def _threshold(self, name: str) -> float:
        return float(getattr(self._session.project.dataset.audit, name))

    def _ask(self) -> None:
        index = self._collection.index
        # While pictures are being read and measured, all of them would be read again and again.
        if index is None or self._is_busy():
            return
        counts, spec = self._counts, self._session.project.dataset
        self._missing.setVisible(counts.total > 0 and counts.unmeasured >= counts.total)
        self._work.ask(_Request(index, spec, self._judge.embedding, near=False))
        key = (counts.total, counts.unmeasured, counts.excluded, spec.audit.flips, max(spec.audit.near_duplicate, 0.3))
        if key != self._near_key:
            self._near_key = key
            self._near.ask(_Request(index, spec, None, near=True))

    def _show(self, _request: _Request, result: dict[str, _Drawn | None] | Failure) -> None:
        if isinstance(result, Failure):
            return
        for name, drawn in result.items():
            self.cells[name].show_drawn(drawn)
            self.cells[name].show_threshold(self._threshold(name))
        self._examples.refresh()

    def found(self, name: str) -> int:
        """How many a threshold finds; 0 where nothing is measured."""
        cell = self.cells.get(name)
        return 0 if cell is None or cell.drawn is None else cell.drawn.measured.count(self._threshold(name))

    def _start(self) -> None:
        self._audit.start()

    def _is_busy(self) -> bool:
        return self._audit.running is not None or self._scanner.running is not None

    def _show_running(self) -> None:
        # Asking starts a job, which is announced here again.
        before, self._was_busy = self._was_busy, self._is_busy()
        if before and not self._was_busy and self.isVisible():
            self._ask()
        idle = self._audit.running is None
        self._start_button.setEnabled(idle)
        for cell in self.cells.values():
            cell.set_idle(idle)

    # Changing ------------------------------------------------------------------------------------

    def _on_moved(self, name: str, value: float) -> None:
        """The line was moved: to a number as short as the field shows."""
        self._set(name, short_value(_PARAMS[name], value))

    def _set(self, name: str, value: Any) -> None:
        label = _PARAMS[name].label
        self._session.edit(lambda project: edits.set_field(project, "dataset.audit", name, value), label,
                           f"dataset.audit.{name}")
        self.threshold_changed.emit(name)

    def _show_examples(self, name: str) -> None:
        """Show the pictures on both sides of the line that has the focus."""
        self._examples.show_side(self.cells[name])


class ThresholdCell(QWidget):
    """The histogram of one threshold, how many are found, and room for examples."""

    def __init__(self, param: Param, *, classes: bool) -> None:
        super().__init__()
        assert isinstance(param, Float | Int)
        self.name, self._param, self._classes = param.name, param, classes
        display = param.display if isinstance(param, Float) else None
        step = display.to_stored(display.step) if display is not None else float(param.step)
        self.plot = ThresholdPlot(str(param.label), float(param.minimum), float(param.maximum), step,
                                  partial(format_threshold, param))
        self.drawn: _Drawn | None = None
        self.value = float(param.default)
        self.text = Label("", "secondary", "dim", wrap=True)
        self._missing = QWidget()
        self._missing.setLayout(row(spacing=8))
        self._missing.hide()
        self._buttons: list[Button] = []
        self.body = column(self.plot, self.text, self._missing, spacing=2)
        self.setLayout(self.body)
        self.show_drawn(None)

    def add_button(self, text: str, on_click: Any) -> None:
        """A button that measures, while there are no values."""
        button = Button(text, "link", on_click=on_click)
        self._buttons.append(button)
        layout = self._missing.layout()
        assert layout is not None
        layout.addWidget(button)
        self.show_drawn(self.drawn)

    def set_idle(self, idle: bool) -> None:
        """Whether the buttons can be used."""
        for button in self._buttons:
            button.setEnabled(idle)

    def show_drawn(self, drawn: _Drawn | None) -> None:
        """Show the histogram; None where nothing is measured."""
        self.drawn = drawn
        self.plot.setVisible(drawn is not None)
        self.text.setVisible(drawn is not None)
        self._missing.setVisible(drawn is None and bool(self._buttons))
        self.setVisible(drawn is not None or bool(self._buttons))
        if drawn is not None:
            self.plot.show_bars(drawn.bars, drawn.measured.above, drawn.measured.floor)

    def show_threshold(self, value: float) -> None:
        """Show a threshold and how many are beyond it."""
        self.value = value
        if self.drawn is None:
            return
        measured = self.drawn.measured
        count = measured.count(value)
        number = format_classes(count) if self._classes else format_pictures(count)
        text = tr("{n} found", "Hallazgos: {n}", n=number)
        if measured.reach and not len(measured.values):
            text = tr("No two pictures differ by less than {reach}.", "No hay dos imágenes que difieran en menos del {reach}.",
                      reach=format_threshold(self._param, measured.reach))
        self.text.setText(text)
        notes = [text]
        if measured.scale < 1:
            notes.append(tr("The values of these pictures are low overall, so only {share} of the threshold that you set is "
                            "applied.",
                            "Los valores de estas imágenes son bajos en conjunto, así que solo se aplica el {share} del "
                            "umbral fijado.", share=format_percent(measured.scale, 0)))
        if measured.floor > value:
            notes.append(tr("These pictures differ so much that nothing is found below the dotted line.",
                            "Estas imágenes son tan distintas que por debajo de la línea de puntos no se encuentra nada."))
        self.plot.show_value(value, "\n".join(notes))


def format_threshold(param: Param, value: float) -> str:
    """A value as the field shows it, with its unit."""
    display: Display | None = getattr(param, "display", None)
    decimals = display.decimals if display is not None else getattr(param, "decimals", 0)
    shown = display.to_shown(value) if display is not None else value
    figure = f"{shown:.{min(decimals, 2)}f}"
    figure = localize_number(figure.rstrip("0").rstrip(".") if "." in figure else figure)
    unit = display.unit if display is not None else getattr(param, "unit", None)
    return with_unit(figure, str(unit)) if unit else figure


def short_value(param: Param, value: float) -> float | int:
    """The value with no more decimals than its field shows."""
    if isinstance(param, Int):
        return round(value)
    assert isinstance(param, Float)
    if param.display is not None:
        return param.display.to_stored(round(param.display.to_shown(value), param.display.decimals))
    return round(value, param.decimals)
