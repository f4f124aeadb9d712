"""Undo and Redo in the header, with the list of steps."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import icons
from cnnstudio.gui.state.commands import Redo, Undo
from cnnstudio.gui.widgets.basics import Button, row

_MOST: Final = 15
"""The most steps of a direction in the list."""


class Steps(QWidget):
    """Two buttons, and a menu of the steps; choosing one goes back (or forward) to it."""

    command_chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._labels: tuple[list[Text], list[Text]] = ([], [])
        self._undo = Button(tr("Undo", "Deshacer"), "icon", "undo", on_click=lambda: self.command_chosen.emit(Undo()))
        self._redo = Button(tr("Redo", "Rehacer"), "icon", "redo", on_click=lambda: self.command_chosen.emit(Redo()))
        self._list = Button(tr("History", "Historial"), "icon", "chevron-down", on_click=self._open)
        self._list.setFixedWidth(22)
        self.setLayout(row(self._undo, self._redo, self._list, spacing=0))

    def show_steps(self, undo: Sequence[Text], redo: Sequence[Text]) -> None:
        """Show the next step of each direction in the tooltips; the lists begin with the next step."""
        self._labels = (list(undo), list(redo))
        for button, name, keys, labels in ((self._undo, tr("Undo", "Deshacer"), "Ctrl+Z", undo),
                                           (self._redo, tr("Redo", "Rehacer"), "Ctrl+Shift+Z", redo)):
            shortcut = QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
            button.setEnabled(bool(labels))
            button.setToolTip(f"{name}: {labels[0]}  ({shortcut})" if labels else f"{name}  ({shortcut})")
        self._list.setEnabled(bool(undo or redo))

    def menu(self) -> QMenu:
        """The steps, newest above; the present state is between what can be redone and what can be undone."""
        menu = QMenu(self)
        undo, redo = self._labels
        for count in range(min(_MOST, len(redo)), 0, -1):
            menu.addAction(icons.icon("redo", "faint"), _name(redo[count - 1]),
                           partial(self.command_chosen.emit, Redo(count)))
        now = menu.addAction(tr("Now", "Ahora"))
        now.setEnabled(False)
        for count in range(1, min(_MOST, len(undo)) + 1):
            menu.addAction(icons.icon("undo", "dim"), _name(undo[count - 1]),
                           partial(self.command_chosen.emit, Undo(count)))
        if len(undo) > _MOST:
            more = menu.addAction(tr("and {n} earlier steps", "y {n} pasos anteriores", n=len(undo) - _MOST))
            more.setEnabled(False)
        menu.aboutToHide.connect(menu.deleteLater)
        return menu

    def _open(self) -> None:
        self.menu().popup(self._list.mapToGlobal(self._list.rect().bottomLeft()))


def _name(label: Text) -> str:
    return " ".join(str(label).split())[:60].replace("&", "&&")
