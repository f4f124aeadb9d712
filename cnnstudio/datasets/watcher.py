"""Noticing that the folder changes while the program runs."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


class FolderWatch:
    """Calls `changed()` from a thread of its own whenever something below one of the folders changes, and when one
    of them goes away or comes (back).

    What changed is found out by a scan: the operating systems tell too differently, and may leave things out.
    `watching` is False where they tell nothing at all (no permission, too many folders, some network drives).
    """

    def __init__(self, folders: Sequence[Path], changed: Callable[[], None]) -> None:
        self._folders = tuple(folders)
        self._changed = changed
        self._observer: Any = None
        self._ended = False
        self._lock = threading.Lock()
        self.watching = False

    def start(self) -> None:
        """Begin, in a thread: naming a hundred thousand folders to the system takes its time."""
        threading.Thread(target=self._start, name="watch", daemon=True).start()

    def _start(self) -> None:
        from watchdog.events import FileSystemEventHandler
        from watchdog.observers import Observer

        changed = self._changed

        class Handler(FileSystemEventHandler):  # type: ignore[misc,unused-ignore]
            def on_any_event(self, event: Any) -> None:
                # Reading a file is no change; our own scans would wake us for ever.
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
                # A folder that is renamed says nothing itself; the one that holds it does, where it may be watched.
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
        """End the watch; `changed` is not called any more soon after."""
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
