"""The steps of the recipe and of the augmentation as cards that can be added, moved, removed and switched off."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QDrag, QDragEnterEvent, QDragMoveEvent, QDropEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QMenu, QVBoxLayout, QWidget

from cnnstudio.catalog.steps import StepType
from cnnstudio.catalog.steps.entry import GROUPS, Augmentation
from cnnstudio.core import edits
from cnnstudio.core.item import Step
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.prepare.cards import ProblemCard
from cnnstudio.gui.pages.prepare.gallery import StepGallery
from cnnstudio.gui.pages.prepare.sample_strip import SampleStrip
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Icon, Label, column, row
from cnnstudio.gui.widgets.form import Form
from cnnstudio.gui.widgets.inputs import Switch

STEP_MIME = "application/x-cnnstudio-step"



class Handle(Icon):
    """The drag handle of a card; `pulled` when the mouse drags it."""

    pulled = Signal()

    def __init__(self, text: str) -> None:
        super().__init__("drag", "faint", 18)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setToolTip(text)
        self.setAccessibleName(text)
        self._pressed: QPointF | None = None

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        pressed = self._pressed
        if pressed is not None and (event.position() - pressed).manhattanLength() >= QApplication.startDragDistance():
            self._pressed = None
            self.pulled.emit()


class StepCard(ProblemCard):
    """One step of the recipe or of the augmentation."""

    moved = Signal(int)
    pulled = Signal()
    duplicated = Signal()
    removed = Signal()
    switched = Signal(bool)
    edited = Signal(str, object)
    settled = Signal()

    def __init__(self, step: Step, entry: StepType | None) -> None:
        super().__init__(str(entry.label) if entry is not None else step.type)
        self.heading.setToolTip(str(entry.help) if entry is not None else "")
        name = self.heading.text()
        self._switch = Switch(step.enabled, tr("{name}: on", "{name}: activo", name=name))
        self._switch.switched.connect(self.switched)
        self.up = Button(tr("Move up", "Subir"), "icon", "chevron-up", on_click=lambda: self.moved.emit(-1))
        self.down = Button(tr("Move down", "Bajar"), "icon", "chevron-down", on_click=lambda: self.moved.emit(1))
        copy = Button(tr("Duplicate", "Duplicar"), "icon", "copy", on_click=self.duplicated.emit)
        remove = Button(tr("Remove", "Quitar"), "icon", "trash", on_click=self.removed.emit)
        handle = Handle(tr("Drag to reorder", "Arrastrar para reordenar"))
        handle.pulled.connect(self.pulled)
        self.head.insertWidget(0, handle, alignment=Qt.AlignmentFlag.AlignVCenter)
        self.head.insertSpacing(1, 4)
        for widget in (self._switch, self.up, self.down, copy, remove):
            self.head.addWidget(widget, alignment=Qt.AlignmentFlag.AlignVCenter)
        self.evidence = Label("", "secondary", "warn", wrap=True)
        self.evidence.hide()
        self._note = Label(str(entry.help) if entry is not None else "", "secondary", "dim", wrap=True)
        self.body.addWidget(self._note)
        self.strip: SampleStrip | None = None
        if isinstance(entry, Augmentation):
            self.strip = SampleStrip(str(entry.label))
            self.body.addWidget(self.strip)
        self._params = entry.params if entry is not None else ()
        if self._params:
            form = Form(self._params, step.params)
            form.value_changed.connect(self.edited)
            form.settled.connect(lambda _name: self.settled.emit())
            self.forms.append(form)
            self.body.addWidget(form)
        self.body.addWidget(self.evidence)
        self.finish()
        self.show_step(step)

    def show_evidence(self, text: str) -> None:
        """Show the measurement of this step; "" for none."""
        self.evidence.setText(text)
        self.evidence.setVisible(bool(text))

    def show_step(self, step: Step) -> None:
        """Show the step's state and values."""
        self._switch.set_value(step.enabled)
        self.heading.set_tone("text" if step.enabled else "faint")
        self._note.setVisible(step.enabled and bool(self._note.text()))
        if self.strip is not None:
            self.strip.setVisible(step.enabled)
        for form in self.forms:
            form.setVisible(step.enabled)
            form.set_values(step.params)


