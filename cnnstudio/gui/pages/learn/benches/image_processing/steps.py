"""The list of operations, and the values of the chosen one."""

from __future__ import annotations

from typing import Any

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.widgets.basics import Button, Label, clear, column, row
from cnnstudio.gui.widgets.form import Form
from cnnstudio.gui.widgets.inputs import Select, Switch
from cnnstudio.learning.benches.image_processing.operations import OPERATIONS
from cnnstudio.learning.benches.image_processing.settings import MOST_STEPS, Step


class StepList(QWidget):
    """`steps_edited(steps, chosen)` by the user."""

    steps_edited = Signal(object, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps: tuple[Step, ...] = ()
        self._chosen = 0
        self._form: Form | None = None
        self._formed = ""
        self._add = Select([(operation.id, str(operation.label)) for operation in OPERATIONS])
        self._add.setPlaceholderText(tr("Add an operation", "Añadir una operación"))
        self._add.setAccessibleName(tr("Add an operation", "Añadir una operación"))
        self._add.set_value(None)
        self._add.chosen.connect(self._on_added)
        self._lines = column(spacing=2)
        self._about = Label("", "secondary", "dim", wrap=True)
        self._form_place = column(spacing=0)
        self.setLayout(column(self._lines, self._add, self._about, self._form_place, spacing=8))

    def show_steps(self, steps: tuple[Step, ...], chosen: int, skipped: tuple[int, ...]) -> None:
        """Show the steps; `skipped` cannot work where they stand. Nothing is emitted."""
        same = [step.operation for step in steps] == [step.operation for step in self._steps]
        self._steps, self._chosen = steps, chosen
        if not same or self._lines.count() != len(steps):
            clear(self._lines)
            for number in range(len(steps)):
                self._lines.addWidget(_StepLine(self, number))
        for number in range(self._lines.count()):
            item = self._lines.itemAt(number)
            line = item.widget() if item is not None else None
            if isinstance(line, _StepLine):
                line.show_step(steps[number], number == chosen, number in skipped)
        self._add.setEnabled(len(steps) < MOST_STEPS)
        self._show_form(chosen in skipped)

    def _show_form(self, skipped: bool) -> None:
        step = self._steps[self._chosen] if self._steps else None
        operation = OPERATIONS[step.operation] if step is not None else None
        about = "" if operation is None else tr(
            "It needs whole numbers from 0 to 255: move it above Normalise.",
            "Necesita números enteros de 0 a 255: muévala por encima de Normalizar.") if skipped else str(operation.help)
        self._about.setText(about)
        self._about.set_tone("warn" if skipped else "dim")
        formed = "" if step is None else f"{self._chosen}:{step.operation}"
        if formed != self._formed:
            clear(self._form_place)
            self._form = None
            self._formed = formed
            if operation is not None and operation.params and step is not None:
                self._form = Form(operation.params, step.values)
                self._form.value_changed.connect(self._on_value_changed)
                self._form_place.addWidget(self._form)
        elif self._form is not None and step is not None:
            self._form.set_values(step.values)

    # By the user ---------------------------------------------------------------------------------

    def _on_value_changed(self, name: str, value: Any) -> None:
        step = self._steps[self._chosen]
        self.replace(self._chosen, msgspec.structs.replace(step, values={**step.values, name: value}))

    def _on_added(self, identifier: object) -> None:
        self._add.set_value(None)
        self.steps_edited.emit((*self._steps, Step(operation=str(identifier))), len(self._steps))

    def replace(self, number: int, step: Step) -> None:
        """Another step in place of one."""
        steps = list(self._steps)
        steps[number] = step
        self.steps_edited.emit(tuple(steps), self._chosen)

    def choose(self, number: int) -> None:
        """Show the values of a step."""
        self.steps_edited.emit(self._steps, number)

    def switch(self, number: int, on: bool) -> None:
        """Apply a step, or leave it out."""
        self.replace(number, msgspec.structs.replace(self._steps[number], on=on))

    def shift(self, number: int, by: int) -> None:
        """Move a step up or down."""
        steps = list(self._steps)
        steps.insert(number + by, steps.pop(number))
        self.steps_edited.emit(tuple(steps), number + by)

    def remove(self, number: int) -> None:
        """Take a step out."""
        steps = self._steps[:number] + self._steps[number + 1:]
        self.steps_edited.emit(steps, max(0, min(self._chosen, len(steps) - 1)))


class _StepLine(QWidget):
    """One step: its name, up, down, off, remove."""

    def __init__(self, steps: StepList, number: int) -> None:
        super().__init__()
        self._name = Button("", "row", checkable=True, on_click=lambda: steps.choose(number))
        self._name.setMinimumWidth(60)
        self._switch = Switch(True)
        self._switch.switched.connect(lambda on: steps.switch(number, on))
        self._up = Button(tr("Move up", "Subir"), "icon", "chevron-up", on_click=lambda: steps.shift(number, -1))
        remove = Button(tr("Remove", "Quitar"), "icon", "close", on_click=lambda: steps.remove(number))
        line = row(self._name, self._up, self._switch, remove, spacing=2)
        line.setStretch(0, 1)
        self.setLayout(line)
        self._number = number

    def show_step(self, step: Step, chosen: bool, skipped: bool) -> None:
        label = str(OPERATIONS[step.operation].label)
        self._name.setText(label)
        self._name.setToolTip(label)
        self._name.set_icon("warning" if skipped else "", "warn")
        self._name.setChecked(chosen)
        self._switch.set_value(step.on)
        self._switch.setAccessibleName(tr("Apply {name}", "Aplicar {name}", name=label))
        self._up.setEnabled(self._number > 0)


