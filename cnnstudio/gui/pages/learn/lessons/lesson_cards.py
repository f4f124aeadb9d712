"""The lessons of the course as cards, with what was done of each."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QSizePolicy, QWidget

from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import tr
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Caption, Icon, Label, clear, column, row
from cnnstudio.gui.widgets.cards import Banner, Card
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.learning.course.lesson import Lesson
from cnnstudio.learning.course.progress import Progress, read_progress
from cnnstudio.learning.course.reading import course

_CELL = 300


class LessonCards(QWidget):
    """`lesson_chosen(id)` when a card is clicked. `refresh` reads again what was done."""

    lesson_chosen = Signal(str)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lessons = workspace.lessons
        self._body = column(spacing=12)
        self.setLayout(self._body)
        self.refresh()

    def refresh(self) -> None:
        """Show the lessons with what was done of each."""
        clear(self._body)
        try:
            lessons = course()
        except ProblemError as problem_error:
            for problem in problem_error.problems:
                self._body.addWidget(Banner(problem))
            return
        grid = QWidget()
        flow = FlowLayout(grid, spacing=12, cell=_CELL)
        for lesson in lessons:
            card = _LessonCard(lesson, read_progress(lesson.id))
            card.clicked.connect(lambda name=lesson.id: self.lesson_chosen.emit(name))
            flow.addWidget(card)
        self._body.addWidget(grid)


class _LessonCard(Card):
    def __init__(self, lesson: Lesson, progress: Progress) -> None:
        super().__init__(clickable=True, spacing=6)
        self.setMinimumHeight(150)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)
        done, count = sum(task.id in progress.done for task in lesson.tasks), len(lesson.tasks)
        head = row(Caption(tr("Lesson {n}", "Lección {n}", n=lesson.number)), None)
        if done == count:
            head.addWidget(Icon("check", "ok", 18))
        self.body.addLayout(head)
        self.body.addWidget(Label(str(lesson.title), "heading", wrap=True))
        self.body.addWidget(Label(str(lesson.file.summary), "secondary", "dim", wrap=True))
        self.body.addStretch(1)
        bar = QProgressBar()
        bar.setRange(0, count)
        bar.setValue(done)
        bar.setTextVisible(False)
        bar.setVisible(progress.begun)
        state = (tr("{done} of {all} tasks", "{done} de {all} tareas", done=done, all=count) if progress.begun else
                 tr("{all} tasks", "{all} tareas", all=count))
        minutes = tr("{n} min", "{n} min", n=lesson.file.minutes)
        self.body.addWidget(bar)
        self.body.addWidget(Label(f"{minutes} · {state}", "secondary", "dim"))
        self.setAccessibleName(f"{tr('Lesson {n}', 'Lección {n}', n=lesson.number)}: {lesson.title}")
        self.setAccessibleDescription(f"{lesson.file.summary} {minutes}, {state}")
