"""The tables of figures: all figures of one run, of several side by side, and those of each class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from PySide6.QtGui import QColor

from cnnstudio.core.text import tr
from cnnstudio.evaluation.class_figures import CLASS_FIGURES
from cnnstudio.evaluation.figures import FIGURES
from cnnstudio.evaluation.report import ClassValues, Report, Value
from cnnstudio.gui.widgets.formatting import format_count, format_number, format_percent
from cnnstudio.gui.widgets.table import Column

_NONE: Final = "–"


@dataclass(frozen=True)
class FigureRow:
    """One figure in every run, the own first."""

    id: str
    values: tuple[Value, ...]

    @property
    def label(self) -> str:
        return str(FIGURES[self.id].label)


def figure_rows(reports: Sequence[Report]) -> list[FigureRow]:
    """The rows of all figures, without those of which nothing is said where they are undefined."""
    return [FigureRow(value.id, tuple(report[value.id] for report in reports)) for value in reports[0].figures
            if value.value is not None or not FIGURES[value.id].passed_over]


def format_value(value: float | None, percent: bool) -> str:
    """A figure, or a dash where it is undefined."""
    if value is None:
        return _NONE
    return format_percent(value) if percent else format_number(value)


def format_interval(interval: tuple[float, float] | None, percent: bool) -> str:
    """An interval as "0.912 – 0.934"; "" where there is none."""
    if interval is None:
        return ""
    return f"{format_value(interval[0], percent)} – {format_value(interval[1], percent)}"


def method_text(value: Value) -> str:
    """How the interval was found."""
    if value.method == "wilson":
        return "Wilson"
    return "bootstrap" if value.method else ""


def _why(value: Value) -> str:
    """Why there is no value, or no interval; "" where there are both."""
    return "" if value.reason is None else str(value.reason)


def _explained(value: Value, help: str) -> str:
    """What a tooltip says of a figure."""
    lines = [help, _why(value)]
    if value.method == "bootstrap":
        lines.append(tr("Interval: 95%, bootstrap of the pictures with {n} resamples.",
                        "Intervalo: 95 %, bootstrap de las imágenes con {n} remuestreos.", n=format_count(value.resamples)))
    elif value.method == "wilson":
        lines.append(tr("Interval: 95%, Wilson.", "Intervalo: 95 %, Wilson."))
    return "\n".join(line for line in lines if line)


def _row_help(row: FigureRow, place: int = 0) -> str:
    return _explained(row.values[place], str(FIGURES[row.id].help))


def _interval_or_reason(row: FigureRow, waiting: bool) -> str:
    value, percent = row.values[0], FIGURES[row.id].percent
    if value.interval is not None:
        return format_interval(value.interval, percent)
    return _why(value) or ("…" if waiting else "")


def _value_or_waiting(row: FigureRow, waiting: bool) -> str:
    value = row.values[0]
    return "…" if waiting and value.value is None and value.reason is None else format_value(value.value,
                                                                                            FIGURES[row.id].percent)


def single_columns(waiting: Callable[[], bool]) -> list[Column]:
    """Columns of `FigureRow` for one run; `waiting`: whether the intervals are being computed."""
    return [
        Column(tr("Figure", "Cifra"), text=lambda row: row.label, help=_row_help),
        Column(tr("Value", "Valor"), text=lambda row: _value_or_waiting(row, waiting()),
               key=lambda row: _number(row.values[0].value), right=True, help=_row_help),
        Column(tr("95% interval", "Intervalo del 95 %"), text=lambda row: _interval_or_reason(row, waiting()), stretch=True,
               least=130, help=_row_help, tone=lambda row: "" if row.values[0].interval is not None else "dim"),
        Column(tr("Method", "Método"), text=lambda row: method_text(row.values[0]), spare=1, help=_row_help,
               tone=lambda _row: "dim")]


def several_columns(titles: Sequence[str]) -> list[Column]:
    """Columns of `FigureRow` for runs side by side."""
    def text(place: int, row: FigureRow) -> str:
        value, percent = row.values[place], FIGURES[row.id].percent
        return with_interval(value, percent)

    def key(place: int, row: FigureRow) -> float:
        return _number(row.values[place].value)

    def help(place: int, row: FigureRow) -> str:
        value, percent = row.values[place], FIGURES[row.id].percent
        return f"{titles[place]}: {with_interval(value, percent)}\n{_row_help(row, place)}"

    return [Column(tr("Figure", "Cifra"), text=lambda row: row.label, help=_row_help), *(
        Column(title, text=partial(text, place), key=partial(key, place), stretch=True, help=partial(help, place), least=84,
               about=title) for place, title in enumerate(titles))]


def with_interval(value: Value, percent: bool = False) -> str:
    """A figure with its interval in brackets."""
    interval = format_interval(value.interval, percent)
    return format_value(value.value, percent) + (f" ({interval})" if interval else "")


def _number(value: float | None) -> float:
    """The sort key: what is undefined stands below all numbers."""
    return float("-inf") if value is None else value


def _class_value(row: ClassValues, name: str) -> Value:
    """A figure of a class; none where the answers that it needs are missing."""
    return next((value for value in row.figures if value.id == name), Value(id=name, value=None))


def class_columns(color: Callable[[ClassValues], QColor], *, intervals: bool, probabilities: bool = False) -> list[Column]:
    """Columns of `ClassValues`: the figures of the decisions, or else of the probabilities. `intervals` where there is room for
    them."""
    def text(name: str, row: ClassValues) -> str:
        value = _class_value(row, name)
        return with_interval(value) if intervals else format_value(value.value, percent=False)

    def key(name: str, row: ClassValues) -> float:
        return _number(_class_value(row, name).value)

    def help(name: str, row: ClassValues) -> str:
        value = _class_value(row, name)
        return f"{with_interval(value)}\n{_explained(value, str(CLASS_FIGURES[name].help))}"

    return [
        Column(tr("Class", "Clase"), text=lambda row: row.name, stretch=True, color=color, least=96),
        *(Column(str(figure.label), text=partial(text, figure.id), key=partial(key, figure.id), right=True,
                 help=partial(help, figure.id), about=str(figure.help))
          for figure in CLASS_FIGURES if figure.needs_probabilities == probabilities),
        Column(tr("Pictures", "Imágenes"), text=lambda row: format_count(row.support), key=lambda row: row.support, right=True,
               spare=1)]
