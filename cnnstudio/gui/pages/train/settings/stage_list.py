"""The stages of the training as a list: selects the edited one, with buttons to copy, move and remove it."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.bases import last_layers
from cnnstudio.catalog.schedules import SCHEDULES
from cnnstudio.catalog.training import CALLBACKS, OPTIMIZERS
from cnnstudio.core.network import BASE
from cnnstudio.core.params import with_defaults
from cnnstudio.core.project import Project
from cnnstudio.core.text import localize_number, tr
from cnnstudio.core.training import Stage
from cnnstudio.gui.widgets.basics import Button, Elided, Label, clear, column, row
from cnnstudio.gui.widgets.cards import Card


class StageList(QWidget):
    """One row for each stage; the chosen one has the buttons."""

    chosen = Signal(str)
    duplicate_wanted = Signal(str)
    remove_wanted = Signal(str)
    move_wanted = Signal(str, int)

    def __init__(self) -> None:
        super().__init__()
        self._layout = column(spacing=6)
        self.setLayout(self._layout)
        self._content: object = None
        self.rows: list[StageRow] = []

    def show_stages(self, project: Project, chosen: str, wrong: Collection[str] = ()) -> None:
        """Show the stages of a project; `wrong` are the ids of those that cannot be trained."""
        stages = project.training.stages
        has_base = any(node.type == BASE for node in project.network.nodes)
        content = (stages, chosen, frozenset(wrong), has_base)
        if content == self._content:
            return
        focused = next((stage.stage for stage in self.rows if stage.hasFocus()), "")
        self._content = content
        clear(self._layout)
        self.rows = []
        for index, stage in enumerate(stages):
            line = StageRow(stage, index, len(stages), has_base, self)
            line.set_selected(stage.id == chosen)
            line.set_edge("error" if stage.id in wrong else "accent" if stage.id == chosen else "")
            line.clicked.connect(partial(self.chosen.emit, stage.id))
            line.buttons.setVisible(stage.id == chosen)
            self.rows.append(line)
            self._layout.addWidget(line)
            if stage.id == focused:
                line.setFocus()


class StageRow(Card):
    """A stage in the list: its number, what learns, how long and with what."""

    def __init__(self, stage: Stage, index: int, count: int, has_base: bool, owner: StageList) -> None:
        super().__init__(clickable=True, margins=(12, 8, 8, 8), spacing=2)
        self.stage = stage.id
        title, detail, stops = format_stage_title(stage, index, has_base), format_stage_detail(stage), format_stops(stage)
        self.setAccessibleName(title)
        self.setAccessibleDescription(". ".join(part for part in (detail, stops) if part))
        self.up = Button(tr("Move up", "Subir"), "icon", "chevron-up",
                         on_click=partial(owner.move_wanted.emit, stage.id, index - 1))
        self.down = Button(tr("Move down", "Bajar"), "icon", "chevron-down",
                           on_click=partial(owner.move_wanted.emit, stage.id, index + 1))
        self.copy = Button(tr("Duplicate", "Duplicar"), "icon", "copy",
                           on_click=partial(owner.duplicate_wanted.emit, stage.id))
        self.remove = Button(tr("Remove", "Quitar"), "icon", "trash",
                             on_click=partial(owner.remove_wanted.emit, stage.id))
        self.up.setEnabled(index > 0)
        self.down.setEnabled(index + 1 < count)
        self.buttons = QWidget()
        line = row(None, self.up, self.down, self.copy, self.remove, spacing=2)
        self.buttons.setLayout(line)
        self.body.addWidget(Elided(title, "body_strong"))
        self.body.addWidget(Elided(detail, "secondary", "dim"))
        if stops:
            self.body.addWidget(Label(stops, "secondary", "dim", wrap=True))
        self.body.addWidget(self.buttons)


def format_stage_title(stage: Stage, index: int, has_base: bool) -> str:
    """The number of a stage, and what it trains where there is a base."""
    title = tr("Stage {n}", "Etapa {n}", n=index + 1)
    return f"{title}: {format_learning(stage.trainable_from)}" if has_base and stage.trainable_from else title


def format_learning(trainable_from: str) -> str:
    """Which part of the pretrained base learns."""
    count = last_layers(trainable_from)
    if count is not None:
        return (tr("the last layer learns", "aprende la última capa") if count == 1 else
                tr("last {n} layers learn", "aprenden las últimas {n} capas", n=count))
    return {"": tr("as set in the network", "como en la red"), "none": tr("base frozen", "base congelada"),
            "all": tr("whole base learns", "aprende toda la base")}.get(
                trainable_from, tr("learns from {block} on", "aprende desde {block}", block=trainable_from))


def format_stage_detail(stage: Stage) -> str:
    """Epochs, optimizer and rate in one line."""
    entry = OPTIMIZERS.find(stage.optimizer.type)
    epochs = tr("1 epoch", "1 época") if stage.epochs == 1 else tr("{n} epochs", "{n} épocas", n=stage.epochs)
    parts = [epochs, stage.optimizer.type if entry is None else str(entry.label)]
    if stage.schedule is not None:
        schedule = SCHEDULES.find(stage.schedule.type)
        parts.append(stage.schedule.type if schedule is None else str(schedule.label))
    elif "learning_rate" in stage.optimizer.params:
        # In the form of the field below: 0.00001, not 1e-05.
        parts.append(localize_number(f"{Decimal(repr(stage.optimizer.params['learning_rate'])):f}"))
    if stage.base_rate_factor != 1:
        parts.append(tr("base × {factor}", "base × {factor}", factor=localize_number(f"{stage.base_rate_factor:g}")))
    return " · ".join(parts)


def format_stops(stage: Stage) -> str:
    """When the stage ends before its epochs are over; "" where nothing ends it."""
    rules = []
    for step in stage.callbacks:
        entry = CALLBACKS.find(step.type)
        if step.enabled and entry is not None and entry.stops is not None:
            rules.append(str(entry.stops(with_defaults(entry.params, step.params))))
    return tr("Ends early: {rules}", "Termina antes: {rules}", rules="; ".join(rules)) if rules else ""
