"""The right panel of the Evaluate page: the pictures of a cell or of an order, and what can be done with them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

import msgspec
from PySide6.QtCore import QPoint, QTimer, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QResizeEvent
from PySide6.QtWidgets import QMenu, QWidget

from cnnstudio.core.text import tr
from cnnstudio.datasets.index import Picture
from cnnstudio.gui.pages.evaluate.answer_card import AnswerCard
from cnnstudio.gui.pages.evaluate.answer_grid import AnswerGrid
from cnnstudio.gui.pages.evaluate.orders import ORDERS
from cnnstudio.gui.pages.evaluate.results import Answer, relative_paths
from cnnstudio.gui.pages.evaluate.views import EvaluationContext
from cnnstudio.gui.pages.picture_menu import picture_menu, relabel_to_new
from cnnstudio.gui.pages.scenario_dialogs import ask_scenario
from cnnstudio.gui.state.key_input import KeyInput
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Elided, Label, box, column, row
from cnnstudio.gui.widgets.flow import flow_row
from cnnstudio.gui.widgets.formatting import format_pictures
from cnnstudio.gui.widgets.inputs import Select

_OTHER: Final = ""
"""The choice of the list of orders while a cell, or what a view asked for, is shown."""


class PicturesPanel(QWidget):
    """`order_chosen(id)` to show an order of `ORDERS`, `data_requested(answers)` to show pictures on the Data page,
    `opened(answer)` to show one large.

    The keys of classes relabel the selection, Delete excludes it, the menu has all actions of the Data page.
    """

    order_chosen = Signal(str)
    data_requested = Signal(list)
    opened = Signal(object)
    answers_shown = Signal(list)
    """The pictures that the panel shows now."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("scrolls", True)
        self._workspace = workspace
        self._context: EvaluationContext | None = None
        self._in_data = False
        self._order = Select()
        self._order.setAccessibleName(tr("Which pictures", "Qué imágenes"))
        self._order.chosen.connect(self._choose_order)
        self._title = Elided("", "body_strong")
        self._note = Label("", "secondary", "dim", wrap=True)
        self._data = Button(tr("Show in Data", "Ver en Datos"), "link",
                            on_click=lambda: self.data_requested.emit(self.grid.answers))
        self._scenario = Button(tr("Save as scenario…", "Guardar como escenario…"), "link", on_click=self.save_scenario,
                                tooltip=tr("Name these pictures, or those that are selected, and measure every run on them",
                                           "Da nombre a estas imágenes, o a las seleccionadas, y mide con ellas cada "
                                           "entrenamiento"))
        self.grid = AnswerGrid(self._states)
        self.card = AnswerCard()
        self.grid.selection_changed.connect(self._show_selection)
        self.grid.opened.connect(lambda place: self.opened.emit(self.grid.answers[place]))
        self.grid.menu_requested.connect(self._show_menu)
        self._keys = KeyInput(workspace.classes.keys, self)
        self._keys.chosen.connect(self.relabel)
        self._keys.typed.connect(self._show_typed)
        self.grid.label_key.connect(self.press_key)
        self.grid.exclude_key.connect(self.exclude)
        self.card.closed.connect(self._close_card)
        self.card.opened.connect(self.opened)
        self.card.data_requested.connect(lambda answer: self.data_requested.emit([answer]))
        self._several = Label("", "secondary", wrap=True)
        self._actions = box(row(
            Button(tr("Change class…", "Cambiar clase…"), "link", on_click=self._show_class_menu),
            Button(tr("Exclude", "Excluir"), "link", on_click=self.exclude), None, spacing=14))
        self._chosen = box(column(self._several, self._actions, spacing=2))
        self._chosen.hide()
        layout = column(self._order, self._title, self._note, flow_row(self._data, self._scenario, spacing=14), 2,
                        self.card, self._chosen, self.grid, spacing=4, margins=(16, 16, 10, 8))
        layout.setStretch(7, 1)
        self.setLayout(layout)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.card.set_room(event.size().height())

    def close_threads(self) -> None:
        """Stop the threads; the page will be deleted."""
        self._keys.clear()
        self.grid.close_threads()
        self.card.close_threads()

    # What is shown -------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        return self._title.text()

    def show_answers(self, title: str, note: str, answers: Sequence[Answer], context: EvaluationContext | None, *,
                     order: str = "", in_data: bool = False) -> None:
        """Show pictures under a title; `order`: they are those of an order; `in_data`: they belong to the project's
        collection. Without a context there are none."""
        self._context, self._in_data = context, in_data
        self._title.setText(title)
        self._title.setVisible(not order)
        self._note.setText(note)
        self._note.setVisible(bool(note))
        choices: list[tuple[object, str]] = [(each.id, str(each.label)) for each in ORDERS]
        self._order.set_choices(choices if order else [(_OTHER, tr("Other pictures…", "Otras imágenes…")), *choices], order)
        self._order.setVisible(context is not None)
        for button in (self._data, self._scenario):
            button.setVisible(in_data and bool(answers))
        names, colors = (context.class_names, context.colors) if context is not None else ((), ())
        self.grid.show_answers(answers, names, colors)
        self._show_selection()
        self.answers_shown.emit(self.grid.answers)

    def refresh(self) -> None:
        """The user's decisions about pictures changed."""
        self.grid.forget()
        self._show_selection()

    def _choose_order(self, value: object) -> None:
        if value != _OTHER:
            self.order_chosen.emit(str(value))

    def _states(self, answers: Sequence[Answer]) -> dict[str, Picture]:
        collection = self._workspace.collection
        if not self._in_data or not answers:
            return {}
        own = {path: answer.relative for answer in answers for path in relative_paths([answer], collection.root)}
        # The collection may know classes by other names than the run has for them now.
        context = self._context
        names = {} if context is None else dict(zip(context.own_names, context.class_names, strict=False))
        return {own[picture.path]: msgspec.structs.replace(
                    picture, class_name=names.get(picture.class_name, picture.class_name))
                for picture in collection.rows(list(collection.ids_of(own))) if picture.path in own}

    def _show_selection(self) -> None:
        chosen = self.grid.selected()
        one = chosen[0] if len(chosen) == 1 else None
        shown = self.card.isVisibleTo(self)
        self.card.show_answer(one, self._context, self.grid.state_of(one) if one is not None else None, in_data=self._in_data)
        self._chosen.setVisible(bool(chosen))
        self._actions.setVisible(self._in_data)
        self._several.setText(tr("{n} selected", "{n} seleccionadas", n=format_pictures(len(chosen))) if self._in_data else tr(
            "These pictures are not of this project: their class cannot be changed here.",
            "Estas imágenes no son de este proyecto: aquí no se puede cambiar su clase."))
        self._several.setVisible(len(chosen) > 1 or not self._in_data)
        if shown != self.card.isVisibleTo(self) and one is not None:
            # The card takes room from the grid: the picture would be out of sight.
            QTimer.singleShot(0, self.grid, lambda: self.grid.reveal(max(0, self.grid.selection.current)))

    def _show_typed(self, text: str) -> None:
        self._several.setText(tr("class {key}…", "clase {key}…", key=text) if text else "")
        self._several.setVisible(bool(text))
        if not text:
            self._show_selection()

    def _close_card(self) -> None:
        self.grid.selection.clear()
        self.grid.selection_changed.emit()
        self.grid.viewport().update()
        self.grid.setFocus()

    def point_at(self, answer: Answer) -> None:
        """Make a picture the current one without selecting it: steps go on from it."""
        if answer in self.grid.answers:
            self.grid.selection.current = self.grid.answers.index(answer)
            self.grid.reveal(self.grid.selection.current)

    def step(self, by: int) -> None:
        """Select the picture before or after the current one."""
        self.grid.step(by)

    # What is done with the selection -------------------------------------------------------------

    def selected_ids(self) -> list[int]:
        """The ids of the selected pictures in the collection."""
        collection = self._workspace.collection
        return list(collection.ids_of(relative_paths(self.grid.selected(), collection.root))) if self._in_data else []

    def save_scenario(self) -> None:
        """Make a scenario of the selection, or of everything that is shown."""
        collection = self._workspace.collection
        ids = self.selected_ids() or list(collection.ids_of(relative_paths(self.grid.answers, collection.root)))
        if ids:
            ask_scenario(self._workspace.scenarios, self, ids, self.title)

    def press_key(self, letter: str) -> None:
        """The key of a class was typed."""
        if self._in_data:
            self._keys.press(letter)

    def relabel(self, name: str) -> None:
        """Give the selection another class."""
        self._workspace.decisions.relabel(self.selected_ids(), name)

    def exclude(self) -> None:
        """Exclude the selection."""
        self._workspace.decisions.exclude(self.selected_ids(), True)

    def _show_menu(self, point: QPoint) -> None:
        chosen = self.grid.selected()
        if ids := self.selected_ids():
            picture_menu(self._workspace, self.grid, ids, lambda _id: self.opened.emit(chosen[0])).popup(point)
        elif len(chosen) == 1:
            menu = QMenu(self.grid)
            menu.addAction(tr("Large view", "Vista grande") + "\t" + tr("Enter", "Intro"),
                           lambda: self.opened.emit(chosen[0]))
            menu.addAction(tr("Open in the system's viewer", "Abrir en el visor del sistema"),
                           lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(chosen[0].file))))
            menu.popup(point)

    def _show_class_menu(self) -> None:
        ids, menu = self.selected_ids(), QMenu(self)
        keys = self._workspace.classes.keys()
        for name in self._workspace.counts.class_names:
            key = f"\t{keys[name].upper()}" if name in keys else ""
            menu.addAction(name.replace("&", "&&") + key, partial(self.relabel, name))
        menu.addSeparator()
        menu.addAction(tr("New class…", "Nueva clase…"), lambda: relabel_to_new(self._workspace, self, ids))
        menu.popup(self._actions.mapToGlobal(self._actions.rect().bottomLeft()))
