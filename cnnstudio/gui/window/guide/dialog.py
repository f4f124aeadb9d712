"""The dialog of the guide: the list of sections, one of them as text, and the search over all."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from cnnstudio.core.guide import GROUPS, REFERENCE, Section, count, read_guide, read_reference
from cnnstudio.core.text import language, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.basics import Button, Elided, column, row
from cnnstudio.gui.widgets.dialog import Dialog
from cnnstudio.gui.widgets.formatting import format_count
from cnnstudio.gui.widgets.inputs import SearchBox
from cnnstudio.gui.window.actions import Entry
from cnnstudio.gui.window.guide.section_view import SectionView
from cnnstudio.gui.window.guide.shortcuts import shortcuts_section

_LINE = 32
_NUMBER = Qt.ItemDataRole.UserRole


class GuideDialog(Dialog):
    """Stays beside the window, so that it can be read while working."""

    def __init__(self, entries: Sequence[Entry], page: str, parent: QWidget | None = None) -> None:
        """Opens at the section of a page."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Guide", "Guía"))
        self.resize(1000, 720)
        code = language()
        guide = read_guide(code)
        self._sections: list[Section] = [*(section for section in guide if section.group == "pages"),
                                         shortcuts_section(entries),
                                         *(section for section in guide if section.group != "pages"),
                                         *read_reference(code)]
        self._shown: Section | None = None
        self._search = SearchBox(tr("Search the guide", "Buscar en la guía"))
        self._search.setAccessibleName(self._search.placeholderText())
        self._search.textChanged.connect(self._look_for)
        self._search.installEventFilter(self)
        self._told = Elided("", "secondary", "dim")
        self._before = Button(tr("Previous place (Shift+F3)", "Lugar anterior (Mayús+F3)"), "icon", "chevron-up",
                              on_click=lambda: self._step(-1))
        self._next = Button(tr("Next place (F3)", "Lugar siguiente (F3)"), "icon", "chevron-down",
                            on_click=lambda: self._step(1))
        for keys, by in (("F3", 1), ("Shift+F3", -1)):
            QShortcut(QKeySequence(keys), self, activated=lambda by=by: self._step(by))  # type: ignore[call-overload]
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self,  # type: ignore[call-overload]
                  activated=self._search.setFocus)
        self._list = QListWidget()
        self._list.setFixedWidth(252)
        self._list.setAccessibleName(tr("Sections", "Secciones"))
        self._view = SectionView()
        self._view.link_chosen.connect(self._follow)
        self._list.currentItemChanged.connect(lambda item, _before: self._show(item))
        self._fill()
        line = row(self._list, self._view, spacing=12)
        line.setStretch(1, 1)
        self._search.setMinimumWidth(252)
        top = row(self._search, self._told, self._before, self._next, spacing=8)
        top.setStretch(1, 1)
        layout = column(spacing=12, margins=(20, 20, 20, 16))
        layout.addLayout(top)
        layout.addLayout(line, 1)
        layout.addLayout(row(None, Button(tr("Close", "Cerrar"), "primary", on_click=self.accept)))
        self.setLayout(layout)
        self._select(next((section.name for section in guide if page in section.pages), guide[0].name))
        self._list.setFocus()
        self._tell()

    @property
    def section(self) -> str:
        """The title of the section on screen."""
        return self._shown.title if self._shown is not None else ""

    def search(self, words: str) -> None:
        """Look for words in all sections."""
        self._search.setText(words)

    # The list ------------------------------------------------------------------------------------

    def _fill(self) -> None:
        """The sections with what is looked for, and how often; all without a search."""
        words, shown = self._search.text().strip(), self._shown
        self._list.blockSignals(True)
        self._list.clear()
        group = ""
        for number, section in enumerate(self._sections):
            found = count(section, words) if words else 0
            if words and not found:
                continue
            if section.group != group:
                group = section.group
                self._add_heading(str(GROUPS[group]))
            item = QListWidgetItem(f"{section.title}  ·  {format_count(found)}" if words else section.title, self._list)
            item.setData(_NUMBER, number)
            item.setSizeHint(QSize(0, _LINE))
            item.setToolTip(section.title)
            if section is shown:
                self._list.setCurrentItem(item)
        self._list.blockSignals(False)

    def _add_heading(self, title: str) -> None:
        heading = QListWidgetItem(title, self._list)
        heading.setFlags(Qt.ItemFlag.NoItemFlags)
        heading.setFont(theme.font("caption"))
        heading.setForeground(theme.color("dim"))
        heading.setSizeHint(QSize(0, _LINE))

    def _items(self) -> list[QListWidgetItem]:
        items = [self._list.item(place) for place in range(self._list.count())]
        return [item for item in items if item.data(_NUMBER) is not None]

    def _select(self, name: str) -> bool:
        """Bring the section of this name in sight."""
        for item in self._items():
            if self._sections[item.data(_NUMBER)].name == name:
                self._list.setCurrentItem(item)
                return True
        return False

    def _show(self, item: QListWidgetItem | None) -> None:
        if item is None or item.data(_NUMBER) is None:
            return
        self._shown = self._sections[item.data(_NUMBER)]
        self._view.show_section(self._shown)
        self._view.find_all(self._search.text())
        self._tell()

    def _follow(self, target: str) -> None:
        """A link of a section leads to another one."""
        place = target.partition("#")[0].removesuffix(".md")
        self._search.clear()
        self._select(f"{REFERENCE}-1" if place.startswith(f"{REFERENCE}/") else place)

    # The search ----------------------------------------------------------------------------------

    def _look_for(self, words: str) -> None:
        self._fill()
        items = self._items()
        if items and self._list.currentItem() not in items:
            self._list.setCurrentItem(items[0])
        else:
            self._view.find_all(words)
        self._tell()

    def _step(self, by: int) -> None:
        """The next place; behind the last one of a section comes the first one of the next section."""
        items = self._items()
        if not self._search.text().strip() or not items:
            return
        leaves = self._view.hits == 0 or self._view.current_hit == (self._view.hits - 1 if by > 0 else 0)
        if leaves and len(items) > 1:
            current = self._list.currentItem()
            self._list.setCurrentItem(items[((items.index(current) if current in items else 0) + by) % len(items)])
            if by < 0:
                self._view.go_on(-1)
        else:
            self._view.go_on(by)
        self._tell()

    def _tell(self) -> None:
        words, items = self._search.text().strip(), self._items()
        for button in (self._before, self._next):
            button.setVisible(bool(words))
            button.setEnabled(bool(items))
        if not words:
            self._told.setText("")
        elif not items:
            self._told.setText(tr("Nothing found", "No se ha encontrado nada"))
        else:
            self._told.setText(tr("{here} of {hits} on this page · in {n} sections",
                                  "{here} de {hits} en esta página · en {n} secciones", here=self._view.current_hit + 1,
                                  hits=self._view.hits, n=len(items)))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter in the field goes to the next place instead of closing the dialog."""
        if watched is self._search and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress \
                and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._step(-1 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1)
            return True
        return super().eventFilter(watched, event)
