"""Begins a lesson: makes its project, or opens it again."""

from __future__ import annotations

from PySide6.QtWidgets import QProgressBar, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.state.commands import OpenLessonProject, StartLesson
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Label
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.learning.course.data import DATA_SETS
from cnnstudio.learning.course.lesson import Lesson
from cnnstudio.learning.course.start import default_folder


class StartCard(Card):
    """What the lesson's project is made of, where it lies, and how many tasks are done."""

    def __init__(self, workspace: Workspace, lesson: Lesson, parent: QWidget | None = None) -> None:
        super().__init__(spacing=8, parent=parent)
        self._session, self._lessons, self._lesson = workspace.session, workspace.lessons, lesson
        data = DATA_SETS[lesson.file.start.data]
        self._title = Label("", "body_strong", wrap=True)
        self._text = Label("", "secondary", "dim", wrap=True, selectable=True)
        self._bar = QProgressBar()
        self._bar.setRange(0, len(lesson.tasks))
        self._bar.setTextVisible(False)
        self._about = str(data.about)
        self._start = Button(tr("Start this lesson", "Empezar esta lección"), "primary", "play",
                             on_click=lambda: self._session.request(StartLesson(lesson.id)))
        self._elsewhere = Button(tr("In another folder…", "En otra carpeta…"), "link",
                                 on_click=lambda: self._session.request(StartLesson(lesson.id, ask=True)))
        self._open = Button(tr("Open its project", "Abrir su proyecto"), "primary", "folder",
                            on_click=lambda: self._session.request(OpenLessonProject()))
        self.body.addWidget(self._title)
        self.body.addWidget(self._text)
        self.body.addWidget(self._bar)
        buttons = QWidget()
        line = FlowLayout(buttons, spacing=12)
        for button in (self._start, self._open, self._elsewhere):
            line.addWidget(button)
        self.body.addWidget(buttons)
        self.refresh()

    def refresh(self) -> None:
        """Show how far the lesson is."""
        folder, progress = self._lessons.folder, self._lessons.progress
        done, count = sum(task.id in progress.done for task in self._lesson.tasks), len(self._lesson.tasks)
        opened = self._lessons.is_project_open
        self._start.setVisible(folder is None)
        self._elsewhere.setVisible(folder is None)
        self._open.setVisible(folder is not None and not opened)
        self._bar.setVisible(folder is not None)
        self._bar.setValue(done)
        if folder is None:
            self._title.setText(tr("This lesson is done in a project of its own", "Esta lección se hace en un proyecto propio"))
            where = tr("It is made in {folder}.", "Se crea en {folder}.", folder=default_folder(self._lesson))
            self._text.setText(f"{self._about} {where}")
        else:
            self._title.setText(tr("{done} of {all} tasks done", "{done} de {all} tareas hechas", done=done, all=count))
            self._text.setText(
                tr("Its project is open: {folder}", "Su proyecto está abierto: {folder}", folder=folder) if opened else
                tr("Its project: {folder}", "Su proyecto: {folder}", folder=folder))
