"""The base class of pages: a centre, optionally a side panel and an inspector, and actions in the header."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from PySide6.QtCore import QMimeData, QObject, Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.commands import Command
from cnnstudio.gui.state.workspace import Workspace


class Page(QObject):
    """One page of the program.

    The window creates a page on its first visit, requests its widgets once, and creates it again when the language or
    the theme changes: what must survive belongs in the project, in `session.view` (see `state`) or in
    `session.remember`. `refresh` is called on every visit and on every change while the page is visible.
    """

    id: ClassVar[str]
    title: ClassVar[Text]
    icon: ClassVar[str]
    shows: ClassVar[tuple[str, ...]] = ()
    """Parts of the project whose undone edits are seen on this page, too, so that it stays in view."""
    header_changed = Signal()
    """Emit when `subtitle` or the blocking problems changed without a Change."""
    side_changed = Signal()
    """Emit when `needs_side` changed."""

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.workspace, self.session = workspace, workspace.session

    @property
    def state(self) -> dict[str, Any]:
        """State that lasts between visits and rebuilds, until another project is opened."""
        return self.session.view.setdefault(self.id, {})

    def heading(self) -> str:
        """The title in the header."""
        return str(self.title)

    def subtitle(self) -> str:
        """The secondary text beside the title."""
        return ""

    def side(self) -> QWidget | None:
        """The panel left of the centre, or None. Called once."""
        return None

    @property
    def needs_side(self) -> bool:
        """Whether the side panel is useful for what the centre shows now."""
        return True

    def centre(self) -> QWidget:
        """The middle of the page. Called once."""
        raise TypeError(f"{type(self).__name__} has no centre")

    def inspector(self) -> QWidget | None:
        """The panel right of the centre, or None. Called once."""
        return None

    @property
    def needs_inspector(self) -> bool:
        """Whether the inspector is useful for what the centre shows now."""
        return True

    def actions(self) -> Iterable[QWidget]:
        """Buttons at the right of the header, the one primary button last. Called once."""
        return ()

    def refresh(self, change: Change) -> None:
        """Show what changed; the first call, and the first after another project was opened, contains every part."""

    def blocking_problems(self) -> Iterable[Problem]:
        """Problems that must be fixed before this page or the next can work; shown as banners with their fixes."""
        return ()

    def enter(self) -> None:
        """The page became visible."""

    def leave(self) -> None:
        """Another page became visible."""

    def take_paths(self, paths: list[str]) -> bool:
        """Accept files or folders dropped on the window; True where the page takes them."""
        return False

    def drop_text(self, paths: list[str]) -> str:
        """What the page does with files or folders that are dragged over the window; "" where it does not take them."""
        return ""

    def mime_text(self, mime: QMimeData) -> str:
        """What the page does with something dragged over the window that is no file, such as a picture from a browser; ""
        where it does not take it."""
        return ""

    def take_mime(self, mime: QMimeData) -> bool:
        """Accept such a thing; True where the page takes it."""
        return False

    def handle(self, command: Command) -> None:
        """Carry out a command that `gui.window.handlers` assigns to this page."""
        raise TypeError(f"{type(self).__name__} has no {type(command).__name__}")

    def keep(self) -> None:
        """Write unsaved input of the page into the project before the project is left."""

    def close(self) -> None:
        """Stop the page's timers and threads; the page will be deleted."""
