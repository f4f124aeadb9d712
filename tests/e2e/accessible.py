"""What a screen reader sees of a program on this display: the names of its parts and where they are, over AT-SPI.

Nothing of the program is imported, so that an installed one can be driven as a user drives it. Needs at-spi2-core, xdotool
and jeepney.
"""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from jeepney import DBusAddress, MessageType, Properties, new_method_call
from jeepney.io.blocking import open_dbus_connection

_ACCESSIBLE = "org.a11y.atspi.Accessible"
_COMPONENT = "org.a11y.atspi.Component"
_ROOT = "/org/a11y/atspi/accessible/root"
_ENABLED, _SHOWING = 1 << 8, 1 << 25
_SECONDS = 30.0


class Part(NamedTuple):
    """A part of a window, with its middle on the screen."""

    name: str
    role: str
    enabled: bool
    x: int
    y: int


class Screen:
    """The accessible programs of the session, and a mouse and a keyboard."""

    def __init__(self) -> None:
        session = open_dbus_connection("SESSION")
        status = DBusAddress("/org/a11y/bus", "org.a11y.Bus", "org.a11y.Status")
        session.send_and_get_reply(Properties(status).set("IsEnabled", "b", True))
        address = DBusAddress("/org/a11y/bus", "org.a11y.Bus", "org.a11y.Bus")
        answer = session.send_and_get_reply(new_method_call(address, "GetAddress"))
        self._bus = open_dbus_connection(answer.body[0])

    def _call(self, owner: str, path: str, interface: str, method: str, *arguments: Any, signature: str = "") -> Any:
        message = new_method_call(DBusAddress(path, owner, interface), method, signature or None, arguments)
        answer = self._bus.send_and_get_reply(message, timeout=_SECONDS)
        # A part may be gone before it is asked.
        return None if answer.header.message_type == MessageType.error else answer.body[0]

    def _property(self, owner: str, path: str, name: str) -> Any:
        value = self._call(owner, path, "org.freedesktop.DBus.Properties", "Get", _ACCESSIBLE, name, signature="ss")
        return None if value is None else value[1]

    def parts(self) -> Iterator[Part]:
        """Everything that is shown, of all programs."""
        for owner, path in self._call("org.a11y.atspi.Registry", _ROOT, _ACCESSIBLE, "GetChildren") or ():
            yield from self._below(owner, path)

    def _below(self, owner: str, path: str) -> Iterator[Part]:
        for child_owner, child in self._call(owner, path, _ACCESSIBLE, "GetChildren") or ():
            state = self._call(child_owner, child, _ACCESSIBLE, "GetState")
            if not state or not state[0] & _SHOWING:
                continue
            extents = self._call(child_owner, child, _COMPONENT, "GetExtents", 0, signature="u")
            name = self._property(child_owner, child, "Name")
            role = self._call(child_owner, child, _ACCESSIBLE, "GetRoleName")
            if extents:
                left, top, width, height = extents
                yield Part(name or "", role or "", bool(state[0] & _ENABLED), left + width // 2, top + height // 2)
            yield from self._below(child_owner, child)

    def find(self, *names: str, role: str = "") -> Part | None:
        """The first enabled part with one of these names."""
        return next((part for part in self.parts() if part.enabled and part.name in names and role in part.role), None)

    def until(self, look: Callable[[], Any], what: str, seconds: float = 120.0) -> Any:
        """Wait until `look` finds something; raises TimeoutError with what is shown instead."""
        end = time.monotonic() + seconds
        while not (found := look()):
            if time.monotonic() > end:
                raise TimeoutError(f"{what}; shown: {sorted({part.name for part in self.parts()})}")
            time.sleep(0.3)
        return found

    def click(self, *names: str, role: str = "", seconds: float = 120.0) -> None:
        """A real click in the middle of a part, once it is there."""
        part = self.until(lambda: self.find(*names, role=role), f"no part is called {names}", seconds)
        xdo("mousemove", str(part.x), str(part.y), "click", "1")
        time.sleep(0.6)


def focus(title: str) -> None:
    """Give a window the keyboard, as a window manager does; there is none here."""
    xdo("search", "--onlyvisible", "--name", title, "windowfocus", "--sync")
    time.sleep(0.3)


def xdo(*words: str) -> None:
    """Move the mouse, press keys."""
    subprocess.run(["xdotool", *words], check=True, env=os.environ)
