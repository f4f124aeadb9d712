"""One section of the guide as text, in which words can be found."""

from __future__ import annotations

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices, QTextBlock, QTextCursor, QTextDocument, QTextFormat
from PySide6.QtWidgets import QTextBrowser, QTextEdit, QWidget

from cnnstudio.core.guide import Section
from cnnstudio.gui.look import theme

_GAP = 8
_INDENT = 12


class SectionView(QTextBrowser):
    """`link_chosen(target)` for links to other sections; the browser of the system opens the others."""

    link_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setOpenLinks(False)
        self.anchorClicked.connect(self._follow)
        self.document().setDocumentMargin(16)
        self.document().setDefaultFont(theme.font())
        self._places: list[QTextCursor] = []
        self._current = -1

    def show_section(self, section: Section) -> None:
        self.setMarkdown(f"# {section.title}\n\n{section.text}\n")
        self._loosen()
        self.setAccessibleName(section.title)
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def _loosen(self) -> None:
        """Space between the paragraphs, and none inside tables and programs."""
        whole = QTextCursor(self.document())
        # One change of the document, so that it is laid out once.
        whole.beginEditBlock()
        block = self.document().begin()
        while block.isValid():
            cursor = QTextCursor(block)
            space = block.blockFormat()
            code = _is_code(block)
            inside = cursor.currentTable() is not None or (code and _is_code(block.next()))
            space.setBottomMargin(0 if inside else _GAP)
            if code:
                space.setLeftMargin(_INDENT)
                space.setBackground(theme.color("bg"))
            cursor.setBlockFormat(space)
            block = block.next()
        whole.endEditBlock()

    # Words that are looked for ---------------------------------------------------------------------

    @property
    def hits(self) -> int:
        """How often the words stand here."""
        return len(self._places)

    @property
    def current_hit(self) -> int:
        """The number of the place in sight, from 0; -1 without one."""
        return self._current

    def find_all(self, words: str) -> None:
        """Mark every place where the words stand, and go to the first."""
        self._places, self._current = [], -1
        cursor = QTextCursor(self.document())
        while words.strip():
            cursor = self.document().find(words.strip(), cursor, QTextDocument.FindFlag(0))
            if cursor.isNull():
                break
            self._places.append(QTextCursor(cursor))
        self.go_on(1)

    def go_on(self, by: int) -> None:
        """Go to the next place (1) or the one before (-1); behind the last comes the first."""
        if self._places:
            self._current = (self._current + by) % len(self._places)
            self._show_place(self._places[self._current])
        self._mark()

    def _show_place(self, place: QTextCursor) -> None:
        at = QTextCursor(place)
        at.clearSelection()
        self.setTextCursor(at)
        # In the middle, with what stands before and after it.
        bar = self.verticalScrollBar()
        bar.setValue(bar.value() + self.cursorRect(at).center().y() - self.viewport().height() // 2)

    def _mark(self) -> None:
        marks = []
        for number, place in enumerate(self._places):
            mark = QTextEdit.ExtraSelection()
            mark.cursor = place
            here = number == self._current
            mark.format.setBackground(theme.color("accent" if here else "accent_bg"))
            mark.format.setForeground(theme.color("on_accent" if here else "text"))
            marks.append(mark)
        self.setExtraSelections(marks)

    def _follow(self, url: QUrl) -> None:
        if url.scheme():
            QDesktopServices.openUrl(url)
        else:
            self.link_chosen.emit(url.toString())


def _is_code(block: QTextBlock) -> bool:
    """Whether a line belongs to a block of code."""
    fence = QTextFormat.Property.BlockCodeFence
    return block.isValid() and block.blockFormat().hasProperty(int(fence.value))
