"""Running text in the program's look, as high as it needs to be."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt, QUrl, Signal
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QKeyEvent,
    QResizeEvent,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
    QTextFrameFormat,
    QTextLength,
    QTextTable,
    QWheelEvent,
)
from PySide6.QtWidgets import QFrame, QSizePolicy, QTextBrowser, QWidget

from cnnstudio.gui.look import theme

_LINE: Final = 150
"""Height of a line in per cent."""
_AFTER: Final = 10
"""Pixels below a paragraph."""
_SCROLLING: Final = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown, Qt.Key.Key_Home, Qt.Key.Key_End)
"""Keys that scroll the page around it."""
PROSE_MARGIN: Final = 10
"""Pixels beside the text, where a ring shows that it has the focus."""
_RING: Final = 2


class Prose(QTextBrowser):
    """Markdown without a frame or a scroll bar: the page around it scrolls. `link_chosen(address)` for its links."""

    link_chosen = Signal(str)

    def __init__(self, markdown: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setStyleSheet(f"QTextBrowser {{ background: transparent; border: {_RING}px solid transparent; border-radius: 6px; "
                           f"padding: 0 {PROSE_MARGIN - _RING}px; }} "
                           f"QTextBrowser:focus {{ border-color: {theme.color('accent').name()}; }}")
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setOpenLinks(False)
        self.setTabChangesFocus(True)
        self.anchorClicked.connect(lambda address: self.link_chosen.emit(QUrl(address).toString()))
        self.document().setDocumentMargin(0)
        self.document().setDefaultFont(theme.font("reading"))
        self.setMarkdown(markdown)
        self.setAccessibleName(self.toPlainText().partition("\n")[0])
        self._dress()

    def _dress(self) -> None:
        """Give headings, paragraphs, lists, tables and code the sizes and colours of the theme."""
        block = self.document().begin()
        while block.isValid():
            cursor = QTextCursor(block)
            level, table = block.blockFormat().headingLevel(), cursor.currentTable()
            space = QTextBlockFormat()
            space.setLineHeight(_LINE, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
            listed = block.textList() is not None
            space.setTopMargin(14 if level and block.blockNumber() else 0)
            space.setBottomMargin(0 if table is not None else 4 if listed or level else _AFTER)
            cursor.mergeBlockFormat(space)
            if level:
                cursor.select(QTextCursor.SelectionType.BlockUnderCursor)
                heading = QTextCharFormat()
                heading.setFont(theme.font("title" if level <= 2 else "heading"))
                heading.setForeground(theme.color("text"))
                cursor.mergeCharFormat(heading)
            elif table is not None:
                _dress_table(table)
            self._dress_fragments(QTextCursor(block))
            block = block.next()

    @staticmethod
    def _dress_fragments(cursor: QTextCursor) -> None:
        """Code in the font for code, and what is stressed in a weight that the font has: Qt would smear another one."""
        mono, strong = QTextCharFormat(), QTextCharFormat()
        # JetBrains Mono and its kin are wide: a size smaller they look as large as the text.
        mono.setFont(theme.mono_font(13))
        mono.setBackground(theme.color("sunk"))
        strong.setFontWeight(QFont.Weight.DemiBold)
        changes: list[tuple[int, int, QTextCharFormat]] = []
        fragment = cursor.block().begin()
        while not fragment.atEnd():
            part = fragment.fragment()
            look = mono if part.charFormat().fontFixedPitch() else (
                strong if part.charFormat().fontWeight() > QFont.Weight.DemiBold else None)
            if look is not None:
                changes.append((part.position(), part.length(), look))
            fragment += 1
        for start, length, look in changes:
            cursor.setPosition(start)
            cursor.setPosition(start + length, QTextCursor.MoveMode.KeepAnchor)
            cursor.mergeCharFormat(look)

    # Its height -----------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit(event.size().width())

    def _fit(self, width: int) -> None:
        document = self.document()
        document.setTextWidth(width)
        height = int(document.size().height()) + 2 + 2 * _RING
        if height != self.height():
            self.setFixedHeight(height)

    def sizeHint(self) -> QSize:
        return QSize(480, self.height())

    def minimumSizeHint(self) -> QSize:
        return QSize(QFontMetrics(theme.font("reading")).averageCharWidth() * 20, 24)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _SCROLLING and not event.modifiers():
            event.ignore()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        # The page scrolls, not its text.
        event.ignore()


def _dress_table(table: QTextTable) -> None:
    look = table.format()
    look.setBorder(1)
    look.setBorderBrush(theme.color("line"))
    look.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
    look.setBorderCollapse(True)
    look.setCellPadding(6)
    look.setBottomMargin(_AFTER)
    look.setWidth(QTextLength(QTextLength.Type.PercentageLength, 100))
    table.setFormat(look)
    for place in range(table.columns()):
        cell = table.cellAt(0, place)
        strong = QTextCharFormat()
        strong.setFontWeight(QFont.Weight.DemiBold)
        cursor = cell.firstCursorPosition()
        cursor.setPosition(cell.lastPosition(), QTextCursor.MoveMode.KeepAnchor)
        cursor.mergeCharFormat(strong)
        paint = cell.format().toTableCellFormat()
        paint.setProperty(QTextFormat.Property.BackgroundBrush, theme.color("sunk"))
        cell.setFormat(paint)
