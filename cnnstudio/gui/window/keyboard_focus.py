"""Where the keyboard is: Tab follows the order of reading, stays in sight, and is not lost with a part that goes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget
from shiboken6 import isValid

from cnnstudio.gui.widgets.tab_order import bring_into_sight, parents_of, tab_stops

_SETTLING: Final = 250
"""Milliseconds after a move until its part is brought into sight once more."""


class KeyboardFocus(QObject):
    """Moves the focus of a window.

    Qt's own order is that of creation, so that cards that are made later would be reached last; it shows a part of a scroll
    area only to whoever comes from the same area; and when a part that has the focus is hidden or disabled it takes whichever
    was made next, however far away. Here a part that is disabled waits for the focus until it is enabled again, so that a
    second Enter presses nothing else; what is hidden hands it to the nearest part.
    """

    def __init__(self, window: QMainWindow, start: Callable[[], QWidget]) -> None:
        """`start()` is where the keyboard begins when everything that had the focus is gone."""
        super().__init__(window)
        self._window, self._start = window, start
        self._trail: list[QWidget] = []
        """What had the focus last, and everything around it, from the inside out."""
        self._area = QRect()
        self._waiting: QWidget | None = None
        self._returning = QTimer(self)
        self._returning.setSingleShot(True)
        self._returning.setInterval(0)
        self._returning.timeout.connect(self._return)
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.setInterval(_SETTLING)
        self._settling.timeout.connect(self._show_again)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._on_focus_changed)

    def end(self) -> None:
        """The window closes."""
        self._returning.stop()
        self._settling.stop()
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.disconnect(self._on_focus_changed)

    def move(self, forward: bool) -> bool:
        """Give the focus to the next part, or to the one before; False where there is none."""
        present = self._window.focusWidget()
        if present is not None and not _can_have_focus(present):
            # It was hidden or disabled: what stands in its place may not be shown yet.
            self._returning.start()
            return True
        waiting = self._waiting if self._waiting is not None and isValid(self._waiting) else None
        stops = tab_stops(self._window, besides=waiting)
        if not stops or stops == [waiting]:
            return False
        chosen = stops[_next_place(stops, waiting if waiting in stops else present or self._start(), forward)]
        chosen.setFocus(Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
        bring_into_sight(chosen)
        self._settling.start()
        return True

    def _show_again(self) -> None:
        """Pages lay themselves out while they fill, and may have moved the part out of sight."""
        present = self._window.focusWidget()
        if present is not None and present in self._trail[:1] and _can_have_focus(present):
            bring_into_sight(present)

    def return_if_lost(self) -> None:
        """The window is the active one again; what had the focus may have gone behind a dialog."""
        if self._trail and self._window.focusWidget() is None:
            self._returning.start()

    def _on_focus_changed(self, _before: QWidget | None, present: QWidget | None) -> None:
        if present is None:
            if self._window.isActiveWindow():
                self.return_if_lost()
        elif present.window() is self._window and _can_have_focus(present):
            self._returning.stop()
            self._wait_for(None)
            self._trail = [present, *parents_of(present)]
            self._area = QRect(present.mapTo(self._window, QPoint()), present.size())

    def _return(self) -> None:
        """Give the focus to what is nearest to the part that had it."""
        present = self._window.focusWidget()
        if not self._window.isActiveWindow() or not self._trail or (present is not None and _can_have_focus(present)):
            return
        lost = self._trail[0]
        for parent in self._trail[1:]:
            if not isValid(parent) or not parent.isVisible():
                continue
            if parent is self._window:
                # The window was built anew.
                self._start().setFocus(Qt.FocusReason.OtherFocusReason)
                return
            if isValid(lost) and lost.isVisible() and not lost.isEnabled() and parent.isEnabled():
                parent.setFocus(Qt.FocusReason.OtherFocusReason)
                self._wait_for(lost)
                return
            stops = tab_stops(parent)
            if stops:
                nearest = min(stops, key=self._distance)
                nearest.setFocus(Qt.FocusReason.OtherFocusReason)
                bring_into_sight(nearest)
                return

    def _wait_for(self, widget: QWidget | None) -> None:
        if self._waiting is not None and isValid(self._waiting):
            self._waiting.removeEventFilter(self)
        self._waiting = widget
        if widget is not None:
            widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.EnabledChange and watched is self._waiting and self._waiting.isEnabled():
            self._waiting.setFocus(Qt.FocusReason.OtherFocusReason)
        return False

    def _distance(self, widget: QWidget) -> int:
        return (QRect(widget.mapTo(self._window, QPoint()), widget.size()).center() - self._area.center()).manhattanLength()


def _can_have_focus(widget: QWidget) -> bool:
    return isValid(widget) and widget.isVisible() and widget.isEnabled()


def _next_place(stops: list[QWidget], present: QWidget | None, forward: bool) -> int:
    """The place of the stop that follows the present one; in a part that is no stop itself the first or last of it."""
    step = 1 if forward else -1
    if present is not None:
        for widget in (present, *parents_of(present)):
            if widget in stops:
                return (stops.index(widget) + step) % len(stops)
        inside = [place for place, stop in enumerate(stops) if present.isAncestorOf(stop)]
        if inside:
            return inside[0] if forward else (inside[0] - 1) % len(stops)
    return 0 if forward else len(stops) - 1
