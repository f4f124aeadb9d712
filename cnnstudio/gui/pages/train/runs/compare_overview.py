"""All runs that are compared with the first one, a line each: how accurate, how different, and whether that can be chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import on_one_line, tr
from cnnstudio.datasets.paired import Figure
from cnnstudio.gui.widgets.basics import Button, Caption, column, row
from cnnstudio.gui.widgets.formatting import format_count, format_number, format_percent
from cnnstudio.gui.widgets.table import Column, Table
from cnnstudio.workers.runs.several_comparisons import CORRECTION, ComparedRun

_MOST_LINES = 5


@dataclass(frozen=True)
class OverviewLine:
    """A compared run as the table shows it."""

    compared: ComparedRun
    title: str
    color: QColor

    @property
    def accuracy(self) -> Figure | None:
        comparison = self.compared.comparison
        return None if comparison is None else next(item for item in comparison.paired.figures if item.name == "accuracy")


class CompareOverview(QWidget):
    """`run_chosen(id)` for the run that is to be compared below, `run_removed(id)`."""

    run_chosen = Signal(str)
    run_removed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = Table([
            Column(tr("Run", "Entrenamiento"), text=lambda line: on_one_line(line.title), color=lambda line: line.color,
                   stretch=True, least=200),
            Column(tr("Accuracy", "Exactitud"), text=_accuracy, key=_value(lambda figure: figure.second), right=True),
            Column(tr("Difference", "Diferencia"), text=_difference, key=_value(lambda figure: figure.difference), right=True,
                   about=tr("Against the first run, in points, with the 95% interval of the paired bootstrap",
                            "Frente al primer entrenamiento, en puntos, con el intervalo del 95 % del bootstrap pareado")),
            Column(tr("Only it right", "Solo acierta este"), text=lambda line: _count(line, "only_second"), right=True, spare=2,
                   key=lambda line: _number(line, "only_second"),
                   about=tr("Pictures that this run answers right and the first one wrong",
                            "Imágenes que este entrenamiento acierta y el primero falla")),
            Column(tr("Only the first", "Solo el primero"), text=lambda line: _count(line, "only_first"), right=True, spare=2,
                   key=lambda line: _number(line, "only_first"),
                   about=tr("Pictures that the first run answers right and this one wrong",
                            "Imágenes que el primer entrenamiento acierta y este falla")),
            Column("p", text=_chance, key=lambda line: line.compared.p_value if line.compared.comparison else 2.0, right=True,
                   spare=1, about=tr("McNemar's exact test, corrected for several comparisons ({method})",
                                     "Prueba exacta de McNemar, corregida por comparaciones múltiples ({method})",
                                     method=CORRECTION)),
            Column(tr("Verdict", "Veredicto"), text=_verdict, tone=_tone, help=_explained)])
        self._table.setAccessibleName(tr("Compared runs", "Entrenamientos comparados"))
        self._table.chosen.connect(self._on_chosen)
        self._remove = Button(tr("Remove from the comparison", "Quitar de la comparación"), "link",
                              on_click=self._remove_chosen)
        head = row(Caption(tr("Compared with the first run", "Comparados con el primer entrenamiento")), None, self._remove)
        self.setLayout(column(head, self._table, spacing=8))

    def show_runs(self, lines: Sequence[OverviewLine]) -> None:
        """Show the lines; none is selected."""
        table = self._table
        table.blockSignals(True)
        table.set_rows(list(lines))
        table.blockSignals(False)
        table.setFixedHeight(table.horizontalHeader().sizeHint().height() + 4
                             + min(len(lines), _MOST_LINES) * table.verticalHeader().defaultSectionSize())

    def select(self, run: str) -> None:
        """Select the line of a run, without announcing it."""
        self._table.blockSignals(True)
        self._table.select(next((line for line in self._table.rows.rows if line.compared.run == run), None))
        self._table.blockSignals(False)

    def _on_chosen(self, line: OverviewLine | None) -> None:
        if line is not None:
            self.run_chosen.emit(line.compared.run)

    def _remove_chosen(self) -> None:
        line = self._table.selected
        if isinstance(line, OverviewLine):
            self.run_removed.emit(line.compared.run)


def _value(of: Callable[[Figure], float]) -> Callable[[OverviewLine], float]:
    """A sort key: runs that cannot be compared come first."""
    return lambda line: -2.0 if line.accuracy is None else of(line.accuracy)


def _accuracy(line: OverviewLine) -> str:
    figure = line.accuracy
    if figure is None:
        return "–"
    low, high = (format_number(value * 100, 1) for value in figure.second_interval)
    return tr("{value} ({low} to {high})", "{value} ({low} a {high})", value=format_percent(figure.second), low=low, high=high)


def _difference(line: OverviewLine) -> str:
    figure = line.accuracy
    if figure is None:
        return "–"
    low, high = map(_points, figure.difference_interval)
    return tr("{value} ({low} to {high})", "{value} ({low} a {high})", value=_points(figure.difference), low=low, high=high)


def _points(share: float) -> str:
    text = format_number(share * 100, 1)
    return f"+{text}" if share > 0 else text.replace("-", "−")


def _number(line: OverviewLine, name: str) -> int:
    comparison = line.compared.comparison
    return -1 if comparison is None else int(getattr(comparison.paired.mcnemar, name))


def _count(line: OverviewLine, name: str) -> str:
    return "–" if line.compared.comparison is None else format_count(_number(line, name))


def _chance(line: OverviewLine) -> str:
    if line.compared.comparison is None:
        return "–"
    return format_number(line.compared.p_value, 3) if line.compared.p_value >= 0.001 else "< " + format_number(0.001, 3)


def _verdict(line: OverviewLine) -> str:
    if line.compared.problem is not None and line.compared.problem.code == "not_evaluated":
        return tr("not evaluated", "sin evaluar")
    if line.compared.comparison is None:
        return tr("not comparable", "no comparable")
    if not line.compared.significant:
        return tr("not significantly different", "sin diferencia significativa")
    return tr("better", "mejor") if _is_better(line) else tr("worse", "peor")


def _explained(line: OverviewLine) -> str:
    problem = line.compared.problem
    return _verdict(line) if problem is None else str(problem.text)


def _is_better(line: OverviewLine) -> bool:
    return _number(line, "only_second") > _number(line, "only_first")


def _tone(line: OverviewLine) -> str:
    if line.compared.comparison is None:
        return "warn"
    return ("ok" if _is_better(line) else "error") if line.compared.significant else ""
