"""Asks for a newer version in the background, where the user switched that on. Failures are silent."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from cnnstudio.core.text import Text
from cnnstudio.gui.state.changes import Change
from cnnstudio.gui.state.jobs import Work
from cnnstudio.gui.state.session import Session

_SEEN = "update_seen"


class UpdateCheck(QObject):
    """`found(version)` once for each newer version."""

    found = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._asked = False
        session.changed.connect(self._on_changed)

    def begin(self) -> None:
        """Ask once, if the user wants that."""
        from cnnstudio.core.updates import newer_version, release_feed

        if self._session.settings.check_updates and not self._asked and release_feed():
            self._asked = True
            self._session.jobs.run(lambda _report: newer_version(), Text("Looking for a newer version",
                                   "Buscando una versión más reciente"), "update", quiet=True, done=self._on_done)

    def _on_changed(self, change: Change) -> None:
        if change.of("settings"):
            self.begin()

    def _on_done(self, job: Work) -> None:
        if job.result and self._session.recall(_SEEN) != job.result:
            self._session.remember(_SEEN, job.result)
            self.found.emit(job.result)
