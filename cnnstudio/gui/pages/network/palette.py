"""The palette: every layer by family, and blocks of several; searched by typing, dragged onto the canvas."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QMimeData, QPoint, Qt, Signal
from PySide6.QtGui import QDrag, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from cnnstudio.catalog.blocks import BLOCKS
from cnnstudio.catalog.layers import FAMILIES, LAYERS
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.network.canvas.scene import MIME
from cnnstudio.gui.widgets.basics import Caption, Label, box, column
from cnnstudio.gui.widgets.inputs import SearchBox
from cnnstudio.gui.widgets.tab_order import bring_into_sight

BLOCK = "block:"
"""The prefix of a block's id; layers use their type as id."""
_STEPS: Final = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 10, Qt.Key.Key_PageUp: -10,
                 Qt.Key.Key_Home: -1000, Qt.Key.Key_End: 1000}


@dataclass(frozen=True)
class Entry:
    """One line of the palette: a layer type or a block."""

    id: str
    title: Text
    help: Text
    family: str


def entries() -> list[tuple[Text, list[Entry]]]:
    """All families with their layers, then the blocks."""
    groups = [(title, [Entry(layer.id, layer.title, layer.help, family) for layer in LAYERS
                       if layer.family == family and layer.in_palette]) for family, title in FAMILIES.items()]
    blocks = [Entry(BLOCK + block.id, block.label, block.help, "input") for block in BLOCKS]
    return [*groups, (Text("Blocks", "Bloques"), blocks)]


class LayerPalette(QWidget):
    """`wanted(type)` when a layer was chosen by double click or Enter; drags carry the type."""

    wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._search = SearchBox(tr("Search layers…  /", "Buscar capas…  /"))
        self._search.textChanged.connect(self._filter)
        self._search.returnPressed.connect(self._first)
        self._rows: list[LayerRow] = []
        self._families: list[tuple[QWidget, list[LayerRow]]] = []
        self._nothing = Label(tr("No layer matches.", "Ninguna capa coincide."), "secondary", "dim", wrap=True)
        self._nothing.hide()
        layout = QVBoxLayout()
        layout.setSpacing(0)
        layout.setContentsMargins(0, 0, 0, 0)
        for title, offered in entries():
            rows = [LayerRow(item) for item in offered]
            for row in rows:
                row.wanted.connect(self.wanted)
                row.stepped.connect(self._step)
            # The gaps belong to the family: without a match nothing of it is left.
            family = box(column(12, Caption(str(title)), 2, *rows, spacing=0))
            layout.addWidget(family)
            self._rows += rows
            self._families.append((family, rows))
        layout.addWidget(self._nothing)
        layout.addStretch(1)
        self.setLayout(column(self._search, layout, spacing=4, margins=(16, 16, 16, 16)))
        self._show_way(self._rows[0])

    def focus_search(self) -> None:
        self._search.setFocus()
        self._search.selectAll()

    def _step(self, steps: int) -> None:
        """Another row by the arrows."""
        visible = [row for row in self._rows if not row.isHidden()]
        present = next((place for place, row in enumerate(visible) if row.hasFocus()), 0)
        row = visible[max(0, min(len(visible) - 1, present + steps))]
        self._show_way(row)
        row.setFocus(Qt.FocusReason.TabFocusReason)
        bring_into_sight(row)

    def _show_way(self, stop: LayerRow) -> None:
        """Tab leads to one row; some sixty stops would be a barrier before everything behind them."""
        for row in self._rows:
            row.setFocusPolicy(Qt.FocusPolicy.TabFocus if row is stop else Qt.FocusPolicy.NoFocus)

    def _filter(self, text: str) -> None:
        for entry in self._rows:
            entry.setVisible(is_match(text, entry.layer))
        for family, rows in self._families:
            family.setVisible(any(not entry.isHidden() for entry in rows))
        visible = [entry for entry in self._rows if not entry.isHidden()]
        self._nothing.setVisible(not visible)
        if visible:
            self._show_way(visible[0])

    def _first(self) -> None:
        visible = [entry for entry in self._rows if not entry.isHidden()]
        if visible:
            self.wanted.emit(visible[0].layer.id)
            self._search.clear()


def is_match(text: str, layer: Entry) -> bool:
    """Whether the letters of `text` occur in the layer's name in that order (conv2 matches Conv2D)."""
    wanted = [letter for letter in text.lower() if not letter.isspace()]
    for name in (layer.id.removeprefix(BLOCK), str(layer.title), layer.title.en):
        letters = iter(name.lower())
        if all(letter in letters for letter in wanted):
            return True
    return False


class LayerRow(QWidget):
    """One layer of the palette."""

    wanted = Signal(str)
    stepped = Signal(int)
    """An arrow leads this many rows on."""

    def __init__(self, layer: Entry) -> None:
        super().__init__()
        self.layer = layer
        self._pressed: QPoint | None = None
        self.setFixedHeight(32)
        self.setCursor(Qt.CursorShape.OpenHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(str(layer.title))
        hint = tr("Drag it onto the canvas, or double-click to add it after the selected layer.",
                  "Arrástrela al lienzo, o haga doble clic para añadirla tras la capa seleccionada.")
        self.setToolTip(f"{layer.help}\n{hint}")
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is None:
            return
        if (event.position().toPoint() - self._pressed).manhattanLength() < QApplication.startDragDistance():
            return
        self._pressed = None
        drag = QDrag(self)
        data = QMimeData()
        data.setData(MIME, self.layer.id.encode())
        drag.setMimeData(data)
        drag.setPixmap(self.grab())
        drag.exec(Qt.DropAction.CopyAction)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pressed = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.wanted.emit(self.layer.id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.wanted.emit(self.layer.id)
        elif steps := _STEPS.get(Qt.Key(event.key()), 0):
            self.stepped.emit(steps)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self.rect().adjusted(0, 1, 0, -1)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.underMouse():
            painter.setBrush(theme.color("hover"))
            painter.drawRoundedRect(area, 6, 6)
        if self.hasFocus():
            painter.setPen(theme.color("accent"))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 6, 6)
            painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.family_color(self.layer.family))
        painter.drawRoundedRect(8, self.height() // 2 - 5, 10, 10, 3, 3)
        painter.setPen(theme.color("text"))
        painter.setFont(theme.font("body"))
        text = painter.fontMetrics().elidedText(str(self.layer.title), Qt.TextElideMode.ElideRight, self.width() - 34)
        painter.drawText(area.adjusted(26, 0, -4, 0), Qt.AlignmentFlag.AlignVCenter, text)
