"""A palette that finds actions by a few letters."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QListWidget, QListWidgetItem, QWidget

from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import icons
from cnnstudio.gui.widgets.basics import Elided, Label, column
from cnnstudio.gui.widgets.inputs import SearchBox


def score(query: str, text: str) -> int | None:
    """How well `text` matches `query`: lower is better, None when its letters do not occur in this order.

    Consecutive letters and first letters of words score better.
    """
    query, text = _plain(query), _plain(text)
    if not query:
        return 0
    if query in text:
        return text.index(query)
    position, cost, last = 0, 20, -2
    for letter in query:
        if letter == " ":
            continue
        index = text.find(letter, position)
        if index < 0:
            return None
        starts_word = index == 0 or not text[index - 1].isalnum()
        cost += 0 if index == last + 1 or starts_word else 3 + index - position
        last, position = index, index + 1
    return cost


def _plain(text: str) -> str:
    import unicodedata

    decomposed = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter)).strip()


@dataclass(frozen=True)
class PaletteItem:
    """An action of the palette; `label` is searched in both languages."""

    label: Text
    action: QAction
    icon: str = ""
    shortcut: str = ""


_ROWS = 10
_ROW = 34
_ICON_GAP = 12
"""Pixels between an icon and its label, as Qt draws them."""


class CommandPalette(QDialog):
    """A search field over the list of available actions."""

    def __init__(self, offered: list[PaletteItem], parent: QWidget, question: str = "") -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("palette")
        self.setFixedWidth(560)
        self._offered = offered
        self._search = SearchBox(question or tr("What do you want to do?", "¿Qué quiere hacer?"))
        self._list = QListWidget()
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setAccessibleName(tr("Actions", "Acciones"))
        # Whole rows: one that is cut in half looks like a mistake.
        self._list.setFrameShape(QFrame.Shape.NoFrame)
        self._list.setFixedHeight(_ROWS * _ROW)
        self._list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerItem)
        self._nothing = Label(tr("No action matches.", "Ninguna acción coincide."), tone="dim")
        self._nothing.hide()
        self.setLayout(column(self._search, self._nothing, self._list, spacing=8, margins=(12, 12, 12, 12)))
        self._search.textChanged.connect(self._fill)
        self._search.installEventFilter(self)
        self._list.itemClicked.connect(self._take)
        self._fill("")
        self.adjustSize()
        self.move(parent.mapToGlobal(parent.rect().center()) - self.rect().center())
        self._search.setFocus()

    def set_query(self, text: str) -> None:
        """Start with these letters."""
        self._search.setText(text)

    def _fill(self, query: str) -> None:
        self._list.clear()
        ranked = []
        for order, item in enumerate(self._offered):
            # The English label finds an action in Spanish, too: many users know the terms of the field in English only.
            scores = [score(query, item.action.text().replace("&&", "&")), score(query, item.label.en)]
            matches = [cost for cost in scores if cost is not None]
            if matches:
                ranked.append((min(matches), order, item))
        for _cost, _order, item in sorted(ranked, key=lambda ranking: ranking[:2]):
            self._add(item)
        self._nothing.setVisible(not ranked)
        self._list.setCurrentRow(0)

    def _add(self, offer: PaletteItem) -> None:
        item = QListWidgetItem(self._list)
        item.setData(Qt.ItemDataRole.UserRole, offer.action)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, offer.action.text())
        if offer.icon:
            item.setIcon(icons.icon(offer.icon, "dim"))
        line = QWidget()
        layout = QHBoxLayout(line)
        # Level with the labels beside an icon.
        layout.setContentsMargins(10 if offer.icon else 10 + self._list.iconSize().width() + _ICON_GAP, 0, 10, 0)
        layout.addWidget(Elided(offer.action.text().replace("&&", "&")), 1)
        if offer.shortcut:
            keys = QKeySequence(offer.shortcut).toString(QKeySequence.SequenceFormat.NativeText)
            layout.addWidget(Label(keys, "secondary", "dim"))
        item.setSizeHint(line.sizeHint().expandedTo(item.sizeHint()))
        hint = item.sizeHint()
        hint.setHeight(_ROW)
        item.setSizeHint(hint)
        self._list.setItemWidget(item, line)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._search and isinstance(event, QKeyEvent) and event.type() == QKeyEvent.Type.KeyPress:
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
            if event.key() in steps and self._list.count():
                row = self._list.currentRow() + steps[Qt.Key(event.key())]
                self._list.setCurrentRow(max(0, min(self._list.count() - 1, row)))
                return True
            if event.key() == Qt.Key.Key_Escape:
                # In other search fields it empties the field first; what opens with one key closes with one.
                self.reject()
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._take(self._list.currentItem())
                return True
        return False

    def _take(self, item: QListWidgetItem | None) -> None:
        if item is None:
            return
        action: QAction = item.data(Qt.ItemDataRole.UserRole)
        self.accept()
        action.trigger()
