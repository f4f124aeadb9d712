"""Items of the canvas besides layers and connections: frames of groups, and notes."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFocusEvent, QFontMetricsF, QKeyEvent, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import (
    QGraphicsItem,
    QGraphicsSceneMouseEvent,
    QGraphicsTextItem,
    QStyleOptionGraphicsItem,
    QWidget,
)

from cnnstudio.core.network import Group, Note
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.network.canvas.display import NAME, frame_around
from cnnstudio.gui.pages.network.canvas.items import NodeItem

_NOTE_WIDTH = 200.0


class GroupFrame(QGraphicsItem):
    """The frame around the layers of an open group, with its name; a double click on the name collapses it."""

    def __init__(self, group: Group, nodes: list[NodeItem], toggle: Callable[[str], None]) -> None:
        super().__init__()
        self.id = group.id
        self.nodes = nodes
        self._title = ""
        self._toggle = toggle
        self._rect = QRectF()
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemIsSelectable)
        self.setZValue(0)
        self.set_group(group)

    def set_group(self, group: Group) -> None:
        title = group.name if group.repeat == 1 else f"{group.name} × {group.repeat}"
        if title != self._title:
            self._title = title
            self.setToolTip(title)
            self.update()

    def follow(self) -> None:
        """Fit the frame to the present positions of its layers."""
        self.prepareGeometryChange()
        self._rect = QRectF(*frame_around([(item.x(), item.y()) for item in self.nodes])) if self.nodes else QRectF()
        self.update()

    def boundingRect(self) -> QRectF:
        return self._rect.adjusted(-2, -2, 2, 2)

    def name_rect(self) -> QRectF:
        """The rectangle of the name, which reacts to the mouse."""
        return QRectF(self._rect.left(), self._rect.top(), self._rect.width(), NAME + 6)

    def shape(self) -> QPainterPath:
        path = QPainterPath()
        path.addRect(self.name_rect())
        return path

    def mouseDoubleClickEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        self._toggle(self.id)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        fill = QColor(theme.color("accent"))
        fill.setAlphaF(0.05)
        painter.setBrush(fill)
        painter.setPen(QPen(theme.color("accent" if self.isSelected() else "faint"), 1.5 if self.isSelected() else 1,
                            Qt.PenStyle.DashLine))
        painter.drawRoundedRect(self._rect, 12, 12)
        if option.levelOfDetailFromTransform(painter.worldTransform()) > 0.3:
            font = theme.font("secondary")
            painter.setFont(font)
            painter.setPen(theme.color("dim"))
            room = self.name_rect().adjusted(14, 6, -14, 0)
            text = QFontMetricsF(font).elidedText(f"▾ {self._title}", Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)


class NoteItem(QGraphicsTextItem):
    """A note on the canvas: moved like a layer, edited after a double click."""

    def __init__(self, note: Note, written: Callable[[str, str], None]) -> None:
        super().__init__()
        self.id = note.id
        self._written = written
        self._text = ""
        flag = QGraphicsItem.GraphicsItemFlag
        self.setFlags(flag.ItemIsMovable | flag.ItemIsSelectable)
        self.setTextWidth(_NOTE_WIDTH)
        self.document().setDocumentMargin(10)
        self.setZValue(2)
        self.set_note(note)

    def set_note(self, note: Note) -> None:
        self.setFont(theme.font("body"))
        self.setDefaultTextColor(theme.color("text"))
        if not self.is_editing and note.text != self._text:
            self._text = note.text
            self.setPlainText(note.text)
        if self.pos() != QPointF(*note.position):
            self.setPos(*note.position)

    @property
    def is_editing(self) -> bool:
        """Whether the note is being edited."""
        return bool(self.textInteractionFlags() & Qt.TextInteractionFlag.TextEditable)

    def start_editing(self) -> None:
        """Start editing, with everything selected."""
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextEditorInteraction)
        self.setFocus()
        cursor = self.textCursor()
        cursor.select(cursor.SelectionType.Document)
        self.setTextCursor(cursor)

    def mouseDoubleClickEvent(self, event: QGraphicsSceneMouseEvent) -> None:
        if self.is_editing:
            super().mouseDoubleClickEvent(event)
        else:
            self.start_editing()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.clearFocus()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if self.is_editing:
            cursor = self.textCursor()
            cursor.clearSelection()
            self.setTextCursor(cursor)
            self.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
            self._text = self.toPlainText()
            self._written(self.id, self._text)

    def paint(self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = self.isSelected() or self.is_editing
        painter.setPen(QPen(theme.color("accent" if chosen else "line"), 1.5 if chosen else 1))
        painter.setBrush(theme.color("accent_bg"))
        painter.drawRoundedRect(self.boundingRect().adjusted(1, 1, -1, -1), 8, 8)
        plain = QStyleOptionGraphicsItem(option)
        plain.state = QStyleOptionGraphicsItem().state
        super().paint(painter, plain, widget)  # type: ignore[arg-type]
