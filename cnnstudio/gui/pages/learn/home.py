"""The home of the Learn page: the course and the benches as cards."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme, tokens
from cnnstudio.gui.pages.learn.assignment_card import AssignmentCards
from cnnstudio.gui.pages.learn.card_drawing import paint_card
from cnnstudio.gui.widgets.basics import Badge, Caption, Label, box, column, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.learning.benches import BENCHES
from cnnstudio.learning.benches.entry import GROUPS, Bench

_CELL = 236
_DRAWING = 116


class Home(QWidget):
    """`bench_chosen(id)` when a card is clicked."""

    bench_chosen = Signal(str)

    def __init__(self, course: QWidget | None, parent: QWidget | None = None) -> None:
        """`course` shows the lessons of the course, if there are any."""
        super().__init__(parent)
        layout = column(spacing=12, margins=(24, 20, 24, 24))
        self._cards: dict[str, BenchCard] = {}
        if course is not None:
            layout.addWidget(Caption(tr("Course", "Curso")))
            layout.addWidget(course)
            layout.addSpacing(12)
        for group, title in GROUPS.items():
            benches = [bench for bench in BENCHES if bench.group == group]
            if benches:
                layout.addWidget(Caption(str(title)))
                layout.addWidget(self._flow(benches))
                layout.addSpacing(8)
        self.assignments = AssignmentCards()
        layout.addWidget(Caption(tr("Assignments", "Prácticas")))
        layout.addWidget(self.assignments)
        layout.addStretch(1)
        self.setLayout(layout)

    def _flow(self, benches: list[Bench]) -> QWidget:
        holder = QWidget()
        flow = FlowLayout(holder, spacing=12, cell=_CELL, columns_alike=True)
        for bench in benches:
            card = self._cards[bench.id] = BenchCard(bench)
            card.clicked.connect(lambda name=bench.id: self.bench_chosen.emit(name))
            flow.addWidget(card)
        return holder

    def show_trained(self, trained: bool) -> None:
        """Mark the benches that need a trained network, unless there is one."""
        for card in self._cards.values():
            card.show_trained(trained)


class BenchCard(Card):
    """A drawing, the title and one sentence."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(clickable=True, spacing=0, margins=(1, 1, 1, 14))
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self._needs_run = bench.needs_run
        self._badge = Badge(tr("Needs a trained network", "Necesita una red entrenada"), "")
        self._badge.hide()
        texts = column(Label(str(bench.title), "body_strong", wrap=True), Label(str(bench.help), "secondary", "dim", wrap=True),
                       row(self._badge, None), spacing=4, margins=(14, 10, 14, 0))
        self.body.addWidget(_Drawing(bench))
        self.body.addWidget(box(texts))
        self.body.addStretch(1)
        self.setAccessibleName(str(bench.title))
        self.setAccessibleDescription(str(bench.help))

    def show_trained(self, trained: bool) -> None:
        self._badge.setVisible(self._needs_run and not trained)


class _Drawing(QWidget):
    def __init__(self, bench: Bench) -> None:
        super().__init__()
        self._bench = bench
        self.setFixedHeight(_DRAWING)

    def sizeHint(self) -> QSize:
        return QSize(_CELL, _DRAWING)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QPainterPath()
        rect, radius = QRectF(self.rect()), tokens.CARD_RADIUS - 1
        ground.addRoundedRect(rect.adjusted(0, 0, 0, radius), radius, radius)
        painter.setClipRect(rect)
        painter.fillPath(ground, theme.color("sunk"))
        painter.setPen(Qt.PenStyle.NoPen)
        paint_card(painter, rect.adjusted(14, 14, -14, -14), self._bench)
