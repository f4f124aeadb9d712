"""The drawing of a network in a row: blocks as high as their maps are large and as wide as they have channels."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from math import log2, sqrt
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QFontMetricsF, QHelpEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from cnnstudio.catalog.layers import FAMILIES
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.network.diagram import Block, Diagram, Fork, Part, Repeat, blocks_of, counted_blocks

HEIGHT: Final = 92
"""The height of a drawing in a card."""
_ABOVE: Final = 11.0
"""Room above the blocks for the ways around them."""
_BELOW: Final = 18.0
"""Room below for the number of repetitions."""
_EDGE: Final = 6.0
_GAP, _FORK_GAP, _LANE_GAP = 2.5, 3.0, 2.0
_LARGEST_SCALE: Final = 1.9
_LEAST_HEIGHT, _LEAST_LANE, _LEAST_WIDTH = 5.0, 3.0, 1.2


@dataclass(frozen=True)
class Shown:
    """A drawn block: where, and how often the network has it."""

    rect: QRectF
    block: Block
    count: int


@dataclass
class Picture:
    """A laid out diagram: blocks, lines, ways around blocks, (x, width, text) labels, and the span of every section."""

    blocks: list[Shown] = field(default_factory=list)
    lines: list[tuple[QPointF, QPointF]] = field(default_factory=list)
    ways: list[QPainterPath] = field(default_factory=list)
    labels: list[tuple[float, float, str]] = field(default_factory=list)
    spans: list[tuple[float, float]] = field(default_factory=list)
    middle: float = 0.0

    def block_at(self, point: QPointF) -> Shown | None:
        """The block at a point, or the nearest one above or below it."""
        hits = [shown for shown in self.blocks if shown.rect.left() - 1 <= point.x() <= shown.rect.right() + 1]
        return min(hits, key=lambda shown: abs(shown.rect.center().y() - point.y()), default=None)


def lay_out(diagram: Diagram, width: float, height: float, section_gap: float = 0.0, fill: bool = False) -> Picture:
    """The picture of a diagram in a rectangle of that size, as wide as its parts need and the rectangle allows; with
    `fill` as wide as the rectangle."""
    parts = [part for section in diagram.sections for part in section.parts]
    layout = _Layout(diagram.size, height, has_ways=count_ways(parts) > 0,
                     has_labels=any(isinstance(part, Repeat) for part in parts))
    room = width - 2 - section_gap * len(diagram.sections)
    low, high = 0.02, 20.0 if fill else _LARGEST_SCALE
    for _ in range(14):
        middle = (low + high) / 2
        layout.scale = middle
        needed = sum(layout.width_of(section.parts) for section in diagram.sections)
        low, high = (middle, high) if needed <= room else (low, middle)
    layout.scale = low
    left = 1.0
    for section in diagram.sections:
        start = left
        left = layout.place(section.parts, left + section_gap / 2, layout.picture.middle, layout.tallest) + section_gap / 2
        layout.picture.spans.append((start, left))
    return layout.picture


class _Layout:
    """Places parts from left to right."""

    def __init__(self, size: int, height: float, has_ways: bool, has_labels: bool) -> None:
        self.scale = 1.0
        above, below = _ABOVE if has_ways else _EDGE, _BELOW if has_labels else _EDGE
        self.tallest = height - above - below
        self.picture = Picture(middle=above + self.tallest / 2)
        self._size = max(1, size)
        self._metrics = QFontMetricsF(theme.font("secondary", 11 / 12))

    def height_of(self, block: Block, room: float) -> float:
        """The square root of the size of the maps, so that small ones can still be told apart; rows by their length."""
        if len(block.shape) == 1:
            share = 0.16 + 0.6 * min(1.0, log2(max(1, block.shape[0])) / 12)
        else:
            share = sqrt(max(block.shape[:2]) / self._size)
        return max(min(_LEAST_HEIGHT, room), min(room, self.tallest * share))

    def _block_width(self, block: Block) -> float:
        if block.family == "merge" or len(block.shape) == 1:
            return max(_LEAST_WIDTH, (1.6 if block.family == "merge" else 4.0) * self.scale)
        return max(_LEAST_WIDTH, (2.0 + sqrt(block.shape[-1]) / 3) * self.scale)

    def width_of(self, parts: Sequence[Part]) -> float:
        return sum(self._part_width(part) for part in parts) + self._gap * max(0, len(parts) - 1)

    @property
    def _gap(self) -> float:
        return max(0.8, _GAP * self.scale)

    @property
    def _fork_gap(self) -> float:
        return max(1.4, _FORK_GAP * self.scale)

    def _part_width(self, part: Part) -> float:
        if isinstance(part, Block):
            return self._block_width(part)
        if isinstance(part, Repeat):
            return max(self.width_of(part.parts), self._metrics.horizontalAdvance(_times(part.count)) + 2)
        branches = part.branches[:1] if part.sums or len(part.branches) == 1 else part.branches
        return max(self.width_of(branch) for branch in branches) + 2 * self._fork_gap

    def place(self, parts: Sequence[Part], left: float, middle: float, room: float, count: int = 1) -> float:
        """Place parts in a row and return where they end."""
        start = left
        for number, part in enumerate(parts):
            left += self._gap if number else 0.0
            width = self._part_width(part)
            if isinstance(part, Block):
                height = self.height_of(part, room)
                self.picture.blocks.append(Shown(QRectF(left, middle - height / 2, width, height), part, count))
            elif isinstance(part, Repeat):
                inset = (width - self.width_of(part.parts)) / 2
                self.place(part.parts, left + inset, middle, room, count * part.count)
                self.picture.labels.append((left, width, _times(part.count)))
            else:
                self._place_fork(part, left, width, middle, room, count)
            left += width
        self.picture.lines.append((QPointF(start, middle), QPointF(left, middle)))
        return left

    def _place_fork(self, fork: Fork, left: float, width: float, middle: float, room: float, count: int) -> None:
        inner, gap = width - 2 * self._fork_gap, self._fork_gap
        if len(fork.branches) == 1 or fork.sums:
            branch = fork.branches[0]
            self.place(branch, left + gap + (inner - self.width_of(branch)) / 2, middle, room, count)
            top = middle - max(self.height_of(block, room) for block in blocks_of(branch)) / 2 - 4
            self._way(left, left + width, middle, top)
            for other in fork.branches[1:]:
                self._place_on_way(other, left + width / 2, top, count)
            return
        lanes = len(fork.branches)
        tall = max(self.height_of(fork.join, room) * 1.7, lanes * _LEAST_LANE + (lanes - 1) * _LANE_GAP)
        tall = min(tall, room)
        step = (tall + _LANE_GAP) / lanes
        for number, branch in enumerate(fork.branches):
            y = middle - tall / 2 + (step - _LANE_GAP) / 2 + number * step
            self.place(branch, left + gap, y, max(1.5, step - _LANE_GAP), count)
            self.picture.lines += [(QPointF(left, y), QPointF(left + gap, y)),
                                   (QPointF(left + gap + self.width_of(branch), y), QPointF(left + width, y))]
        ends = (middle - tall / 2 + (step - _LANE_GAP) / 2, middle + tall / 2 - (step - _LANE_GAP) / 2)
        self.picture.lines += [(QPointF(x, ends[0]), QPointF(x, ends[1])) for x in (left, left + width)]
        if fork.skip:
            self._way(left, left + width, middle, middle - tall / 2 - 4)

    def _way(self, left: float, right: float, middle: float, top: float) -> None:
        """The line around blocks, with round corners."""
        radius = min(4.0, (right - left) / 2)
        path = QPainterPath(QPointF(left, middle))
        path.lineTo(left, top + radius)
        path.quadTo(left, top, left + radius, top)
        path.lineTo(right - radius, top)
        path.quadTo(right, top, right, top + radius)
        path.lineTo(right, middle)
        self.picture.ways.append(path)

    def _place_on_way(self, parts: Sequence[Part], middle: float, top: float, count: int) -> None:
        """Small blocks on the line around the others."""
        blocks = blocks_of(parts)
        width = max(3.0, 3.5 * self.scale)
        left = middle - (width + 1) * len(blocks) / 2
        for number, block in enumerate(blocks):
            self.picture.blocks.append(Shown(QRectF(left + number * (width + 1), top - 3, width, 6), block, count))


def _times(count: int) -> str:
    return f"×{count}"


def paint(painter: QPainter, picture: Picture, height: float) -> None:
    """Paint a laid out diagram."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.color("faint"), 1))
    for start, end in picture.lines:
        painter.drawLine(start, end)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(theme.family_color("merge"), 1.4))
    for way in picture.ways:
        painter.drawPath(way)
    painter.setPen(Qt.PenStyle.NoPen)
    for shown in picture.blocks:
        radius = min(1.5, shown.rect.width() / 3)
        painter.setBrush(block_color(shown.block))
        painter.drawRoundedRect(shown.rect, radius, radius)
    painter.setFont(theme.font("secondary", 11 / 12))
    for left, width, text in picture.labels:
        painter.setPen(QPen(theme.color("faint"), 1))
        y = height - _BELOW + 3.5
        painter.drawLine(QPointF(left, y), QPointF(left + width, y))
        painter.setPen(theme.color("dim"))
        painter.drawText(QRectF(left - 8, y + 1, width + 16, _BELOW - 4), Qt.AlignmentFlag.AlignCenter, text)


