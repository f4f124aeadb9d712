"""Says once that the program was replaced while it runs: when the window is looked at again."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication

from cnnstudio.core.installation import is_replaced, replaced_problem
from cnnstudio.gui.state.session import Session


class ReplacementNotice(QObject):
    """Looks when the program becomes the active one, which it does after an upgrade."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._shown = False
        QGuiApplication.instance().applicationStateChanged.connect(self._on_state_changed)  # type: ignore[union-attr]

    def _on_state_changed(self, state: Qt.ApplicationState) -> None:
        if state == Qt.ApplicationState.ApplicationActive and not self._shown and is_replaced():
            self._shown = True
            self._session.save_now()
            self._session.report(replaced_problem())
