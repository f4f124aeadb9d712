"""Prepare: the recipe and the augmentation as cards, and beside them what they make of the pictures."""

from __future__ import annotations

import random
from array import array
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QSplitter, QStackedWidget, QWidget

from cnnstudio.catalog.steps import AUGMENTATIONS, RECIPE_STEPS
from cnnstudio.core.events import Failed
from cnnstudio.core.problems import Problem
from cnnstudio.core.recipe import RECIPE_PARAMS
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.index import Filter, Picture
from cnnstudio.gui.look import tokens
from cnnstudio.gui.pages.base import Page
from cnnstudio.gui.pages.prepare.cards import FieldsCard, NormalizationCard, ProblemCard, StepList
from cnnstudio.gui.pages.prepare.crop import CropCard
from cnnstudio.gui.pages.prepare.measured import MeasuredCard, evidence_words
from cnnstudio.gui.pages.prepare.pipeline import BatchAsked, PipelineView, make_batch
from cnnstudio.gui.pages.prepare.preview import (
    GRID,
    GridAsked,
    GridCell,
    GridMaker,
    Latest,
    StagesAsked,
    Trouble,
    look_at_stages,
)
from cnnstudio.gui.pages.prepare.views import Mosaic, StageStrip
from cnnstudio.gui.state.jobs import Report, Work
from cnnstudio.gui.state.session import Change, Session
from cnnstudio.gui.widgets.basics import Button, Caption, Elided, Label, MenuButton, box, column, row, scrolled
from cnnstudio.gui.widgets.cards import EmptyState
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.gui.widgets.inputs import SegmentedControl
from cnnstudio.gui.widgets.words import percent

MEASURE = "measure"
SAMPLES = 8
"""At most so many classes stand side by side."""
_STAGES = {"decoded": Text("File, upright", "Archivo, derecho"), "color_mode": Text("Colour mode", "Modo de color"),
           "crop": Text("Crop", "Recorte"), "resize": Text("Resize", "Redimensionar")}


