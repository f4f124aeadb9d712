"""Data: the pictures as grid, map and charts, their classes, splits and quality, and every correction of them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QSlider, QStackedWidget, QWidget

from cnnstudio.catalog.findings import KINDS
from cnnstudio.core.audit import AuditSpec
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.query import Filter
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.base import Page
from cnnstudio.gui.pages.data.bars import NewsBar, ScanBar
from cnnstudio.gui.pages.data.charts import DataCharts
from cnnstudio.gui.pages.data.choices import FilterChoices, filter_of
from cnnstudio.gui.pages.data.filters import FilterBar
from cnnstudio.gui.pages.data.findings import KindBar
from cnnstudio.gui.pages.data.inspector import DataInspector
from cnnstudio.gui.pages.data.menu import picture_menu, source_menu
from cnnstudio.gui.pages.data.side import DataSide
from cnnstudio.gui.pages.data.viewer import DataViewer
from cnnstudio.gui.state.jobs import Report, Work
from cnnstudio.gui.state.session import Change
from cnnstudio.gui.widgets.basics import Button, Elided, Icon, box, column, row, tab_through
from cnnstudio.gui.widgets.cards import EmptyState
from cnnstudio.gui.widgets.flow import flowing
from cnnstudio.gui.widgets.grid import LARGEST, SMALLEST, PictureGrid
from cnnstudio.gui.widgets.inputs import SegmentedControl
from cnnstudio.gui.widgets.words import classes, count, pictures

_AT_ONCE = 150_000
"""Up to so many pictures a filter is answered at once; beyond, in the background."""
_EMPTY, _NOTHING, _READING, _GRID, _MAP, _CHARTS, _VIEWER = range(7)
_NARROWEST = 364
"""Of the line above the grid: search and size of the thumbnails side by side."""
_VIEWS = {"grid": _GRID, "map": _MAP, "charts": _CHARTS}


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
        add = Button(tr("Add pictures…", "Añadir imágenes…"), "", "folder-plus")
        add.clicked.connect(lambda: source_menu(self.session, add).popup(add.mapToGlobal(add.rect().bottomLeft())))
        return (add, Button(tr("Export…", "Exportar…"), "", "export",
                            on_click=lambda: self.session.asked.emit("collect", {})),
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
        self._inspector.shown_asked.connect(self._show_path)
        self._inspector.similar_asked.connect(self._show_similar)
        return self._inspector

    # Making --------------------------------------------------------------------------------------

    def centre(self) -> QWidget:
        self._grid = self._make_grid()
        self._asked: object = None
        self._dataset: object = None
        self._filters = FilterBar(self.session, self.state)
        self._filters.chosen.connect(self._set_filter)
        self._switch = SegmentedControl([("grid", tr("Grid", "Cuadrícula")), ("map", tr("Map", "Mapa")),
                                         ("charts", tr("Charts", "Gráficos"))], self.state.get("view", "grid"),
                                        stretch=False)
        self._switch.chosen.connect(self._show_view)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setRange(SMALLEST, LARGEST)
        self._slider.setMinimumWidth(56)
        self._slider.setMaximumWidth(90)
        self._slider.setValue(self._grid.cell)
        self._slider.setAccessibleName(tr("Size of the thumbnails", "Tamaño de las miniaturas"))
        self._slider.setToolTip(tr("Size of the thumbnails (Ctrl+wheel)", "Tamaño de las miniaturas (Ctrl+rueda)"))
        self._slider.valueChanged.connect(self._grid.set_cell)
        # In the smallest window the switch has a line of its own.
        size = box(row(Icon("image", "dim", 14), self._slider, spacing=8))
        first = flowing(self._filters.text, size, self._switch, apart=1)
        self._bar = box(column(first, self._filters, self._filters.panel, self._filters.lifts, spacing=8))
        # Else the panels beside it would leave the pictures a column or two.
        self._bar.setMinimumWidth(_NARROWEST)
        self._kind_bar = KindBar(self.session)
        self._viewer: DataViewer | None = None
        self._map: Any = None
        self._charts: DataCharts | None = None
        self._stack = QStackedWidget()
        self._stack.addWidget(EmptyState(
            "folder", tr("No pictures here", "No hay imágenes aquí"),
            tr("Add a folder that has one subfolder of pictures for each class, a CSV list, an archive, arrays, or "
               "record with the camera.", "Añada una carpeta con una subcarpeta de imágenes por clase, una lista CSV, un "
               "archivo comprimido o matrices, o grabe con la cámara."),
            tr("Choose folder…", "Elegir carpeta…"), on_click=lambda: self.session.asked.emit("choose_folder", {})))
        self._stack.addWidget(EmptyState("filter", tr("No picture passes these filters",
                                                      "Ninguna imagen pasa estos filtros"), "",
                                         tr("Show all pictures", "Mostrar todas"), on_click=self._show_all))
        self._stack.addWidget(EmptyState("search", tr("Reading the folder…", "Leyendo la carpeta…")))
        self._stack.addWidget(self._grid)
        for _place in range(3):
            self._stack.addWidget(QWidget())
        self._foot = Elided("", "secondary", "dim")
        self._scan, self._news = ScanBar(self.session), NewsBar(self.session)
        self._news.asked.connect(self._show_news)
        whole = column(self._bar, self._kind_bar, self._scan, self._news, self._stack, self._foot, spacing=10,
                       margins=(24, 14, 18, 10))
        whole.setStretch(4, 1)
        return box(whole)

    def _make_grid(self) -> PictureGrid:
        found = self.session.pictures
        grid = PictureGrid(found.rows, found.path,
                           lambda picture: theme.class_color(found.color_index(picture.class_name)),
                           cell=int(self.session.remembered("thumbnail", 118)), badge_of=_badge)
        grid.selection_changed.connect(self._selected)
        grid.label_key.connect(self._label_by_key)
        grid.exclude_key.connect(lambda: self._exclude(True))
        grid.menu_asked.connect(self._menu)
        grid.opened.connect(self._open)
        grid.zoomed.connect(self._zoomed)
        return grid

    def _view_widget(self, place: int) -> QWidget:
        """Map, charts and large view are made when they are first shown."""
        if place == _MAP and self._map is None:
            from cnnstudio.gui.pages.data.map.panel import MapPanel

            self._map = MapPanel(self.session)
            self._map.selection_changed.connect(self._map_selected)
            self._map.opened.connect(self._open)
            self._map.menu_asked.connect(self._menu)
            self._map.label_key.connect(self._label_by_key)
            self._map.exclude_key.connect(lambda: self._exclude(True))
            self._map.embedding_changed.connect(self.session.pictures.auditing.embedding_came)
            self._put(place, self._map)
        elif place == _CHARTS and self._charts is None:
            self._charts = DataCharts(self.session)
            self._charts.class_chosen.connect(self._chart_class)
            self._charts.range_chosen.connect(self._set_filter)
            self._put(place, self._charts)
        elif place == _VIEWER and self._viewer is None:
            self._viewer = DataViewer(self.session)
            self._viewer.left.connect(self._leave_viewer)
            self._viewer.stepped.connect(self._step)
            self._viewer.label_key.connect(self._label_by_key)
            self._viewer.exclude_key.connect(lambda: self._exclude(True))
            self._put(place, self._viewer)
        found = self._stack.widget(place)
        assert found is not None
        return found

    def _put(self, place: int, widget: QWidget) -> None:
        old = self._stack.widget(place)
        self._stack.insertWidget(place, widget)
        self._order_tabs()
        if old is not None:
            self._stack.removeWidget(old)
            old.deleteLater()

    def activated(self) -> None:
        self._enter_answers()
        self._order_tabs()
        self._grid.setFocus()

    def _order_tabs(self) -> None:
        tab_through(self._side, self._bar, self._kind_bar, self._stack, self._inspector)

    def close(self) -> None:
        self._grid.close_threads()
        self._inspector.close_threads()
        if self._map is not None:
            self._map.close_threads()

    # What is shown -------------------------------------------------------------------------------

    def what_is_missing(self) -> Iterable[Problem]:
        if self.session.pictures.scanning is not None and not self.session.pictures.total:
            return ()
        return [each for each in self.session.problems if each.where.area == "dataset"]

    def refresh(self, change: Change) -> None:
        if change.of("folder"):
            self._grid.empty()
            self._filters.text.setText(self.state.get("text", ""))
            self._enter_answers()
        pictures = self._changes_pictures(change)
        if pictures or change.of("runs"):
            if self.session.pictures.total:
                self._choices.forget_classes(self.session.pictures.all_class_names)
            self._filters.show_state()
            self._query()
        self._side.refresh(change)
        if pictures:
            self._selected()
            self._news.show_news()
        if self._map is not None and (pictures or change.of("runs")):
            self._map.refresh(change)
        self._scan.show_scan()

    def _changes_pictures(self, change: Change) -> bool:
        """Whether it is about what is shown: what a threshold finds follows when the pictures were judged by it."""
        dataset = replace(self.session.project.dataset, audit=AuditSpec())
        same, self._dataset = dataset == self._dataset, dataset
        return change.of("pictures", "folder") or (change.of("dataset") and not same)

    @property
    def _choices(self) -> FilterChoices:
        return FilterChoices(self.state)

    def _filter(self) -> Filter:
        return filter_of(self.state, self.session.project.dataset.hidden_classes)

    def _query(self) -> None:
        found, wanted, sort = self.session.pictures, self._filter(), self.state.get("sort", "path")
        if sort in ("confidence", "loss") and not wanted.run:
            sort = "path"
        if self.state.get("paths") is not None:
            self._show_ids(found.ids_of(self.state["paths"]))
        elif found.total <= _AT_ONCE:
            self._show_ids(found.ids(wanted, sort))
        elif self.session.jobs.of_kind("query") is None:
            self.session.jobs.run(lambda _report: found.ids(wanted, sort), Text("Filtering", "Filtrando"), "query",
                                  quiet=True, done=lambda job: self._answered(job, wanted), owner=self)
        if self._charts is not None and self._view() == "charts":
            self._charts.show_for(wanted)

    def _answered(self, job: Work, wanted: Filter) -> None:
        if wanted != self._filter():
            self._query()
        elif job.result is not None:
            self._show_ids(job.result)

    def _show_ids(self, ids: array[int]) -> None:
        # One who labels picture by picture goes on with the next; another filter is another list.
        asked = (self._filter(), self.state.get("paths"))
        self._grid.set_ids(ids, follow=asked == self._asked)
        self._asked = asked
        self._show_stack()
        self._show_foot()
        if self._map is not None:
            self._map.show_filtered(None if len(ids) == self.session.pictures.total else ids)

    def _view(self) -> str:
        return str(self.state.get("view", "grid"))

    def _show_view(self, view: str) -> None:
        self.state["view"] = view
        self.state.pop("viewing", None)
        self._show_stack()
        if view == "charts" and self._charts is not None:
            self._charts.show_for(self._filter())
        elif view == "map" and self._map is not None:
            self._map.set_selected(self._grid.selected_ids())
        focused: QWidget = self._map.view if view == "map" else self._grid if view == "grid" else self._switch
        focused.setFocus()

    def _show_stack(self) -> None:
        total, shown = self.session.pictures.total, len(self._grid.ids)
        viewing = bool(self.state.get("viewing")) and shown > 0
        if not total:
            place = _READING if self.session.pictures.scanning is not None else _EMPTY
        elif viewing:
            place = _VIEWER
        elif not shown and self._view() == "grid":
            place = _NOTHING
        else:
            place = _VIEWS[self._view()]
        self._stack.setCurrentWidget(self._view_widget(place))
        self._switch.set_value(self._view())
        self._bar.setVisible(not viewing and total > 0)
        self._show_kind_bar()
        self._slider.setEnabled(place == _GRID)

    def _show_foot(self) -> None:
        shown, selected = len(self._grid.ids), len(self._grid.selection)
        words = pictures(shown)
        if shown != self.session.pictures.total:
            words = tr("{n} of {total}", "{n} de {total}", n=count(shown), total=pictures(self.session.pictures.total))
        if selected:
            words += " · " + (tr("1 selected", "1 seleccionada") if selected == 1
                              else tr("{n} selected", "{n} seleccionadas", n=count(selected)))
        self._foot.setText(words)

    # Filters -------------------------------------------------------------------------------------

    def _set_filter(self, name: str, value: Any) -> None:
        self._choices.set(name, value)
        if name == "answers" and self.state.get("run"):
            self._enter_answers()
        self._show_filtered()

    def _show_filtered(self) -> None:
        self._filters.show_state()
        self._query()
        self._side.show_numbers()
        self._show_kind_bar()

    def _toggle_filter(self, name: str, value: Any, add: bool) -> None:
        self._choices.toggle(name, value, add)
        self._show_filtered()

    def _chart_class(self, name: str, split: str) -> None:
        self._choices.toggle_class_and_split(name, split)
        self._show_filtered()

    def _show_all(self) -> None:
        self._choices.clear()
        self._filters.text.clear()
        self._show_filtered()

    def _show_paths(self, paths: list[str], title: str) -> None:
        self._choices.only_paths(paths, title)
        self.state["view"] = "grid"
        self.state.pop("viewing", None)
        self._show_filtered()

    def perform(self, action: str, arguments: dict[str, Any]) -> bool:
        if action == "filter_problems":
            self._show_all()
            self._set_filter("quality", "unreadable")
        elif action == "filter_pictures":
            self._show_paths(list(arguments["paths"]), arguments.get("title", ""))
        elif action == "filter_findings":
            self._show_all()
            self._set_filter("quality", (arguments["kind"],))
        else:
            return False
        return True

    def _show_news(self, scan: int) -> None:
        self._show_all()
        self._set_filter("added", scan)

    def _enter_answers(self) -> None:
        """Bring the answers of the chosen run beside the pictures, in the background."""
        run_id, index, folder = self.state.get("run"), self.session.index, self.session.folder
        if not run_id or index is None or folder is None or self.session.jobs.of_kind("answers") is not None:
            return

        def work(_report: Report) -> int:
            from cnnstudio.workers.answered import enter_answers
            from cnnstudio.workers.runs import find_run

            return enter_answers(index, find_run(folder, run_id))

        self.session.jobs.run(work, Text("Reading the answers", "Leyendo las respuestas"), "answers", quiet=True,
                              done=self._answers_came, owner=self)

    def _answers_came(self, _job: Work) -> None:
        self._query()
        self._selected()

    def _show_kind_bar(self) -> None:
        kinds = () if self.state.get("viewing") else tuple(self.state.get("findings", ()))
        self._kind_bar.show_kind(kinds[0] if len(kinds) == 1 else "", self._grid.selected_ids() if kinds else ())

    def _zoomed(self, size: int) -> None:
        self._slider.setValue(size)
        self.session.remember("thumbnail", size)

    # The selection -------------------------------------------------------------------------------

    def _selected(self) -> None:
        found, number = self.session.pictures, len(self._grid.selection)
        # What more of them have in common is not asked: it would be felt at every key.
        ids = self._grid.selected_ids() if number <= _AT_ONCE else []
        one = next(iter(found.rows(ids)), None) if number == 1 else None
        answer = found.answer(self.state.get("run", ""), one.id) if one is not None else None
        self._inspector.show_selection(one, number, *found.common(ids), answer=answer)
        if self._viewer is not None and self.state.get("viewing"):
            self._viewer.show_picture(one)
        if self._map is not None and self._view() == "map":
            self._map.set_selected(ids or self._grid.selected_ids())
        self._show_kind_bar()
        self._show_foot()

    def _map_selected(self, ids: list[int]) -> None:
        self._grid.select_ids(ids)

    def _show_path(self, path: str) -> None:
        """Select a picture that a finding or a likeness names, lifting the filters if they hide it."""
        ids = list(self.session.pictures.ids_of([path]))
        if ids and ids[0] not in self._grid.ids:
            self._show_all()
        self._grid.select_ids(ids)

    def _show_similar(self, path: str) -> None:
        embedding = self.session.pictures.auditing.embedding
        if embedding is not None:
            self._show_paths([path, *embedding.neighbours_of(path)],
                             tr("Similar to {name}", "Parecidas a {name}", name=path.rsplit("/", 1)[-1]))

    def _relabel(self, class_name: str) -> None:
        self.session.pictures.relabel(self._grid.selected_ids(), class_name)

    def _label_by_key(self, number: int) -> None:
        names = self.session.class_names
        if number < len(names):
            self._relabel(names[number])

    def _exclude(self, excluded: bool) -> None:
        self.session.pictures.exclude(self._grid.selected_ids(), excluded)

    def _menu(self, point: QPoint) -> None:
        picture_menu(self.session, self._grid, self._grid.selected_ids(), self._open).popup(point)

    # The large view ------------------------------------------------------------------------------

    def _open(self, identifier: int) -> None:
        self._grid.select_ids([identifier])
        self.state["viewing"] = True
        self._show_stack()
        self._selected()
        if self._viewer is not None:
            self._viewer.view.setFocus()

    def _leave_viewer(self) -> None:
        self.state.pop("viewing", None)
        self._show_stack()
        self._grid.setFocus()

    def _step(self, by: int) -> None:
        self._grid.step(by)

    def dropped(self, paths: list[str]) -> bool:
        """Folders, lists, archives and arrays are sources; single pictures go to Predict."""
        from cnnstudio.gui.pages.data.dialogs.add import open_add_pictures, takes

        if self.session.pictures.total == 0 and len(paths) == 1 and Path(paths[0]).is_dir():
            self.session.asked.emit("choose_folder", {"folder": paths[0]})
            return True
        if takes(paths):
            open_add_pictures(self.session, self._stack.window(), paths)
            return True
        return False


def _badge(findings: tuple[str, ...]) -> tuple[str, str]:
    """The word and the colour of the gravest finding."""
    order = {"error": 0, "warning": 1, "info": 2}
    known = [KINDS[kind] for kind in findings if kind in KINDS.ids()]
    if not known:
        return "", ""
    kind = min(known, key=lambda each: order[each.severity])
    return str(kind.badge), {"error": "error", "warning": "warn", "info": "accent"}[kind.severity]
