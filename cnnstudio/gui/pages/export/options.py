"""What is exported and how: the run, the place, the pictures to compare on, samples and the engine of a bundle."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from cnnstudio.catalog.exporters.bundles import BUNDLE_ENGINES
from cnnstudio.catalog.exporters.entry import Exporter
from cnnstudio.core.text import tr
from cnnstudio.gui.widgets.basics import Button, Label
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.gui.widgets.number_box import NumberBox
from cnnstudio.workers.runs.folder import RunSummary

OWN, OTHER, NONE = "own", "other", "none"
"""The pictures on which an export is compared: the run's, those of a folder, or none."""
CALIBRATED_CHECKS: Final = (OWN, OTHER)


class OptionsCard(Card):
    """The signals say what the user chose; `target_wanted` asks for a place."""

    run_chosen = Signal(str)
    target_typed = Signal(str)
    target_wanted = Signal()
    check_chosen = Signal(object)
    samples_changed = Signal(object)
    samples_settled = Signal()
    engine_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(title=tr("What to export", "Qué exportar"), spacing=12, parent=parent)
        self._run, self._check, self._engine = Select(), Select(), Select()
        self._run.chosen.connect(lambda run: self.run_chosen.emit(str(run)))
        self._check.chosen.connect(self.check_chosen)
        self._engine.chosen.connect(lambda engine: self.engine_chosen.emit(str(engine)))
        self._target = QLineEdit()
        self._target.textEdited.connect(self.target_typed)
        self._samples = NumberBox(3, minimum=1, maximum=64, integer=True)
        self._samples.setMaximumWidth(120)
        self._samples.value_changed.connect(self.samples_changed)
        self._samples.settled.connect(self.samples_settled)
        self._note = Label("", "secondary", "dim", wrap=True)
        self._check_note = Label("", "secondary", "warn", wrap=True)
        self._engine_note = Label("", "secondary", "dim", wrap=True)
        choose = Button(tr("Choose…", "Elegir…"), "icon", "folder", on_click=self.target_wanted.emit)
        self._grid = QGridLayout()
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(10)
        self._grid.setColumnStretch(1, 1)
        self._captions: dict[QWidget, Label] = {}
        self._add(0, tr("Run", "Entrenamiento"), self._run, span=2)
        self._add(1, tr("Save to", "Guardar en"), self._target)
        self._grid.addWidget(choose, 1, 2)
        self._grid.addWidget(self._note, 2, 1, 1, 2)
        self._add(3, tr("Engine", "Motor"), self._engine, span=2)
        self._grid.addWidget(self._engine_note, 4, 1, 1, 2)
        self._add(5, tr("Compare on", "Comparar con"), self._check, span=2)
        self._grid.addWidget(self._check_note, 6, 1, 1, 2)
        self._add(7, tr("Sample pictures", "Muestras"), self._samples)
        holder = QWidget()
        holder.setLayout(self._grid)
        self.body.addWidget(holder)

    def _add(self, line: int, name: str, widget: QWidget, span: int = 1) -> None:
        widget.setAccessibleName(name)
        if isinstance(widget, Select):
            widget.setMinimumContentsLength(8)
        self._captions[widget] = Label(name, tone="dim")
        self._grid.addWidget(self._captions[widget], line, 0)
        self._grid.addWidget(widget, line, 1, 1, span)

    def _show_line(self, widget: QWidget, shown: bool) -> None:
        widget.setVisible(shown)
        self._captions[widget].setVisible(shown)

    def show_run(self, runs: Sequence[RunSummary], run: RunSummary | None, target: Path | None) -> None:
        """Show the runs, the chosen one, and where the export goes."""
        self._run.set_choices([(item.id, item.title) for item in runs], run.id if run is not None else None)
        self._run.setEnabled(run is not None)
        text = str(target) if target is not None else ""
        if self._target.text() != text and not self._target.hasFocus():
            self._target.setText(text)
            self._target.setCursorPosition(0)
        self._target.setToolTip(text)
        self._target.setEnabled(run is not None)
        self.show_target(target)

    def show_target(self, target: Path | None) -> None:
        """Say whether the place is taken."""
        self._note.setVisible(target is not None and target.exists())
        self._note.setText(tr("This name is already taken. An earlier export is replaced; anything else is left "
                              "untouched.",
                              "Este nombre ya existe. Una exportación anterior se reemplaza; cualquier otra cosa "
                              "queda intacta."))

    def show_choices(self, entry: Exporter, state: dict[str, Any], samples: int) -> None:
        """Show what the format lets choose."""
        self._samples.set_value(samples)
        chosen, data = state.get("check", OWN), str(state.get("check_data", ""))
        other = tr("Other pictures: {path}", "Otras imágenes: {path}", path=data) if chosen == OTHER else tr(
            "Other pictures…", "Otras imágenes…")
        choices = [(OWN, tr("The pictures of the run", "Las imágenes del entrenamiento")), (OTHER, other)]
        if not entry.calibrates:
            choices.append((NONE, tr("Nothing (export without a check)", "Nada (exportar sin comprobar)")))
        self._check.set_choices(choices, chosen if chosen in [value for value, _ in choices] else OWN)
        unchecked = self._check.value == NONE and not entry.is_document
        self._show_line(self._check, not entry.is_document)
        self._check_note.setVisible(unchecked)
        self._check_note.setText(tr("The export will state that it was not checked on real pictures.",
                                    "La exportación indicará que no se comprobó con imágenes reales."))
        self._show_line(self._samples, entry.has_samples and not unchecked)
        engine = BUNDLE_ENGINES[str(state.get("engine") or BUNDLE_ENGINES.ids()[0])]
        self._engine.set_choices([(item.id, str(item.label)) for item in BUNDLE_ENGINES], engine.id)
        self._show_line(self._engine, bool(entry.engines))
        self._engine_note.setVisible(bool(entry.engines))
        self._engine_note.setText(tr("Whoever uses the bundle needs {needs}: about {n} MB.",
                                     "Quien use el paquete necesita {needs}: unos {n} MB.",
                                     needs=", ".join(engine.needs), n=engine.megabytes))