class PreparePage(Page):
    id = "prepare"
    title = Text("Prepare", "Preparar")
    icon = "prepare"

    def __init__(self, session: Session, parent: Any = None) -> None:
        super().__init__(session, parent)
        self._ids: array[int] = array("q")
        self._samples: list[Picture] = []
        self._picture: Picture | None = None
        self._maker = GridMaker()
        self._listing = Latest(session.jobs, "preview-list", self._list, self)
        self._listing.answered.connect(self._listed)
        self._stages = Latest(session.jobs, "preview-stages", look_at_stages, self)
        self._stages.answered.connect(self._show_stages)
        self._grids = Latest(session.jobs, "preview-grid", self._maker.make, self)
        self._grids.answered.connect(self._show_grid)
        self._batches = Latest(session.jobs, "preview-batch", make_batch, self)
        self._batches.answered.connect(lambda _asked, found: self._pipeline.show_batch(found))

    # Widgets -------------------------------------------------------------------------------------

    def subtitle(self) -> str:
        recipe = self.session.project.recipe
        options = next(param for param in RECIPE_PARAMS if param.name == "normalization")
        label = next((str(each.label) for each in getattr(options, "options", ())
                      if each.value == recipe.normalization), recipe.normalization)
        return f"{recipe.width} × {recipe.height} {recipe.color_mode}, {label}"

    def actions(self) -> Iterable[QWidget]:
        self._switch = SegmentedControl([("cards", tr("Cards", "Tarjetas")), ("pipeline", tr("Pipeline", "Canalización"))],
                                        self.state.get("view", "cards"), stretch=False)
        self._switch.setFixedHeight(tokens.CONTROL_HEIGHT)
        self._switch.chosen.connect(self.show_view)
        following = Button(tr("Next: Network", "Siguiente: Red"), "primary",
                           on_click=lambda: self.session.asked.emit("open_page", {"page": "network"}))
        return self._switch, following

    def centre(self) -> QWidget:
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(8)
        for panel, least in ((self._cards(), 380), (self._preview(), 420)):
            holder = scrolled(panel)
            holder.setMinimumWidth(least)
            splitter.addWidget(holder)
        splitter.setStretchFactor(0, 0)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes(self.session.remembered("prepare", [448, 880]))
        splitter.splitterMoved.connect(lambda *_: self.session.remember("prepare", splitter.sizes()))
        self._pipeline = PipelineView(self.state.get("pipeline", "batch"))
        self._pipeline.which.chosen.connect(lambda which: self.state.__setitem__("pipeline", which))
        self._views = QStackedWidget()
        self._views.addWidget(splitter)
        self._views.addWidget(self._pipeline)
        self._views.setCurrentIndex(1 if self.state.get("view") == "pipeline" else 0)
        return self._views

    def show_view(self, view: object) -> None:
        """The cards with their pictures, or the pipeline."""
        self.state["view"] = view
        self._switch.set_value(view)
        self._views.setCurrentIndex(1 if view == "pipeline" else 0)
        self._show_pipeline()
        self._ask_batch()

    def _cards(self) -> QWidget:
        session = self.session
        self._normalization = NormalizationCard(session)
        self._normalization.measure_asked.connect(self.measure)
        self._crop = CropCard(session)
        self._fields: list[FieldsCard] = [
            FieldsCard(session, tr("Colour mode", "Modo de color"),
                       tr("Files are read in full and turned upright first.",
                          "Los archivos se leen enteros y primero se enderezan."), [("color_mode", "background")]),
            self._crop,
            FieldsCard(session, tr("Resize", "Redimensionar"), "",
                       [("width",), ("height",)], [("fit", "interpolation")]),
            self._normalization]
        self._steps = StepList(session, "recipe", RECIPE_STEPS, tr("Add step", "Añadir paso"))
        self._augmentation = StepList(session, "augmentation", AUGMENTATIONS,
                                      tr("Add augmentation", "Añadir aumento"))
        for card in self._fields:
            card.fix_chosen.connect(session.apply)
        note = Label(tr("Random changes of training pictures only, drawn anew in every epoch.",
                        "Cambios al azar solo de las imágenes de entrenamiento, nuevos en cada época."),
                     "secondary", "dim", wrap=True)
        self._measured_card = MeasuredCard(session)
        color, crop, resize, normalization = self._fields
        return box(column(Caption(tr("Recipe", "Receta")), color, crop, resize, self._steps, normalization, 8,
                          Caption(tr("Augmentation", "Aumento")), note, self._augmentation, self._measured_card, None,
                          spacing=10, margins=(24, 14, 12, 24)))

    def _preview(self) -> QWidget:
        previous = Button(tr("Previous picture", "Imagen anterior"), "icon", "chevron-left",
                          on_click=lambda: self.step(-1))
        following = Button(tr("Next picture", "Imagen siguiente"), "icon", "chevron-right",
                           on_click=lambda: self.step(1))
        chance = Button(tr("Random", "Al azar"), "chip", "refresh", on_click=self.choose_random)
        self._classes = MenuButton(tr("Class: ", "Clase: "))
        self._classes.chosen.connect(self.choose_class)
        self._name = Elided("", "body", "dim", mode=Qt.TextElideMode.ElideMiddle)
        self._side = SegmentedControl([("one", tr("One picture", "Una imagen")),
                                       ("classes", tr("One of each class", "Una de cada clase"))],
                                      self.state.get("side", "one"), stretch=False)
        self._side.chosen.connect(self._choose_side)
        # In a narrow window, or with longer words, the lines of buttons break.
        bar, grid_bar = QWidget(), QWidget()
        lines = FlowLayout(bar, spacing=6)
        for each in (box(row(previous, following, chance, self._classes, self._name, spacing=6)), self._side):
            lines.addWidget(each)
        self._strip = StageStrip()
        self._trouble = Label("", "body", "error", wrap=True, selectable=True)
        self._trouble.hide()
        self._mosaic = Mosaic()
        self._grid_trouble = Label("", "body", "error", wrap=True)
        self._grid_trouble.hide()
        self._which = SegmentedControl([("many", tr("16 pictures", "16 imágenes")),
                                        ("one", tr("This picture", "Esta imagen"))], self.state.get("which", "many"),
                                       stretch=False)
        self._which.chosen.connect(self._choose_which)
        self._epoch = Label("", "secondary", "dim")
        shuffle = Button(tr("Shuffle", "Barajar"), "", "refresh",
                         tooltip=tr("What another epoch will see", "Lo que verá otra época"), on_click=self.shuffle)
        lines = FlowLayout(grid_bar, spacing=10)
        for widget in (self._which, shuffle, self._epoch):
            lines.addWidget(widget)
        whole = column(Caption(tr("Stage by stage", "Etapa por etapa")), bar, self._trouble,
                       self._strip, 12, Caption(tr("What training will see", "Lo que verá el entrenamiento")),
                       grid_bar, self._grid_trouble, self._mosaic, spacing=10, margins=(12, 14, 24, 24))
        whole.setStretch(whole.count() - 1, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(box(whole))
        self._stack.addWidget(EmptyState("image", tr("No pictures to show", "No hay imágenes que mostrar"),
                                         tr("Choose a folder of pictures on the Data page.",
                                            "Elija una carpeta de imágenes en la página Datos."),
                                         tr("Go to Data", "Ir a Datos"),
                                         on_click=lambda: self.session.asked.emit("open_page", {"page": "data"})))
        return self._stack

    def close(self) -> None:
        for each in (self._listing, self._stages, self._grids, self._batches):
            each.close()

    # Refresh -------------------------------------------------------------------------------------

    def what_is_missing(self) -> Iterable[Problem]:
        fields = {param.name for param in RECIPE_PARAMS}
        cards = {**self._steps.cards, **self._augmentation.cards}
        return [each for each in self.session.problems if each.where.area in ("recipe", "augmentation")
                and each.where.node not in cards and each.where.field not in fields]

    def refresh(self, change: Change) -> None:
        if change.of("recipe", "folder"):
            for card in self._fields:
                card.refresh()
            self._steps.refresh()
        if change.of("augmentation", "folder"):
            self._augmentation.refresh()
        if change.of("runs", "folder"):
            self._measured_card.refresh()
        if change.of("runs", "augmentation", "folder"):
            evidence = self._measured_card.evidence(self.session.project.augmentation.steps)
            for identifier, each in self._augmentation.cards.items():
                each.show_evidence(evidence_words(evidence.get(identifier, ())))
        if change.of("problems", "recipe", "augmentation", "folder"):
            self._mark_problems()
        if change.of("recipe", "augmentation", "training", "dataset", "pictures", "folder"):
            self._show_pipeline()
        if change.of("pictures", "dataset", "folder"):
            names = self.session.class_names
            chosen = self._picture.class_name if self._picture is not None else None
            self._classes.set_choices([(name, name) for name in names], chosen)
            self._listing.ask(tuple(names))
        elif change.of("recipe"):
            self._ask_stages()
            self._ask_grid()
        elif change.of("augmentation", "training"):
            self._ask_grid()

    def _mark_problems(self) -> None:
        found = [each for each in self.session.problems if each.where.area in ("recipe", "augmentation")]
        for fields in self._fields:
            names = {name for form in fields.forms for name in form.values}
            fields.set_problems([each for each in found if each.where.area == "recipe"
                                 and each.where.node is None and each.where.field in names])
        for area, steps in (("recipe", self._steps), ("augmentation", self._augmentation)):
            for identifier, card in steps.cards.items():
                card.set_problems([each for each in found if each.where.area == area and each.where.node == identifier])

    # Which picture -------------------------------------------------------------------------------

    def _list(self, names: tuple[str, ...], _report: Any) -> tuple[array[int], list[Picture]]:
        """The training pictures in the order in which a training takes them, and the first of each class."""
        pictures = self.session.pictures
        if not names:
            return array("q"), []
        wanted = Filter(classes=names, splits=("train",), excluded="hide")
        broken = set(pictures.ids(msgspec.structs.replace(wanted, problem="any")))
        ids = array("q", (each for each in pictures.ids(wanted) if each not in broken))
        firsts = []
        for name in names[:SAMPLES]:
            own = pictures.ids(msgspec.structs.replace(wanted, classes=(name,)))
            first = next((each for each in own if each not in broken), None)
            firsts += pictures.rows([first]) if first is not None else []
        return ids, firsts

    def _listed(self, _wanted: Any, found: Any) -> None:
        if isinstance(found, Trouble):
            return
        self._ids, self._samples = found
        ids = self._ids
        self._show_pipeline()
        self._stack.setCurrentIndex(0 if len(ids) else 1)
        if not len(ids):
            self._picture = None
            return
        chosen = self.state.get("picture")
        self._show_picture(chosen if chosen is not None and chosen in ids else ids[0])

    def _show_picture(self, identifier: int) -> None:
        found = self.session.pictures.rows([identifier])
        if not found:
            return
        self._picture = found[0]
        self.state["picture"] = identifier
        self._classes.set_value(self._picture.class_name)
        self._name.setText(self._picture.path)
        self._ask_stages()
        self._ask_grid()

    @property
    def picture(self) -> Picture | None:
        """The picture in view."""
        return self._picture

    def step(self, by: int) -> None:
        """The next or the previous picture, around the ends."""
        if len(self._ids):
            present = self._ids.index(self._picture.id) if self._picture is not None \
                and self._picture.id in self._ids else 0
            self._show_picture(self._ids[(present + by) % len(self._ids)])

    def choose_random(self) -> None:
        """Any picture."""
        if len(self._ids):
            self._show_picture(random.choice(self._ids))

    def choose_class(self, class_name: object) -> None:
        """The first picture of a class."""
        ids = self.session.pictures.ids(Filter(classes=(str(class_name),), splits=("train",), excluded="hide"))
        if len(ids):
            self._show_picture(ids[0])

    def shuffle(self) -> None:
        """The chance of the next epoch, or of the next sixteen."""
        self.state["epoch"] = self.state.get("epoch", 0) + (GRID if self._which.value == "one" else 1)
        self._ask_grid()

    def _choose_which(self, which: object) -> None:
        self.state["which"] = which
        self._ask_grid()

    def _choose_side(self, side: object) -> None:
        self.state["side"] = side
        self._ask_stages()

    # What is computed ----------------------------------------------------------------------------

    def _ask_stages(self) -> None:
        if self._picture is None:
            return
        recipe, path = self.session.project.recipe.as_dictionary(), self.session.pictures.path
        if self._side.value == "classes" and self._samples:
            self._stages.ask(StagesAsked(tuple(map(path, self._samples)), recipe,
                                         tuple(each.class_name for each in self._samples)))
        else:
            self._stages.ask(StagesAsked((path(self._picture),), recipe))

    def _ask_grid(self) -> None:
        if self._picture is None or not len(self._ids):
            return
        one = self._which.value == "one" and self._picture.id in self._ids
        project, ids, pictures = self.session.project, self._ids, self.session.pictures

        def files(positions: list[int]) -> list[Path]:
            return [pictures.path(each) for each in pictures.rows([ids[position] for position in positions])]

        asked = GridAsked(
            files, len(ids), project.recipe.as_dictionary(), msgspec.to_builtins(project.augmentation.active),
            project.training.seed, self.state.get("epoch", 0) + 1, max(1, project.training.batch_size),
            ids.index(self._picture.id) if one else None)
        self._grids.ask(asked)
        self._ask_batch()

    def _show_pipeline(self) -> None:
        if self.state.get("view") == "pipeline":
            self._pipeline.show_project(self.session.project, len(self.session.class_names), len(self._ids))

    def _ask_batch(self) -> None:
        """A real batch, while it is looked at."""
        if self.state.get("view") != "pipeline" or not len(self._ids):
            return
        project, ids, pictures, names = self.session.project, self._ids, self.session.pictures, self.session.class_names

        def files(positions: list[int]) -> list[Path]:
            return [pictures.path(each) for each in pictures.rows([ids[position] for position in positions])]

        def labels(positions: list[int]) -> list[int]:
            return [names.index(each.class_name) for each in pictures.rows([ids[position] for position in positions])]

        self._batches.ask(BatchAsked(GridAsked(
            files, len(ids), project.recipe.as_dictionary(), msgspec.to_builtins(project.augmentation.active),
            project.training.seed, 1, max(1, project.training.batch_size)), labels, project.dataset.label_mode, names))

    def measure(self) -> None:
        """Measure the mean and the deviation of the training pictures, and keep them in the recipe."""
        session, index, root = self.session, self.session.index, self.session.source_root
        if index is None or root is None or session.jobs.of_kind(MEASURE) is not None:
            return
        project = session.project

        def work(report: Report) -> Any:
            from cnnstudio.datasets.channels import measured_recipe

            return measured_recipe(project, index, root, progress=report.progress, check=report.check)

        self._normalization.show_progress(tr("Measuring…", "Midiendo…"), running=True)
        session.jobs.run(work, Text("Mean and deviation", "Media y desviación"), MEASURE, page=self.id,
                         done=self._measured, owner=self)

    def _measured(self, job: Work) -> None:
        self._normalization.show_progress("", running=False)
        if isinstance(job.last, Failed):
            self.session.notice(job.last.problem)
        if job.result is not None:
            found = job.result
            self.session.edit(lambda project: msgspec.structs.replace(project, recipe=msgspec.structs.replace(
                project.recipe, mean=found.mean, deviation=found.deviation, measured=found.measured)),
                Text("Measure mean and deviation", "Medir media y desviación"))
            self.session.seal()

    def perform(self, action: str, arguments: dict[str, Any]) -> bool:
        if action == "measure_statistics":
            self.measure()
            return True
        return False

    def _show_stages(self, asked: StagesAsked, found: Any) -> None:
        failed = isinstance(found, Trouble)
        self._trouble.setVisible(failed)
        self._strip.setVisible(not failed)
        if isinstance(found, Trouble):
            self._trouble.setText(found.text)
            return
        shown = []
        cards: dict[str, ProblemCard] = {**self._steps.cards, "color_mode": self._fields[0], "crop": self._crop,
                                         "resize": self._fields[2]}
        rows = {each.id: each for each in found}
        for name, card in cards.items():
            card.look.show_looks(rows[name].looks if name in rows else ())
        self._crop.show_whole(rows["color_mode"].looks[0] if "color_mode" in rows else None)
        for each in found:
            entry = RECIPE_STEPS.find(each.type)
            shown.append((str(_STAGES.get(each.type) or (entry.label if entry is not None else each.type)), each))
        self._strip.show_stages(shown, asked.captions)

    def _show_grid(self, asked: GridAsked, found: Any) -> None:
        failed = isinstance(found, Trouble)
        self._grid_trouble.setVisible(failed)
        self._mosaic.setVisible(not failed)
        if isinstance(found, Trouble):
            self._grid_trouble.setText(found.text)
            return
        self._mosaic.show_cells(found, [self._shares(cell) for cell in found])
        if asked.position is None:
            self._epoch.setText(tr("epoch {n}, first batch", "época {n}, primer lote", n=asked.epoch))
        else:
            self._epoch.setText(tr("epochs {n} to {m}", "épocas {n} a {m}", n=asked.epoch, m=asked.epoch + GRID - 1))

    def _shares(self, cell: GridCell) -> str:
        """The classes of a mixed picture with their shares, the larger first."""
        totals: dict[str, float] = {}
        ids = [self._ids[position] for position in cell.shares if position < len(self._ids)]
        for picture, share in zip(self.session.pictures.rows(ids), cell.shares.values(), strict=False):
            totals[picture.class_name] = totals.get(picture.class_name, 0.0) + share
        if len(totals) == 1:
            return next(iter(totals))
        return " · ".join(f"{name}: {percent(share, 0)}"
                          for name, share in sorted(totals.items(), key=lambda each: -each[1]))
