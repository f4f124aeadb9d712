"""The left panel of the Evaluate page: choice of the run and of the pictures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.dataset import SPLIT_NAMES
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.evaluate.results import DATA
from cnnstudio.gui.pages.evaluate.view_list import ViewList
from cnnstudio.gui.pages.evaluate.views import EvaluationView
from cnnstudio.gui.widgets.basics import Button, Caption, Elided, Label, box, clear, column, row
from cnnstudio.gui.widgets.cards import Facts
from cnnstudio.gui.widgets.formatting import capitalize, format_percent
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.workers.runs.folder import STATE_NAMES, RunSummary


class EvaluateSide(QWidget):
    """`run_chosen(id)`, `split_chosen(name)` and `folder_requested()` and `list_requested()` to choose other
    pictures."""

    run_chosen = Signal(str)
    split_chosen = Signal(str)
    folder_requested = Signal()
    list_requested = Signal()
    beside_chosen = Signal(object)
    """The ids of the runs that are to stand beside the chosen one."""

    def __init__(self, views: Sequence[type[EvaluationView]], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.views = ViewList(views)
        self._run, self._split = Select(), Select()
        self._run.setAccessibleName(tr("Run", "Entrenamiento"))
        self._split.setAccessibleName(tr("Pictures", "Imágenes"))
        self._run.chosen.connect(lambda value: self.run_chosen.emit(str(value)))
        self._split.chosen.connect(self._choose_split)
        self._facts = Facts()
        self._more = Select()
        self._more.setAccessibleName(tr("Add a run", "Añadir un entrenamiento"))
        self._more.setPlaceholderText(tr("Add a run…", "Añadir otro…"))
        self._more.chosen.connect(lambda value: self.beside_chosen.emit((*self._beside, str(value))))
        self._beside: tuple[str, ...] = ()
        self._lines = column(spacing=4)
        self._side_by_side = box(column(Caption(tr("Side by side", "Uno junto a otro")), box(self._lines), self._more,
                                        spacing=8))
        self._path = Elided("", "secondary", "dim", mode=Qt.TextElideMode.ElideMiddle)
        self._folder = box(column(self._path, Button(tr("Choose folder…", "Elegir carpeta…"), "link",
                                                     on_click=self.folder_requested.emit),
                                  Button(tr("Choose list…", "Elegir lista…"), "link", on_click=self.list_requested.emit),
                                  spacing=4))
        self._hint = Label(tr("A folder with one subfolder of pictures for each class that the model knows, or a list of files "
                                 "with their classes.",
                              "Una carpeta con una subcarpeta de imágenes por cada clase que el modelo conoce, o una lista de "
                              "archivos con sus clases."),
                           "secondary", "dim", wrap=True)
        self.setLayout(column(Caption(tr("Run", "Entrenamiento")), self._run,
                              Caption(tr("Pictures", "Imágenes")), self._split, self._folder, self._hint, 4, self.views, 12,
                              self._facts, 4, self._side_by_side, None, spacing=8, margins=(16, 16, 16, 16)))

    def _choose_split(self, value: object) -> None:
        self.split_chosen.emit(str(value))

    def show_choices(self, runs: Sequence[RunSummary], run: RunSummary | None, split: str, data: Path | None,
                     beside: Sequence[RunSummary] = ()) -> None:
        """Show the runs that have a model, the facts of the chosen one, the chosen pictures, and the runs beside it."""
        self._run.set_choices([(run.id, run.title) for run in runs], run.id if run is not None else None)
        self._run.setToolTip(run.id if run is not None else "")
        self._run.setEnabled(bool(runs))
        order = ("test", "validation", "train")
        self._split.set_choices([*((name, str(SPLIT_NAMES[name])) for name in order),
                                 (DATA, tr("Other pictures…", "Otras imágenes…"))], split)
        self._split.setEnabled(bool(runs))
        self._folder.setVisible(split == DATA)
        self._hint.setVisible(split == DATA)
        self._path.setText(str(data) if data is not None else tr("Nothing chosen", "Nada elegido"))
        self._show_beside(runs, run, beside)
        self._facts.setVisible(run is not None)
        if run is not None:
            accuracy = run.metrics.get("val_accuracy")
            self._facts.set_facts((
                (tr("Network", "Red"), run.network),
                (tr("State", "Estado"), capitalize(STATE_NAMES[run.state])),
                (tr("Epochs", "Épocas"), f"{run.epochs} / {run.planned}"),
                (tr("Val. accuracy", "Exactitud val."), "–" if accuracy is None else format_percent(accuracy)),
            ))

    def _show_beside(self, runs: Sequence[RunSummary], run: RunSummary | None, beside: Sequence[RunSummary]) -> None:
        self._beside = tuple(each.id for each in beside)
        others = [(each.id, each.title) for each in runs if each is not run and each.id not in self._beside]
        self._more.set_choices(others, None)
        self._more.setVisible(bool(others))
        self._side_by_side.setVisible(len(runs) > 1)
        clear(self._lines)
        for each in beside:
            remove = Button(tr("Remove {name}", "Quitar {name}", name=each.title), "icon", "close",
                            on_click=partial(self._remove, each.id))
            line = row(Elided(each.title, mode=Qt.TextElideMode.ElideMiddle), remove, spacing=4)
            line.setStretch(0, 1)
            self._lines.addWidget(box(line))

    def _remove(self, run: str) -> None:
        self.beside_chosen.emit(tuple(each for each in self._beside if each != run))
