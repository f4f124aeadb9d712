"""The window: it assembles rail, header, pages and status bar."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QGuiApplication, QShortcut
from PySide6.QtWidgets import QMainWindow

from cnnstudio.core.problems import Problem
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages import PageEntry, present_pages
from cnnstudio.gui.pages.base import Page
from cnnstudio.gui.state.commands import Command, OpenPaths
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, box, column, row
from cnnstudio.gui.widgets.cards import paths_of
from cnnstudio.gui.widgets.dialog import fitting_geometry, free_screen
from cnnstudio.gui.window.actions import Actions
from cnnstudio.gui.window.appearance import Appearance
from cnnstudio.gui.window.context import WindowContext
from cnnstudio.gui.window.drop_light import DropLight
from cnnstudio.gui.window.folding import FoldingPages
from cnnstudio.gui.window.header import Header
from cnnstudio.gui.window.keyboard_focus import KeyboardFocus
from cnnstudio.gui.window.lesson_place import LessonPlace
from cnnstudio.gui.window.pages import PageArea
from cnnstudio.gui.window.presenter.presenter import Presenter
from cnnstudio.gui.window.rail import Rail
from cnnstudio.gui.window.status import StatusBar
from cnnstudio.gui.window.wiring import Parts, Wiring

if TYPE_CHECKING:
    from cnnstudio.gui.window.notices import Toasts


class MainWindow(QMainWindow):
    """One window on one workspace. On a change of language or theme everything inside is rebuilt."""

    rebuilt = Signal(object)
    """Everything inside is another: the context of the new parts."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__()
        self.workspace, self.session = workspace, workspace.session
        self.entries: tuple[PageEntry, ...] = present_pages()
        self._toasts: Toasts | None = None
        self._appearance = Appearance()
        self._appearance.follow(self.session.settings)
        theme.style(self)
        screen = free_screen(self)
        self.setMinimumSize(fitting_geometry(QSize(960, 600), screen).size())
        self.setGeometry(fitting_geometry(QSize(*self.session.recall("window", (1440, 900))), screen))
        self.setAcceptDrops(True)
        self._keyboard = KeyboardFocus(self, lambda: self.pages)
        self._presenter = Presenter(self, self._rebuild)
        self._wiring = Wiring(workspace, self.entries, self._rebuild_if_needed, self)
        self._build("start")

    # Building ------------------------------------------------------------------------------------

    def _rebuild_if_needed(self) -> bool:
        if not self._appearance.follow(self.session.settings):
            return False
        # Deferred: the widget that changed the setting is still in its own signal.
        QTimer.singleShot(0, self, self._rebuild)
        return True

    def _rebuild(self) -> None:
        QGuiApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
        try:
            self._rebuild_everything()
        finally:
            QGuiApplication.restoreOverrideCursor()

    def _rebuild_everything(self) -> None:
        page = self.current.id
        self.pages.close_pages()
        self.lesson_place.close_strip()
        for shortcut in self.findChildren(QShortcut):
            shortcut.deleteLater()
        for action in self.actions():
            self.removeAction(action)
            action.deleteLater()
        self.action_set.deleteLater()
        if self._toasts is not None:
            self._toasts.deleteLater()
            self._toasts = None
        self._build(page)
        self.rebuilt.emit(self._context)
        self._presenter.follow_rebuild()
        if self._presenter.is_on:
            self.toasts.show_text(self._presenter.keys_text(), 8.0, topic="presenter")

    def _build(self, page: str) -> None:
        """Build everything inside the window, in the present language and theme, and show a page."""
        self.action_set = Actions(self, self.entries)
        self.rail = Rail(self.entries)
        menu_button = Button(tr("Menu", "Menú"), "icon", "menu")
        menu_button.clicked.connect(lambda: self.action_set.menu(menu_button).popup(
            menu_button.mapToGlobal(menu_button.rect().bottomLeft())))
        self.header = Header(menu_button)
        self.status = StatusBar(self.session)
        self.lesson_place = LessonPlace(self.workspace)
        self.pages = PageArea(self.workspace, self.entries)
        self.pages.page_shown.connect(self.workspace.on_page_shown)
        self._drop_light = DropLight(self.pages.centre)
        right = box(column(self.header, FoldingPages(self.pages), spacing=0))
        upper = row(self.rail, right, spacing=0)
        upper.setStretch(1, 1)
        body = box(column(spacing=0))
        body.setObjectName("window")
        body.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        layout = body.layout()
        layout.addLayout(upper, 1)  # type: ignore[union-attr]
        layout.addWidget(self.lesson_place)  # type: ignore[union-attr]
        layout.addWidget(self.status)  # type: ignore[union-attr]
        self.setCentralWidget(body)
        self._context = WindowContext(self.workspace, self, self.pages, self.action_set, self._presenter,
                                      lambda: self.toasts, self.rebuilt)
        self._wiring.connect_parts(Parts(self._context, self.rail, self.header, self.status, self.lesson_place))
        self.pages.go(page if self.pages.can_show(page) else "start")
        self._wiring.update_frame()
        self._wiring.update_steps()

    @property
    def toasts(self) -> Toasts:
        """Short messages over the lower edge; created for the first one."""
        if self._toasts is None:
            from cnnstudio.gui.window.notices import Toasts

            self._toasts = Toasts(self, self.lesson_place.shown_height)
            self._toasts.fix_chosen.connect(self.session.apply)
        return self._toasts

    # Pages and commands --------------------------------------------------------------------------

    @property
    def current(self) -> Page:
        """The current page."""
        return self.pages.current

    def go(self, identifier: str) -> bool:
        """Show a page; False when it needs a project and none is open."""
        return self.pages.go(identifier)

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self._keyboard.return_if_lost()
        super().changeEvent(event)

    def focusNextPrevChild(self, forward: bool) -> bool:
        return self._keyboard.move(forward)

    def perform(self, command: Command) -> None:
        """Handle a command."""
        self.session.request(command)

    def show_report(self, problem: Problem) -> None:
        """Show an uncaught exception with its details."""
        from cnnstudio.gui.window.notices import ReportDialog

        ReportDialog(problem, self).open()

    # Dropping ------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        paths = paths_of(event.mimeData())
        if paths:
            from cnnstudio.gui.window.open_paths import drop_text

            event.acceptProposedAction()
            self._drop_light.light(drop_text(self._context, tuple(paths)))
        elif text := self.current.mime_text(event.mimeData()):
            event.acceptProposedAction()
            self._drop_light.light(text)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop_light.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._drop_light.hide()
        paths = paths_of(event.mimeData())
        if paths:
            event.acceptProposedAction()
            self.perform(OpenPaths(tuple(paths)))
        elif self.current.take_mime(event.mimeData()):
            event.acceptProposedAction()

    # The end -------------------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        from cnnstudio.gui.window.closing import confirm_close_project

        if not confirm_close_project(self._context):
            event.ignore()
            return
        if not (self.isMaximized() or self.isFullScreen()):
            self.session.remember("window", (self.width(), self.height()))
        self._presenter.leave(rebuild=False)
        self._keyboard.end()
        for page in self.pages:
            page.close()
        self.workspace.end()
        super().closeEvent(event)
