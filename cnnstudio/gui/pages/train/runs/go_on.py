"""Asks how a run goes on: for how many more epochs, and with its own settings or those of the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from PySide6.QtWidgets import QLayout, QWidget

from cnnstudio.core.differences import changed_settings
from cnnstudio.core.edits import set_field
from cnnstudio.core.events import Epoch
from cnnstudio.core.project import Project
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.train.runs.setting_names import setting_name
from cnnstudio.gui.widgets.basics import Button, Label, column, row
from cnnstudio.gui.widgets.dialog import Dialog
from cnnstudio.gui.widgets.inputs import SegmentedControl
from cnnstudio.gui.widgets.number_box import NumberBox

_OWN, _PAGE = "run", "page"
_MOST_SHOWN = 8
_USUAL = 10


class GoOnDialog(Dialog):
    """`wanted()` is the run's project with the settings it goes on with; `epochs` are those that were done.

    Only the last stage can get more epochs: a run that was stopped before it can go on with other settings.
    """

    def __init__(self, run: Project, page: Project, epochs: Sequence[Epoch], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run = run
        last = len(run.training.stages) - 1
        done = len(epochs)
        self._done = sum(epoch.stage == last for epoch in epochs)
        self._in_last = not epochs or epochs[-1].stage >= last
        same_stages = len(page.training.stages) == len(run.training.stages)
        self._page = run if not same_stages else msgspec.structs.replace(
            run, training=page.training, augmentation=page.augmentation)
        self.setWindowTitle(tr("Continue training", "Seguir entrenando"))
        self.setMinimumWidth(480)
        left = run.training.last_stage.epochs - self._done
        self.epochs = NumberBox(left if left > 0 else _USUAL, minimum=1, maximum=100_000, integer=True)
        self.epochs.setAccessibleName(tr("More epochs", "Épocas adicionales"))
        self.epochs.value_changed.connect(lambda _value: self._show_changes())
        self.settings = SegmentedControl([(_OWN, tr("The run's settings", "Los ajustes del entrenamiento")),
                                          (_PAGE, tr("The settings on this page", "Los ajustes de esta página"))], _OWN)
        self.settings.chosen.connect(self._on_settings)
        self.settings.setVisible(self._page != run)
        self._chosen = _OWN
        self._changes = Label("", "secondary", "dim", wrap=True)
        self.start = Button(tr("Train", "Entrenar"), "primary", on_click=self.accept)
        self._layout = column(
            Label(tr("Continue training", "Seguir entrenando"), "title"),
            Label(tr("The run continues after epoch {n}, and so does its curve.",
                     "El entrenamiento sigue tras la época {n}, y su curva también.", n=done), "body", "dim", wrap=True),
            *((row(Label(tr("More epochs", "Épocas adicionales")), None, self.epochs, spacing=12),) if self._in_last else ()),
            self.settings, self._changes,
            row(None, Button(tr("Cancel", "Cancelar"), "quiet", on_click=self.reject), self.start, spacing=8),
            spacing=12, margins=(24, 24, 24, 20))
        self._layout.setSizeConstraint(QLayout.SizeConstraint.SetNoConstraint)
        self.setLayout(self._layout)
        self._show_changes()

    def wanted(self) -> Project:
        """The run's project as it goes on."""
        project = self._page if self._chosen == _PAGE else self._run
        if not self._in_last:
            return project
        return set_field(project, "training", "epochs", self._done + int(self.epochs.value or 1))

    def _on_settings(self, value: object) -> None:
        self._chosen = str(value)
        self._show_changes()

    def _show_changes(self) -> None:
        plain: dict[str, Any] = msgspec.to_builtins(self._run)
        changes = changed_settings(plain, msgspec.to_builtins(self.wanted()))
        lines = [_with_label(str(change)) for change in changes[:_MOST_SHOWN]]
        if len(changes) > _MOST_SHOWN:
            lines.append(tr("and {n} more", "y {n} más", n=len(changes) - _MOST_SHOWN))
        self._changes.setText("\n".join(lines) or tr("Nothing changes.", "Nada cambia."))
        self.adjustSize()


def _with_label(change: str) -> str:
    """A change with the label of its field, as the page has it."""
    name, colon, values = change.partition(":")
    return f"{setting_name(name, stage=False)}{colon}{values}"
