"""Data: the pictures as a grid, their classes and splits, and every correction of them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QPoint, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMenu, QProgressBar, QSlider, QStackedWidget, QWidget

from cnnstudio.core.dataset import SPLIT_NAMES, SPLITS
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.index import Filter, Picture
from cnnstudio.gui import theme
from cnnstudio.gui.jobs import Work
from cnnstudio.gui.pages.base import Page
from cnnstudio.gui.pages.data_inspector import DataInspector
from cnnstudio.gui.pages.data_side import DataSide
from cnnstudio.gui.session import Change
from cnnstudio.gui.widgets.basics import Button, Elided, Icon, Label, MenuButton, box, column, row
from cnnstudio.gui.widgets.cards import EmptyState
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.gui.widgets.grid import LARGEST, SMALLEST, PictureGrid
from cnnstudio.gui.widgets.inputs import SearchBox
from cnnstudio.gui.widgets.words import classes, count, pictures

_AT_ONCE = 150_000
"""Up to so many pictures a filter is answered at once; beyond, in the background."""


class DataPage(Page):
    id = "data"
    title = Text("Data", "Datos")
    icon = "data"

    def heading(self) -> str:
        return self.session.project.name or str(self.title)

    def subtitle(self) -> str:
        found = self.session.pictures
        return f"{pictures(found.total)} · {classes(len(found.class_names))}"

    def actions(self) -> Iterable[QWidget]:
        return (Button(tr("Choose folder…", "Elegir carpeta…"), "", "folder",
                       on_click=lambda: self.session.asked.emit("choose_folder", {})),
                Button(tr("Next: Prepare", "Siguiente: Preparar"), "primary",
                       on_click=lambda: self.session.asked.emit("open_page", {"page": "prepare"})))

    def side(self) -> QWidget:
        self._side = DataSide(self.session, self.state)
        self._side.filter_asked.connect(self._toggle_filter)
        self._side.drop_asked.connect(lambda name, ids: self.session.pictures.relabel(ids, name))
        return self._side

    def inspector(self) -> QWidget:
        self._inspector = DataInspector(self.session)
        self._inspector.label_asked.connect(self._relabel)
        self._inspector.split_asked.connect(
            lambda split: self.session.pictures.assign_split(self._grid.selected_ids(), split))
        self._inspector.exclude_asked.connect(self._exclude)
        return self._inspector

    def centre(self) -> QWidget:
        found = self.session.pictures
        self._grid = PictureGrid(found.rows, found.path,
                                 lambda picture: theme.class_color(found.color_index(picture.class_name)),
                                 cell=int(self.session.remembered("thumbnail", 118)))
        self._grid.selection_changed.connect(self._selected)
        self._grid.label_key.connect(self._label_by_key)
        self._grid.exclude_key.connect(lambda: self._exclude(True))
        self._grid.menu_asked.connect(self._menu)
        self._grid.opened.connect(self._open)
        self._grid.zoomed.connect(self._zoomed)
        self._filters = {"classes": MenuButton(), "splits": MenuButton(), "problem": MenuButton(),
                         "sort": MenuButton(tr("Sort: ", "Orden: "))}
        for name, button in self._filters.items():
            button.chosen.connect(lambda value, name=name: self._set_filter(name, value))
        self._text = SearchBox(tr("File name…", "Nombre de archivo…"))
        self._text.setFixedWidth(170)
        self._text.setProperty("small", True)
        self._text.setText(self.state.get("text", ""))
        self._text.textChanged.connect(lambda text: self._set_filter("text", text))
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(SMALLEST, LARGEST)
        self._slider.setFixedWidth(110)
        self._slider.setValue(self._grid.cell)
        self._slider.setAccessibleName(tr("Size of the thumbnails", "Tamaño de las miniaturas"))
        self._slider.setToolTip(tr("Size of the thumbnails (Ctrl+wheel)", "Tamaño de las miniaturas (Ctrl+rueda)"))
        self._slider.valueChanged.connect(self._grid.set_cell)
        filters = QWidget()
        flow = FlowLayout(filters, spacing=8)
        for field in (*self._filters.values(), self._text):
            flow.addWidget(field)
        bar = row(filters, Icon("image", "dim", 14), self._slider, spacing=8)
        bar.setStretch(0, 1)
        self._only = self._paths_bar()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._grid)
        self._empty = EmptyState("folder", tr("No pictures here", "No hay imágenes aquí"),
                                 tr("Choose a folder that has one subfolder of pictures for each class.",
                                    "Elija una carpeta que tenga una subcarpeta de imágenes por clase."),
                                 tr("Choose folder…", "Elegir carpeta…"),
                                 on_click=lambda: self.session.asked.emit("choose_folder", {}))
        self._stack.addWidget(self._empty)
        self._stack.addWidget(EmptyState("filter", tr("No picture passes these filters",
                                                      "Ninguna imagen pasa estos filtros"), "",
                                         tr("Show all pictures", "Mostrar todas"), on_click=self._show_all))
        self._stack.addWidget(EmptyState("search", tr("Reading the folder…", "Leyendo la carpeta…")))
        self._foot = Elided("", "secondary", "dim")
        whole = column(bar, self._only, self._scan_bar(), self._stack, self._foot, spacing=10,
                       margins=(24, 14, 18, 10))
        whole.setStretch(3, 1)
        self.session.jobs.changed.connect(self._show_scan)
        return box(whole)

    def _scan_bar(self) -> QWidget:
        self._scan_words = Label("", "secondary", "dim")
        self._scan_progress = QProgressBar()
        self._scan_progress.setTextVisible(False)
        cancel = Button(tr("Cancel", "Cancelar"), "link", on_click=self.session.pictures.cancel_scan)
        line = row(self._scan_words, self._scan_progress, cancel, spacing=12)
        line.setStretch(1, 1)
        self._scan = box(line)
        self._scan.hide()
        return self._scan

    def _paths_bar(self) -> QWidget:
        self._only_words = Elided("", "body_strong", "accent")
        line = row(self._only_words, Button(tr("Show all pictures", "Mostrar todas"), "link",
                                            on_click=self._show_all), None, spacing=12)
        holder = box(line)
        holder.hide()
        return holder

    def activated(self) -> None:
        self._grid.setFocus()

    def close(self) -> None:
        self._grid.close_threads()
        self._inspector.close_threads()

    # What is shown -------------------------------------------------------------------------------

    def what_is_missing(self) -> Iterable[Problem]:
        if self.session.pictures.scanning is not None and not self.session.pictures.total:
            return ()
        return [each for each in self.session.problems if each.where.area == "dataset"]

    def refresh(self, change: Change) -> None:
        if change.of("folder"):
            self._text.setText(self.state.get("text", ""))
        if change.of("pictures", "dataset", "folder"):
            self._show_filters()
            self._query()
        self._side.refresh(change)
        if change.of("pictures", "dataset", "folder"):
            self._selected()
        self._show_scan()

    def _filter(self) -> Filter:
        state = self.state
        return Filter(classes=tuple(state.get("classes", ())), splits=tuple(state.get("splits", ())),
                      text=state.get("text", ""), problem=state.get("problem", ""),
                      excluded=state.get("excluded", "show"))

    def _query(self) -> None:
        found, wanted, sort = self.session.pictures, self._filter(), self.state.get("sort", "path")
        if "paths" in self.state:
            self._show_ids(found.ids_of(self.state["paths"]))
        elif found.total <= _AT_ONCE:
            self._show_ids(found.ids(wanted, sort))
        elif self.session.jobs.of_kind("query") is None:
            self.session.jobs.run(lambda _report: found.ids(wanted, sort), Text("Filtering", "Filtrando"), "query",
                                  quiet=True, done=lambda job: self._answered(job, wanted, sort))

    def _answered(self, job: Work, wanted: Filter, sort: str) -> None:
        if (wanted, sort) != (self._filter(), self.state.get("sort", "path")):
            self._query()
        elif job.result is not None:
            self._show_ids(job.result)

    def _show_ids(self, ids: array[int]) -> None:
        self._grid.set_ids(ids)
        total = self.session.pictures.total
        if len(ids):
            self._stack.setCurrentIndex(0)
        elif total:
            self._stack.setCurrentIndex(2)
        else:
            self._stack.setCurrentIndex(3 if self.session.pictures.scanning is not None else 1)
        self._show_foot()

    def _show_foot(self) -> None:
        shown, selected = len(self._grid.ids), len(self._grid.selection)
        words = pictures(shown)
        if shown != self.session.pictures.total:
            words = tr("{n} of {total}", "{n} de {total}", n=count(shown), total=pictures(self.session.pictures.total))
        if selected:
            words += " · " + (tr("1 selected", "1 seleccionada") if selected == 1
                              else tr("{n} selected", "{n} seleccionadas", n=count(selected)))
        self._foot.setText(words)

    def _show_filters(self) -> None:
        names, state = self.session.class_names, self.state
        chosen = tuple(state.get("classes", ()))
        several = [(chosen, tr("{n} classes", "{n} clases", n=len(chosen)))] if len(chosen) > 1 else []
        self._filters["classes"].set_choices(
            [((), tr("All classes", "Todas las clases")), *several, *(((name,), name) for name in names)], chosen)
        self._filters["splits"].set_choices(
            [((), tr("All splits", "Todas las divisiones")), *(((split,), str(SPLIT_NAMES[split]))
                                                                for split in SPLITS)], tuple(state.get("splits", ())))
        problem = "excluded" if state.get("excluded") == "only" else state.get("problem", "")
        codes = [(code, code) for code in sorted(self.session.pictures.troubles)]
        self._filters["problem"].set_choices(
            [("", tr("Any quality", "Cualquier calidad")), ("any", tr("Unreadable", "Ilegibles")),
             ("excluded", tr("Excluded", "Excluidas")), *codes], problem)
        self._filters["sort"].set_choices(
            [("path", tr("name", "nombre")), ("class", tr("class", "clase")), ("size", tr("file size", "peso")),
             ("pixels", tr("pixels", "píxeles")), ("date", tr("date", "fecha"))], state.get("sort", "path"))
        for name in ("classes", "splits", "problem"):
            button = self._filters[name]
            button.setCheckable(True)
            button.setChecked(bool(button.value))
        self._only.setVisible("paths" in state)
        self._only_words.setText(state.get("paths_title", ""))

    def _set_filter(self, name: str, value: Any) -> None:
        if name == "problem":
            self.state["excluded"] = "only" if value == "excluded" else "show"
            value = "" if value == "excluded" else value
        self.state[name] = value
        self._drop_paths()
        self._show_filters()
        self._query()
        self._side.show_numbers()

    def _toggle_filter(self, name: str, value: Any, add: bool) -> None:
        if name in ("class", "split"):
            key = "classes" if name == "class" else "splits"
            chosen = list(self.state.get(key, ()))
            if add:
                chosen = [each for each in chosen if each != value] if value in chosen else [*chosen, value]
            else:
                chosen = [] if chosen == [value] else [value]
            self._set_filter(key, tuple(chosen))
        elif name == "excluded":
            self._set_filter("problem", "" if self.state.get("excluded") == "only" else "excluded")
        else:
            self._set_filter("problem", "" if self.state.get("problem") == value else value)

    def _show_all(self) -> None:
        for name in ("classes", "splits", "text", "problem", "excluded"):
            self.state.pop(name, None)
        self._drop_paths()
        self._text.clear()
        self._set_filter("problem", "")

    def _drop_paths(self) -> None:
        self.state.pop("paths", None)
        self.state.pop("paths_title", None)

    def perform(self, action: str, arguments: dict[str, Any]) -> bool:
        if action == "filter_problems":
            self._show_all()
            self._set_filter("problem", "any")
        elif action == "filter_pictures":
            self._show_all()
            self.state.update(paths=list(arguments["paths"]), paths_title=arguments.get("title", ""))
            self._show_filters()
            self._query()
        else:
            return False
        return True

    def _show_scan(self) -> None:
        job = self.session.pictures.scanning
        self._scan.setVisible(job is not None)
        if job is not None:
            phase = f" · {job.phase}" if job.phase is not None else ""
            self._scan_words.setText(f"{job.label}{phase}")
            self._scan_progress.setRange(0, 1000)
            self._scan_progress.setValue(round((job.progress or 0) * 1000))

    def _zoomed(self, size: int) -> None:
        self._slider.setValue(size)
        self.session.remember("thumbnail", size)

    # The selection -------------------------------------------------------------------------------

    def _selected(self) -> None:
        ids = self._grid.selected_ids() if len(self._grid.selection) <= 5000 else []
        number = len(self._grid.selection)
        chosen: list[Picture] = self.session.pictures.rows(ids[:200])
        self._inspector.show_selection(chosen[0] if number == 1 and chosen else None, number, tuple(chosen))
        self._show_foot()

    def _relabel(self, class_name: str) -> None:
        self.session.pictures.relabel(self._grid.selected_ids(), class_name)

    def _label_by_key(self, number: int) -> None:
        names = self.session.class_names
        if number < len(names):
            self._relabel(names[number])

    def _exclude(self, excluded: bool) -> None:
        self.session.pictures.exclude(self._grid.selected_ids(), excluded)

    def _menu(self, point: QPoint) -> None:
        ids, found = self._grid.selected_ids(), self.session.pictures
        menu = QMenu(self._grid)
        label = menu.addMenu(tr("Class", "Clase"))
        for number, name in enumerate(self.session.class_names):
            keys = f"\t{number + 1}" if number < 9 else ""
            label.addAction(name.replace("&", "&&") + keys, partial(self._relabel, name))
        split = menu.addMenu(tr("Split", "División"))
        for each in SPLITS:
            split.addAction(str(SPLIT_NAMES[each]), partial(found.assign_split, ids, each))
        split.addAction(tr("as drawn", "según sorteo"), lambda: found.assign_split(ids, None))
        menu.addAction(tr("Exclude", "Excluir") + "\tDel", lambda: self._exclude(True))
        menu.addAction(tr("Include again", "Volver a incluir"), lambda: self._exclude(False))
        menu.addSeparator()
        if len(ids) == 1:
            menu.addAction(tr("Open in the system's viewer", "Abrir en el visor del sistema"),
                           lambda: self._open(ids[0]))
        menu.popup(point)

    def _open(self, identifier: int) -> None:
        for picture in self.session.pictures.rows([identifier]):
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self.session.pictures.path(picture))))

    def dropped(self, paths: list[str]) -> bool:
        # A folder dropped on an empty project is meant as its pictures; anything else goes to Predict.
        if self.session.pictures.total == 0 and Path(paths[0]).is_dir():
            self.session.asked.emit("choose_folder", {"folder": paths[0]})
            return True
        return False
