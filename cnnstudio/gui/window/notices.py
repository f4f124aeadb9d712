"""Problems on screen: toasts, a dialog with details, the list of problems, and the handler of uncaught exceptions."""

from __future__ import annotations

import logging
import platform
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from functools import partial
from types import TracebackType

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from cnnstudio import __version__
from cnnstudio.core.logs import log_path
from cnnstudio.core.problems import Fix, Problem
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme, tokens
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.jobs import unexpected_problem
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Icon, Label, box, clear, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Banner, Card, EmptyState
from cnnstudio.gui.widgets.dialog import Dialog
from cnnstudio.gui.widgets.question import Question

_EDGES = {"error": "error", "warning": "warn", "info": "accent"}


_READING = 60
"""Milliseconds that a message is shown per letter."""

_LOG = logging.getLogger(__name__)


class Toast(Card):
    """A problem or a short message at the bottom of the window; errors stay until closed."""

    def __init__(self, text: str, severity: str, fixes: Iterable[Fix], details: str,
                 chosen: Callable[[Fix], object], closed: Callable[[Toast], object],
                 show: Callable[[], object]) -> None:
        edge = _EDGES.get(severity, "accent")
        super().__init__(edge=edge, margins=(14, 10, 8, 10))
        label = Label(text, wrap=True, selectable=True)
        line = row(spacing=10)
        symbol = {"error": "error", "warning": "warning"}.get(severity, "info")
        line.addWidget(Icon(symbol, edge, 18))
        line.addWidget(label, 1)
        for fix in fixes:
            line.addWidget(Button(str(fix.label), "link", on_click=partial(self._take, fix, chosen, closed)))
        if details:
            line.addWidget(Button(tr("Details", "Detalles"), "link", on_click=show))
        line.addWidget(Button(tr("Close", "Cerrar"), "icon", "close", on_click=lambda: closed(self)))
        self.body.addLayout(line)
        self.setAccessibleName(text)

    def _take(self, fix: Fix, chosen: Callable[[Fix], object], closed: Callable[[Toast], object]) -> None:
        closed(self)
        chosen(fix)


