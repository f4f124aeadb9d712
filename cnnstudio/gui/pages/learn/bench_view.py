"""What the widget of a bench offers to the frame around it, and to a lesson that embeds it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.learning.benches.entry import Code


class BenchView(QWidget):
    """The widget of one bench. The frame gives it copy as code, export as a picture and as a film.

    It lives as long as the page shows it. `settings` and `restore` are plain values (JSON), so that the program remembers
    them and a lesson embeds the bench as its text needs it.
    """

    changed = Signal()
    """The settings, and with them code and picture, are others."""
    frames_per_second: ClassVar[float] = 12
    """How fast a film of it is shown."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.workspace, self.session = workspace, workspace.session

    def settings(self) -> dict[str, Any]:
        """The settings as plain values."""
        raise TypeError(f"{type(self).__name__} has no settings")

    def restore(self, settings: dict[str, Any]) -> None:
        """Take settings over; unknown names and impossible values are left out."""
        raise TypeError(f"{type(self).__name__} has no settings")

    def code(self) -> tuple[Code, ...]:
        """Programs that compute exactly what is shown."""
        return ()

    def no_code_text(self) -> str:
        """Why there is no program now, where `code` gives none."""
        return tr("There is nothing to compute yet.", "Aún no hay nada que calcular.")

    def picture(self) -> QImage:
        """What is shown, in twice the pixels of the screen."""
        image = QImage(self.size() * 2, QImage.Format.Format_ARGB32_Premultiplied)
        image.setDevicePixelRatio(2)
        self.render(image)
        return image

    def frames(self) -> Iterator[QImage]:
        """The frames of a film of what moves, in order; none where nothing moves. An iterator that knows how many there are
        has a `__length_hint__`."""
        return iter(())

    def takes_paths(self, paths: list[str]) -> bool:
        """Whether files that are dragged over the bench are of use to it."""
        return False

    def take_paths(self, paths: list[str]) -> None:
        """Files were dropped on the bench; only after `takes_paths` said so."""

    def resume(self, owner: str) -> None:
        """Take over the child that this bench left running where it was shown before: `owner` names the page, or the place in
        a lesson. Called once, after the settings are there."""

    def enter(self) -> None:
        """The bench is in sight."""

    def leave(self) -> None:
        """The bench is out of sight: timers stop."""

    def close_bench(self) -> None:
        """Stop timers and threads; the widget will be deleted. A child process goes on, and `resume` takes it over."""
