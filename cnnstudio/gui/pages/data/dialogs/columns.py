"""The dialog that asks for the columns of a list, with its first rows and what the choice gives."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QGridLayout, QTableWidget, QTableWidgetItem, QWidget

from cnnstudio.core.text import tr
from cnnstudio.datasets.sources.columns import FOLDER, ColumnChoice
from cnnstudio.datasets.sources.preview import Chosen, Preview, preview_list, try_columns
from cnnstudio.gui.look import theme
from cnnstudio.gui.state.jobs import JobList, Report
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.widgets.basics import Button, Label, column, row
from cnnstudio.gui.widgets.dialog import Dialog
from cnnstudio.gui.widgets.formatting import format_classes, format_count, format_pictures
from cnnstudio.gui.widgets.inputs import Select

_INDICATORS = "\0indicators"
"""The value for all columns of zeros and ones together."""


class ColumnsDialog(Dialog):
    """`columns_chosen(paths, labels)`: the names of the columns, as `dataset.path_columns` and `dataset.label_columns`."""

    columns_chosen = Signal(tuple, tuple)

    def __init__(self, jobs: JobList, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Columns of the list", "Columnas de la lista"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(720, 560)
        self._path = path
        self._preview = preview_list(path)
        self.pictures, self.classes = Select(), Select()
        self.pictures.chosen.connect(lambda _value: self._ask())
        self.classes.chosen.connect(lambda _value: self._ask())
        names = (tr("Pictures", "Imágenes"), tr("Classes", "Clases"))
        grid = QGridLayout()
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        for line, (name, field) in enumerate(zip(names, (self.pictures, self.classes), strict=True)):
            field.setAccessibleName(name)
            grid.addWidget(Label(name, tone="dim"), line, 0)
            grid.addWidget(field, line, 1)
        fields = QWidget()
        fields.setLayout(grid)
        self._status = Label("", "secondary", "dim", wrap=True)
        self.use = Button(tr("Use these columns", "Usar estas columnas"), "primary", on_click=self._use)
        cancel = Button(tr("Cancel", "Cancelar"), on_click=self.reject)
        note = tr("{name}: say which column names the pictures and which their classes.",
                  "{name}: indique qué columna nombra las imágenes y cuál sus clases.", name=path.name)
        layout = column(Label(tr("Columns of the list", "Columnas de la lista"), "title"),
                        Label(note, "secondary", "dim", wrap=True), fields, _table(self._preview), self._status,
                        row(None, cancel, self.use, spacing=12), spacing=12, margins=(24, 22, 24, 18))
        layout.setStretch(3, 1)
        self.setLayout(layout)
        self._trying = Latest(jobs, "columns", partial(_try, path), self)
        self._trying.answered.connect(self._show_result)
        self._fill()

    def _fill(self) -> None:
        preview = self._preview
        choices: list[tuple[object, str]] = [(name, name) for name in preview.names]
        self.pictures.set_choices(choices, preview.path or None)
        if preview.indicators:
            choices.append((_INDICATORS, tr("{n} columns of zeros and ones: {names}", "{n} columnas de ceros y unos: {names}",
                                            n=len(preview.indicators), names=", ".join(preview.indicators[:6]))))
        choices.append((FOLDER, tr("The folder of each picture", "La carpeta de cada imagen")))
        self.classes.set_choices(choices, _INDICATORS if preview.indicators else None)
        self._ask()

    @property
    def choice(self) -> ColumnChoice | None:
        """The chosen columns; None while one of them is missing."""
        label = self.classes.value
        if not isinstance(self.pictures.value, str) or not isinstance(label, str):
            return None
        return ColumnChoice(paths=(self.pictures.value,),
                            labels=self._preview.indicators if label == _INDICATORS else (label,))

    def _ask(self) -> None:
        self.use.setEnabled(False)
        choice = self.choice
        if choice is not None:
            self._trying.ask(choice)
        elif self._preview.problems:
            self._status.setText(str(self._preview.problems[0].text))
        else:
            self._status.setText(tr("Choose both columns.", "Elija ambas columnas."))

    def _show_result(self, choice: ColumnChoice, result: Any) -> None:
        if choice != self.choice:
            return
        if isinstance(result, Failure):
            self._status.setText(result.text)
            return
        self.use.setEnabled(result.problem is None)
        self._status.setText(format_result(result))

    def _use(self) -> None:
        choice = self.choice
        if choice is not None:
            self.columns_chosen.emit(choice.paths, choice.labels)
            self.accept()

    def done(self, code: int) -> None:
        self._trying.close()
        super().done(code)


def _try(path: Path, choice: ColumnChoice, _report: Report) -> Chosen:
    return try_columns(path, choice)


def format_result(result: Chosen) -> str:
    """The pictures and classes that the columns give, or why they give none."""
    if result.problem is not None:
        text = str(result.problem.text).removeprefix(f"{result.problem.where.path}: ")
        return text[:1].upper() + text[1:]
    shown = ", ".join(f"{name} {format_count(number)}" for name, number in result.classes[:8])
    more = ", …" if len(result.classes) > 8 else ""
    return f"{format_pictures(result.pictures)} · {format_classes(len(result.classes))}: {shown}{more}"


def _table(preview: Preview) -> QTableWidget:
    """The first rows of the list."""
    table = QTableWidget(len(preview.rows), len(preview.names))
    table.setHorizontalHeaderLabels(list(preview.names))
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
    table.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    table.setFont(theme.font("secondary"))
    table.verticalHeader().hide()
    table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    table.setAccessibleName(tr("First rows of the list", "Primeras filas de la lista"))
    for line, cells in enumerate(preview.rows):
        for index, text in enumerate(cells):
            item = QTableWidgetItem(text)
            item.setToolTip(text)
            table.setItem(line, index, item)
    table.resizeColumnsToContents()
    for index in range(len(preview.names)):
        table.setColumnWidth(index, min(table.columnWidth(index), 220))
    return table


def open_columns(jobs: JobList, path: Path, parent: QWidget | None = None) -> ColumnsDialog:
    """Open the dialog for a list."""
    dialog = ColumnsDialog(jobs, path, parent)
    dialog.open()
    return dialog
