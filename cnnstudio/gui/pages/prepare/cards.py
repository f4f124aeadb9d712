"""The cards of the Prepare page: fields of the recipe, and steps that can be added, moved, switched off, removed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import msgspec
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QDrag, QDragEnterEvent, QDragMoveEvent, QDropEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QApplication, QMenu, QVBoxLayout, QWidget

from cnnstudio.catalog.steps import StepType
from cnnstudio.catalog.steps.entry import GROUPS
from cnnstudio.core import edits
from cnnstudio.core.item import Step
from cnnstudio.core.params import Param
from cnnstudio.core.problems import Fix, Problem
from cnnstudio.core.recipe import RECIPE_PARAMS
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.prepare.views import StepLook
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Elided, Icon, Label, box, clear, column, row
from cnnstudio.gui.widgets.cards import Card, Facts, fix_row
from cnnstudio.gui.widgets.form import Form
from cnnstudio.gui.widgets.inputs import Switch
from cnnstudio.gui.widgets.words import number

STEP_MIME = "application/x-cnnstudio-step"


class ProblemCard(Card):
    """A card that shows its problems: at the fields they name, else below, always with their fixes."""

    fix_chosen = Signal(object)

    def __init__(self, title: str, note: str = "") -> None:
        super().__init__(spacing=10)
        self.setAccessibleName(title)
        self.heading = Elided(title, "body_strong")
        self.heading.setMinimumHeight(24)
        self.head = row(self.heading, spacing=2)
        self.head.setStretch(0, 1)
        self.body.addLayout(self.head)
        if note:
            self.body.addWidget(Label(note, "secondary", "dim", wrap=True))
        self.forms: list[Form] = []
        self.look = StepLook()
        self._troubles = column(spacing=4)
        self._problems: tuple[Problem, ...] = ()
        self._trouble_box = box(self._troubles)
        self._trouble_box.hide()

    def finish(self) -> None:
        """All fields are in: what the step makes of a picture and the place of the problems are below them."""
        self.body.addWidget(self.look)
        self.body.addWidget(self._trouble_box)

    def set_problems(self, problems: Sequence[Problem]) -> None:
        for form in self.forms:
            form.set_problems(problems)
        if tuple(problems) == self._problems:
            return
        self._problems = tuple(problems)
        self.set_edge("" if not problems else "error" if any(each.blocks for each in problems) else "warn")
        clear(self._troubles)
        fields = {name for form in self.forms for name in form.values}
        for problem in problems:
            if problem.where.field not in fields:
                self._troubles.addWidget(Label(str(problem.text), "secondary",
                                               "error" if problem.blocks else "warn", wrap=True))
            if problem.fixes:
                self._troubles.addWidget(fix_row(problem.fixes, self._take_fix))
        self._trouble_box.setVisible(bool(problems))

    def _take_fix(self, fix: Fix) -> None:
        self.fix_chosen.emit(fix)


class FieldsCard(ProblemCard):
    """Fields of the recipe. `lines` are rows of forms that stand side by side, each the names of its fields."""

    def __init__(self, session: Session, title: str, note: str, *lines: Sequence[Sequence[str]]) -> None:
        super().__init__(title, note)
        self._session = session
        for forms in lines:
            holder = row(spacing=12)
            for names in forms:
                form = self._form([param for param in RECIPE_PARAMS if param.name in names])
                holder.addWidget(form, 1, Qt.AlignmentFlag.AlignTop)
            self.body.addLayout(holder)
        self.finish()

    def _form(self, params: Sequence[Param]) -> Form:
        form = Form(params, self._values(params))
        form.value_changed.connect(partial(self._edit, {param.name: param.label for param in params}))
        form.settled.connect(lambda _name: self._session.seal())
        self.forms.append(form)
        return form

    def _values(self, params: Iterable[Param]) -> dict[str, Any]:
        return {param.name: getattr(self._session.project.recipe, param.name) for param in params}

    def _edit(self, labels: dict[str, Text], name: str, value: Any) -> None:
        self._session.edit(lambda project: edits.set_field(project, "recipe", name, value), labels[name],
                           f"recipe.{name}")

    def refresh(self) -> None:
        """Show what the project says."""
        for form in self.forms:
            form.set_values({name: getattr(self._session.project.recipe, name) for name in form.values})


class NormalizationCard(FieldsCard):
    """The normalisation, and what was measured for it; `measure_asked` when the user wants it measured."""

    measure_asked = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session, tr("Normalisation", "Normalización"),
                         tr("Inside the model: a saved model takes plain pixels from 0 to 255.",
                            "Dentro del modelo: un modelo guardado toma píxeles normales de 0 a 255."),
                         [("normalization",)])
        self.facts = Facts()
        self.measure = Button(tr("Measure", "Medir"), "", "refresh", on_click=self.measure_asked.emit,
                              tooltip=tr("Mean and deviation of the training pictures, as the recipe prepares them",
                                         "Media y desviación de las imágenes de entrenamiento, como las prepara la receta"))
        self._words = Label("", "secondary", "dim", wrap=True)
        line = row(self.measure, self._words, spacing=10)
        line.setStretch(1, 1)
        self._measured = box(column(self.facts, line, spacing=8))
        self.body.insertWidget(self.body.count() - 2, self._measured)

    def refresh(self) -> None:
        super().refresh()
        recipe = self._session.project.recipe
        self._measured.setVisible(recipe.normalization == "standardize")
        names = {1: ("",), 3: ("R", "G", "B"), 4: ("R", "G", "B", "A")}.get(len(recipe.mean), ())
        self.facts.setVisible(bool(names))
        self.facts.set_facts((tr("mean {name}, deviation", "media {name}, desviación", name=name).replace(" ,", ","),
                              f"{number(mean, 2)} ± {number(deviation, 2)}")
                             for name, mean, deviation in zip(names, recipe.mean, recipe.deviation, strict=False))

    def set_problems(self, problems: Sequence[Problem]) -> None:
        # The button above does what the fix would do.
        super().set_problems([msgspec.structs.replace(each, fixes=tuple(
            fix for fix in each.fixes if fix.action != "measure_statistics")) for each in problems])

    def show_progress(self, words: str, *, running: bool) -> None:
        """What the measuring does now."""
        self._words.setText(words)
        self.measure.setEnabled(not running)


class Handle(Icon):
    """Where a card is taken hold of; `pulled` when the mouse moves away with it."""

    pulled = Signal()

    def __init__(self, words: str) -> None:
        super().__init__("drag", "faint", 18)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setToolTip(words)
        self.setAccessibleName(words)
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
        self.up = Button(tr("Earlier", "Antes"), "icon", "chevron-up", on_click=lambda: self.moved.emit(-1))
        self.down = Button(tr("Later", "Después"), "icon", "chevron-down", on_click=lambda: self.moved.emit(1))
        copy = Button(tr("Duplicate", "Duplicar"), "icon", "copy", on_click=self.duplicated.emit)
        remove = Button(tr("Remove", "Quitar"), "icon", "trash", on_click=self.removed.emit)
        handle = Handle(tr("Drag to another place", "Arrastrar a otro lugar"))
        handle.pulled.connect(self.pulled)
        self.head.insertWidget(0, handle, alignment=Qt.AlignmentFlag.AlignVCenter)
        self.head.insertSpacing(1, 4)
        for widget in (self._switch, self.up, self.down, copy, remove):
            self.head.addWidget(widget, alignment=Qt.AlignmentFlag.AlignVCenter)
        self.evidence = Label("", "secondary", "warn", wrap=True)
        self.evidence.hide()
        self._note = Label(str(entry.help) if entry is not None else "", "secondary", "dim", wrap=True)
        self.body.addWidget(self._note)
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

    def show_evidence(self, words: str) -> None:
        """What was measured about this step; "" for nothing."""
        self.evidence.setText(words)
        self.evidence.setVisible(bool(words))

    def show_step(self, step: Step) -> None:
        """Show the step's state and values."""
        self._switch.set_value(step.enabled)
        self.heading.set_tone("text" if step.enabled else "faint")
        self._note.setVisible(step.enabled and bool(self._note.text()))
        if not step.enabled:
            self.look.show_looks(())
        for form in self.forms:
            form.setVisible(step.enabled)
            form.set_values(step.params)