def block_color(block: Block) -> QColor:
    """The colour of the layer's family; paler for a layer that looks at single positions."""
    return pale(theme.family_color(block.family)) if block.mixes else theme.family_color(block.family)


def pale(color: QColor) -> QColor:
    """Half way to white, in both themes."""
    return QColor((color.red() + 255) // 2, (color.green() + 255) // 2, (color.blue() + 255) // 2)


def describe(diagram: Diagram) -> str:
    """The drawing in words: how many layers of each family, and skip connections and branches if there are any."""
    counts: dict[str, int] = {}
    for section in diagram.sections:
        for block, count in counted_blocks(section.parts):
            counts[block.family] = counts.get(block.family, 0) + count
    words = [f"{FAMILIES[family]}: {counts[family]}" for family in FAMILIES if counts.get(family) and family != "input"]
    ways = sum(count_ways(section.parts) for section in diagram.sections)
    if ways:
        words.append(tr("skip connections: {n}", "conexiones de salto: {n}", n=ways))
    return ", ".join(words)


def count_ways(parts: Sequence[Part], count: int = 1) -> int:
    """The skip connections of parts, with those of every repetition."""
    total = 0
    for part in parts:
        if isinstance(part, Repeat):
            total += count_ways(part.parts, count * part.count)
        elif isinstance(part, Fork):
            total += count * (part.skip or part.sums) + sum(count_ways(branch, count) for branch in part.branches)
    return total


def format_block(shown: Shown) -> str:
    """What a block stands for."""
    shape = " × ".join(map(str, shown.block.shape))
    times = f" · ×{shown.count}" if shown.count > 1 else ""
    return f"{shown.block.type} · {shape}{times}"


class DrawingQueue(QObject):
    """Computes diagrams one after the other, so that the window answers between two of them."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: deque[NetworkDiagram] = deque()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._compute_next)

    def add(self, diagram: NetworkDiagram) -> None:
        """Compute a diagram soon."""
        if diagram not in self._waiting:
            self._waiting.append(diagram)
            self._timer.start(0)

    def _compute_next(self) -> None:
        self._waiting.popleft().load()
        if self._waiting:
            self._timer.start(0)


class NetworkDiagram(QWidget):
    """Shows a diagram that is computed once the widget is seen, after the window has been painted.

    Clicks belong to the card around it.
    """

    def __init__(self, source: Callable[[], Diagram], queue: DrawingQueue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._source, self._queue = source, queue
        self._diagram: Diagram | None = None
        self._picture: Picture | None = None
        self.setFixedHeight(HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Drawing of the network", "Dibujo de la red"))

    def sizeHint(self) -> QSize:
        return QSize(280, HEIGHT)

    @property
    def picture(self) -> Picture | None:
        """The laid out diagram; None until it is computed."""
        if self._diagram is not None and self._picture is None:
            self._picture = lay_out(self._diagram, self.width(), self.height())
        return self._picture

    def load(self) -> None:
        """Compute the diagram now."""
        if self._diagram is None:
            self._diagram = self._source()
            self.setAccessibleDescription(describe(self._diagram))
            self.update()

    def resizeEvent(self, event: QEvent) -> None:
        self._picture = None

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.picture is not None:
            paint(QPainter(self), self.picture, self.height())
        else:
            self._queue.add(self)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            shown = self.picture.block_at(QPointF(event.pos())) if self.picture is not None else None
            text = format_block(shown) if shown is not None else self.accessibleDescription()
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)
