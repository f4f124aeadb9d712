"""The centre of the Data page: the grid, the map, the charts, one picture large, or an empty state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QPoint, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from cnnstudio.catalog.findings import KINDS
from cnnstudio.core.text import tr
from cnnstudio.datasets.query import Filter
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.data.charts import DataCharts
from cnnstudio.gui.pages.picture_viewer import PictureViewer
from cnnstudio.gui.pages.scenario_dialogs import ask_scenario
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.cards import EmptyState
from cnnstudio.gui.widgets.grid import PictureGrid

if TYPE_CHECKING:
    from cnnstudio.gui.pages.data.map.panel import MapPanel

EMPTY, NOTHING, READING, GRID, MAP, CHARTS, VIEWER = range(7)
VIEWS: Final = {"grid": GRID, "map": MAP, "charts": CHARTS}


class DataViews(QStackedWidget):
    """Map, charts and large view are created when they are first shown. Signals of all views are passed on alike."""

    view_made = Signal()
    map_selected = Signal(list)
    opened = Signal(int)
    """A picture was opened."""
    menu_requested = Signal(QPoint)
    label_key = Signal(str)
    exclude_key = Signal()
    class_chosen = Signal(str, str)
    range_chosen = Signal(str, object)
    viewer_left = Signal()
    stepped = Signal(int)
    folder_requested = Signal()
    all_requested = Signal()

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.map: MapPanel | None = None
        self.charts: DataCharts | None = None
        self.viewer: PictureViewer | None = None
        collection, counts = workspace.collection, workspace.counts
        self.grid = PictureGrid(collection.rows, collection.path,
                                lambda picture: theme.class_color(counts.color_index(picture.class_name)),
                                cell=int(workspace.session.recall("thumbnail", 118)), badge_of=_badge)
        self.grid.label_key.connect(self.label_key)
        self.grid.exclude_key.connect(self.exclude_key)
        self.grid.menu_requested.connect(self.menu_requested)
        self.grid.opened.connect(self.opened)
        self.addWidget(EmptyState(
            "folder", tr("No pictures here", "No hay imágenes aquí"),
            tr("Add a folder that has one subfolder of pictures for each class, a CSV list, an archive, arrays, or "
               "record with the camera.", "Añada una carpeta con una subcarpeta de imágenes por clase, una lista CSV, un "
               "archivo comprimido o matrices, o grabe con la cámara."),
            tr("Choose folder…", "Elegir carpeta…"), on_click=self.folder_requested.emit))
        self.addWidget(EmptyState("filter", tr("No picture matches these filters", "Ninguna imagen cumple estos "
                                                                                  "filtros"), "",
                                  tr("Show all pictures", "Mostrar todas"), on_click=self.all_requested.emit))
        self.addWidget(EmptyState("search", tr("Reading the folder…", "Leyendo la carpeta…")))
        self.addWidget(self.grid)
        for _index in range(3):
            self.addWidget(QWidget())

    def show_view(self, view: int) -> None:
        """Show a view; it is created on first use."""
        if view == MAP and self.map is None:
            self._make_map()
        elif view == CHARTS and self.charts is None:
            self._make_charts()
        elif view == VIEWER and self.viewer is None:
            self._make_viewer()
        self.setCurrentIndex(view)

    def _make_map(self) -> None:
        from cnnstudio.gui.pages.data.map.panel import MapPanel

        self.map = panel = MapPanel(self._workspace)
        panel.selection_changed.connect(self.map_selected)
        panel.opened.connect(self.opened)
        panel.menu_requested.connect(self.menu_requested)
        panel.label_key.connect(self.label_key)
        panel.exclude_key.connect(self.exclude_key)
        panel.embedding_changed.connect(self._workspace.judge.check_embedding)
        self._put(MAP, panel)

    def _make_charts(self) -> None:
        workspace = self._workspace
        self.charts = charts = DataCharts(workspace.session.jobs, workspace.collection, workspace.counts)
        charts.class_chosen.connect(self.class_chosen)
        charts.range_chosen.connect(self.range_chosen)
        self._put(CHARTS, charts)

    def _make_viewer(self) -> None:
        self.viewer = viewer = PictureViewer(self._workspace.session.jobs, self._workspace.collection.path,
                                               tr("Grid", "Cuadrícula"))
        viewer.left.connect(self.viewer_left)
        viewer.stepped.connect(self.stepped)
        viewer.label_key.connect(self.label_key)
        viewer.exclude_key.connect(self.exclude_key)
        self._put(VIEWER, viewer)

    def _put(self, view: int, widget: QWidget) -> None:
        old = self.widget(view)
        self.insertWidget(view, widget)
        self.view_made.emit()
        if old is not None:
            self.removeWidget(old)
            old.deleteLater()

    def show_charts(self, wanted: Filter) -> None:
        """Update the charts, if they exist."""
        if self.charts is not None:
            self.charts.show_for(wanted)

    def focus_view(self, view: str) -> bool:
        """Give the keyboard to a view; False where it accepts none."""
        focused: QWidget | None = self.map.view if view == "map" and self.map is not None else (
            self.grid if view == "grid" else None)
        if focused is not None:
            focused.setFocus()
        return focused is not None

    def save_scenario(self) -> None:
        """Make a scenario of the selection, or else of all pictures that pass the filter."""
        ids = self.grid.selected_ids() or list(self.grid.ids)
        if ids:
            ask_scenario(self._workspace.scenarios, self, ids)

    def close_threads(self) -> None:
        """Stop the threads; the page will be deleted."""
        self.grid.close_threads()
        if self.map is not None:
            self.map.close_threads()


def _badge(findings: tuple[str, ...]) -> tuple[str, str]:
    """The text and the colour of the most severe finding."""
    order = {"error": 0, "warning": 1, "info": 2}
    kinds = [KINDS[kind] for kind in findings if kind in KINDS.ids()]
    if not kinds:
        return "", ""
    kind = min(kinds, key=lambda entry: order[entry.severity])
    return str(kind.badge), {"error": "error", "warning": "warn", "info": "accent"}[kind.severity]
