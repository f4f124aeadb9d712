"""What every page is: a calm centre, perhaps a side panel and an inspector, and its actions in the header."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.commands import Command
from cnnstudio.gui.state.workspace import Workspace


class Page(QObject):
    """One job of the program.

    The window makes a page on its first visit, asks once for its widgets, and makes it anew when
    language or theme change: what must survive lies in the project, in `session.view` (see `state`)
    or in `session.remember`. `refresh` is called for every visit and every change while visible.
    """

    id: ClassVar[str]
    title: ClassVar[Text]
    icon: ClassVar[str]
    header_changed = Signal()
    """Emit when `subtitle`, or what is missing, changed without a Change."""
    side_changed = Signal()
    """Emit when `needs_side` changed."""

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.workspace, self.session = workspace, workspace.session

    @property
    def state(self) -> dict[str, Any]:
        """What this page remembers between visits and rebuilds, until another project is opened."""
        return self.session.view.setdefault(self.id, {})

    def heading(self) -> str:
        """The title in the header."""
        return str(self.title)

    def subtitle(self) -> str:
        """The quiet words beside the title."""
        return ""

    def side(self) -> QWidget | None:
        """The panel left of the centre, or None. Called once."""
        return None

    @property
    def needs_side(self) -> bool:
        """Whether the panel left of the centre is of use for what the centre shows now."""
        return True

    def centre(self) -> QWidget:
        """The middle of the page. Called once."""
        raise TypeError(f"{type(self).__name__} has no centre")

    def inspector(self) -> QWidget | None:
        """The panel right of the centre, or None. Called once."""
        return None

    def actions(self) -> Iterable[QWidget]:
        """Buttons at the right of the header, the one primary button last. Called once."""
        return ()

    def refresh(self, change: Change) -> None:
        """Show what changed; the first call, and the first after another project was opened, names everything."""

    def blocking_problems(self) -> Iterable[Problem]:
        """What must be mended before this page, or the next, can work: shown as banners with their fixes."""
        return ()

    def enter(self) -> None:
        """The page came into view."""

    def leave(self) -> None:
        """Another page came into view."""

    def take_paths(self, paths: list[str]) -> bool:
        """Files or folders were dropped on the window; whether this page took them."""
        return False

    def handle(self, command: Command) -> None:
        """Carry out a command that `gui.window.handlers` assigns to this page."""
        raise TypeError(f"{type(self).__name__} has no {type(command).__name__}")

    def keep(self) -> None:
        """The project may be left: write down what is not in it yet."""

    def close(self) -> None:
        """The page will be deleted: stop timers and threads of its own."""
