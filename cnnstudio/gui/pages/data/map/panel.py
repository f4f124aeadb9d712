"""The map of the Data page: choices of colour, network and layout, the legend, and the computation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from cnnstudio.catalog.bases import BASES
from cnnstudio.core.events import Event, Failed, Finished
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.embedding import BUNDLED, Embedding
from cnnstudio.gui.pages.data.map.coloring import (
    COLORINGS,
    Rows,
    color_rows,
    find_answering_run,
    important_rows,
    read_rows,
    row_note,
)
from cnnstudio.gui.state.audit import EMBED
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.jobs import ChildJob, Job, Report, Work
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Elided, Label, MenuButton, box, column, row
from cnnstudio.gui.widgets.cards import EmptyState
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.gui.widgets.formatting import format_pictures
from cnnstudio.gui.widgets.map.entries import Entry
from cnnstudio.gui.widgets.map.gestures import LASSO, MapView
from cnnstudio.gui.widgets.map.legend import Legend
from cnnstudio.gui.widgets.map.raster import id_array
from cnnstudio.gui.widgets.map.tools import MapTools
from cnnstudio.gui.widgets.map.working_bar import WorkingBar
from cnnstudio.gui.widgets.problem_box import ProblemBox

_READ: Final = "map"
_LAYOUTS: Final = {"tsne": "t-SNE", "pca": "PCA"}
_EMPTY, _WAITING, _MAP = range(3)


class MapPanel(QWidget):
    """`selection_changed(ids)` when the user selected in the map, `opened(id)`, `menu_requested(point)`; keys 1 to 9
    and Delete as in the grid: `label_key(text)`, `exclude_key`."""

    selection_changed = Signal(list)
    opened = Signal(int)
    menu_requested = Signal(QPoint)
    label_key = Signal(str)
    exclude_key = Signal()
    embedding_changed = Signal()

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        session = self._session = workspace.session
        self._collection, self._counts, self._audit = workspace.collection, workspace.counts, workspace.audit
        self._state: dict[str, Any] = session.view.setdefault("map", {})
        self.embedding: Embedding | None = None
        """The rows on the map; None while there is no map."""
        self._rows: Rows | None = None
        self.entries: list[Entry] = []
        """The lines of the legend."""
        self._reader: Work | None = None
        self._again = False
        self._reread = True
        self._waits_for = ""
        self._filtered: NDArray[np.int64] | None = None
        self._wished: list[int] = []
        self.view = MapView(workspace.collection.rows, workspace.collection.path)
        self.view.selection_changed.connect(self._on_selected)
        self.view.opened.connect(self.opened)
        self.view.menu_requested.connect(self.menu_requested)
        self.view.label_key.connect(self.label_key)
        self.view.exclude_key.connect(self.exclude_key)
        self.view.view_changed.connect(self._remember_view)
        self.view.note_of = self._note_of
        self._make()
        session.jobs.changed.connect(self._show_work)
        session.jobs.ended.connect(self._on_job_ended)
        self._start_reading(everything=True)

    # Making --------------------------------------------------------------------------------------

    def _make(self) -> None:
        self._by = MenuButton(tr("Colour: ", "Color: "))
        self._by.set_choices([(key, str(label)) for key, label in COLORINGS.items()], self._coloring)
        self._by.chosen.connect(lambda value: self._choose("by", value))
        self._layout_menu = MenuButton()
        self._layout_menu.set_choices(list(_LAYOUTS.items()), self._layout)
        self._layout_menu.setToolTip(tr(
            "t-SNE keeps similar pictures together; PCA keeps large distances and is immediate",
            "t-SNE mantiene juntas las imágenes parecidas; PCA conserva las grandes distancias y es inmediato"))
        self._layout_menu.chosen.connect(lambda value: self._choose("layout", value))
        self._model_menu = MenuButton(tr("Features of: ", "Características de: "))
        self._model_menu.setToolTip(tr("The network whose features decide which pictures are similar",
                                       "La red cuyas características deciden qué imágenes se parecen"))
        self._model_menu.chosen.connect(lambda value: self._choose("model", value))
        self._show_models()
        self._recompute = Button(tr("Recompute", "Recalcular"), "icon", "refresh", on_click=self.compute)
        self._tools = MapTools(self.view, str(self._state.get("tool", LASSO)), bool(self._session.recall("map_pictures", True)))
        self._tools.tool_chosen.connect(lambda tool: self._state.update(tool=tool))
        self._tools.pictures_switched.connect(lambda on: self._session.remember("map_pictures", on))
        chips = QWidget()
        flow = FlowLayout(chips, spacing=6)
        for menu in (self._by, self._layout_menu, self._model_menu):
            flow.addWidget(menu)
        self._tool_box = box(row(self._recompute, 4, self._tools, spacing=2))
        bar = row(chips, self._tool_box, spacing=8)
        bar.setStretch(0, 1)
        bar.setAlignment(self._tool_box, Qt.AlignmentFlag.AlignTop)
        self._legend = Legend()
        self._legend.chosen.connect(self._select_entry)
        self._stale_words = Label("", "secondary", "warn")
        self._stale_box = box(row(self._stale_words, Button(tr("Recompute", "Recalcular"), "link", on_click=self.compute),
                                  None, spacing=12))
        self._note = Elided("", "secondary", "dim")
        self._working = WorkingBar(self._cancel)
        self._problem = ProblemBox()
        self._empty = EmptyState(
            "map", tr("The map has not been computed yet", "El mapa aún no se ha calculado"),
            tr("A network computes features of every picture, and pictures with similar features are placed side by "
               "side. Outliers and doubtful labels show at a glance. Nothing leaves this computer.",
               "Una red calcula características de cada imagen, y las imágenes con características parecidas quedan "
               "juntas. Las atípicas y las etiquetas dudosas saltan a la vista. Nada sale de este equipo."),
            tr("Compute the map", "Calcular el mapa"), on_click=self.compute)
        self._stack = QStackedWidget()
        for page in (self._empty, EmptyState("map", tr("Reading the map…", "Leyendo el mapa…")), self.view):
            self._stack.addWidget(page)
        self._stack.setCurrentIndex(_WAITING)
        layout = column(bar, self._problem, self._working, self._stale_box, self._stack, self._legend, self._note,
                        spacing=8)
        layout.setStretch(4, 1)
        self.setLayout(layout)
        for item in (self._stale_box, self._note):
            item.hide()
        self._show_work()

    def _show_models(self) -> None:
        from cnnstudio.workers.runs.folder import list_runs

        folder = self._session.folder
        runs = {run.id: run.title for run in list_runs(folder)[:40] if run.has_model} if folder is not None else {}
        if self._model not in (BUNDLED, *runs):
            self._state["model"] = BUNDLED
        self._model_menu.set_choices([(BUNDLED, str(BASES[BUNDLED].label)), *runs.items()], self._model)

    # What is chosen ------------------------------------------------------------------------------

    @property
    def _coloring(self) -> str:
        return str(self._state.get("by", "class"))

    @property
    def _layout(self) -> str:
        return str(self._state.get("layout", "tsne"))

    @property
    def _model(self) -> str:
        return str(self._state.get("model", BUNDLED))

    def _choose(self, name: str, value: object) -> None:
        self._state[name] = value
        menus = {"by": self._by, "layout": self._layout_menu, "model": self._model_menu}
        menus[name].set_value(value)
        if name == "by":
            self._show_colors()
        else:
            self._state.pop("seen", None)
            self._start_reading(everything=True)

    def _remember_view(self) -> None:
        camera = self.view.camera
        self._state["seen"] = (camera.x, camera.y, camera.zoom)

    # The page talks to the map -------------------------------------------------------------------

    def set_selected(self, ids: Iterable[int]) -> None:
        """Select the pictures that the grid selected; remembered until the map is there."""
        self._wished = list(ids)
        self.view.set_selected(self._wished)

    def show_filtered(self, ids: Iterable[int] | None) -> None:
        """Dim all other pictures; None dims none."""
        self._filtered = None if ids is None else id_array(ids)
        self.view.show_filtered(self._filtered)

    def refresh(self, change: Change) -> None:
        """Follow a change of the session."""
        if change.of("folder"):
            self._start_reading(everything=True)
        elif change.of("pictures", "dataset"):
            self._start_reading()
        if change.of("runs", "folder"):
            self._show_models()

    def close_threads(self) -> None:
        """Stop the threads; the page will be deleted."""
        self.view.close_threads()

    def _on_selected(self, ids: list[int]) -> None:
        self._wished = ids
        self.selection_changed.emit(ids)

    def _select_entry(self, place: int, add: bool) -> None:
        if self._rows is None or place >= len(self.entries):
            return
        chosen: list[int] = self._rows.ids[self.entries[place].rows].tolist()
        if add:
            chosen = list(dict.fromkeys([*self.view.selected_ids(), *chosen]))
        elif set(chosen) == set(self.view.selected_ids()):
            chosen = []
        if self._filtered is not None:
            allowed = set(self._filtered.tolist())
            chosen = [item for item in chosen if item in allowed]
        self.view.set_selected(chosen)
        self._on_selected(chosen)

    # Reading -------------------------------------------------------------------------------------

    def _start_reading(self, everything: bool = False) -> None:
        """Read the map (or only its values from the index) in the background."""
        session, index, folder = self._session, self._collection.index, self._session.folder
        self._reread = self._reread or everything
        if index is None or folder is None:
            return
        if self._reader is not None and self._reader.running:
            self._again = True
            return
        model, layout = self._model, self._layout
        before = None if self._reread else self.embedding
        self._reread = False
        hidden = session.project.dataset.hidden_classes

        def work(_report: Report) -> tuple[Embedding, Rows]:
            from cnnstudio.datasets.embedding import read_embedding
            from cnnstudio.workers.embedding_jobs import embedding_target

            embedding = before if before is not None else read_embedding(embedding_target(folder, model, layout))
            return embedding, read_rows(index, embedding, find_answering_run(index, model), hidden)

        self._reader = Work(work, Text("Reading the map", "Leyendo el mapa"), _READ, quiet=True)
        self._reader.ended.connect(self._on_read)
        session.jobs.start(self._reader)

    def _on_read(self, last: Event) -> None:
        reader = self._reader
        if reader is None or reader.running:
            return
        if self._again:
            self._again = False
            self._start_reading()
            return
        if reader.result is None:
            self.embedding = self._rows = None
            if isinstance(last, Failed) and last.problem.code not in ("no_embedding", "index_closed"):
                self._problem.show_problem(last.problem)
            self._show_state()
            self.embedding_changed.emit()
            return
        new, self._rows = reader.result
        changed = new is not self.embedding
        self.embedding = new
        self._show_rows()
        if changed:
            self.embedding_changed.emit()

    def _show_rows(self) -> None:
        if self._rows is None:
            return
        self._show_state()
        colors, self.entries = self._colors()
        self.view.set_points(self._rows.position, self._rows.ids, colors, important_rows(self._rows, self._coloring))
        seen = self._state.get("seen")
        if seen is not None:
            self.view.camera.x, self.view.camera.y, self.view.camera.zoom = seen
        self.view.set_selected(self._wished)
        self.view.show_filtered(self._filtered)
        self._legend.show_entries(self.entries)
        self._show_notes()

    def _show_colors(self) -> None:
        if self._rows is not None:
            colors, self.entries = self._colors()
            self.view.set_colors(colors, important_rows(self._rows, self._coloring))
            self._legend.show_entries(self.entries)
            self._show_notes()

    def _colors(self) -> Any:
        assert self._rows is not None
        return color_rows(self._rows, self._coloring, self._counts.all_class_names, self._counts.color_index)

    def _note_of(self, identifier: int) -> str:
        """The value that the dot under the pointer is coloured by, where the class does not show it."""
        if self._rows is None:
            return ""
        return row_note(self._rows, self._coloring, int(np.flatnonzero(self._rows.ids == identifier)[0]))

    def _show_notes(self) -> None:
        assert self._rows is not None and self.embedding is not None
        notes = [str(note) for note in self.embedding.notes]
        if self._coloring in ("prediction", "correct"):
            notes.insert(0, tr("Predictions of {run}.", "Predicciones de {run}.", run=self._rows.answered_by)
                         if self._rows.answered_by else
                         tr("No run has been evaluated on these pictures. The predictions shown come from linear "
                            "classifiers on the features, each from one that was trained without the picture.",
                            "Ningún entrenamiento se ha evaluado con estas imágenes. Las predicciones mostradas son "
                            "de clasificadores lineales sobre las características, cada una de uno entrenado sin la "
                            "imagen."))
        self._note.setText(" ".join(notes))
        self._note.setVisible(bool(notes))

    def _show_state(self) -> None:
        there = self._rows is not None and len(self._rows.ids) > 0
        self._stack.setCurrentIndex(_MAP if there else _EMPTY)
        self._legend.setVisible(there)
        self._tool_box.setVisible(there)
        self._by.setVisible(there)
        new = self._rows.new if self._rows is not None and there else 0
        self._stale_box.setVisible(bool(new))
        self._stale_words.setText(tr("{n} added or changed since this map.", "{n} añadidas o cambiadas desde este "
                                                                            "mapa.",
                                     n=format_pictures(new)))
        if not there:
            self._note.hide()
        self._show_work()

    # Computing -----------------------------------------------------------------------------------

    def compute(self) -> None:
        """Compute the map in a child process; the session reports problems."""
        self._problem.show_problem(None)
        self._audit.embed(self._model, self._layout)

    def _cancel(self) -> None:
        job = self._session.jobs.of_kind(EMBED)
        if job is not None and not job.cancelling:
            job.cancel()
            self._show_work()

    def _show_work(self) -> None:
        job = self._session.jobs.of_kind(EMBED)
        self._working.show_job(job)
        self._empty.button.setEnabled(job is None)
        self._recompute.setEnabled(job is None)

    def _on_job_ended(self, job: Job, last: Event) -> None:
        if job.kind == EMBED and isinstance(job, ChildJob) and isinstance(last, Finished):
            self._state.pop("seen", None)
            self._start_reading(everything=True)
        self._show_work()
