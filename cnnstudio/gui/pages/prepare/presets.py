"""The choice of a preset of augmentations above their cards."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.augmentation_presets import AUGMENTATION_PRESETS
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.state.counts import Counts
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Label, column
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.network.augmentation_presets import present_preset, switched_off, with_preset

_OWN = ""
"""The choice that stands for steps of the user's own."""


class PresetChoice(QWidget):
    """A list of the presets; choosing one replaces the steps, in one step that can be undone."""

    def __init__(self, session: Session, counts: Counts) -> None:
        super().__init__()
        self._session, self._counts = session, counts
        name = tr("Preset", "Ajuste preestablecido")
        self.choice = Select([(preset.id, str(preset.label)) for preset in AUGMENTATION_PRESETS], "none")
        self.choice.setAccessibleName(name)
        self.choice.chosen.connect(self._take)
        self.note = Label("", "secondary", "dim", wrap=True)
        self.off = Label("", "secondary", "warn", wrap=True)
        self.setLayout(column(Label(name, "secondary", "dim"), self.choice, self.note, self.off, spacing=4))

    def refresh(self) -> None:
        """Show which preset the steps are."""
        project, classes = self._session.project, tuple(self._counts.class_names)
        preset = present_preset(project, classes)
        choices: list[tuple[object, str]] = [(each.id, str(each.label)) for each in AUGMENTATION_PRESETS]
        if preset is None:
            choices.insert(0, (_OWN, tr("Own steps", "Pasos propios")))
        self.choice.set_choices(choices, _OWN if preset is None else preset.id)
        self.note.setText(tr("A preset replaces the steps below; Undo brings them back.",
                             "Un ajuste preestablecido reemplaza los pasos de abajo; Deshacer los recupera.")
                          if preset is None else str(preset.help))
        off = switched_off(project, preset, classes) if preset is not None else ()
        self.off.setVisible(bool(off))
        self.off.setText("\n".join(tr("{name} is switched off: {reason}", "{name} está desactivado: {reason}", name=name,
                                      reason=reason) for name, reason in off))

    def _take(self, identifier: object) -> None:
        preset = AUGMENTATION_PRESETS.find(str(identifier))
        if preset is None:
            return
        classes = tuple(self._counts.class_names)
        self._session.edit(lambda project: with_preset(project, preset, classes),
                           Text("Use the preset {name}", "Usar el ajuste {name}").fill(name=preset.label))
        self._session.seal()
