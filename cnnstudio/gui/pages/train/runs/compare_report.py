"""What a comparison of two runs says: the verdict, the figures drawn, the settings, and the pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.text import Text, localize_number, on_one_line, tr
from cnnstudio.datasets.paired import Figure
from cnnstudio.gui.pages.train.runs.setting_names import setting_name
from cnnstudio.gui.state.thumbnails import Thumbnails, Wanted
from cnnstudio.gui.widgets.basics import Caption, Elided, Label, box, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.formatting import format_count, format_number, format_percent
from cnnstudio.gui.widgets.interval_plot import IntervalPlot, IntervalRow
from cnnstudio.gui.widgets.picture import PictureView
from cnnstudio.gui.widgets.table import Column, Table
from cnnstudio.workers.runs.comparison import Disagreement, RunComparison, verdict
from cnnstudio.workers.runs.several_comparisons import SettingValues

_NAMES: Final = {
    "accuracy": Text("Accuracy", "Exactitud"), "balanced_accuracy": Text("Balanced accuracy", "Exactitud equilibrada"),
    "macro_f1": Text("Macro F1", "F1 macro"), "loss": Text("Loss", "Pérdida")}
_SHARES: Final = ("accuracy", "balanced_accuracy")
_LARGE: Final = 512


class CompareReport(QWidget):
    """Shows one comparison. A picture that is chosen in the list stands beside it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.comparison: RunComparison | None = None
        self._files: Mapping[str, Path] = {}
        self._verdict = Label("", "body_strong", wrap=True, selectable=True)
        self._scope = Label("", "secondary", "dim", wrap=True)
        self._legend = (Elided("", "secondary"), Elided("", "secondary"))
        self._dots = (_Dot(), _Dot())
        self._plot = IntervalPlot()
        self._settings = Table([])
        self._settings.setAccessibleName(tr("Settings that differ", "Ajustes que difieren"))
        self._same = Label(tr("The runs have the same settings.", "Los entrenamientos tienen los mismos ajustes."), "body",
                           "dim", wrap=True)
        self._mistakes = Table([
            Column(tr("Class", "Clase"), text=lambda item: on_one_line(item.label), stretch=True),
            Column(tr("Taken for", "Tomada por"), text=lambda item: on_one_line(item.predicted)),
            Column(tr("Second − first", "Segundo − primero"), text=lambda item: f"{item.change:+d}".replace("-", "−"),
                   key=lambda item: item.change, right=True, tone=lambda item: "error" if item.change > 0 else "ok")])
        self._mistakes.setAccessibleName(tr("Mistakes that became more or fewer", "Errores que aumentaron o disminuyeron"))
        self._mistaken = Caption(tr("Mistakes that became more or fewer", "Errores que aumentaron o disminuyeron"))
        self._pictures = Table([
            Column(tr("Picture", "Imagen"), text=lambda item: on_one_line(item.path), stretch=True),
            Column(tr("Class", "Clase"), text=lambda item: on_one_line(item.label)),
            Column(tr("First says", "El primero dice"), text=lambda item: _answer(item.first, item.first_probability),
                   key=lambda item: item.first_probability, tone=lambda item: _tone(item, item.first)),
            Column(tr("Second says", "El segundo dice"), text=lambda item: _answer(item.second, item.second_probability),
                   key=lambda item: item.second_probability, tone=lambda item: _tone(item, item.second))])
        self._pictures.setAccessibleName(tr("Pictures on which they disagree", "Imágenes en las que discrepan"))
        self._pictures.chosen.connect(self._show_picture)
        self._agree = Label(tr("They give the same answer for every picture.", "Dan la misma respuesta para todas las "
                                                                                "imágenes."), "body", "dim", wrap=True)
        self._view = PictureView()
        self._view.setFixedSize(200, 200)
        self._thumbnails = Thumbnails(self, threads=1)
        self._thumbnails.arrived.connect(self._show_picture)
        self._counted = Caption(tr("Pictures on which they disagree", "Imágenes en las que discrepan"))
        for table in (self._settings, self._mistakes, self._pictures):
            table.setMinimumHeight(96)
        self._side = box(row(self._pictures, self._view, spacing=12))
        legend = row(self._dots[0], self._legend[0], 12, self._dots[1], self._legend[1], None, spacing=6)
        figures = Caption(tr("Figures, with 95% intervals", "Cifras, con intervalos del 95 %"))
        settings = Caption(tr("Settings that differ", "Ajustes que difieren"))
        content = column(
            Card(self._verdict, self._scope, spacing=6), figures, Card(box(legend), self._plot, spacing=8),
            settings, self._same, self._settings, self._mistaken, self._mistakes, self._counted, self._agree, self._side, None,
            spacing=10, margins=(0, 0, 8, 0))
        self.setLayout(column(scroll_area(box(content))))

    def show_comparison(self, comparison: RunComparison, files: Mapping[str, Path], titles: tuple[str, str],
                        colors: tuple[QColor, QColor], settings: Sequence[SettingValues], all_titles: Sequence[str],
                        corrected: float | None = None) -> None:
        """Show it; `files` are those of the pictures on which the runs disagree, by the path of each. `settings` are those
        of all compared runs, which `all_titles` names; `corrected` is the p-value among several comparisons."""
        self.comparison, self._files = comparison, files
        self._verdict.setText(str(verdict(comparison, *titles, corrected=corrected)))
        self._scope.setText(_scope(comparison))
        for dot, legend, title, color in zip(self._dots, self._legend, titles, colors, strict=True):
            dot.set_color(color)
            legend.setText(title)
        self._plot.show_rows([_row(figure) for figure in comparison.paired.figures], *colors)
        self._settings.set_columns(_setting_columns(all_titles), settings)
        self._fit(self._settings, len(settings))
        self._settings.setVisible(bool(settings))
        self._same.setVisible(not settings)
        mistakes = changed_mistakes(comparison)
        self._mistakes.set_rows(mistakes)
        self._fit(self._mistakes, len(mistakes))
        for part in (self._mistaken, self._mistakes):
            part.setVisible(bool(mistakes))
        count = len(comparison.disagreements)
        self._counted.setText(tr("Pictures on which they disagree: {n}", "Imágenes en las que discrepan: {n}",
                                 n=format_count(count)))
        self._agree.setVisible(not count)
        self._side.setVisible(bool(count))
        self._pictures.set_rows(comparison.disagreements)
        self._fit(self._pictures, count, least=210)
        if count:
            self._pictures.select(comparison.disagreements[0])
        self._show_picture()

    @staticmethod
    def _fit(table: Table, rows: int, least: int = 0) -> None:
        """The height of a few rows; more scroll."""
        height = table.horizontalHeader().sizeHint().height() + min(rows, 6) * table.verticalHeader().defaultSectionSize() + 4
        table.setFixedHeight(max(least, height))

    def _show_picture(self, _item: object = None) -> None:
        item = self._pictures.selected
        file = self._files.get(item.path) if isinstance(item, Disagreement) else None
        if file is None:
            self._view.set_message("")
            return
        wanted = _wanted(file)
        self._thumbnails.want([wanted])
        image = self._thumbnails.get(wanted)
        if image is None:
            self._view.set_message("")
        elif image.isNull():
            self._view.set_message(tr("This file cannot be read", "No se puede leer este archivo"), "warning")
        else:
            self._view.set_image(image)

    def close_threads(self) -> None:
        self._thumbnails.close()


