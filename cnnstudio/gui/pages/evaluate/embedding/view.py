"""The view of the map: the pictures of an evaluation by the features of its model."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from cnnstudio.core.events import Event, Failed
from cnnstudio.core.feature_jobs import MapEvaluation
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.evaluate.embedding.neighbourhood import NeighbourhoodCard
from cnnstudio.gui.pages.evaluate.embedding.rows import (
    COLORINGS,
    MapRequest,
    MapRows,
    color_dots,
    color_training,
    dot_pictures,
    important_dots,
    read_map,
)
from cnnstudio.gui.pages.evaluate.start import MAP_KIND, start_map
from cnnstudio.gui.pages.evaluate.views import INSIDE, EvaluationContext, EvaluationView
from cnnstudio.gui.state.jobs import ChildJob, Job, Report, Work
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Elided, MenuButton, Stack, box, column, row, scroll_area
from cnnstudio.gui.widgets.cards import EmptyState
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.gui.widgets.formatting import format_pictures
from cnnstudio.gui.widgets.map.entries import Entry
from cnnstudio.gui.widgets.map.gestures import LASSO
from cnnstudio.gui.widgets.map.legend import Legend
from cnnstudio.gui.widgets.map.linked import LinkedMapView
from cnnstudio.gui.widgets.map.tools import MapTools
from cnnstudio.gui.widgets.map.working_bar import WorkingBar
from cnnstudio.gui.widgets.problem_box import ProblemBox
from cnnstudio.gui.widgets.room import Room
from cnnstudio.workers.runs.pictures import DATA, evaluated_manifest

_READ: Final = "evaluation-map-read"
_LAYOUTS: Final = {"tsne": "t-SNE", "pca": "PCA"}
_EMPTY, _WAITING, _NONE, _MAP = range(4)


class EmbeddingView(EvaluationView):
    id = "map"
    title = Text("Map", "Mapa")
    group = INSIDE

    def __init__(self, workspace: Workspace, state: dict[str, Any]) -> None:
        super().__init__(workspace, state)
        self._session, self._jobs = workspace.session, workspace.session.jobs
        self._rows: MapRows | None = None
        self._entries: list[Entry] = []
        self._shown: tuple[object, ...] = ()
        self.map = LinkedMapView(self._pictures, lambda picture: Path(picture.path))
        self.map.note_of = self._note_of
        self.map.selection_changed.connect(self._on_selected)
        self.map.opened.connect(lambda identifier: self._select([identifier]))
        self.map.view_changed.connect(self._remember_view)
        self.map.setMinimumSize(320, 220)
        self._make()
        self._jobs.changed.connect(self._show_work)
        self._jobs.ended.connect(self._on_job_ended)

    def _make(self) -> None:
        self._by = MenuButton(tr("Colour: ", "Color: "))
        self._by.set_choices([(key, str(label)) for key, label in COLORINGS.items()], self._coloring)
        self._by.chosen.connect(self._choose_coloring)
        self._layout_menu = MenuButton()
        self._layout_menu.set_choices(list(_LAYOUTS.items()), self._layout)
        self._layout_menu.setToolTip(tr(
            "t-SNE keeps similar pictures together; PCA keeps large distances and is immediate",
            "t-SNE mantiene juntas las imágenes parecidas; PCA conserva las grandes distancias y es inmediato"))
        self._layout_menu.chosen.connect(self._choose_layout)
        self._around = Button(tr("Training pictures", "Imágenes de entrenamiento"), "quiet", checkable=True)
        self._around.setToolTip(tr("Show training pictures faintly around the evaluated ones",
                                   "Mostrar tenues las imágenes de entrenamiento alrededor de las evaluadas"))
        self._around.setChecked(self._with_training)
        self._around.toggled.connect(self._choose_training)
        tools = MapTools(self.map, str(self.state.get("tool", LASSO)), bool(self.state.get("pictures", True)))
        tools.tool_chosen.connect(lambda tool: self.state.update(tool=tool))
        tools.pictures_switched.connect(lambda on: self.state.update(pictures=on))
        chips = QWidget()
        flow = FlowLayout(chips, spacing=6)
        for item in (self._by, self._layout_menu, self._around):
            flow.addWidget(item)
        self._bar = box(bar := row(chips, tools, spacing=8))
        bar.setStretch(0, 1)
        bar.setAlignment(tools, Qt.AlignmentFlag.AlignTop)
        self._legend = Legend()
        self._legend.chosen.connect(self._select_entry)
        self._note = Elided("", "secondary", "dim")
        self._working = WorkingBar(self._cancel)
        self._problem = ProblemBox()
        self._empty = EmptyState(
            "map", tr("The map has not been computed yet", "El mapa aún no se ha calculado"),
            tr("The features are what the network sees right before it decides. Pictures that it sees alike are placed side by "
               "side: mistakes lie where classes meet, or alone among another class. The training pictures next to each "
               "picture tell why it was answered so.",
               "Las características son lo que la red ve justo antes de decidir. Las imágenes que ve parecidas quedan juntas: "
               "los errores están donde las clases se tocan, o solos dentro de otra clase. Las imágenes de entrenamiento "
               "cercanas a cada una dicen por qué se respondió así."),
            tr("Compute the map", "Calcular el mapa"), on_click=self.compute)
        self._stack = Stack()
        for page in (self._empty, EmptyState("map", tr("Reading the map…", "Leyendo el mapa…")),
                     EmptyState("map", tr("There are no answers to show", "No hay respuestas que mostrar")), self.map):
            self._stack.addWidget(page)
        self._stack.setCurrentIndex(_WAITING)
        self.neighbourhood = NeighbourhoodCard(self.state)
        self.neighbourhood.linked.connect(self.map.set_links)
        self.neighbourhood.chosen.connect(self._go_to)
        self.neighbourhood.closed.connect(lambda: self._select([]))
        layout = column(self._bar, self._problem, self._working, self._stack, self._legend, self._note, self.neighbourhood,
                        spacing=8, margins=(24, 14, 24, 12))
        layout.setStretch(3, 1)
        # On a small screen, or with large text, the map keeps its size.
        self.setLayout(column(scroll_area(Room(layout, QSize(520, 540)), sideways=True)))
        self._show_state()

    def close_threads(self) -> None:
        self.map.close_threads()
        self.neighbourhood.close_threads()

    # What is chosen ------------------------------------------------------------------------------

    @property
    def _coloring(self) -> str:
        chosen = str(self.state.get("by", "class"))
        return chosen if chosen in COLORINGS else "class"

    @property
    def _layout(self) -> str:
        return str(self.state.get("layout", "tsne"))

    @property
    def _with_training(self) -> bool:
        return bool(self.state.get("training", True))

    def _choose_coloring(self, value: object) -> None:
        self.state["by"] = value
        self._by.set_value(value)
        self._show_colors()

    def _choose_layout(self, value: object) -> None:
        self.state["layout"] = value
        self._layout_menu.set_value(value)
        self.state.pop("seen", None)
        self._read_map()

    def _choose_training(self, on: bool) -> None:
        self.state["training"] = on
        self._show_rows()

    def _remember_view(self) -> None:
        camera = self.map.camera
        self.state["seen"] = (camera.x, camera.y, camera.zoom)

    def _color(self, number: int) -> QColor:
        assert self.context is not None
        return self.context.class_color(number)

    def _color_of(self, name: str) -> QColor:
        names = () if self.context is None else self.context.class_names
        return self._color(names.index(name)) if name in names else theme.color("faint")

    # What is shown -------------------------------------------------------------------------------

    def show_evaluation(self, context: EvaluationContext) -> None:
        shown = (context.run.folder, context.split, context.evaluated.time)
        if shown != self._shown:
            self._shown = shown
            self._rows = None
            self._problem.show_problem(None)
            self.neighbourhood.show_picture(None, -1, self._color_of)
        if context.problem is not None:
            self._problem.show_problem(context.problem)
            self._stack.setCurrentIndex(_NONE)
        elif context.read is not None and context.answers is not None:
            self._read_map()
        self._show_state()

    def _read_map(self) -> None:
        context = self.context
        if context is None or context.read is None or context.answers is None:
            return
        request = MapRequest(context.run, context.split, self._layout, context.read)

        def work(_report: Report) -> tuple[MapRequest, MapRows | None]:
            return request, read_map(request)

        self._jobs.run(work, Text("Reading the map", "Leyendo el mapa"), _READ, quiet=True, done=self._on_read, owner=self)

    def _on_read(self, work: Work) -> None:
        context = self.context
        if work.result is None or context is None:
            if isinstance(work.last, Failed):
                self._problem.show_problem(work.last.problem)
                self._show_state()
            return
        request, rows = work.result
        if request.read is not context.read or request.layout != self._layout:
            return
        self._rows = rows
        self._show_rows()

    def _show_rows(self) -> None:
        rows = self._rows
        self._show_state()
        if rows is None or self.context is None:
            return
        colors, self._entries = self._colors(rows)
        position, ids = rows.found.position[rows.rows], rows.rows
        if self._with_training and len(rows.trained):
            position = np.concatenate([position, rows.found.train_position[rows.trained]])
            ids = np.concatenate([ids, rows.train_start + rows.trained])
        self.map.set_points(position, ids, colors, self._on_top(rows))
        if (seen := self.state.get("seen")) is not None:
            self.map.camera.x, self.map.camera.y, self.map.camera.zoom = seen
        self._legend.show_entries(self._entries)
        self._show_note(rows)
        chosen = self.map.selected_ids()
        self.neighbourhood.show_picture(rows if len(chosen) == 1 else None, chosen[0] if chosen else -1, self._color_of)

    def _colors(self, rows: MapRows) -> tuple[np.ndarray, list[Entry]]:
        colors, entries = color_dots(rows, self._coloring, self._color)
        if self._with_training and len(rows.trained):
            colors = np.concatenate([colors, color_training(rows, self._color)])
        return colors, entries

    def _on_top(self, rows: MapRows) -> np.ndarray | None:
        top = important_dots(rows, self._coloring)
        if not self._with_training or not len(rows.trained):
            return top
        # Training pictures lie below all others: they are in a group of their own.
        own = np.ones(len(rows.rows), np.int8) if top is None else 1 + top.astype(np.int8)
        return np.concatenate([own, np.zeros(len(rows.trained), np.int8)])

    def _show_colors(self) -> None:
        if self._rows is not None:
            colors, self._entries = self._colors(self._rows)
            self.map.set_colors(colors, self._on_top(self._rows))
            self._legend.show_entries(self._entries)

    def _show_note(self, rows: MapRows) -> None:
        found = rows.found
        what = tr("Features: the mean over the positions of {layer}, before {classifier}.",
                  "Características: la media sobre las posiciones de {layer}, antes de {classifier}.") if found.pooled else tr(
            "Features: the output of {layer}, before {classifier}.", "Características: la salida de {layer}, antes de "
                                                                      "{classifier}.")
        parts = [what.format(layer=found.layer or "?", classifier=found.classifier)]
        if len(rows.trained) and len(rows.trained) < len(found.train_paths):
            parts.append(tr("Around them {n} of {all} training pictures.", "Alrededor, {n} de {all} de entrenamiento.",
                            n=len(rows.trained), all=len(found.train_paths)))
        if rows.missing:
            parts.append(tr("Not on the map because they cannot be read any more: {n}.",
                            "Fuera del mapa porque ya no se pueden leer: {n}.", n=rows.missing))
        self._note.setText(" ".join(parts))

    def _show_state(self) -> None:
        there = self._rows is not None and len(self._rows.rows) > 0
        context = self.context
        answered = context is not None and context.answers is not None
        if there:
            self._stack.setCurrentIndex(_MAP)
        elif answered:
            self._stack.setCurrentIndex(_EMPTY)
        elif context is not None and context.problem is None:
            self._stack.setCurrentIndex(_WAITING)
        for item in (self._bar, self._legend, self._note):
            item.setVisible(there)
        # The layout can be chosen before the first map, too.
        self._bar.setVisible(there or answered)
        self._by.setVisible(there)
        self._around.setVisible(there and context is not None and context.split != "train")
        self._show_work()

    def _pictures(self, ids: list[int]) -> list[Any]:
        context = self.context
        if self._rows is None or context is None or context.read is None:
            return []
        return dot_pictures(self._rows, context.read, ids)

    def _note_of(self, identifier: int) -> str:
        rows = self._rows
        if rows is None:
            return ""
        place = rows.row_of(identifier)
        if place is None:
            return tr("training picture", "imagen de entrenamiento")
        number = int(rows.predicted[place])
        return "" if number == int(rows.labels[place]) else tr("predicted as {name}", "predicha como {name}",
                                                               name=rows.answers.class_names[number])

    # The selection -------------------------------------------------------------------------------

    def _select(self, ids: list[int]) -> None:
        self.map.set_selected(ids)
        self._on_selected(ids)

    def _select_entry(self, place: int, add: bool) -> None:
        rows = self._rows
        if rows is None or place >= len(self._entries):
            return
        chosen: list[int] = rows.rows[self._entries[place].rows].tolist()
        before = self.map.selected_ids()
        self._select(list(dict.fromkeys([*before, *chosen])) if add else [] if set(before) == set(chosen) else chosen)

    def _go_to(self, identifier: int) -> None:
        """A neighbour was clicked: bring it to sight; one of the evaluated pictures becomes the selected one."""
        rows = self._rows
        if rows is None:
            return
        if rows.row_of(identifier) is not None:
            self._select([identifier])
        places = np.flatnonzero(self.map.ids == identifier)
        if len(places):
            self.map.reveal(int(places[0]))

    def _on_selected(self, ids: list[int]) -> None:
        rows = self._rows
        if rows is None:
            return
        places = [place for place in map(rows.row_of, ids) if place is not None]
        own = rows.rows[places].tolist()
        self.neighbourhood.show_picture(rows if len(own) == 1 else None, own[0] if own else -1, self._color_of)
        if not places:
            return
        order = np.asarray(places)[np.argsort(rows.labels[places] == rows.predicted[places], kind="stable")]
        wrong = int((rows.labels[places] != rows.predicted[places]).sum())
        note = tr("{n}, of them {m} wrong, which come first", "{n}, de ellas {m} con fallo, que van primero",
                  n=format_pictures(len(places)), m=wrong)
        self.pictures_requested.emit(tr("Chosen on the map", "Elegidas en el mapa"), note if len(places) > 1 else "",
                                     rows.numbers[order])

    # Computing -----------------------------------------------------------------------------------

    def compute(self) -> None:
        """Compute the map of the evaluation that is shown."""
        context = self.context
        if context is None or self._jobs.of_kind(MAP_KIND) is not None:
            return
        self._problem.show_problem(None)
        manifest = evaluated_manifest(context.run, DATA) if context.split == DATA else None
        start_map(self._session, context.run, context.split, manifest, self._layout)
        self._show_work()

    def _cancel(self) -> None:
        job = self._jobs.of_kind(MAP_KIND)
        if job is not None and not job.cancelling:
            job.cancel()
            self._show_work()

    def _own_job(self) -> Job | None:
        """The computation for the run that is shown; its preparation counts for every run."""
        job, context = self._jobs.of_kind(MAP_KIND), self.context
        if isinstance(job, ChildJob) and isinstance(job.job, MapEvaluation) and context is not None:
            return job if job.job.run_folder == str(context.run.folder) else None
        return job

    def _show_work(self) -> None:
        self._working.show_job(self._own_job())
        self._empty.button.setEnabled(self._jobs.of_kind(MAP_KIND) is None)

    def _on_job_ended(self, job: Job, last: Event) -> None:
        if job.kind != MAP_KIND:
            return
        if isinstance(last, Failed):
            self._problem.show_problem(last.problem)
        elif isinstance(job, ChildJob):
            self._read_map()
        self._show_work()
