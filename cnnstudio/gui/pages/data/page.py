"""Data: the pictures as grid, map and charts, their classes, splits and quality, and every correction of them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from PySide6.QtWidgets import QWidget

from cnnstudio.core.audit import AuditSpec
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.scan_problems import LEFT_OUT
from cnnstudio.gui.pages.base import Page
from cnnstudio.gui.pages.data.bars import NewsBar, ScanBar
from cnnstudio.gui.pages.data.choices import FilterChoices
from cnnstudio.gui.pages.data.filters import FilterBar
from cnnstudio.gui.pages.data.findings import KindBar
from cnnstudio.gui.pages.data.inspector import DataInspector
from cnnstudio.gui.pages.data.query import AT_ONCE, PictureQuery
from cnnstudio.gui.pages.data.side import DataSide
from cnnstudio.gui.pages.data.source_menu import source_menu
from cnnstudio.gui.pages.data.views import EMPTY, GRID, NOTHING, READING, VIEWER, VIEWS, DataViews
from cnnstudio.gui.pages.picture_menu import picture_menu
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.commands import (
    ChoosePictureFolder,
    Command,
    ExportCollection,
    FilterPictures,
    FilterUnreadable,
    ShowPage,
)
from cnnstudio.gui.state.key_input import KeyInput
from cnnstudio.gui.widgets.basics import Button, Elided, Icon, box, column, row
from cnnstudio.gui.widgets.flow import flow_row
from cnnstudio.gui.widgets.formatting import format_classes, format_count, format_pictures
from cnnstudio.gui.widgets.grid import LARGEST, SMALLEST
from cnnstudio.gui.widgets.inputs import SegmentedControl
from cnnstudio.gui.widgets.tab_order import tab_through
from cnnstudio.gui.widgets.wheel import Slider

_NARROWEST = 336
"""The line above the grid: search and size of the thumbnails side by side."""
_LOWEST = 110
"""The grid in the smallest window: a row of pictures, and the filters above it whole."""


class DataPage(Page):
    id = "data"
    title = Text("Data", "Datos")
    icon = "data"

    def heading(self) -> str:
        return self.session.project.name or str(self.title)

    def subtitle(self) -> str:
        counts = self.workspace.counts
        return f"{format_pictures(counts.total)} · {format_classes(len(counts.class_names))}"

    def actions(self) -> Iterable[QWidget]:
        add = Button(tr("Add pictures…", "Añadir imágenes…"), "", "folder-plus")
        add.clicked.connect(lambda: source_menu(self.session, add).popup(add.mapToGlobal(add.rect().bottomLeft())))
        return (add, Button(tr("Export…", "Exportar…"), "", "export",
                            on_click=lambda: self.session.request(ExportCollection())),
                Button(tr("Next: Prepare", "Siguiente: Preparar"), "primary", compact_icon="chevron-right",
                       on_click=lambda: self.session.request(ShowPage("prepare"))))

    # Making --------------------------------------------------------------------------------------

    def side(self) -> QWidget:
        self._side = DataSide(self.workspace, self.state)
        self._side.filter_toggled.connect(self._toggle_filter)
        self._side.paths_dropped.connect(self._add_to_class)
        self._side.pictures_dropped.connect(lambda name, ids: self.workspace.decisions.relabel(ids, name))
        return self._side

    def inspector(self) -> QWidget:
        self._inspector = DataInspector(self.workspace)
        self._inspector.label_chosen.connect(self._relabel)
        self._inspector.split_chosen.connect(
            lambda split: self.workspace.decisions.assign_split(self.views.grid.selected_ids(), split))
        self._inspector.exclusion_chosen.connect(self._exclude)
        self._inspector.picture_chosen.connect(self._show_path)
        self._inspector.similar_requested.connect(self._show_similar)
        return self._inspector

    def centre(self) -> QWidget:
        self._last_query: object = None
        self._dataset: object = None
        self._choices = FilterChoices(self.state)
        self._query = PictureQuery(self.workspace, self.state, self)
        self.views = DataViews(self.workspace)
        self.views.setMinimumHeight(_LOWEST)  # the filters need their room, and pictures scroll
        self.filters = FilterBar(self.session, self.workspace.counts, self.state)
        self._switch = SegmentedControl([("grid", tr("Grid", "Cuadrícula")), ("map", tr("Map", "Mapa")),
                                         ("charts", tr("Charts", "Gráficos"))], self.state.get("view", "grid"),
                                        stretch=False)
        self._slider = Slider()
        self._slider.setRange(SMALLEST, LARGEST)
        self._slider.setMinimumWidth(56)
        self._slider.setMaximumWidth(90)
        self._slider.setValue(self.views.grid.cell)
        self._slider.setAccessibleName(tr("Size of the thumbnails", "Tamaño de las miniaturas"))
        self._slider.setToolTip(tr("Size of the thumbnails (Ctrl+wheel)", "Tamaño de las miniaturas (Ctrl+rueda)"))
        # In the smallest window the switch has a line of its own.
        first = flow_row(self.filters.text, box(row(Icon("image", "dim", 14), self._slider, spacing=8)), self._switch, apart=1)
        self._bar = box(column(first, self.filters, self.filters.panel, self.filters.lifts, spacing=8))
        # Otherwise the panels beside it would leave the pictures a column or two.
        self._bar.setMinimumWidth(_NARROWEST)
        self._kind_bar = KindBar(self.workspace)
        self._foot = Elided("", "secondary", "dim")
        self._scan = ScanBar(self.session.jobs, self.workspace.scanner)
        self._news = NewsBar(self.workspace.scanner)
        self._connect()
        layout = column(self._bar, self._kind_bar, self._scan, self._news, self.views, self._foot, spacing=10,
                        margins=(24, 14, 18, 10))
        layout.setStretch(4, 1)
        return box(layout)

    def _connect(self) -> None:
        """Connect the signals of the parts of the centre."""
        views, grid = self.views, self.views.grid
        grid.selection_changed.connect(self._show_selection)
        grid.zoomed.connect(self._on_zoomed)
        self._slider.valueChanged.connect(grid.set_cell)
        self.filters.chosen.connect(self._set_filter)
        self._switch.chosen.connect(self._show_view)
        self._query.answered.connect(self._on_answered)
        self._query.answers_entered.connect(self._on_answers_entered)
        self._news.news_chosen.connect(self._show_news)
        views.view_made.connect(self._order_tabs)
        views.map_selected.connect(grid.select_ids)
        views.opened.connect(self._open)
        views.menu_requested.connect(
            lambda point: picture_menu(self.workspace, grid, grid.selected_ids(), self._open).popup(point))
        self.filters.scenario_requested.connect(views.save_scenario)
        self._keys = KeyInput(self.workspace.classes.keys, self)
        self._keys.chosen.connect(self._relabel)
        self._keys.typed.connect(self._show_foot)
        views.label_key.connect(self._keys.press)
        views.exclude_key.connect(lambda: self._exclude(True))
        views.class_chosen.connect(self._filter_class_and_split)
        views.range_chosen.connect(self._set_filter)
        views.viewer_left.connect(self._leave_viewer)
        views.stepped.connect(grid.step)
        views.folder_requested.connect(lambda: self.session.request(ChoosePictureFolder()))
        views.all_requested.connect(self._show_all)

    def enter(self) -> None:
        self._query.enter_answers()
        self._order_tabs()
        self.views.grid.setFocus()

    def _order_tabs(self) -> None:
        tab_through(self._side, self._bar, self._kind_bar, self.views, self._inspector)

    def close(self) -> None:
        self._keys.clear()
        # Another language or theme builds the page again.
        self.state["selected"] = self.views.grid.selected_ids()
        self.views.close_threads()
        self._inspector.close_threads()
        self._side.close_threads()

    # What is shown -------------------------------------------------------------------------------

    def blocking_problems(self) -> Iterable[Problem]:
        if self.workspace.scanner.running is not None and not self.workspace.counts.total:
            return ()
        # What is left out stands in the side panel; here only what a click changes.
        return [problem for problem in self.session.problems
                if problem.where.area == "dataset" and (problem.fixes or not problem.code.startswith(LEFT_OUT))]

    def refresh(self, change: Change) -> None:
        if change.of("folder"):
            self.views.grid.empty()
            self.filters.forget()
            self.filters.text.setText(self.state.get("text", ""))
            self._query.enter_answers()
        pictures_changed = self._changes_pictures(change)
        if pictures_changed or change.of("runs"):
            if self.workspace.counts.total:
                self._choices.forget_classes(self.workspace.counts.all_class_names)
            self.filters.show_state()
            self._ask()
        self._side.refresh(change)
        if pictures_changed:
            self._show_selection()
            self._news.show_news()
        if self.views.map is not None and (pictures_changed or change.of("runs")):
            self.views.map.refresh(change)
        self._scan.show_scan()

    def _changes_pictures(self, change: Change) -> bool:
        """Whether the change affects the visible pictures: findings follow a threshold once the pictures are judged by
        it."""
        dataset = replace(self.session.project.dataset, audit=AuditSpec())
        same, self._dataset = dataset == self._dataset, dataset
        return change.of("pictures", "folder") or (change.of("dataset") and not same)

    def _ask(self) -> None:
        self._query.ask()
        if self._view() == "charts":
            self.views.show_charts(self._query.filter)

    def _on_answered(self, ids: array[int]) -> None:
        # Labelling picture by picture goes on with the next one; another filter is another list.
        query = (self._query.filter, self.state.get("paths"))
        self.views.grid.set_ids(ids, follow=query == self._last_query)
        self._last_query = query
        if selected := self.state.pop("selected", None):
            self.views.grid.select_ids(selected)
        self._show_stack()
        self._show_foot()
        if self.views.map is not None:
            self.views.map.show_filtered(None if len(ids) == self.workspace.counts.total else ids)

    def _on_answers_entered(self) -> None:
        self._ask()
        self._show_selection()

    def _view(self) -> str:
        return str(self.state.get("view", "grid"))

    def _show_view(self, view: str) -> None:
        self.state["view"] = view
        self.state.pop("viewing", None)
        self._show_stack()
        if view == "charts":
            self.views.show_charts(self._query.filter)
        elif view == "map" and self.views.map is not None:
            self.views.map.set_selected(self.views.grid.selected_ids())
        if not self.views.focus_view(view):
            self._switch.setFocus()

    def _show_stack(self) -> None:
        total, shown_count = self.workspace.counts.total, len(self.views.grid.ids)
        viewing = bool(self.state.get("viewing")) and shown_count > 0
        if not total:
            view = READING if self.workspace.scanner.running is not None else EMPTY
        elif viewing:
            view = VIEWER
        elif not shown_count and self._view() == "grid":
            view = NOTHING
        else:
            view = VIEWS[self._view()]
        self.views.show_view(view)
        self._switch.set_value(self._view())
        self._bar.setVisible(not viewing and total > 0)
        self._show_kind_bar()
        self._slider.setEnabled(view == GRID)

    def _show_foot(self, typed: str = "") -> None:
        total, shown_count, selected = self.workspace.counts.total, len(self.views.grid.ids), len(self.views.grid.selection)
        text = format_pictures(shown_count)
        if shown_count != total:
            text = tr("{n} of {total}", "{n} de {total}", n=format_count(shown_count), total=format_pictures(total))
        if selected:
            text += " · " + (tr("1 selected", "1 seleccionada") if selected == 1
                             else tr("{n} selected", "{n} seleccionadas", n=format_count(selected)))
        if typed:
            text += " · " + tr("class {key}…", "clase {key}…", key=typed)
        self._foot.setText(text)

    # Filters -------------------------------------------------------------------------------------

    def _set_filter(self, name: str, value: Any) -> None:
        self._choices.set(name, value)
        if name == "answers" and self.state.get("run"):
            self._query.enter_answers()
        self._show_filtered()

    def _show_filtered(self) -> None:
        self.filters.show_state()
        self._ask()
        self._side.show_numbers()
        self._show_kind_bar()

    def _toggle_filter(self, name: str, value: Any, add: bool) -> None:
        self._choices.toggle(name, value, add)
        self._show_filtered()

    def _filter_class_and_split(self, name: str, split: str) -> None:
        self._choices.toggle_class_and_split(name, split)
        self._show_filtered()

    def _show_all(self) -> None:
        self._choices.clear()
        self.filters.text.clear()
        self._show_filtered()

    def _show_paths(self, paths: list[str], title: str) -> None:
        self._choices.only_paths(paths, title)
        self.state["view"] = "grid"
        self.state.pop("viewing", None)
        self._show_filtered()

    def _show_news(self, scan: int) -> None:
        self._show_all()
        self._set_filter("added", scan)

    def handle(self, command: Command) -> None:
        match command:
            case FilterPictures(paths=paths, title=title):
                self._show_paths(list(paths), title)
            case FilterUnreadable():
                self._show_all()
                self._set_filter("quality", "unreadable")
            case _:
                super().handle(command)

    def _show_kind_bar(self) -> None:
        kinds = () if self.state.get("viewing") else tuple(self.state.get("findings", ()))
        self._kind_bar.show_kind(kinds[0] if len(kinds) == 1 else "", self.views.grid.selected_ids() if kinds else ())

    def _on_zoomed(self, size: int) -> None:
        self._slider.setValue(size)
        self.session.remember("thumbnail", size)

    # The selection -------------------------------------------------------------------------------

    def _show_selection(self) -> None:
        collection, grid, number = self.workspace.collection, self.views.grid, len(self.views.grid.selection)
        # Common facts of more pictures are not computed: the delay would be noticeable at every key.
        ids = grid.selected_ids() if number <= AT_ONCE else []
        picture = next(iter(collection.rows(ids)), None) if number == 1 else None
        answer = collection.answer(self.state.get("run", ""), picture.id) if picture is not None else None
        self._inspector.show_selection(picture, number, *collection.common(ids), answer=answer)
        if self.views.viewer is not None and self.state.get("viewing"):
            self.views.viewer.show_picture(picture)
        if self.views.map is not None and self._view() == "map":
            self.views.map.set_selected(ids or grid.selected_ids())
        self._show_kind_bar()
        self._show_foot()

    def _show_path(self, path: str) -> None:
        """Select the picture of a finding or of a similarity, lifting the filters if they hide it."""
        ids = list(self.workspace.collection.ids_of([path]))
        if ids and ids[0] not in self.views.grid.ids:
            self._show_all()
        self.views.grid.select_ids(ids)

    def _show_similar(self, path: str) -> None:
        embedding = self.workspace.judge.embedding
        if embedding is not None:
            self._show_paths([path, *embedding.neighbours_of(path)],
                             tr("Similar to {name}", "Parecidas a {name}", name=path.rsplit("/", 1)[-1]))

    def _relabel(self, class_name: str) -> None:
        self.workspace.decisions.relabel(self.views.grid.selected_ids(), class_name)

    def _add_to_class(self, class_name: str, paths: list[str]) -> None:
        """Add folders of loose pictures to a class; the files stay where they are."""
        from cnnstudio.gui.pages.data.dialogs.sources import add_to_class

        add_to_class(self.session, self.workspace.scanner, class_name, [Path(path) for path in paths])

    def _exclude(self, excluded: bool) -> None:
        self.workspace.decisions.exclude(self.views.grid.selected_ids(), excluded)

    # The large view ------------------------------------------------------------------------------

    def _open(self, identifier: int) -> None:
        self.views.grid.select_ids([identifier])
        self.state["viewing"] = True
        self._show_stack()
        self._show_selection()
        if self.views.viewer is not None:
            self.views.viewer.view.setFocus()

    def _leave_viewer(self) -> None:
        self.state.pop("viewing", None)
        self._show_stack()
        self.views.grid.setFocus()

    def drop_text(self, paths: list[str]) -> str:
        from cnnstudio.gui.pages.data.dialogs.add import takes

        return tr("Add to the pictures", "Añadir a las imágenes") if takes(paths) else ""

    def take_paths(self, paths: list[str]) -> bool:
        """Folders, lists, archives and arrays are sources; single pictures go to Predict."""
        from cnnstudio.gui.pages.data.dialogs.add import open_add_pictures, takes
        from cnnstudio.gui.pages.data.dialogs.sources import is_loose

        if self.workspace.counts.total == 0 and len(paths) == 1 and Path(paths[0]).is_dir():
            self.session.request(ChoosePictureFolder(paths[0]))
            return True
        chosen = tuple(self.state.get("classes", ()))
        if len(paths) == 1 and len(chosen) == 1 and is_loose(Path(paths[0])):
            self._add_to_class(chosen[0], paths)
            return True
        if takes(paths):
            open_add_pictures(self.workspace, self.views.window(), paths)
            return True
        return False
