"""The augmentations that can be added, each with what it makes of a picture."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, QPoint, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QFrame, QSizePolicy, QWidget

from cnnstudio.catalog.steps import StepType
from cnnstudio.catalog.steps.entry import GROUPS
from cnnstudio.core.registry import Registry
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.prepare.sample_strip import paint_samples
from cnnstudio.gui.pages.prepare.samples import StepSamples
from cnnstudio.gui.widgets.basics import Caption, box, column, scroll_area
from cnnstudio.gui.widgets.flow import FlowLayout

_TAKES = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_SIDE = 48
_RESULTS = 2
_CELL = 192
_WIDTH, _HEIGHT = 832, 740


class StepGallery(QFrame):
    """A popup with all steps of a registry; `opened` when it is shown, `chosen(type)` when one is chosen.

    Arrow keys go from step to step, a letter to the next step that begins with it, Enter takes one.
    """

    opened = Signal()
    chosen = Signal(str)

    def __init__(self, registry: Registry[StepType], title: str, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self.setAccessibleName(title)
        self.tiles: dict[str, StepTile] = {}
        groups: list[QWidget] = []
        for group in ("", *GROUPS):
            entries = [entry for entry in registry if entry.group == group]
            if not entries:
                continue
            holder = QWidget()
            flow = FlowLayout(holder, spacing=6)
            for entry in entries:
                tile = StepTile(entry)
                tile.installEventFilter(self)
                tile.clicked.connect(lambda _=False, name=entry.id: self._choose(name))
                self.tiles[entry.id] = tile
                flow.addWidget(tile)
            if group:
                groups.append(Caption(str(GROUPS[group])))
            groups.append(holder)
        self._area = scroll_area(box(column(*groups, None, spacing=4, margins=(14, 10, 8, 12))))
        self.setLayout(column(self._area, margins=(1, 1, 1, 1)))

    def open_at(self, button: QWidget) -> None:
        """Open beside a button, on its screen."""
        screen = button.screen().availableGeometry()
        content = self._area.widget()
        layout = content.layout() if content is not None else None
        width = min(_WIDTH, screen.width() - 16)
        needed = layout.heightForWidth(width - 14) + 12 if layout is not None else _HEIGHT
        self.setFixedSize(width, min(_HEIGHT, needed, screen.height() - 16))
        corner = button.mapToGlobal(QPoint(0, button.height() + 4))
        left = max(screen.left() + 8, min(corner.x(), screen.right() - 8 - self.width()))
        top = max(screen.top() + 8, min(corner.y(), screen.bottom() - 8 - self.height()))
        self.move(left, top)
        self.show()
        next(iter(self.tiles.values())).setFocus(Qt.FocusReason.PopupFocusReason)
        self.opened.emit()

    def show_samples(self, samples: Mapping[str, StepSamples]) -> None:
        """Show the samples of the steps, by their types."""
        for name, tile in self.tiles.items():
            tile.show_samples(samples.get(name))

    def _choose(self, name: str) -> None:
        self.close()
        self.chosen.emit(name)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Before the scroll area takes the arrow keys.
        return isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and self._go(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._go(event):
            super().keyPressEvent(event)

    def _go(self, event: QKeyEvent) -> bool:
        """Go where a key leads; False for other keys."""
        tiles = list(self.tiles.values())
        present = next((number for number, tile in enumerate(tiles) if tile.hasFocus()), 0)
        wanted: int | None = None
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        elif event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            wanted = present + (1 if event.key() == Qt.Key.Key_Right else -1)
        elif event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            wanted = self._in_next_line(tiles, present, 1 if event.key() == Qt.Key.Key_Down else -1)
        elif event.key() in (Qt.Key.Key_Home, Qt.Key.Key_End):
            wanted = 0 if event.key() == Qt.Key.Key_Home else len(tiles) - 1
        elif event.text().strip() and event.key() not in _TAKES:
            letter = event.text().casefold()
            order = [(present + step) % len(tiles) for step in range(1, len(tiles) + 1)]
            wanted = next((number for number in order if tiles[number].text().casefold().startswith(letter)), None)
        else:
            return False
        if wanted is not None:
            tile = tiles[max(0, min(len(tiles) - 1, wanted))]
            tile.setFocus(Qt.FocusReason.TabFocusReason)
            self._area.ensureWidgetVisible(tile, 0, 40)
        return True

    @staticmethod
    def _in_next_line(tiles: list[StepTile], present: int, way: int) -> int:
        """The tile above or below that is nearest across."""
        def middle(tile: StepTile) -> QPoint:
            return tile.mapTo(tile.window(), tile.rect().center())

        here = middle(tiles[present])
        beyond = [(number, middle(tile)) for number, tile in enumerate(tiles) if way * (middle(tile).y() - here.y()) > 4]
        if not beyond:
            return present
        return min(beyond, key=lambda item: (abs(item[1].y() - here.y()), abs(item[1].x() - here.x())))[0]


class StepTile(QAbstractButton):
    """One step: its name below a picture before and after it."""

    def __init__(self, entry: StepType) -> None:
        super().__init__()
        self.samples: StepSamples | None = None
        self.setText(str(entry.label))
        self.setAccessibleName(str(entry.label))
        self.setAccessibleDescription(str(entry.help))
        self.setToolTip(str(entry.help))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(_CELL, _SIDE + 36)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def show_samples(self, samples: StepSamples | None) -> None:
        """Show the samples; None until there are any."""
        if samples is not self.samples:
            self.samples = samples
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _TAKES:
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        if self.hasFocus() or self.underMouse():
            painter.setPen(QPen(theme.color("accent"), 2) if self.hasFocus() else Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("hover"))
            painter.drawRoundedRect(room, 8, 8)
        paint_samples(painter, QRectF(8, 6, self.width() - 14, _SIDE), self.samples, _RESULTS, _SIDE)
        painter.setFont(theme.font("body"))
        painter.setPen(theme.color("text"))
        line = QRectF(8, _SIDE + 10, self.width() - 16, 20)
        painter.drawText(line, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft,
                         painter.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, int(line.width())))