class Toasts(QWidget):
    """The stack of toasts over the lower edge of its window."""

    fix_chosen = Signal(object)

    def __init__(self, window: QWidget, below: Callable[[], int] = lambda: 0) -> None:
        """`below()`: the height in pixels of what stands above the status bar and must stay in sight."""
        super().__init__(window)
        self._window, self._below = window, below
        self._layout = column(spacing=8)
        self.setLayout(self._layout)
        self._texts: dict[str, Toast] = {}
        self._topics: dict[str, str] = {}
        window.installEventFilter(self)
        self.hide()

    def show_problem(self, problem: Problem, topic: str = "") -> None:
        """Show a problem; the same text is shown only once at a time. One with a topic can be dismissed."""
        stay = problem.severity == "error" or (bool(problem.fixes) and problem.severity != "info")
        message = problem.located_text
        if topic:
            self._topics[topic] = message
        self._add(message, problem.severity, problem.fixes, problem.details, 0 if stay else max(8000, _READING * len(message)),
                  lambda: ReportDialog(problem, self.window()).open())

    def show_text(self, text: str, seconds: float = 5.0, fixes: Iterable[Fix] = (), topic: str = "") -> None:
        """Show a short message that disappears by itself; it replaces an earlier one on the same topic."""
        if topic:
            before, self._topics[topic] = self._topics.get(topic, ""), text
            if (toast := self._texts.get(before)) is not None:
                self._remove(toast)
        self._add(text, "info", fixes, "", round(seconds * 1000), lambda: None)

    def dismiss(self, topic: str) -> None:
        """Remove the message on a topic, which no longer holds."""
        if (toast := self._texts.get(self._topics.pop(topic, ""))) is not None:
            self._remove(toast)

    def _add(self, text: str, severity: str, fixes: Iterable[Fix], details: str, milliseconds: int,
             show: Callable[[], object]) -> None:
        if text in self._texts:
            return
        if len(self._texts) >= 4:
            self._remove(next(iter(self._texts.values())))
        toast = Toast(text, severity, fixes, details, self.fix_chosen.emit, self._remove, show)
        self._texts[text] = toast
        self._layout.addWidget(toast)
        # A hidden widget has no height for the layout: its text would be cut off.
        toast.show()
        if milliseconds:
            timer = QTimer(toast)
            timer.setSingleShot(True)
            timer.timeout.connect(lambda: self._remove(toast))
            timer.start(milliseconds)
        self._place()

    def _remove(self, toast: Toast) -> None:
        self._texts = {text: item for text, item in self._texts.items() if item is not toast}
        toast.hide()
        toast.deleteLater()
        self._layout.removeWidget(toast)
        self._place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self._texts:
            self._place()
        return False

    def _place(self) -> None:
        if not self._texts:
            self.hide()
            return
        parent = self._window
        width = min(620, parent.width() - 48)
        self.setFixedWidth(width)
        self._layout.activate()
        height = self._layout.heightForWidth(width) if self._layout.hasHeightForWidth() else self.sizeHint().height()
        self.setFixedHeight(max(height, 40))
        self.move((parent.width() - width) // 2, parent.height() - self.height() - tokens.STATUS_HEIGHT - 16 - self._below())
        self.show()
        self.raise_()


def report_text(problem: Problem) -> str:
    """The text of Copy report: the problem, where, the versions and the details."""
    from PySide6 import __version__ as qt

    place = problem.where
    where = " ".join(str(item) for item in (place.area, place.node, place.field, place.path) if item)
    lines = [f"CNN Studio {__version__}", f"Python {platform.python_version()}, PySide6 {qt}, {platform.platform()}",
             f"{problem.code}: {problem.text.en}", f"at: {where}", f"log: {log_path()}", "", problem.details.strip()]
    return "\n".join(lines).strip() + "\n"


class ReportDialog(Dialog):
    """One problem with its details and Copy report."""

    def __init__(self, problem: Problem, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Report", "Informe"))
        self.resize(680, 440)
        details = QPlainTextEdit(report_text(problem))
        details.setReadOnly(True)
        details.setFont(theme.mono_font(12))
        details.setAccessibleName(tr("Report", "Informe"))
        copy = Button(tr("Copy report", "Copiar informe"), "", "copy",
                      on_click=lambda: QGuiApplication.clipboard().setText(report_text(problem)))
        close = Button(tr("Close", "Cerrar"), "primary", on_click=self.accept)
        close.setDefault(True)
        self.setLayout(column(Label(problem.located_text, wrap=True), details, row(copy, None, close),
                              spacing=12, margins=(20, 20, 20, 20)))


class ProblemsDialog(Dialog):
    """All problems of the project with their fixes; updated while they are fixed."""

    problem_chosen = Signal(object)
    """Show the page of this problem."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Problems", "Problemas"))
        self.resize(640, 480)
        self._session = session
        self._list = column(spacing=8, margins=(20, 20, 20, 8))
        inner = box(column(spacing=0))
        inner.layout().addLayout(self._list)  # type: ignore[union-attr]
        inner.layout().addStretch(1)  # type: ignore[union-attr]
        close = Button(tr("Close", "Cerrar"), "primary", on_click=self.accept)
        self.setLayout(column(scroll_area(inner), row(None, close, margins=(20, 8, 20, 16)), spacing=0))
        session.changed.connect(self._on_changed)
        self._fill()

    def _on_changed(self, change: Change) -> None:
        if change.of("problems", "folder"):
            self._fill()

    def _fill(self) -> None:
        clear(self._list)
        problems = self._session.problems
        if not problems:
            self._list.addWidget(EmptyState("check", tr("There are no problems", "No hay problemas"),
                                            tr("Everything is ready.", "Todo está listo.")))
        for problem in problems:
            banner = Banner(problem)
            banner.fix_chosen.connect(self._session.apply)
            show = Button(tr("Show", "Mostrar"), "link", on_click=partial(self._show, problem))
            banner.body.itemAt(0).layout().addWidget(show)  # type: ignore[union-attr]
            self._list.addWidget(banner)

    def _show(self, problem: Problem) -> None:
        self.accept()
        self.problem_chosen.emit(problem)


class _Hook(QObject):
    """Moves an exception from any thread into the window's thread."""

    happened = Signal(object)


def install_exception_hook(show: Callable[[Problem], object]) -> Callable[[], None]:
    """Turn an uncaught exception into a report, so that the program continues.

    Returns a function that removes the hook.
    """
    hook = _Hook()
    reported: set[str] = set()

    def show_once(problem: Problem) -> None:
        # After an upgrade of the running program everything may fail, with one remedy.
        if problem.code != "program_replaced" or problem.code not in reported:
            reported.add(problem.code)
            show(problem)

    hook.happened.connect(show_once, Qt.ConnectionType.QueuedConnection)
    before, thread_before = sys.excepthook, threading.excepthook

    def caught(kind: type[BaseException], value: BaseException, trace: TracebackType | None) -> None:
        traceback.print_exception(kind, value, trace)
        _LOG.error("unexpected", exc_info=(kind, value, trace))
        if isinstance(value, Exception):
            hook.happened.emit(unexpected_problem(value))

    def caught_in_thread(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            caught(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)

    sys.excepthook = caught
    threading.excepthook = caught_in_thread

    def remove() -> None:
        sys.excepthook, threading.excepthook = before, thread_before
        hook.deleteLater()

    return remove


def close_question(parent: QWidget) -> str | None:
    """Ask what to do with a running training when the window closes: "detach", "keep", "discard" or None."""
    return Question(
        tr("A training run is in progress", "Hay un entrenamiento en curso"),
        tr("What should happen to it when the window closes?", "¿Qué hacer con él al cerrar la ventana?"),
        (("detach", tr("Continue in the background", "Continuar en segundo plano"), "primary"),
         ("keep", tr("Stop it and keep what it has learned", "Detenerlo y conservar lo aprendido"), ""),
         ("discard", tr("Stop it and discard the run", "Detenerlo y descartar el entrenamiento"), "danger")),
        parent).ask()
