"""Prepare: the recipe and the augmentation as cards, beside previews of the pictures."""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.steps import RECIPE_STEPS
from cnnstudio.core.class_balance import shown_pictures
from cnnstudio.core.events import Failed
from cnnstudio.core.problems import Problem
from cnnstudio.core.recipe import RECIPE_PARAMS
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.index import Filter, Picture
from cnnstudio.gui.look import tokens
from cnnstudio.gui.pages.base import Page
from cnnstudio.gui.pages.prepare.pipeline import BatchRequest, PipelineView, make_batch
from cnnstudio.gui.pages.prepare.preview import GridCell, GridMaker, GridRequest, StagesRequest, make_stage_rows
from cnnstudio.gui.pages.prepare.preview_panel import PreviewPanel
from cnnstudio.gui.pages.prepare.recipe_panel import RecipePanel
from cnnstudio.gui.pages.prepare.sampling import AugmentationSamples
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.commands import Command, MeasureStatistics, ShowPage
from cnnstudio.gui.state.jobs import Report, Work
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Stack, scroll_area
from cnnstudio.gui.widgets.formatting import format_percent
from cnnstudio.gui.widgets.inputs import SegmentedControl
from cnnstudio.gui.widgets.splitter import Splitter

MEASURE = "measure"
SAMPLES = 8
"""At most so many classes are shown side by side."""
_STAGES = {"decoded": Text("Original picture", "Imagen original"), "color_mode": Text("Colour mode", "Modo de color"),
           "crop": Text("Crop", "Recorte"), "resize": Text("Resize", "Redimensionar")}


