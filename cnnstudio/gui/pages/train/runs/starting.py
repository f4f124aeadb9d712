"""Dialogs that start trainings other than a single new one: several at once, or with the weights of a run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from PySide6.QtWidgets import QBoxLayout, QMenu, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.widgets.basics import Button, Label, column, row
from cnnstudio.gui.widgets.dialog import Dialog, fit
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.gui.widgets.number_box import NumberBox
from cnnstudio.workers.runs.folder import RunFolder, RunSummary
from cnnstudio.workers.runs.groups import MOST_FOLDS, MOST_SEEDS
from cnnstudio.workers.runs.weights import KeptWeights, kept_weights

Kind = Literal["seeds", "folds"]
_USUAL: Final = 5
"""Seeds, and folds."""


class SeveralDialog(Dialog):
    """Asks for how many seeds or folds."""

    def __init__(self, kind: Kind, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        seeds = kind == "seeds"
        title = tr("Train with several seeds", "Entrenar con varias semillas") if seeds else tr(
            "Cross-validation", "Validación cruzada")
        explained = tr(
            "The same settings are trained with the seed of this page and the ones after it. The mean and the standard "
            "deviation tell how much a result depends on chance.",
            "Los mismos ajustes se entrenan con la semilla de esta página y con las siguientes. La media y la desviación "
            "estándar indican cuánto depende del azar un resultado.") if seeds else tr(
            "The training and validation pictures are divided into folds, with the classes in the same proportions and near "
            "duplicates on one side; each fold is once the validation of a run that learns the others. Test pictures are not "
            "touched.",
            "Las imágenes de entrenamiento y validación se dividen en pliegues, con las clases en las mismas proporciones y "
            "las casi duplicadas en un mismo lado; cada pliegue sirve una vez de validación de un entrenamiento que aprende de "
            "los demás. Las imágenes de prueba no se tocan.")
        self.setWindowTitle(title)
        self.count = NumberBox(_USUAL, minimum=2, maximum=MOST_SEEDS if seeds else MOST_FOLDS, integer=True)
        name = tr("Seeds", "Semillas") if seeds else tr("Folds", "Pliegues")
        self.count.setAccessibleName(name)
        _lay_out(self, title, explained, row(Label(name), None, self.count, spacing=12))


class BranchDialog(Dialog):
    """Asks with the weights of which epoch of a run a new one begins."""

    def __init__(self, run: RunSummary, kept: tuple[KeptWeights, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kept = kept
        title = tr("New run with the weights of {run}", "Entrenamiento nuevo con los pesos de {run}", run=run.title)
        self.setWindowTitle(title)
        self.epoch = Select([(number, _name(item)) for number, item in enumerate(kept)], 0)
        self.epoch.setMinimumWidth(240)
        self.epoch.setAccessibleName(tr("Weights", "Pesos"))
        _lay_out(self, title, tr(
            "It is trained with the settings of this project. Layers with the same name and shapes begin with these weights, "
            "the others with new ones; what is not taken over is listed. The run itself does not change.",
            "Se entrena con los ajustes de este proyecto. Las capas con el mismo nombre y las mismas formas parten de estos "
            "pesos; las demás, de pesos nuevos; se enumera lo que no se toma. El entrenamiento original no cambia."),
            row(Label(tr("Weights", "Pesos")), None, self.epoch, spacing=12))

    @property
    def weights(self) -> KeptWeights:
        """The chosen ones."""
        return self._kept[int(str(self.epoch.value))]


def _name(item: KeptWeights) -> str:
    if item.kind == "model":
        return tr("its model (epoch {n})", "su modelo (época {n})", n=item.epoch) if item.epoch else tr(
            "its model", "su modelo")
    return tr("epoch {n}", "época {n}", n=item.epoch)


def _lay_out(dialog: Dialog, title: str, explained: str, field: QBoxLayout) -> None:
    buttons = row(None, Button(tr("Cancel", "Cancelar"), "quiet", on_click=dialog.reject),
                  Button(tr("Train", "Entrenar"), "primary", on_click=dialog.accept), spacing=8)
    fit(dialog, column(Label(title, "title", wrap=True), Label(explained, "body", "dim", wrap=True), field, buttons,
                       spacing=12, margins=(24, 24, 24, 20)))


def _open(dialog: Dialog, accepted: Callable[[], object]) -> None:
    dialog.accepted.connect(accepted)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


def ask_several(kind: Kind, start: Callable[[int], object], parent: QWidget) -> SeveralDialog:
    """Ask for how many, without blocking the window; `start(count)`."""
    dialog = SeveralDialog(kind, parent.window())
    _open(dialog, lambda: start(int(dialog.count.value or _USUAL)))
    return dialog


def ask_branch(run: RunSummary, start: Callable[[RunFolder, KeptWeights], object], parent: QWidget) -> BranchDialog | None:
    """Ask for the weights, without blocking the window; `start(run, weights)`. None where the run has none."""
    folder = RunFolder(run.folder)
    kept = kept_weights(folder)
    if not kept:
        return None
    dialog = BranchDialog(run, kept, parent.window())
    _open(dialog, lambda: start(folder, dialog.weights))
    return dialog


def several_menu(seeds: Callable[[int], object], folds: Callable[[int], object], parent: QWidget) -> QMenu:
    """The menu beside Start."""
    menu = QMenu(parent)
    menu.addAction(tr("Train with several seeds…", "Entrenar con varias semillas…"),
                   lambda: ask_several("seeds", seeds, parent))
    menu.addAction(tr("Cross-validation…", "Validación cruzada…"), lambda: ask_several("folds", folds, parent))
    return menu