class StepList(QWidget):
    """The steps of `spec` ("recipe" or "augmentation") as cards, with a button that adds one."""

    def __init__(self, session: Session, spec: str, registry: Registry[StepType], add_words: str) -> None:
        super().__init__()
        self._session, self._spec, self._registry = session, spec, registry
        self.cards: dict[str, StepCard] = {}
        self._column: QVBoxLayout = column(spacing=10)
        self._menu = QMenu(self)
        self.add_button = Button(add_words, "", "plus", on_click=self._open_menu)
        layout = column(self._column, row(self.add_button, None), spacing=10)
        self.setLayout(layout)
        self.setAcceptDrops(True)
        self._mark: int | None = None

    def refresh(self) -> None:
        """Show the project's steps; cards that stay are kept, with the keyboard in them."""
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
        self._menu.clear()
        self._menu.setToolTipsVisible(True)
        group = ""
        for entry in sorted(self._registry, key=lambda each: ["", *GROUPS].index(each.group)):
            if entry.group != group:
                if group:
                    self._menu.addSeparator()
                group = entry.group
                self._menu.addAction(str(GROUPS[group])).setEnabled(False)
            action = self._menu.addAction(str(entry.label).replace("&", "&&"), partial(self.add, entry.id))
            action.setToolTip(str(entry.help))
        self._menu.popup(self.add_button.mapToGlobal(self.add_button.rect().bottomLeft()))

    def add(self, type_name: str) -> None:
        """A step of that type at the end."""
        entry = self._registry.find(type_name)
        label = entry.label if entry is not None else Text("Step", "Paso")
        self._change(lambda project: edits.add_step(project, self._spec, type_name),
                     Text("Add {name}", "Añadir {name}").fill(name=label))

    def _move(self, step: str, by: int) -> None:
        self.place(step, list(self.cards).index(step) + by)

    def place(self, step: str, position: int) -> None:
        """Bring a step to that place among the others."""
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
        if self._dragged(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if self._dragged(event.mimeData()):
            event.acceptProposedAction()
            self._show_mark(self.gap_at(event.position().y()))

    def dragLeaveEvent(self, event: QEvent) -> None:
        self._show_mark(None)

    def dropEvent(self, event: QDropEvent) -> None:
        step = self._dragged(event.mimeData())
        self._show_mark(None)
        if not step:
            return
        event.acceptProposedAction()
        gap, present = self.gap_at(event.position().y()), list(self.cards).index(step)
        if gap not in (present, present + 1):
            self.place(step, gap - (gap > present))

    def _dragged(self, mime: QMimeData) -> str:
        """The step of this list that is dragged, or ""."""
        spec, _, step = bytes(mime.data(STEP_MIME).data()).decode().partition(" ")
        return step if spec == self._spec and step in self.cards else ""

    def gap_at(self, y: float) -> int:
        """How many cards have their middle above `y`."""
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
