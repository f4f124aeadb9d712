"""The guide: its sections beside each other's titles, and every shortcut."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeySequence, QTextCursor
from PySide6.QtWidgets import QGridLayout, QListWidget, QListWidgetItem, QStackedWidget, QTextBrowser, QWidget

from cnnstudio.core.places import resource
from cnnstudio.core.text import language, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.basics import Button, Label, box, column, row, scroll_area
from cnnstudio.gui.widgets.dialog import Dialog
from cnnstudio.gui.window.actions import Entry

_PAGES = re.compile(r"<!-- pages: ([a-z ]+) -->\n?")


@dataclass(frozen=True)
class Section:
    """A section of the guide, as Markdown, and the pages of the window that it explains."""

    title: str
    text: str
    pages: tuple[str, ...] = ()


def read_guide(code: str) -> list[Section]:
    """The sections of the guide in a language ("en" or "es")."""
    sections = []
    for part in resource("guide", f"{code}.md").read_text("utf-8").split("\n## ")[1:]:
        title, _, text = part.partition("\n")
        match = _PAGES.match(text)
        pages = tuple(match[1].split()) if match is not None else ()
        sections.append(Section(title.strip(), _PAGES.sub("", text, count=1).strip(), pages))
    return sections


class GuideDialog(Dialog):
    """Stays beside the window, so that it can be read while working."""

    def __init__(self, entries: Sequence[Entry], page: str, parent: QWidget | None = None) -> None:
        """Opens at the section of a page."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Guide", "Guía"))
        self.resize(920, 680)
        sections = read_guide(language())
        self._list, self._stack = QListWidget(), QStackedWidget()
        self._list.setFixedWidth(210)
        self._list.setAccessibleName(tr("Sections", "Secciones"))
        for title, view in (*((section.title, _text_view(section)) for section in sections),
                            (tr("Shortcuts", "Atajos"), _shortcuts(entries))):
            item = QListWidgetItem(title, self._list)
            item.setSizeHint(QSize(0, 34))
            self._stack.addWidget(view)
        self._list.currentRowChanged.connect(self._stack.setCurrentIndex)
        line = row(self._list, self._stack, spacing=12)
        line.setStretch(1, 1)
        close = Button(tr("Close", "Cerrar"), "primary", on_click=self.accept)
        layout = column(spacing=12, margins=(20, 20, 20, 16))
        layout.addLayout(line, 1)
        layout.addLayout(row(None, close))
        self.setLayout(layout)
        self._list.setCurrentRow(next((place for place, section in enumerate(sections) if page in section.pages), 0))

    @property
    def section(self) -> str:
        """The title of the section on screen."""
        item = self._list.currentItem()
        return item.text() if item is not None else ""


def _text_view(section: Section) -> QTextBrowser:
    view = QTextBrowser()
    view.setOpenExternalLinks(True)
    view.document().setDocumentMargin(16)
    view.document().setDefaultFont(theme.font())
    view.setMarkdown(f"## {section.title}\n\n{section.text}\n")
    cursor = QTextCursor(view.document())
    while not cursor.atEnd():
        space = cursor.blockFormat()
        space.setBottomMargin(0 if cursor.currentTable() is not None else 8)
        cursor.setBlockFormat(space)
        if not cursor.movePosition(QTextCursor.MoveOperation.NextBlock):
            break
    view.setAccessibleName(section.title)
    return view


def _shortcuts(entries: Sequence[Entry]) -> QWidget:
    grid = QGridLayout()
    grid.setVerticalSpacing(4)
    grid.setHorizontalSpacing(16)
    grid.setColumnStretch(1, 1)
    pairs = [(QKeySequence(entry.shortcut).toString(QKeySequence.SequenceFormat.NativeText), str(entry.label))
             for entry in entries if entry.shortcut]
    pairs += [("0–9", tr("Data, Predict: assign the class with that key to the selected pictures",
                         "Datos, Predecir: asignar a las imágenes elegidas la clase de esa tecla")),
              (tr("Space", "Espacio"), tr("Predict: freeze the frame of the camera, or go on",
                                          "Predecir: congelar el fotograma de la cámara, o seguir")),
              (tr("Delete", "Supr"), tr("Data: exclude the selected pictures", "Datos: excluir las imágenes elegidas")),
              ("F2", tr("Data, Network, Train: rename the selected class, layer or run",
                        "Datos, Red, Entrenar: cambiar el nombre de la clase, la capa o el entrenamiento elegidos")),
              (tr("Ctrl+wheel", "Ctrl+rueda"), tr("Data: size of the thumbnails; Train: zoom of the curves",
                                                  "Datos: tamaño de las miniaturas; Entrenar: ampliación de las curvas"))]
    for line, (keys, description) in enumerate(pairs):
        grid.addWidget(Label(keys, "secondary", "dim"), line, 0)
        grid.addWidget(Label(description, wrap=True), line, 1)
    content = column(Label(tr("Shortcuts", "Atajos"), "title"), spacing=12, margins=(16, 16, 16, 16))
    content.addLayout(grid)
    content.addStretch(1)
    return scroll_area(box(content))
