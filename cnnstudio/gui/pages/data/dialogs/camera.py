"""A camera in its own thread: live pictures, and recording them into a folder at a steady rate."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol

from PySide6.QtCore import QObject, QThread, Signal
from PySide6.QtGui import QImage

from cnnstudio.core.atomic import write_problem
from cnnstudio.core.problems import ProblemError
from cnnstudio.imaging.frames import camera_lost_problem, no_camera_problem

_LOST_AFTER: Final = 15
"""After so many failed reads in a row the camera counts as unplugged."""
_PREVIEW_SECONDS: Final = 1 / 30


class Capture(Protocol):
    """The part of OpenCV's VideoCapture that is used."""

    def isOpened(self) -> bool: ...

    def read(self) -> tuple[bool, Any]: ...

    def release(self) -> None: ...


def open_camera(number: int) -> Capture:
    """Open a camera with OpenCV."""
    import cv2

    capture: Capture = cv2.VideoCapture(number)
    return capture


class Camera(QThread):
    """Reads pictures until `stop`; saves them between `record` and `pause`.

    Emits `pictured(QImage)` for the preview (mirrored if wanted), `saved(class, number)` after every file, and
    `failed(Problem)` when there is no camera, it was unplugged, or the disk is full.
    """

    pictured = Signal(QImage)
    saved = Signal(str, int)
    failed = Signal(object)

    def __init__(self, opener: Callable[[], Capture], folder: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._opener, self._folder = opener, folder
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._recording: tuple[str, str] | None = None
        self._rate, self._form, self._mirror = 5.0, "jpg", True
        self._counts: dict[str, int] = {}
        self._ready = True

    # From the window -----------------------------------------------------------------------------

    def record(self, class_name: str) -> None:
        """Start saving pictures at the set rate into this class, as one burst."""
        with self._lock:
            self._recording = (class_name, f"frame_{datetime.now():%Y%m%d%H%M%S%f}")

    def pause(self) -> None:
        """Stop saving pictures."""
        with self._lock:
            self._recording = None

    def settings(self, rate: float, form: str, mirror: bool) -> None:
        """Set the pictures per second, "jpg" or "png", and whether the preview is mirrored (the files are not)."""
        with self._lock:
            self._rate, self._form, self._mirror = max(0.1, rate), form, mirror

    def take_next(self) -> None:
        """Allow the next preview: the window has shown the last one."""
        self._ready = True

    def stop(self) -> None:
        """Stop the thread and wait for it."""
        self._ended.set()
        self.wait(5000)

    # In the thread -------------------------------------------------------------------------------

    def run(self) -> None:
        capture = None
        try:
            capture = self._opener()
            if not capture.isOpened():
                self.failed.emit(no_camera_problem())
                return
            self._read(capture)
        except ProblemError as err:
            self.failed.emit(err.problems[0])
        except Exception as err:  # noqa: BLE001 - the border of the thread: drivers raise what they like
            self.failed.emit(camera_lost_problem(f"{type(err).__name__}: {err}"))
        finally:
            if capture is not None:
                capture.release()

    def _read(self, capture: Capture) -> None:
        misses, due, previewed = 0, 0.0, 0.0
        while not self._ended.is_set():
            came, picture = capture.read()
            if not came or picture is None:
                misses += 1
                if misses >= _LOST_AFTER:
                    self.failed.emit(camera_lost_problem())
                    return
                self._ended.wait(0.02)
                continue
            misses = 0
            now = time.monotonic()
            with self._lock:
                recording, rate, form, mirror = self._recording, self._rate, self._form, self._mirror
            if recording is None:
                due = 0.0
            elif now >= due:
                # Late by more than one picture: continue from now instead of catching up.
                due = max(due + 1 / rate, now) if due else now + 1 / rate
                self._save(picture, *recording, form)
            if self._ready and now - previewed >= _PREVIEW_SECONDS:
                previewed, self._ready = now, False
                self.pictured.emit(_preview(picture, mirror))

    def _save(self, picture: Any, class_name: str, burst: str, form: str) -> None:
        import cv2

        from cnnstudio.datasets.sources.staging import clean_name, write_new

        folder = self._folder / clean_name(class_name)
        number = self._counts[class_name] = self._counts.get(class_name, 0) + 1
        options = [cv2.IMWRITE_JPEG_QUALITY, 95] if form == "jpg" else []
        _done, data = cv2.imencode(f".{form}", picture, options)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            raise ProblemError(write_problem(err, folder)) from err
        write_new(folder / f"{burst}_{number:05d}.{form}", data.tobytes())
        self.saved.emit(class_name, number)


def _preview(picture: Any, mirror: bool) -> QImage:
    import cv2

    from cnnstudio.gui.widgets.picture import image_of

    image = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB) if picture.ndim == 3 else picture
    return image_of(cv2.flip(image, 1) if mirror else image)
