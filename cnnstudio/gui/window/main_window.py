"""The window: it assembles rail, header, panels and status bar, and carries out the actions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication, QShortcut
from PySide6.QtWidgets import QApplication, QMainWindow, QScrollArea, QSplitter, QStackedWidget, QWidget

from cnnstudio.core.files import PROJECT_FILE
from cnnstudio.core.problems import Problem, warning
from cnnstudio.core.text import Text, language, set_language, system_language, tr
from cnnstudio.gui.look import qt_translation as qt_words
from cnnstudio.gui.look import theme, tokens
from cnnstudio.gui.pages import PageEntry, load_page, present_pages
from cnnstudio.gui.pages.base import Page
from cnnstudio.gui.state.jobs import ChildJob, Job
from cnnstudio.gui.state.session import EVERYTHING, Change, Session
from cnnstudio.gui.widgets.basics import Button, box, column, row, scrolled
from cnnstudio.gui.widgets.cards import Banners, paths_of
from cnnstudio.gui.window.actions import Actions
from cnnstudio.gui.window.header import Header
from cnnstudio.gui.window.rail import Rail
from cnnstudio.gui.window.status import StatusBar

if TYPE_CHECKING:
    from cnnstudio.gui.window.notices import Toasts

_AREA_PAGES = {"dataset": "data", "file": "data", "recipe": "prepare", "augmentation": "prepare",
               "network": "network", "training": "train", "run": "train", "project": "data", "machine": "train"}

_NARROWEST_SIDE = 180


class MainWindow(QMainWindow):
    """One window on one session. Language or theme change: everything inside is built anew."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session: Session = session
        self.entries: tuple[PageEntry, ...] = present_pages()
        self._pages: dict[str, Page] = {}
        self._stale: dict[str, Change] = {}
        self._current = "start"
        self._language = self._theme = ""
        self._toasts: Toasts | None = None
        self._follow_settings()
        self.setMinimumSize(960, 600)
        self.resize(QSize(*session.remembered("window", (1440, 900))))
        self.setAcceptDrops(True)
        session.changed.connect(self._changed)
        session.noticed.connect(self._notice)
        session.asked.connect(self.perform)
        session.jobs.changed.connect(self._jobs_changed)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._scheme_changed)
        self._build()

    # Building ------------------------------------------------------------------------------------

    def _follow_settings(self) -> bool:
        """Put the chosen language and theme in force; whether they changed."""
        wanted = self.session.settings.language
        chosen = system_language() if wanted == "system" else wanted
        wanted_theme = self.session.settings.theme
        look = theme.system_theme() if wanted_theme == "system" else wanted_theme
        if (chosen, look) == (self._language, self._theme):
            return False
        self._language, self._theme = chosen, look
        set_language(chosen)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        qt_words.speak(application, chosen)
        theme.apply(application, look)
        return True

    def _build(self) -> None:
        """Make everything inside the window, in the present language and theme."""
        for page in self._pages.values():
            page.close()
            page.deleteLater()
        self._pages.clear()
        self._stale.clear()
        for child in self.findChildren(QShortcut):
            child.deleteLater()
        for action in self.actions():
            self.removeAction(action)
            action.deleteLater()
        self.actions_of = Actions(self, self.entries, lambda identifier: self.perform(identifier, {}))
        self.rail = Rail(self.entries)
        self.rail.page_chosen.connect(self.go)
        self.rail.settings_chosen.connect(lambda: self.perform("settings", {}))
        self.rail.help_chosen.connect(lambda: self.perform("help", {}))
        menu_button = Button(tr("Menu", "Menú"), "icon", "menu")
        menu_button.clicked.connect(lambda: self.actions_of.menu(menu_button).popup(
            menu_button.mapToGlobal(menu_button.rect().bottomLeft())))
        self.header = Header(menu_button)
        self.status = StatusBar(self.session)
        self.status.save_asked.connect(self.session.save_now)
        self.status.problems_asked.connect(lambda: self.perform("problems", {}))
        self.status.job_asked.connect(lambda job: self.go(job.page) if job is not None and job.page else None)
        self.status.cancel_asked.connect(self._cancel)
        self.status.language_asked.connect(
            lambda: self.session.set_setting("language", "en" if language() == "es" else "es"))
        self._sides, self._inspectors = QStackedWidget(), QStackedWidget()
        self._centres = QStackedWidget()
        self._banners = Banners()
        self._banners.fix_chosen.connect(self.session.apply)
        body = self._panels()
        right = box(column(self.header, body, spacing=0))
        upper = row(self.rail, right, spacing=0)
        upper.setStretch(1, 1)
        window = box(column(spacing=0))
        window.setObjectName("window")
        window.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        whole = window.layout()
        whole.addLayout(upper, 1)  # type: ignore[union-attr]
        whole.addWidget(self.status)  # type: ignore[union-attr]
        self._body = window
        self.setCentralWidget(window)
        if self._toasts is not None:
            self._toasts.deleteLater()
            self._toasts = None
        self._show_page(self._current if self._may_show(self._current) else "start")
        self._update_frame()

    def _panels(self) -> QSplitter:
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setHandleWidth(1)
        splitter.setChildrenCollapsible(False)
        for stack, name in ((self._sides, "side"), (self._centres, "centre"), (self._inspectors, "inspector")):
            holder: QWidget = stack if name != "centre" else box(column(self._banners, stack, spacing=0))
            holder.setObjectName(name)
            holder.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
            splitter.addWidget(holder)
        self._sides.setMinimumWidth(_NARROWEST_SIDE)
        self._inspectors.setMinimumWidth(240)
        for index, stretch in enumerate((0, 1, 0)):
            splitter.setStretchFactor(index, stretch)
        widths = self.session.remembered("panels") or (tokens.SIDE_WIDTH, 10_000, tokens.INSPECTOR_WIDTH)
        splitter.setSizes([widths[0], 10_000, widths[-1]])
        splitter.splitterMoved.connect(self._panels_moved)
        self._splitter = splitter
        return splitter

    def _panels_moved(self) -> None:
        before = self.session.remembered("panels") or (tokens.SIDE_WIDTH, 0, tokens.INSPECTOR_WIDTH)
        sizes = self._splitter.sizes()
        self.session.remember("panels", (sizes[0] or before[0], 0, sizes[2] or before[-1]))

    def _page(self, identifier: str) -> Page:
        """The page, made on its first visit."""
        if identifier not in self._pages:
            entry = next(each for each in self.entries if each.id == identifier)
            page = load_page(entry)(self.session, self)
            page.header_changed.connect(self._page_header_changed)
            page.side_changed.connect(self._page_side_changed)
            self._pages[identifier] = page
            self._centres.addWidget(page.centre())
            for stack, panel in ((self._sides, page.side()), (self._inspectors, page.inspector())):
                if panel is not None:
                    holder = scrolled(panel) if not panel.property("scrolls") else panel
                    holder.setProperty("page", identifier)
                    stack.addWidget(holder)
            self.header.add_page(identifier, page.actions())
            self._stale[identifier] = Change(EVERYTHING)
        return self._pages[identifier]

    # Pages ---------------------------------------------------------------------------------------

    @property
    def current(self) -> Page:
        """The page in view."""
        return self._pages[self._current]

    def keep(self) -> None:
        """Have every page write down what is not in the project yet."""
        for page in self._pages.values():
            page.keep()

    def _may_show(self, identifier: str) -> bool:
        entry = next((each for each in self.entries if each.id == identifier), None)
        return entry is not None and (self.session.is_open or not entry.needs_project)

    def go(self, identifier: str) -> bool:
        """Bring a page into view; False when it needs a project and none is open."""
        if not self._may_show(identifier):
            return False
        if identifier != self._current or identifier not in self._pages:
            if self._current in self._pages:
                self._pages[self._current].deactivated()
            self._show_page(identifier)
        return True

    def _show_page(self, identifier: str) -> None:
        page = self._page(identifier)
        self._current = identifier
        self._centres.setCurrentIndex(list(self._pages).index(identifier))
        for stack in (self._sides, self._inspectors):
            panels = [stack.widget(index) for index in range(stack.count())]
            holder = next((each for each in panels if each is not None and each.property("page") == identifier), None)
            stack.setVisible(holder is not None and (stack is self._inspectors or page.side_helps))
            if holder is not None and stack is self._sides:
                stack.setMinimumWidth(_side_width(holder))
            if holder is not None:
                stack.setCurrentWidget(holder)
        self.rail.set_current(identifier)
        self.header.show_page(identifier)
        change = self._stale.pop(identifier, None)
        page.refresh(change if change is not None else Change(frozenset()))
        # The keyboard starts in the page, not on the rail: a ring shows only where someone tabbed to.
        self._body.setFocus()
        page.activated()
        self._update_header()

    def _page_side_changed(self) -> None:
        if self.sender() is self.current:
            self._sides.setVisible(self.current.side_helps)

    def _page_header_changed(self) -> None:
        if self.sender() is self.current:
            self._update_header()

    def _update_header(self) -> None:
        page = self.current
        self.header.set_words(page.heading(), page.subtitle())
        self.header.fit(self._current)
        self._banners.show_problems(page.what_is_missing())

    def _update_frame(self) -> None:
        session = self.session
        self.actions_of.update(is_open=session.is_open, undo=session.undo_label, redo=session.redo_label)
        self.rail.set_enabled_pages({entry.id for entry in self.entries if self._may_show(entry.id)})
        name = session.project.name if session.is_open else ""
        self.setWindowTitle(f"{name}[*] – CNN Studio" if name else "CNN Studio[*]")
        self.setWindowModified(session.dirty)
        worst: dict[str, str] = {}
        for problem in session.problems:
            if problem.blocks:
                worst[_AREA_PAGES[problem.where.area]] = "error"
        for entry in self.entries:
            busy = any(job.page == entry.id and not job.quiet for job in session.jobs)
            self.rail.set_mark(entry.id, "accent" if busy else worst.get(entry.id, ""))

    def _changed(self, change: Change) -> None:
        if change.of("settings") and self._follow_settings():
            # Not now: the widget that changed the setting is still in its own signal.
            QTimer.singleShot(0, self, self._build)
            return
        if change.of("folder"):
            for identifier in self._pages:
                self._stale[identifier] = Change(EVERYTHING)
            if not self.session.is_open and not self._may_show(self._current):
                self.go("start")
        for identifier in self._pages:
            if identifier != self._current:
                self._stale[identifier] = self._stale.get(identifier, Change(frozenset())) | change
        self._stale.pop(self._current, None)
        self.current.refresh(change)
        self._update_header()
        self._update_frame()
        if change.of("saved", "folder"):
            self.status.update_saved()
        if change.of("problems", "folder"):
            self.status.update_problems()

    def _jobs_changed(self) -> None:
        self.status.update_job()
        self._update_frame()

    def _scheme_changed(self) -> None:
        if self.session.settings.theme == "system" and self._follow_settings():
            self._build()

    # Actions -------------------------------------------------------------------------------------

    def perform(self, action: str, arguments: dict[str, Any]) -> None:
        """Carry out an action by id: of the page in view, else of the window."""
        if action.startswith("page:"):
            self.go(action[5:])
            return
        if action == "open_page":
            self.go(str(arguments.get("page", "")))
            return
        if not self.current.perform(action, arguments):
            from cnnstudio.gui.window import commands

            commands.perform(self, action, arguments)

    def show_problem(self, problem: Problem) -> None:
        """Bring the page into view that a problem is about."""
        self.go(_AREA_PAGES[problem.where.area])

    def show_problems(self) -> None:
        self.session.check_now()
        from cnnstudio.gui.window.notices import ProblemsDialog

        ProblemsDialog(self.session, self.show_problem, self).open()

    @property
    def toasts(self) -> Toasts:
        """Short messages over the lower edge; made when the first one comes."""
        if self._toasts is None:
            from cnnstudio.gui.window.notices import Toasts

            self._toasts = Toasts(self)
            self._toasts.fix_chosen.connect(self.session.apply)
        return self._toasts

    def _notice(self, problem: Problem) -> None:
        self.toasts.show_problem(problem)

    def report(self, problem: Problem) -> None:
        """What the exception hook shows."""
        from cnnstudio.gui.window.notices import ReportDialog

        ReportDialog(problem, self).open()

    def _cancel(self, job: Job | None) -> None:
        if job is None:
            return
        # A training is never thrown away by one click: Cancel keeps what was learned.
        if isinstance(job, ChildJob) and job.kind == "train":
            job.stop(keep=True)
        else:
            job.cancel()
        self._jobs_changed()

    # Dropping ------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if paths_of(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        paths = paths_of(event.mimeData())
        if paths:
            event.acceptProposedAction()
            self.take_paths(paths)

    def take_paths(self, paths: list[str]) -> None:
        """Files and folders came in: a project is opened, the page takes them, or Predict, or a new project."""
        first = Path(paths[0])
        if first.name == PROJECT_FILE:
            first = first.parent
        if (first / PROJECT_FILE).is_file():
            self.perform("open", {"folder": str(first)})
        elif self.current.dropped(paths):
            return
        elif first.is_file() and _is_source(first):
            self.perform("add_pictures", {"paths": paths})
        elif self.session.is_open and _is_network(first):
            self.go("network")
            self.current.dropped(paths)
        elif self.session.is_open and any(entry.id == "predict" for entry in self.entries):
            self.go("predict")
            self.current.dropped(paths)
        elif first.is_dir():
            self.perform("new", {"source": str(first)})
        else:
            text = Text("{name} is neither a project nor a folder of pictures. To have pictures classified, open a project "
                        "with a trained model first.",
                        "{name} no es un proyecto ni una carpeta de imágenes. Para clasificar imágenes, abra antes un "
                        "proyecto con un modelo entrenado.")
            self._notice(warning("unknown_drop", text.fill(name=first.name), "file", path=first))

    # The end -------------------------------------------------------------------------------------

    def closeEvent(self, event: QCloseEvent) -> None:
        from cnnstudio.gui.window import commands

        if not commands.let_go(self):
            event.ignore()
            return
        if not (self.isMaximized() or self.isFullScreen()):
            self.session.remember("window", (self.width(), self.height()))
        for page in self._pages.values():
            page.close()
        self.session.end()
        super().closeEvent(event)


def _side_width(holder: QWidget) -> int:
    """What the left panel of a page needs, so that nothing of it is cut off at the right."""
    content = holder.widget() if isinstance(holder, QScrollArea) else None
    if not isinstance(holder, QScrollArea) or content is None:
        return _NARROWEST_SIDE
    bar = holder.verticalScrollBar().sizeHint().width()
    return min(tokens.SIDE_WIDTH, max(_NARROWEST_SIDE, content.minimumSizeHint().width() + bar))


def _is_network(path: Path) -> bool:
    """Whether a file is a network and no trained model, which Predict takes."""
    from cnnstudio.interchange.keras_file.model import SUFFIXES

    return path.suffix.lower() in SUFFIXES and path.suffix.lower() != ".keras"


def _is_source(path: Path) -> bool:
    """Whether a file is a list, an archive or arrays of pictures."""
    from cnnstudio.datasets.sources.kinds import takes

    return takes([path])