def _setting_columns(titles: Sequence[str]) -> list[Column]:
    """The setting, and its value in each run; two are the first and the second."""
    if len(titles) == 2:
        titles = (tr("First", "Primero"), tr("Second", "Segundo"))
    return [Column(tr("Setting", "Ajuste"), text=lambda item: setting_name(item.key), stretch=True), *(
        Column(on_one_line(title), text=lambda item, place=place: plain_value(item.values[place]))  # type: ignore[misc]
        for place, title in enumerate(titles))]


class ChangedMistake(NamedTuple):
    """How many pictures more of a class the second run takes for another one."""

    label: str
    predicted: str
    change: int


def changed_mistakes(comparison: RunComparison) -> list[ChangedMistake]:
    """The cells of the confusion matrix that differ, apart from right answers, the largest changes first."""
    names = comparison.class_names
    changes = [ChangedMistake(names[row], names[column], change)
               for row, line in enumerate(comparison.paired.confusion_difference)
               for column, change in enumerate(line) if change and row != column]
    return sorted(changes, key=lambda item: -abs(item.change))


class _Dot(QWidget):
    """The colour of a run."""

    def __init__(self) -> None:
        super().__init__()
        self._color = QColor()
        self.setFixedSize(10, 16)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_color(self, color: QColor) -> None:
        self._color = color
        self.update()

    def paintEvent(self, _event: object) -> None:
        from PySide6.QtGui import QPainter

        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._color)
        painter.drawEllipse(0, 3, 10, 10)


def _wanted(file: Path) -> Wanted:
    try:
        status = file.stat()
    except OSError:
        return Wanted(("compare", str(file)), file, 0, 0, _LARGE)
    return Wanted(("compare", str(file)), file, status.st_size, status.st_mtime_ns, _LARGE)


def _row(figure: Figure) -> IntervalRow:
    share = figure.name in _SHARES

    def value(number: float) -> str:
        return format_percent(number) if share else format_number(number)

    def signed(number: float) -> str:
        text = format_number(number * 100, 1) if share else format_number(number)
        return f"+{text}" if number > 0 else text.replace("-", "−")

    low, high = figure.difference_interval
    differs = low > 0 or high < 0
    text = tr("{d} points ({low} to {high})", "{d} puntos ({low} a {high})", d=signed(figure.difference), low=signed(low),
              high=signed(high)) if share else tr("{d} ({low} to {high})", "{d} ({low} a {high})", d=signed(figure.difference),
                                                  low=signed(low), high=signed(high))
    return IntervalRow(
        name=str(_NAMES[figure.name]), first=(figure.first, *figure.first_interval),
        second=(figure.second, *figure.second_interval), first_text=value(figure.first), second_text=value(figure.second),
        difference=text, differs=differs)


def _scope(comparison: RunComparison) -> str:
    split = {"test": tr("test pictures", "imágenes de prueba"),
             "validation": tr("validation pictures", "imágenes de validación")}[comparison.split]
    parts = [tr("On {n} {split} that both were evaluated on.", "Con {n} {split} con las que se evaluaron ambos.",
                n=format_count(comparison.paired.images), split=split)]
    once = comparison.only_first + comparison.only_second
    if once:
        parts.append(tr("Left out: {n} that only one was evaluated on.", "Quedan fuera {n} con las que solo se evaluó uno.",
                        n=format_count(once)))
    if comparison.changed:
        parts.append(tr("Left out: {n} whose file or class has changed in between.",
                        "Quedan fuera {n} cuyo archivo o clase cambió entretanto.", n=format_count(comparison.changed)))
    return " ".join(parts)


def _answer(name: str, probability: float) -> str:
    return f"{on_one_line(name)} · {format_percent(probability, 0)}"


def _tone(item: Disagreement, answer: str) -> str:
    return "ok" if answer == item.label else "error"


def plain_value(value: Any) -> str:
    """A setting's value as text."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return localize_number(f"{value:g}")
    return on_one_line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


