"""Watches the folders of the pictures and reports changes after a moment of rest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal

if TYPE_CHECKING:
    from cnnstudio.datasets.watcher import FolderWatch

_REST_MS: Final = 800


class FolderChanges(QObject):
    """`rested` is emitted after changes, in the window's thread: files that are being copied are read once complete."""

    rested = Signal()
    _seen = Signal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._watch: FolderWatch | None = None
        self._watched: list[tuple[Path, bool]] = []
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self.rested)
        # The observer calls from its own thread.
        self._seen.connect(self.wait, Qt.ConnectionType.QueuedConnection)

    def start(self, folders: Sequence[Path]) -> None:
        """Watch these folders; no effect if they are watched already."""
        from cnnstudio.datasets.watcher import FolderWatch

        # A missing folder is awaited; once it exists, it is watched.
        watched = [(folder, folder.is_dir()) for folder in folders]
        if self._watch is not None and self._watched == watched:
            return
        self._end()
        self._watched = watched
        self._watch = FolderWatch(list(folders), self._seen.emit)
        self._watch.start()

    def wait(self) -> None:
        """Emit after a moment of rest, counted from now."""
        if self._watch is not None:
            self._rest.start()

    def stop(self) -> None:
        """Stop watching, and drop changes that were not reported yet."""
        self._rest.stop()
        self._end()

    def _end(self) -> None:
        if self._watch is not None:
            self._watch.stop()
            self._watch = None
