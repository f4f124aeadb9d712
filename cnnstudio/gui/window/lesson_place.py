"""The place of the task strip above the status bar: empty, and nothing imported, until a lesson is active."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

from cnnstudio.gui.state.lessons import remembered_lesson
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import column

if TYPE_CHECKING:
    from cnnstudio.gui.pages.learn.lessons.strip import LessonStrip


class LessonPlace(QWidget):
    """`update_strip` shows the strip of the lesson that is being worked on."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._page = ""
        self._strip: LessonStrip | None = None
        self._layout = column(spacing=0)
        self.setLayout(self._layout)
        self.hide()

    def show_page(self, page: str) -> None:
        """Another page is visible; the one of the lessons shows the tasks by itself."""
        self._page = page
        if self._strip is not None:
            self._strip.show_page(page)
            self.update_strip()

    def update_strip(self) -> None:
        """Show the strip where a lesson is active."""
        active = bool(remembered_lesson(self._workspace.session))
        if active and self._strip is None:
            from cnnstudio.gui.pages.learn.lessons.strip import LessonStrip

            self._strip = LessonStrip(self._workspace)
            self._layout.addWidget(self._strip)
            self._strip.show_page(self._page)
        self.setVisible(active and self._page != "learn")

    def shown_height(self) -> int:
        """Its height in pixels; 0 while it is not shown."""
        return self.height() if self.isVisible() else 0

    def close_strip(self) -> None:
        """It will be deleted."""
        if self._strip is not None:
            self._strip.close_strip()
