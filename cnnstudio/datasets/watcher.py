"""Watch the folder for changes while the program runs."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


class FolderWatch:
    """Calls `changed()` from its own thread whenever something below one of the folders changes, and when one of them
    disappears or appears.

    A scan then finds the changes, because the events of operating systems differ and may be incomplete. `watching` is
    False if there are no events (no permission, too many folders, some network drives).
    """

    def __init__(self, folders: Sequence[Path], changed: Callable[[], None]) -> None:
        self._folders = tuple(folders)
        self._changed = changed
        self._observer: Any = None
        self._ended = False
        self._lock = threading.Lock()
        self.watching = False

    def start(self) -> None:
        """Start in a thread: registering a hundred thousand folders takes long."""
        threading.Thread(target=self._start, name="watch", daemon=True).start()

    def _start(self) -> None:
        from watchdog.events import FileSystemEventHandler
        from watchdog.observers import Observer

        changed = self._changed

        class Handler(FileSystemEventHandler):  # type: ignore[misc,unused-ignore]
            def on_any_event(self, event: Any) -> None:
                # Reading is not a change; otherwise our own scans would trigger new ones.
                if event.event_type in ("created", "deleted", "moved", "modified", "closed"):
                    changed()

        class Comings(FileSystemEventHandler):  # type: ignore[misc,unused-ignore]
            def __init__(self, folder: Path) -> None:
                self._folder = str(folder)

            def on_any_event(self, event: Any) -> None:
                if event.event_type in ("created", "deleted", "moved") and self._folder in (event.src_path, event.dest_path):
                    changed()

        observer = Observer()
        try:
            observer.start()
            for folder in self._folders:
                if folder.is_dir():
                    observer.schedule(Handler(), str(folder), recursive=True)
                # A renamed folder gives no event itself; its parent does, if it can be watched.
                with contextlib.suppress(OSError):
                    observer.schedule(Comings(folder), str(folder.parent), recursive=False)
        except (OSError, RuntimeError):
            _end(observer)
            return
        with self._lock:
            if not self._ended:
                self._observer, self.watching = observer, bool(observer.emitters)
                return
        _end(observer)

    def stop(self) -> None:
        """Stop watching; `changed` may still be called for a moment."""
        with self._lock:
            self._ended, observer = True, self._observer
            self._observer, self.watching = None, False
        if observer is not None:
            _end(observer)


def _end(observer: Any) -> None:
    with contextlib.suppress(OSError, RuntimeError):
        observer.stop()
        if observer.is_alive():
            observer.join(5)
