"""The page of a lesson: its text, benches with live controls, and tasks that check themselves."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QScrollArea, QWidget

from cnnstudio.core.text import language, tr
from cnnstudio.gui.pages.learn.lessons.embedded import EmbeddedBenchCard
from cnnstudio.gui.pages.learn.lessons.prose import PROSE_MARGIN, Prose
from cnnstudio.gui.pages.learn.lessons.start_card import StartCard
from cnnstudio.gui.pages.learn.lessons.task_card import TaskCard
from cnnstudio.gui.state.commands import Command, OpenLesson, ResetLesson, ShowPage
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Caption, Label, box, clear, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.code_editor import CodeEditor
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.gui.widgets.tab_order import tab_through
from cnnstudio.learning.course.blocks import Block, EmbeddedBench, Source, TaskPlace, page_blocks
from cnnstudio.learning.course.blocks import Prose as ProseBlock
from cnnstudio.learning.course.lesson import Lesson
from cnnstudio.learning.course.reading import following_lesson

_WIDTH: Final = 820
"""Pixels of the column of text at most: longer lines are hard to read."""
_AROUND: Final = 40
"""Pixels around the lines of code: margins, and a bar that scrolls long lines."""
_ROOMY: Final = 640
"""Pixels of the page from which there is room for wide margins."""
_WIDE: Final = 1180
"""Pixels of a bench at most, whose controls then stand beside its board."""


class LessonView(QWidget):
    """Shows the active lesson (`workspace.lessons`). `left` when the list of lessons is wanted, `bench_chosen(id)` when a bench
    is wanted as a page of its own."""

    left = Signal()
    bench_chosen = Signal(str)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._session, self._lessons = workspace, workspace.session, workspace.lessons
        self._shown = ""
        self._tasks: list[TaskCard] = []
        self._benches: list[EmbeddedBenchCard] = []
        self._visible = False
        self._body = column(spacing=0)
        self.setLayout(self._body)
        self._area: QScrollArea | None = None
        self._middle: QBoxLayout | None = None
        self._start: StartCard | None = None
        self._lessons.changed.connect(self.refresh)

    @property
    def lesson(self) -> Lesson | None:
        """The lesson on screen."""
        return self._lessons.lesson

    def refresh(self) -> None:
        """Show the active lesson, or how its tasks stand now."""
        lesson = self._lessons.lesson
        if lesson is None:
            self._clear()
            return
        if lesson.id != self._shown:
            self._build(lesson)
        for card in self._tasks:
            card.refresh()
        if self._start is not None:
            self._start.refresh()

    def show_task(self, task: str) -> None:
        """Bring a task into view, with the focus."""
        card = next((item for item in self._tasks if item.task.id == task), None)
        if card is not None and self._area is not None:
            self._area.ensureWidgetVisible(card, 0, 60)
            card.setFocus(Qt.FocusReason.OtherFocusReason)

    # Building -------------------------------------------------------------------------------------

    def _clear(self) -> None:
        for bench in self._benches:
            bench.leave()
            bench.close_bench()
        self._tasks, self._benches, self._area, self._start, self._shown = [], [], None, None, ""
        self._middle = None
        clear(self._body)

    def _build(self, lesson: Lesson) -> None:
        self._clear()
        self._shown = lesson.id
        middle = self._middle = column(spacing=16, margins=self._margins())
        back = Button(tr("All lessons", "Todas las lecciones"), "link", "chevron-left", on_click=self.left.emit)
        middle.addLayout(_centred(box(row(back, None))))
        middle.addLayout(_centred(box(column(
            Caption(tr("Lesson {n} · {minutes} min", "Lección {n} · {minutes} min", n=lesson.number,
                       minutes=lesson.file.minutes)),
            Label(str(lesson.title), "figure", wrap=True), Label(str(lesson.file.summary), "reading", "dim", wrap=True),
            spacing=4))))
        self._start = StartCard(self._workspace, lesson)
        middle.addLayout(_centred(self._start))
        for block in page_blocks(lesson.pages[language()]):
            middle.addLayout(_centred(self._widget(lesson, block), _block_width(block)))
        middle.addLayout(_centred(self._end(lesson)))
        middle.addStretch(1)
        holder = box(middle)
        # Sideways only where even a narrow bench has no room.
        self._area = scroll_area(holder, sideways=True)
        self._body.addWidget(self._area)
        tab_through(holder)
        if self._visible:
            for bench in self._benches:
                bench.enter()

    def _widget(self, lesson: Lesson, block: Block) -> QWidget:
        if isinstance(block, ProseBlock):
            prose = Prose(block.text)
            prose.link_chosen.connect(self._follow)
            return prose
        if isinstance(block, Source):
            return _CodeCard(block)
        if isinstance(block, TaskPlace):
            number = next(place for place, task in enumerate(lesson.tasks, start=1) if task.id == block.task)
            card = TaskCard(self._workspace, lesson.tasks[number - 1], number)
            self._tasks.append(card)
            return card
        return self._bench(block)

    def _bench(self, block: EmbeddedBench) -> QWidget:
        card = EmbeddedBenchCard(self._workspace, block)
        card.bench_chosen.connect(self.bench_chosen)
        self._benches.append(card)
        return card

    def _end(self, lesson: Lesson) -> QWidget:
        following = following_lesson(lesson)
        ends = QWidget()
        line = FlowLayout(ends, spacing=16)
        if following is not None:
            line.addWidget(Button(tr("Next lesson", "Lección siguiente"), icon="chevron-right", tooltip=str(following.title),
                                  on_click=partial(self._request, OpenLesson(following.id))))
            line.addWidget(Label(str(following.title), "body", "dim", wrap=True))
        line.addWidget(Button(tr("Begin this lesson anew…", "Empezar de nuevo esta lección…"), "link",
                              on_click=lambda: self._session.request(ResetLesson())))
        return ends

    def _request(self, command: Command) -> None:
        self._session.request(command)

    def _follow(self, address: str) -> None:
        """Links of a lesson lead to a page of the window, to a bench or to another lesson."""
        kind, _, name = address.partition(":")
        if kind == "page":
            self._session.request(ShowPage(name))
        elif kind == "bench":
            self.bench_chosen.emit(name)
        elif kind == "lesson":
            self._session.request(OpenLesson(name))

    def _margins(self) -> tuple[int, int, int, int]:
        side = 32 if self.width() >= _ROOMY else 14
        return side, 24, side, 40

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._middle is not None:
            self._middle.setContentsMargins(*self._margins())

    # In sight -------------------------------------------------------------------------------------

    def enter(self) -> None:
        """The page of the lesson is in sight."""
        self._visible = True
        for bench in self._benches:
            bench.enter()

    def leave(self) -> None:
        """The page of the lesson is out of sight."""
        self._visible = False
        for bench in self._benches:
            bench.leave()

    def close_view(self) -> None:
        """Stop timers and benches; the view will be deleted."""
        self._lessons.changed.disconnect(self.refresh)
        self._clear()


def _block_width(block: Block) -> int:
    if isinstance(block, ProseBlock):
        # Its letters begin where the cards do.
        return _WIDTH + 2 * PROSE_MARGIN
    return _WIDE if isinstance(block, EmbeddedBench) else _WIDTH


def _centred(widget: QWidget, width: int = _WIDTH) -> QBoxLayout:
    widget.setMaximumWidth(width)
    line = row(None, widget, None, spacing=0)
    line.setStretch(1, 100)
    return line


class _CodeCard(Card):
    """Code to read and to copy, as high as it is."""

    def __init__(self, source: Source) -> None:
        super().__init__(margins=(6, 6, 6, 6))
        # Kept here: an editor that only the layout knows is deleted with its Python object.
        self._editor = CodeEditor(tr("Code", "Código"))
        self._editor.show_text(source.text)
        self._editor.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        lines = source.text.count("\n") + 1
        self._editor.setFixedHeight(lines * self._editor.fontMetrics().lineSpacing() + _AROUND)
        self.body.addWidget(self._editor)
