"""The choice of the picture that a bench works on."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.file_dialogs import ask_files
from cnnstudio.gui.pages.learn.drawing.board import labelled
from cnnstudio.gui.pages.learn.drawing.project_pictures import ProjectPictures
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Label, column, row
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.gui.widgets.number_box import NumberBox
from cnnstudio.imaging.formats import SUFFIXES
from cnnstudio.learning.benches.pictures.samples import SAMPLES
from cnnstudio.learning.benches.pictures.source import (
    MOST_CELLS,
    SIDES,
    PictureSource,
    load_pixels,
    matrix_of,
)

_MATRIX: Final = "matrix"
_FILE: Final = "file"
_FIELD: Final = 128


class PictureLoader(QObject):
    """Reads the pixels of sources: files in the background. `loaded(source, pixels)`, or `failed(text)`."""

    loaded = Signal(object, object)
    failed = Signal(str)

    def __init__(self, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._latest = Latest(workspace.session.jobs, "bench-picture", lambda source, _report: load_pixels(source), self)
        self._latest.answered.connect(self._on_answered)
        self._wanted: PictureSource | None = None
        self.problem = ""
        """Why the last source has no pixels."""

    def load(self, source: PictureSource) -> None:
        """Load this source next."""
        self._wanted = source
        if source.kind == "file":
            self._latest.ask(source)
            return
        try:
            pixels = load_pixels(source)
        except ProblemError as err:
            self._fail(str(err.problems[0].text))
        else:
            self._take(source, pixels)

    def _on_answered(self, source: PictureSource, pixels: Any) -> None:
        if source != self._wanted:
            return
        if isinstance(pixels, Failure):
            self._fail(pixels.text)
        else:
            self._take(source, pixels)

    def _take(self, source: PictureSource, pixels: Any) -> None:
        self.problem = ""
        self.loaded.emit(source, pixels)

    def _fail(self, text: str) -> None:
        self.problem = text
        self.failed.emit(text)

    def close(self) -> None:
        """Stop reading."""
        self._latest.close()


class PictureChoice(QWidget):
    """`source_chosen(source)` when the user chose another one."""

    source_chosen = Signal(object)

    def __init__(self, workspace: Workspace, *, sides: Collection[int] = SIDES, channels: bool = True, matrix: bool = True,
                 parent: QWidget | None = None) -> None:
        """`sides` are the longest sides to choose from, none: the picture is not reduced; `matrix`: one can be typed in."""
        super().__init__(parent)
        self._workspace, self._session = workspace, workspace.session
        self._source, self._matrix = PictureSource(), matrix
        self._kind = Select()
        self._kind.setAccessibleName(tr("Picture", "Imagen"))
        self._kind.chosen.connect(self._on_kind_chosen)
        file = Button(tr("File…", "Archivo…"), "", "folder", on_click=self._ask_file)
        self._project = Button(tr("Project…", "Proyecto…"), "", "data", on_click=self._ask_project,
                               tooltip=tr("One of the pictures of the open project",
                                          "Una de las imágenes del proyecto abierto"))
        self._side = Select([(side, tr("{n} pixels", "{n} píxeles", n=side)) for side in sides])
        self._side.setFixedWidth(_FIELD)
        self._side.chosen.connect(lambda side: self._take(side=side))
        self._side_line = labelled(tr("Longest side", "Lado mayor"), self._side)
        self._channels = Select([(1, tr("1, grey", "1, gris")), (2, tr("2, red and green", "2, rojo y verde")),
                                 (3, tr("3, RGB", "3, RGB"))])
        self._channels.setFixedWidth(_FIELD)
        self._channels.chosen.connect(lambda count: self._take(channels=count))
        self._channels_line = labelled(tr("Channels", "Canales"), self._channels)
        self._rows, self._columns = (NumberBox(1, minimum=1, maximum=MOST_CELLS, integer=True) for _ in range(2))
        for box, name in ((self._rows, tr("Rows", "Filas")), (self._columns, tr("Columns", "Columnas"))):
            box.setAccessibleName(name)
            box.setFixedWidth(60)
            box.value_changed.connect(self._on_shape_changed)
        self._shape_line = QWidget()
        shape = Label(tr("Rows, columns", "Filas, columnas"))
        self._shape_line.setLayout(row(shape, None, self._rows, self._columns, spacing=8))
        self._problem = Label("", "secondary", "error", wrap=True)
        self._problem.hide()
        self.setLayout(column(self._kind, row(file, self._project, spacing=8), self._side_line, self._shape_line,
                              self._channels_line, self._problem, spacing=8))
        self._side_line.setVisible(bool(sides))
        self._channels_line.setVisible(channels)
        self._sides, self._has_channels = bool(sides), channels
        self._session.changed.connect(self._on_session_changed)
        self.show_source(self._source)

    def _on_session_changed(self, change: Change) -> None:
        # A method: what is connected to a lambda would outlive the choice.
        if change.of("folder"):
            self._project.setEnabled(self._session.is_open)

    def show_source(self, source: PictureSource) -> None:
        """Show a source; nothing is emitted."""
        self._source = source
        choices: list[tuple[object, str]] = [(sample.id, str(sample.label)) for sample in SAMPLES]
        if self._matrix:
            choices.append((_MATRIX, tr("Matrix that you type in", "Matriz que usted escribe")))
        if source.kind == "file":
            choices.append((_FILE, Path(source.path).name))
        self._kind.set_choices(choices, source.sample if source.kind == "sample" else source.kind)
        self._side.set_value(source.side)
        self._channels.set_value(source.channels)
        self._rows.set_value(len(source.matrix[0]))
        self._columns.set_value(len(source.matrix[0][0]))
        self._shape_line.setVisible(source.kind == "matrix")
        self._side_line.setVisible(self._sides and source.kind != "matrix")
        self._project.setEnabled(self._session.is_open)
        self.show_problem("")

    def show_problem(self, text: str) -> None:
        """Say why there is no picture."""
        self._problem.setText(text)
        self._problem.setVisible(bool(text))

    def take_file(self, path: str) -> None:
        """Use a file."""
        self._take(kind="file", path=str(path))

    def _take(self, **fields: Any) -> None:
        source = msgspec.structs.replace(self._source, **fields)
        self.show_source(source)
        self.source_chosen.emit(source)

    def _on_kind_chosen(self, value: object) -> None:
        if value == _MATRIX:
            self._take(kind="matrix")
        elif value != _FILE:
            self._take(kind="sample", sample=str(value))

    def _on_shape_changed(self, _value: object) -> None:
        rows, columns = int(self._rows.value or 1), int(self._columns.value or 1)
        tables = []
        for table in self._source.matrix:
            before, after = np.asarray(table), np.zeros((rows, columns), np.int64)
            high, wide = min(rows, before.shape[0]), min(columns, before.shape[1])
            after[:high, :wide] = before[:high, :wide]
            tables.append(after)
        self._take(matrix=matrix_of(np.stack(tables, axis=2)))

    def _ask_file(self) -> None:
        kinds = f"{tr('Pictures', 'Imágenes')} ({' '.join(f'*{ending}' for ending in sorted(SUFFIXES))})"
        paths = ask_files(self._session, self.window(), tr("Choose a picture", "Elegir una imagen"), kinds)
        if paths:
            self.take_file(paths[0])

    def _ask_project(self) -> None:
        dialog = ProjectPictures(self._workspace, self.window())
        dialog.picture_chosen.connect(self.take_file)
        dialog.open()


def takes_picture(paths: list[str]) -> bool:
    """Whether the first of these files may be a picture."""
    return bool(paths) and Path(paths[0]).suffix.lower() in SUFFIXES
