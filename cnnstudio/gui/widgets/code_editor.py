"""Source with numbered lines: read only or edited; lines with problems are marked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from cnnstudio.gui.look import theme

INDENT: Final = "    "
_GAP: Final = 12
"""Pixels between the numbers and the text."""


class CodeEditor(QPlainTextEdit):
    """Python source; read only until `set_editing`."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setFont(theme.mono_font())
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setAccessibleName(name)
        self._highlighter = Python(self.document())
        self._marks: dict[int, str] = {}
        self._numbers = _Numbers(self)
        self.blockCountChanged.connect(self._fit)
        self.updateRequest.connect(self._on_cursor_moved)
        self._fit()

    def set_editing(self, editing: bool) -> None:
        """Allow editing; the Tab key then indents (Escape and the mouse leave the field)."""
        self.setReadOnly(not editing)
        self.setTabChangesFocus(not editing)

    def show_text(self, text: str) -> None:
        """Replace the text; the scroll position stays where possible."""
        if text != self.toPlainText():
            place = self.verticalScrollBar().value()
            self.setPlainText(text)
            self.verticalScrollBar().setValue(place)

    def put(self, text: str) -> None:
        """Replace the text as an edit that can be undone."""
        cursor = self.textCursor()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def mark_lines(self, marks: Mapping[int, str]) -> None:
        """Colour lines (from 1) by the severity of their problems."""
        self._marks = {line: "error" if severity == "error" else "warn" for line, severity in marks.items()}
        selections = []
        for line, token in self._marks.items():
            block = self.document().findBlockByNumber(line - 1)
            if not block.isValid():
                continue
            selection = QTextEdit.ExtraSelection()
            ground = QColor(theme.color(token))
            ground.setAlpha(36)
            selection.format.setBackground(ground)
            selection.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
            selection.cursor = QTextCursor(block)
            selections.append(selection)
        self.setExtraSelections(selections)
        self._numbers.update()

    def go_to(self, line: int) -> None:
        """Show a line (from 1) and put the cursor there."""
        block = self.document().findBlockByNumber(line - 1)
        if block.isValid():
            self.setTextCursor(QTextCursor(block))
            self.centerCursor()
            self.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Tab indents, Shift+Tab takes an indent back, Enter keeps the indent of its line."""
        if self.isReadOnly():
            super().keyPressEvent(event)
        elif event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            self._indent(event.key() == Qt.Key.Key_Backtab)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            line = self.textCursor().block().text()[:self.textCursor().positionInBlock()]
            indent = line[:len(line) - len(line.lstrip())]
            self.insertPlainText("\n" + indent + (INDENT if line.rstrip().endswith(":") else ""))
            self.ensureCursorVisible()
        else:
            super().keyPressEvent(event)

    def _indent(self, back: bool) -> None:
        cursor = self.textCursor()
        document = self.document()
        first = document.findBlock(cursor.selectionStart())
        last = document.findBlock(max(cursor.selectionStart(), cursor.selectionEnd() - 1))
        if not back and not cursor.hasSelection():
            cursor.insertText(INDENT[cursor.positionInBlock() % len(INDENT):])
            return
        cursor.beginEditBlock()
        for number in range(first.blockNumber(), last.blockNumber() + 1):
            block = document.findBlockByNumber(number)
            line = QTextCursor(block)
            if not back:
                line.insertText(INDENT)
                continue
            blank = len(block.text()) - len(block.text().lstrip(" "))
            for _ in range(min(len(INDENT), blank)):
                line.deleteChar()
        cursor.endEditBlock()

    # Numbers --------------------------------------------------------------------------------------

    def numbers_width(self) -> int:
        """The width of the line numbers in pixels."""
        return QFontMetrics(self.font()).horizontalAdvance("0" * max(2, len(str(self.blockCount())))) + 2 * _GAP

    def _fit(self, _count: int = 0) -> None:
        self.setViewportMargins(self.numbers_width(), 0, 0, 0)
        self._numbers.setGeometry(self._strip())

    def _strip(self) -> QRect:
        inside = self.contentsRect()
        return QRect(inside.left(), inside.top(), self.numbers_width(), inside.height())

    def _on_cursor_moved(self, area: QRect, down: int) -> None:
        if down:
            self._numbers.scroll(0, down)
        else:
            self._numbers.update(0, area.y(), self._numbers.width(), area.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._numbers.setGeometry(self._strip())

    def paint_numbers(self, painter: QPainter, area: QRect) -> None:
        """Draw the numbers of the visible lines."""
        painter.setFont(self.font())
        block = self.firstVisibleBlock()
        while block.isValid():
            box = self.blockBoundingGeometry(block).translated(self.contentOffset())
            if box.top() > area.bottom():
                return
            number = block.blockNumber() + 1
            painter.setPen(theme.color(self._marks.get(number, "faint")))
            painter.drawText(0, round(box.top()), self.numbers_width() - _GAP, round(box.height()),
                             Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(number))
            block = block.next()


class _Numbers(QWidget):
    """The strip with the numbers, left of the text."""

    def __init__(self, editor: CodeEditor) -> None:
        super().__init__(editor)
        self._editor = editor
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def sizeHint(self) -> QSize:
        return QSize(self._editor.numbers_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._editor.paint_numbers(painter, event.rect())
        painter.end()


class Python(QSyntaxHighlighter):
    """Strings, numbers, comments and keywords in the colours of the theme."""

    _TOKENS = re.compile(
        r"(?P<dim>#.*)"
        r"|(?P<long>[A-Za-z]{0,2}(?P<quotes>\"{3}|'{3}))"
        r"|(?P<ok>[A-Za-z]{0,2}(?:\"(?:\\.|[^\"\\])*\"?|'(?:\\.|[^'\\])*'?))"
        r"|(?P<accent>\b(?:import|def|class|return|from|as|for|in|if|elif|else|with|not|and|or|raise|yield|lambda|while|try"
        r"|except|finally|pass|is|assert|del|global|break|continue|False|True|None)\b)"
        r"|(?P<warn>(?<![\w.])\d(?:[\w.]|(?<=[eE])[+-])*)"
        r"|\w+")
    """What begins at a place decides what the rest is: a # inside a string begins no comment, a quote in a comment no string.
    Other words are matched whole, so that nothing is found inside them."""
    _QUOTES = ("\"\"\"", "'''")

    def highlightBlock(self, text: str) -> None:
        """Colour one line. The state of a line is which quotes, from 1, are still open at its end."""
        place, before = 0, self.previousBlockState()
        self.setCurrentBlockState(0)
        if before > 0:
            place = self._color_long(text, 0, 0, self._QUOTES[before - 1])
        while (match := self._TOKENS.search(text, place)) is not None:
            if match["long"]:
                place = self._color_long(text, match.start(), match.end(), match["quotes"])
                continue
            place = match.end()
            if match.lastgroup is not None:
                self._color(match.start(), place, match.lastgroup)

    def _color_long(self, text: str, start: int, inside: int, quotes: str) -> int:
        """Colour a string in three quotes from `start`; its end, or that of the line, where the string goes on."""
        end = inside
        while (end := text.find(quotes, end)) > 0 and text[end - 1] == "\\":
            end += 1
        if end < 0:
            self.setCurrentBlockState(self._QUOTES.index(quotes) + 1)
            end = len(text)
        else:
            end += len(quotes)
        self._color(start, end, "ok")
        return end

    def _color(self, start: int, end: int, token: str) -> None:
        style = QTextCharFormat()
        style.setForeground(theme.color(token))
        self.setFormat(start, end - start, style)