class StepList(QWidget):
    """The steps of `spec` ("recipe" or "augmentation") as cards, with a button that adds one from a menu, or from a
    gallery of samples."""

    def __init__(self, session: Session, spec: str, registry: Registry[StepType], add_words: str, *,
                 gallery: bool = False) -> None:
        super().__init__()
        self._session, self._spec, self._registry = session, spec, registry
        self.cards: dict[str, StepCard] = {}
        self._column: QVBoxLayout = column(spacing=10)
        self._menu = QMenu(self)
        self.gallery: StepGallery | None = None
        if gallery:
            self.gallery = StepGallery(registry, add_words, self)
            self.gallery.chosen.connect(self.add)
        self.add_button = Button(add_words, "", "plus", on_click=self._open_menu)
        layout = column(self._column, row(self.add_button, None), spacing=10)
        self.setLayout(layout)
        self.setAcceptDrops(True)
        self._mark: int | None = None

    def refresh(self) -> None:
        """Show the project's steps; cards of remaining steps are kept, with their keyboard focus."""
        steps = edits.steps_of(self._session.project, self._spec)
        wanted = [step.id for step in steps]
        types = {step.id: step.type for step in steps}
        for identifier, card in list(self.cards.items()):
            if types.get(identifier) != card.property("type"):
                self._column.removeWidget(card)
                card.hide()
                card.deleteLater()
                del self.cards[identifier]
        for step in steps:
            if step.id in self.cards:
                self.cards[step.id].show_step(step)
            else:
                self.cards[step.id] = self._card(step)
        if list(self.cards) != wanted or self._column.count() != len(wanted):
            self.cards = {identifier: self.cards[identifier] for identifier in wanted}
            for position, card in enumerate(self.cards.values()):
                self._column.insertWidget(position, card)
        for position, card in enumerate(self.cards.values()):
            card.up.setEnabled(position > 0)
            card.down.setEnabled(position < len(wanted) - 1)

    def _card(self, step: Step) -> StepCard:
        entry = self._registry.find(step.type)
        card = StepCard(step, entry)
        card.setProperty("type", step.type)
        identifier = step.id
        card.fix_chosen.connect(self._session.apply)
        card.moved.connect(partial(self._move, identifier))
        card.pulled.connect(partial(self._pull, identifier))
        card.duplicated.connect(partial(self._duplicate, identifier))
        card.removed.connect(partial(self._remove, identifier))
        card.switched.connect(partial(self._switch, identifier))
        card.edited.connect(partial(self._edit, identifier, entry))
        card.settled.connect(self._session.seal)
        return card

    def _open_menu(self) -> None:
        if self.gallery is not None:
            self.gallery.open_at(self.add_button)
            return
        self._menu.clear()
        self._menu.setToolTipsVisible(True)
        group = ""
        for entry in sorted(self._registry, key=lambda item: ["", *GROUPS].index(item.group)):
            if entry.group != group:
                if group:
                    self._menu.addSeparator()
                group = entry.group
                self._menu.addAction(str(GROUPS[group])).setEnabled(False)
            action = self._menu.addAction(str(entry.label).replace("&", "&&"), partial(self.add, entry.id))
            action.setToolTip(str(entry.help))
        self._menu.popup(self.add_button.mapToGlobal(self.add_button.rect().bottomLeft()))

    def add(self, type_name: str) -> None:
        """Append a step of that type."""
        entry = self._registry.find(type_name)
        label = entry.label if entry is not None else Text("Step", "Paso")
        self._change(lambda project: edits.add_step(project, self._spec, type_name),
                     Text("Add {name}", "Añadir {name}").fill(name=label))

    def _move(self, step: str, by: int) -> None:
        self.place(step, list(self.cards).index(step) + by)

    def place(self, step: str, position: int) -> None:
        """Move a step to that position among the others."""
        self._change(lambda project: edits.move_step(project, self._spec, step, position),
                     Text("Move step", "Mover paso"))

    def _duplicate(self, step: str) -> None:
        self._change(lambda project: edits.duplicate_step(project, self._spec, step),
                     Text("Duplicate step", "Duplicar paso"))

    # Dragging ------------------------------------------------------------------------------------

    def _pull(self, step: str) -> None:
        data = QMimeData()
        data.setData(STEP_MIME, f"{self._spec} {step}".encode())
        drag = QDrag(self)
        drag.setMimeData(data)
        card = self.cards[step]
        drag.setPixmap(card.grab().scaledToWidth(min(320, card.width()), Qt.TransformationMode.SmoothTransformation))
        drag.setHotSpot(QPoint(16, 16))
        drag.exec(Qt.DropAction.MoveAction)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._dragged_step(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if self._dragged_step(event.mimeData()):
            event.acceptProposedAction()
            self._show_mark(self.gap_at(event.position().y()))

    def dragLeaveEvent(self, event: QEvent) -> None:
        self._show_mark(None)

    def dropEvent(self, event: QDropEvent) -> None:
        step = self._dragged_step(event.mimeData())
        self._show_mark(None)
        if not step:
            return
        event.acceptProposedAction()
        gap, present = self.gap_at(event.position().y()), list(self.cards).index(step)
        if gap not in (present, present + 1):
            self.place(step, gap - (gap > present))

    def _dragged_step(self, mime: QMimeData) -> str:
        """The step of this list that is being dragged, or ""."""
        spec, _, step = bytes(mime.data(STEP_MIME).data()).decode().partition(" ")
        return step if spec == self._spec and step in self.cards else ""

    def gap_at(self, y: float) -> int:
        """The number of cards whose middle is above `y`."""
        return sum(card.geometry().center().y() < y for card in self.cards.values())

    def _show_mark(self, gap: int | None) -> None:
        if gap != self._mark:
            self._mark = gap
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._mark is None or not self.cards:
            return
        cards = list(self.cards.values())
        y = cards[self._mark].y() - 5 if self._mark < len(cards) else cards[-1].geometry().bottom() + 6
        painter = QPainter(self)
        painter.setPen(QPen(theme.color("accent"), 2))
        painter.drawLine(0, max(1, y), self.width(), max(1, y))

    def _remove(self, step: str) -> None:
        self._change(lambda project: edits.remove_step(project, self._spec, step), Text("Remove step", "Quitar paso"))

    def _switch(self, step: str, enabled: bool) -> None:
        label = Text("Switch step on", "Activar paso") if enabled else Text("Switch step off", "Desactivar paso")
        self._change(lambda project: edits.enable_step(project, self._spec, step, enabled), label)

    def _change(self, function: Callable[..., Any], label: Text) -> None:
        self._session.edit(function, label)
        self._session.seal()

    def _edit(self, step: str, entry: StepType | None, name: str, value: Any) -> None:
        params = entry.params if entry is not None else ()
        label = next((param.label for param in params if param.name == name), Text("Step", "Paso"))
        self._session.edit(lambda project: edits.set_step_param(project, self._spec, step, name, value), label,
                           f"{self._spec}.{step}.{name}")
