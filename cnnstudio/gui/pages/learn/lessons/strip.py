"""The task at hand beside the work: a strip along the lower edge of the window while a lesson is active."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.pages.learn.lessons.task_card import TaskCard
from cnnstudio.gui.pages.learn.lessons.task_mark import TaskMark
from cnnstudio.gui.state.commands import LeaveLesson, OpenLesson, OpenLessonProject
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Elided, box, clear, column, row, scroll_area
from cnnstudio.learning.course.lesson import Lesson, Task
from cnnstudio.learning.course.reading import following_lesson

_HEIGHT: Final = 44
_MOST_HEIGHT: Final = 300
"""Pixels of the opened task at most; what is higher scrolls."""
_MARGINS: Final = 32
_AROUND: Final = 16
"""Pixels above and below the opened task, and those of its border."""


class LessonStrip(QWidget):
    """One line: the tasks as marks, the chosen one with what is measured of it; it opens to show all of that task."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._workspace, self._session, self._lessons = workspace, workspace.session, workspace.lessons
        self._page = ""
        self._marks: QHBoxLayout = row(spacing=0)
        self._built: tuple[str, ...] = ()
        self._name = Button("", "status", "learn", on_click=self._show_lesson)
        self._mark = TaskMark(20)
        self._title = Elided("", "body_strong")
        self._figures = Elided("", "secondary", "dim")
        self._project = Button(tr("Open its project", "Abrir su proyecto"), "link",
                               on_click=lambda: self._session.request(OpenLessonProject()))
        self._next = Button(tr("Next lesson", "Lección siguiente"), "link", on_click=self._go_on)
        self._more = Button(tr("Show the task", "Mostrar la tarea"), "icon", "chevron-up", on_click=self._toggle)
        close = Button(tr("Leave the lesson", "Dejar la lección"), "icon", "close",
                       on_click=lambda: self._session.request(LeaveLesson()))
        line = row(self._name, spacing=8, margins=(10, 4, 8, 4))
        line.addLayout(self._marks)
        line.addWidget(self._mark)
        line.addWidget(self._title, 2)
        line.addWidget(self._figures, 3)
        line.addWidget(self._project)
        line.addWidget(self._next)
        line.addWidget(self._more)
        line.addWidget(close)
        bar = box(line)
        bar.setFixedHeight(_HEIGHT)
        self._place = column(margins=(_MARGINS // 2, 8, _MARGINS // 2, 4))
        self._panel = scroll_area(box(self._place))
        self._panel.hide()
        self._card: TaskCard | None = None
        self.setLayout(column(self._panel, bar, spacing=0))
        self._lessons.changed.connect(self.refresh)
        self.refresh()

    # What is shown --------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show the active lesson's tasks as they stand."""
        lesson = self._lessons.lesson
        self.setVisible(lesson is not None)
        if lesson is None:
            self._close_card()
            return
        self._build_marks(lesson)
        task = self._lessons.task_at(self._page) or lesson.tasks[0]
        self._name.setText(tr("Lesson {n}", "Lección {n}", n=lesson.number))
        self._name.setToolTip(str(lesson.title))
        state, done = self._lessons.state(task.id), task.id in self._lessons.progress.done
        self._mark.show_state(done, 0.0 if state is None else state.share)
        self._title.setText(str(task.title))
        # What is missing stands first, because the end of the line is cut in a narrow window.
        text = "" if state is None else str(state.measured) if state.done or not str(state.missing) else (
            f"{tr('Still to do', 'Falta')}: {state.missing} · {tr('now', 'ahora')}: {state.measured}")
        self._figures.setText(text)
        self._project.setVisible(self._lessons.folder is not None and not self._lessons.is_project_open)
        all_done = all(item.id in self._lessons.progress.done for item in lesson.tasks)
        self._next.setVisible(all_done and following_lesson(lesson) is not None)
        for place, item in enumerate(lesson.tasks):
            self._dress(place, item, chosen=item.id == task.id)
        if self._card is not None and (self._card.task.id != task.id):
            self._open_card(lesson, task)
        elif self._card is not None:
            self._card.refresh()

    def show_page(self, page: str) -> None:
        """Another page is visible: its own task comes first, unless one was chosen."""
        self._page = page
        self.refresh()

    def _build_marks(self, lesson: Lesson) -> None:
        names = tuple(f"{lesson.id}/{task.id}" for task in lesson.tasks)
        if names == self._built:
            return
        self._built = names
        clear(self._marks)
        for number, task in enumerate(lesson.tasks, start=1):
            mark = Button(str(number), "status", checkable=True, on_click=partial(self._lessons.choose_task, task.id))
            mark.setFixedWidth(30)
            self._marks.addWidget(mark)

    def _dress(self, place: int, task: Task, *, chosen: bool) -> None:
        item = self._marks.itemAt(place)
        mark = item.widget() if item is not None else None
        if isinstance(mark, Button):
            done = task.id in self._lessons.progress.done
            mark.setChecked(chosen)
            mark.set_icon("check" if done else "", "ok")
            mark.setText("" if done else str(place + 1))
            word = tr("done", "hecha") if done else tr("not done yet", "aún sin hacer")
            mark.setAccessibleName(tr("Task {n}: {title}, {word}", "Tarea {n}: {title}, {word}", n=place + 1, title=task.title,
                                      word=word))
            mark.setToolTip(f"{place + 1}. {task.title}")

    def close_strip(self) -> None:
        """It will be deleted."""
        self._lessons.changed.disconnect(self.refresh)

    # What is done ---------------------------------------------------------------------------------

    def _show_lesson(self) -> None:
        if self._lessons.lesson is not None:
            self._session.request(OpenLesson(self._lessons.lesson.id))

    def _go_on(self) -> None:
        lesson = self._lessons.lesson
        following = following_lesson(lesson) if lesson is not None else None
        if following is not None:
            self._session.request(OpenLesson(following.id))

    def _toggle(self) -> None:
        lesson, task = self._lessons.lesson, self._lessons.task_at(self._page)
        if self._card is not None:
            self._close_card()
        elif lesson is not None and task is not None:
            self._open_card(lesson, task)

    def _open_card(self, lesson: Lesson, task: Task) -> None:
        clear(self._place)
        self._card = TaskCard(self._workspace, task, lesson.tasks.index(task) + 1)
        self._card.task_refreshed.connect(self._fit)
        self._place.addWidget(self._card)
        self._place.addStretch(1)
        self._panel.show()
        self._fit()
        self._more.set_icon("chevron-down")
        self._more.setAccessibleName(tr("Hide the task", "Ocultar la tarea"))

    def _fit(self) -> None:
        """Let the opened task be as high as it needs to be."""
        if self._card is not None:
            width = max(240, self.width() - _MARGINS)
            self._panel.setFixedHeight(min(_MOST_HEIGHT, self._card.body.totalHeightForWidth(width) + _AROUND))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._card is not None and event.size().width() != event.oldSize().width():
            self._fit()

    def _close_card(self) -> None:
        clear(self._place)
        self._card = None
        self._panel.hide()
        self._more.set_icon("chevron-up")
        self._more.setAccessibleName(tr("Show the task", "Mostrar la tarea"))


