"""Presenter mode of the window: begun and ended by one key; its other keys work while it is on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.window.presenter.pointer import LaserPointer
from cnnstudio.gui.window.presenter.spotlight import Spotlight
from cnnstudio.gui.window.presenter.things import focused_thing, things_in

LARGE: Final = 1.25
"""How much larger text is than otherwise, where the window has room for it."""
_LEAST_WIDTH: Final = 720
_LEAST_HEIGHT: Final = 450
"""What all pages fit into with text of the usual size, in logical pixels."""
LASER_KEY: Final = Qt.Key.Key_F6
ALONE_KEY: Final = Qt.Key.Key_F7


class Presenter(QObject):
    """`changed(on)` when presenting begins or ends. `rebuild` makes everything in the window anew, in the present size of
    text."""

    changed = Signal(bool)

    def __init__(self, window: QMainWindow, rebuild: Callable[[], None]) -> None:
        super().__init__(window)
        self._window, self._rebuild = window, rebuild
        self._on = False
        self._laser: LaserPointer | None = None
        self._spotlight: Spotlight | None = None
        self._keys: dict[Qt.Key, Callable[[], None]] = {
            Qt.Key.Key_Escape: self.leave, LASER_KEY: self.toggle_laser, ALONE_KEY: self.toggle_alone}

    @property
    def is_on(self) -> bool:
        return self._on

    @property
    def laser(self) -> LaserPointer | None:
        """The pointer, while it is on."""
        return self._laser

    @property
    def spotlight(self) -> Spotlight | None:
        """What shows one thing, while it does."""
        return self._spotlight

    def toggle(self) -> None:
        """Begin presenting, or end it."""
        if self._on:
            self.leave()
        else:
            self._enter()

    def _enter(self) -> None:
        self._on = True
        self._set_scale(self._fitting_scale(), rebuild=True)
        application = QApplication.instance()
        assert application is not None
        application.installEventFilter(self)
        self.changed.emit(True)

    def _fitting_scale(self) -> float:
        """The largest text with which no page is cut. On a screen of 200 % text is large already."""
        size = self._window.size()
        return max(1.0, min(LARGE, size.width() / _LEAST_WIDTH, size.height() / _LEAST_HEIGHT))

    def leave(self, rebuild: bool = True) -> None:
        """End presenting; `rebuild` unless the window goes."""
        if not self._on:
            return
        self._on = False
        application = QApplication.instance()
        assert application is not None
        application.removeEventFilter(self)
        self._end_laser()
        self._end_alone()
        self._set_scale(1.0, rebuild)
        self.changed.emit(False)

    def _set_scale(self, scale: float, rebuild: bool) -> None:
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        theme.set_text_scale(application, scale)
        if rebuild:
            # Deferred: the widget that has the key may go with it.
            QTimer.singleShot(0, self, self._rebuild)

    def follow_rebuild(self) -> None:
        """Everything in the window was made anew: what covers it comes to the front again."""
        self._end_alone()
        if self._laser is not None:
            self._laser.raise_()

    def keys_text(self) -> str:
        """The keys that work while presenting."""
        return tr("Presenting: F6 laser pointer, F7 one thing at a time (Page Up and Page Down for the next), Esc ends it.",
                  "Presentando: F6 puntero láser, F7 una cosa cada vez (Re Pág y Av Pág para cambiar), Esc termina.")

    # The pointer ---------------------------------------------------------------------------------

    def toggle_laser(self) -> None:
        """Show the mouse as a dot with a trail, or as it was."""
        if self._laser is not None:
            self._end_laser()
            return
        self._laser = LaserPointer(self._window)
        self._laser.move_to(self._window.mapFromGlobal(self._window.cursor().pos()))
        self._laser.show()
        self._laser.raise_()
        QGuiApplication.setOverrideCursor(Qt.CursorShape.BlankCursor)

    def _end_laser(self) -> None:
        if self._laser is not None:
            QGuiApplication.restoreOverrideCursor()
            self._laser.hide()
            self._laser.deleteLater()
            self._laser = None

    # One thing -----------------------------------------------------------------------------------

    def toggle_alone(self) -> None:
        """Enlarge the card or panel that has the focus, or show everything again."""
        if self._is_alone():
            self._end_alone()
            return
        body = self._body()
        thing = focused_thing(body)
        if thing is None:
            return
        self._end_alone()
        self._spotlight = Spotlight(body)
        self._spotlight.show_widget(thing)
        if self._laser is not None:
            self._laser.raise_()

    def step(self, steps: int) -> None:
        """Enlarge the next thing, or the one before."""
        if self._spotlight is None or self._spotlight.target is None:
            return
        target, body = self._spotlight.target, self._body()
        self._spotlight.hide()
        things = things_in(body)
        place = things.index(target) if target in things else -1
        if things:
            self._spotlight.show_widget(things[(place + steps) % len(things)])

    def _body(self) -> QWidget:
        body = self._window.centralWidget()
        assert body is not None
        return body

    def _is_alone(self) -> bool:
        return self._spotlight is not None and self._spotlight.target is not None

    def _end_alone(self) -> None:
        if self._spotlight is not None:
            self._spotlight.leave()
            self._spotlight.deleteLater()
            self._spotlight = None

    # Keys and the mouse --------------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind == QEvent.Type.MouseMove and self._laser is not None and isinstance(event, QMouseEvent):
            self._laser.move_to(self._window.mapFromGlobal(event.globalPosition().toPoint()))
        elif kind == QEvent.Type.Resize and watched is self._window:
            if self._laser is not None:
                self._laser.setGeometry(self._window.rect())
            self._end_alone()
        elif kind in (QEvent.Type.KeyPress, QEvent.Type.ShortcutOverride) and isinstance(event, QKeyEvent):
            return self._take_key(event)
        return False

    def _take_key(self, event: QKeyEvent) -> bool:
        """Whether a key was one of presenting. Dialogs and menus keep theirs."""
        if event.modifiers() or QApplication.activeModalWidget() is not None or QApplication.activePopupWidget() is not None:
            return False
        key = Qt.Key(event.key())
        steps = {Qt.Key.Key_PageDown: 1, Qt.Key.Key_PageUp: -1}.get(key, 0) if self._is_alone() else 0
        action = self._keys.get(key)
        if action is None and not steps:
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            # Says that the key comes as a key, not as a shortcut.
            event.accept()
            return True
        if action is not None:
            action()
        else:
            self.step(steps)
        return True
