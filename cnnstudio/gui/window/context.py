"""The context of command handlers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import SignalInstance
from PySide6.QtWidgets import QWidget

from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.window.actions import Actions
from cnnstudio.gui.window.pages import PageArea
from cnnstudio.gui.window.presenter.presenter import Presenter

if TYPE_CHECKING:
    from cnnstudio.gui.window.notices import Toasts


@dataclass(frozen=True)
class WindowContext:
    """The parts of one window, in its present language and theme."""

    workspace: Workspace
    window: QWidget
    """The parent of dialogs."""
    pages: PageArea
    actions: Actions
    presenter: Presenter
    toasts: Callable[[], Toasts]
    """The messages over the lower edge; created for the first one."""
    rebuilt: SignalInstance
    """Emitted with the next context when the window was built again."""
