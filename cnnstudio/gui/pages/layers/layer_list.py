"""The layers of a trained network in their order, each with the feature maps that answer most to the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPalette
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.formatting import format_percent

_Index = QModelIndex | QPersistentModelIndex
_STRIP: Final = 40
_HEIGHT: Final = 48
"""Of the two lines of text of a layer, in pixels."""
_DEAD: Final = 0.5
"""From this share of silent units on a layer is marked."""


@dataclass(frozen=True, eq=False)
class LayerLine:
    """A layer: its name, Keras type and output shape for one picture; `strip`: maps side by side, for layers that have some,
    and `dead`: the share of its units that answer nothing to the picture."""

    name: str
    type: str
    shape: tuple[int, ...]
    strip: QImage | None = None
    dead: float = 0.0
    units: tuple[int, ...] = field(default=())

    @property
    def height(self) -> int:
        return _HEIGHT + (_STRIP + 8 if self.strip is not None else 0)

    @property
    def note(self) -> str:
        """Type and shape, and how much of it is silent."""
        text = f"{self.type} · {' × '.join(map(str, self.shape))}"
        if self.dead >= _DEAD:
            text += " · " + tr("{share} silent", "{share} calladas", share=format_percent(self.dead, 0))
        return text


class LayersModel(QAbstractListModel):
    """The lines in the order of the network."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[LayerLine] = []

    def rowCount(self, parent: _Index = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.lines)

    def data(self, index: _Index, role: int = 0) -> Any:
        line = self.lines[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return line.name
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            return f"{line.name}\n{line.note}"
        return None

    def set_lines(self, lines: Sequence[LayerLine]) -> None:
        same = [line.name for line in lines] == [line.name for line in self.lines]
        if same:
            heights = [line.height for line in self.lines] != [line.height for line in lines]
            self.lines = list(lines)
            if lines:
                self.dataChanged.emit(self.index(0), self.index(len(lines) - 1))
            if heights:
                self.layoutChanged.emit()
            return
        self.beginResetModel()
        self.lines = list(lines)
        self.endResetModel()


class _Delegate(QStyledItemDelegate):
    def __init__(self, model: LayersModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model

    def sizeHint(self, _option: QStyleOptionViewItem, index: _Index) -> QSize:
        return QSize(160, self._model.lines[index.row()].height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        line, rect, state = self._model.lines[index.row()], option.rect, option.state
        painter.save()
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, theme.color("accent_bg"))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, theme.color("sunk"))
        self._text(painter, line.name, QRect(rect.x() + 12, rect.y() + 6, rect.width() - 20, 18), "body", "text",
                   Qt.TextElideMode.ElideLeft)
        self._text(painter, line.note, QRect(rect.x() + 12, rect.y() + 25, rect.width() - 20, 17), "secondary",
                   "warn" if line.dead >= _DEAD else "dim", Qt.TextElideMode.ElideRight)
        if line.strip is not None:
            room = QRect(rect.x() + 12, rect.y() + _HEIGHT, rect.width() - 20, _STRIP)
            size = line.strip.size()
            wide = size.width() * _STRIP / max(1, size.height())
            share = min(1.0, room.width() / max(1.0, wide))
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, size.height() > _STRIP)
            painter.drawImage(QRect(room.x(), room.y(), round(wide * share), _STRIP), line.strip,
                              QRect(0, 0, round(size.width() * share), size.height()))
        painter.restore()

    @staticmethod
    def _text(painter: QPainter, text: str, rect: QRect, font: str, token: str, mode: Qt.TextElideMode) -> None:
        painter.setFont(theme.font(font))
        painter.setPen(theme.color(token))
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, painter.fontMetrics().elidedText(text, mode, rect.width()))


class LayerList(QListView):
    """`chosen(name)` when another layer is selected."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = LayersModel()
        self.setModel(self._model)
        self.setItemDelegate(_Delegate(self._model, self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Layers of the network", "Capas de la red"))
        palette = self.palette()
        palette.setColor(QPalette.ColorRole.Base, theme.color("surface"))
        self.setPalette(palette)
        self.selectionModel().currentChanged.connect(self._on_current_changed)

    @property
    def lines(self) -> list[LayerLine]:
        return self._model.lines

    @property
    def current(self) -> LayerLine | None:
        """The selected layer."""
        index = self.currentIndex()
        return self._model.lines[index.row()] if index.isValid() and index.row() < len(self._model.lines) else None

    def show_lines(self, lines: Sequence[LayerLine]) -> None:
        """Show the layers; the selected one stays selected by its name."""
        before = self.current
        self.blockSignals(True)
        self._model.set_lines(lines)
        if before is not None:
            self.select(before.name)
        self.blockSignals(False)
        self.viewport().update()

    def select(self, name: str) -> None:
        """Select a layer, if there is one of that name."""
        place = next((place for place, line in enumerate(self._model.lines) if line.name == name), -1)
        if place >= 0:
            self.setCurrentIndex(self._model.index(place))

    def _on_current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid():
            self.chosen.emit(self._model.lines[current.row()].name)