class PreparePage(Page):
    id = "prepare"
    title = Text("Prepare", "Preparar")
    icon = "prepare"

    def __init__(self, workspace: Workspace, parent: Any = None) -> None:
        super().__init__(workspace, parent)
        self._collection = workspace.collection
        self._ids: array[int] = array("q")
        self._samples: list[Picture] = []
        self._picture: Picture | None = None
        jobs = self.session.jobs
        self.maker = GridMaker()
        self._listing = Latest(jobs, "preview-list", self._list, self)
        self._listing.answered.connect(self._on_listed)
        self._stages = Latest(jobs, "preview-stages", make_stage_rows, self)
        self._stages.answered.connect(self._show_stages)
        self._grids = Latest(jobs, "preview-grid", self.maker.make, self)
        self._grids.answered.connect(self._show_grid)
        self._sampling = AugmentationSamples(self.session, self)
        self._batches = Latest(jobs, "preview-batch", make_batch, self)
        self._batches.answered.connect(lambda _request, batch: self.pipeline.show_batch(batch))

    # Widgets -------------------------------------------------------------------------------------

    def subtitle(self) -> str:
        recipe = self.session.project.recipe
        options = next(param for param in RECIPE_PARAMS if param.name == "normalization")
        label = next((str(option.label) for option in getattr(options, "options", ())
                      if option.value == recipe.normalization), recipe.normalization)
        return f"{recipe.width} × {recipe.height} {recipe.color_mode} · {label}"

    def actions(self) -> Iterable[QWidget]:
        self._switch = SegmentedControl([("cards", tr("Cards", "Tarjetas")), ("pipeline", tr("Pipeline", "Canalización"))],
                                        self.state.get("view", "cards"), stretch=False)
        self._switch.setFixedHeight(tokens.CONTROL_HEIGHT)
        self._switch.chosen.connect(self.show_view)
        following = Button(tr("Next: Network", "Siguiente: Red"), "primary", compact_icon="chevron-right",
                           on_click=lambda: self.session.request(ShowPage("network")))
        return self._switch, following

    def centre(self) -> QWidget:
        self.recipe_panel, self.preview = RecipePanel(self.session, self.workspace.counts), PreviewPanel(self.state)
        self.pipeline = PipelineView(self.state.get("pipeline", "batch"))
        splitter = Splitter(1, self.session.recall("prepare", [448, 880]))
        for panel, least in ((self.recipe_panel, 380), (self.preview, 420)):
            holder = scroll_area(panel)
            holder.setMinimumWidth(least)
            splitter.addWidget(holder)
        splitter.widths_changed.connect(lambda widths: self.session.remember("prepare", widths))
        self._sampling.show_on(self.recipe_panel)
        self._views = Stack()
        self._views.addWidget(splitter)
        self._views.addWidget(self.pipeline)
        self._views.setCurrentIndex(1 if self.state.get("view") == "pipeline" else 0)
        self._connect()
        return self._views

    def _connect(self) -> None:
        """Connect the signals of the page's parts."""
        self.recipe_panel.measure_requested.connect(self.measure)
        preview = self.preview
        preview.stepped.connect(self.step)
        preview.random_requested.connect(self.choose_random)
        preview.class_chosen.connect(self.choose_class)
        preview.stages_changed.connect(self._ask_stages)
        preview.grid_changed.connect(self._ask_grid)
        preview.data_requested.connect(lambda: self.session.request(ShowPage("data")))
        self.pipeline.which.chosen.connect(lambda which: self.state.__setitem__("pipeline", which))

    def show_view(self, view: object) -> None:
        """Show the cards with their pictures, or the pipeline."""
        self.state["view"] = view
        self._switch.set_value(view)
        self._views.setCurrentIndex(1 if view == "pipeline" else 0)
        self._show_pipeline()
        self._ask_batch()

    def close(self) -> None:
        for work in (self._listing, self._stages, self._grids, self._batches, self._sampling):
            work.close()

    # Refresh -------------------------------------------------------------------------------------

    def blocking_problems(self) -> Iterable[Problem]:
        fields = {param.name for param in RECIPE_PARAMS}
        return [problem for problem in self.session.problems if problem.where.area in ("recipe", "augmentation")
                and not self.recipe_panel.has_card(problem.where.node) and problem.where.field not in fields]

    def refresh(self, change: Change) -> None:
        self.recipe_panel.refresh(change)
        if change.of("recipe", "augmentation", "training", "dataset", "pictures", "folder"):
            self._show_pipeline()
        if change.of("pictures", "dataset", "folder"):
            names = self.workspace.counts.class_names
            chosen = self._picture.class_name if self._picture is not None else None
            self.preview.classes.set_choices([(name, name) for name in names], chosen)
            self.recipe_panel.sample_range.show_groups(self.workspace.counts.deep)
            self._listing.ask(tuple(names))
        elif change.of("recipe"):
            self._ask_stages()
            self._ask_grid()
            self._ask_samples()
        elif change.of("augmentation", "training"):
            self._ask_grid()
            self._ask_samples()

    # Which picture -------------------------------------------------------------------------------

    def _list(self, names: tuple[str, ...], _report: Any) -> tuple[array[int], list[Picture]]:
        """List the training pictures in the order of training, and the first of each class."""
        collection = self._collection
        if not names:
            return array("q"), []
        wanted = Filter(classes=names, splits=("train",), excluded="hide")
        broken = set(collection.ids(msgspec.structs.replace(wanted, problem="any")))
        ids = array("q", (picture for picture in collection.ids(wanted) if picture not in broken))
        firsts = []
        for name in names[:SAMPLES]:
            own = collection.ids(msgspec.structs.replace(wanted, classes=(name,)))
            first = next((picture for picture in own if picture not in broken), None)
            firsts += collection.rows([first]) if first is not None else []
        return ids, firsts

    def _on_listed(self, _wanted: Any, result: Any) -> None:
        if isinstance(result, Failure):
            return
        self._ids, self._samples = result
        ids = self._ids
        self._show_pipeline()
        self.preview.show_pictures(bool(ids))
        if not ids:
            self._picture = None
            self._ask_samples()
            return
        chosen = self.state.get("picture")
        self._show_picture(chosen if chosen is not None and chosen in ids else ids[0])

    def _show_picture(self, identifier: int) -> None:
        rows = self._collection.rows([identifier])
        if not rows:
            return
        self._picture = rows[0]
        self.state["picture"] = identifier
        self.preview.show_name(self._picture.class_name, self._picture.path)
        self._ask_stages()
        self._ask_grid()
        self._ask_samples()

    @property
    def picture(self) -> Picture | None:
        """The picture in view."""
        return self._picture

    def step(self, by: int) -> None:
        """Show the next or the previous picture, around the ends."""
        if self._ids:
            present = self._ids.index(self._picture.id) if self._picture is not None \
                and self._picture.id in self._ids else 0
            self._show_picture(self._ids[(present + by) % len(self._ids)])

    def choose_random(self) -> None:
        """Show a random picture."""
        if self._ids:
            self._show_picture(random.choice(self._ids))

    def choose_class(self, class_name: object) -> None:
        """Show the first picture of a class."""
        ids = self._collection.ids(Filter(classes=(str(class_name),), splits=("train",), excluded="hide"))
        if ids:
            self._show_picture(ids[0])

    # What is computed ----------------------------------------------------------------------------

    def _ask_stages(self) -> None:
        if self._picture is None:
            return
        recipe, path = self.session.project.recipe.as_dictionary(), self._collection.path
        if self.preview.side_by_side and self._samples:
            self._stages.ask(StagesRequest(tuple(map(path, self._samples)), recipe,
                                           tuple(picture.class_name for picture in self._samples)))
        else:
            self._stages.ask(StagesRequest((path(self._picture),), recipe))

    def _ask_samples(self) -> None:
        """Request what each augmentation makes of the picture in view; some mix it with pictures of other classes."""
        if self._picture is None:
            self._sampling.show_picture(())
        else:
            others = [picture for picture in self._samples if picture.id != self._picture.id]
            own = self._picture.class_name
            others.sort(key=lambda picture: picture.class_name == own)
            self._sampling.show_picture(tuple(map(self._collection.path, (self._picture, *others))))

    def _grid_request(self, epoch: int, position: int | None) -> GridRequest:
        project, ids, collection = self.session.project, self._ids, self._collection

        def files(positions: list[int]) -> list[Path]:
            return [collection.path(picture) for picture in collection.rows([ids[index] for index in positions])]

        return GridRequest(
            files, len(ids), project.recipe.as_dictionary(), msgspec.to_builtins(project.augmentation.active),
            project.training.seed, epoch, max(1, project.training.batch_size), position)

    def _ask_grid(self) -> None:
        if self._picture is None or not self._ids:
            return
        one = self.preview.one_picture and self._picture.id in self._ids
        self._grids.ask(self._grid_request(self.state.get("epoch", 0) + 1,
                                           self._ids.index(self._picture.id) if one else None))
        self._ask_batch()

    def _show_pipeline(self) -> None:
        if self.state.get("view") == "pipeline":
            counts, strength = self.workspace.counts, self.session.project.training.oversampling
            pictures = shown_pictures(counts.usable_counts(), counts.class_names, strength) if strength else len(self._ids)
            self.pipeline.show_project(self.session.project, len(counts.class_names), pictures)

    def _ask_batch(self) -> None:
        """Request a real batch, while the pipeline is visible."""
        if self.state.get("view") != "pipeline" or not self._ids:
            return
        ids, collection, names = self._ids, self._collection, self.workspace.counts.class_names

        def labels(positions: list[int]) -> list[int]:
            return [names.index(picture.class_name) for picture in collection.rows([ids[index] for index in positions])]

        self._batches.ask(BatchRequest(self._grid_request(1, None), labels, self.session.project.dataset.label_mode, names))

    def measure(self) -> None:
        """Measure the mean and the deviation of the training pictures, and store them in the recipe."""
        session, index, root = self.session, self._collection.index, self._collection.root
        if index is None or root is None or session.jobs.of_kind(MEASURE) is not None:
            return
        project = session.project

        def work(report: Report) -> Any:
            from cnnstudio.datasets.channels import measured_recipe

            return measured_recipe(project, index, root, progress=report.progress, check=report.check)

        self.recipe_panel.show_measuring(tr("Measuring…", "Midiendo…"), running=True)
        session.jobs.run(work, Text("Measuring the training pictures", "Midiendo las imágenes de entrenamiento"), MEASURE,
                         page=self.id, done=self._on_measured, owner=self)

    def _on_measured(self, job: Work) -> None:
        self.recipe_panel.show_measuring("", running=False)
        if isinstance(job.last, Failed):
            self.session.report(job.last.problem)
        if job.result is not None:
            measured = job.result
            samples = {name: getattr(measured, name) for name in ("sample_low", "sample_high", "samples_measured")
                       } if measured.sample_range == "collection" else {}
            self.session.edit(lambda project: msgspec.structs.replace(project, recipe=msgspec.structs.replace(
                project.recipe, mean=measured.mean, deviation=measured.deviation, measured=measured.measured,
                **samples)), Text("Measure the training pictures", "Medir las imágenes de entrenamiento"))
            self.session.seal()

    def handle(self, command: Command) -> None:
        match command:
            case MeasureStatistics():
                self.measure()
            case _:
                super().handle(command)

    # What is shown -------------------------------------------------------------------------------

    def _show_stages(self, request: StagesRequest, result: Any) -> None:
        if isinstance(result, Failure):
            self.preview.show_stages_problem(result.text)
            return
        self.recipe_panel.show_looks({row.id: row for row in result})
        stages = []
        for row in result:
            entry = RECIPE_STEPS.find(row.type)
            stages.append((str(_STAGES.get(row.type) or (entry.label if entry is not None else row.type)), row))
        self.preview.show_stages(stages, request.captions)

    def _show_grid(self, request: GridRequest, result: Any) -> None:
        if isinstance(result, Failure):
            self.preview.show_grid_problem(result.text)
        else:
            self.preview.show_grid(request, result, [self._shares(cell) for cell in result])

    def _shares(self, cell: GridCell) -> str:
        """The classes of a mixed picture with their shares, largest first."""
        totals: dict[str, float] = {}
        ids = [self._ids[position] for position in cell.shares if position < len(self._ids)]
        for picture, share in zip(self._collection.rows(ids), cell.shares.values(), strict=False):
            totals[picture.class_name] = totals.get(picture.class_name, 0.0) + share
        if len(totals) == 1:
            return next(iter(totals))
        return " · ".join(f"{name}: {format_percent(share, 0)}"
                          for name, share in sorted(totals.items(), key=lambda total: -total[1]))
