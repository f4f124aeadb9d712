"""Frames of a camera in a thread of their own: for the screen, and one at a time for the model, always the newest."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from PySide6.QtCore import QObject, QThread, Signal
from PySide6.QtGui import QImage

from cnnstudio.core.problems import ProblemError

if TYPE_CHECKING:
    from cnnstudio.imaging.frames import FrameSource, Pixels

_LOST_AFTER: Final = 15
"""After so many reads in a row without a frame the camera counts as unplugged."""
_PREVIEW_SECONDS: Final = 1 / 30
_WIDEST: Final = 960
"""The most pixels a row of the preview."""


@dataclass(frozen=True)
class Stored:
    """A frame that lies in the file `store`: its number, when it came (time.monotonic), its shape, and whether it is the one
    that is held."""

    number: int
    came: float
    shape: tuple[int, ...]
    store: str
    held: bool


class Feed(QThread):
    """Reads frames until `end`; `finished` follows.

    Emits `pictured(QImage)` for the screen after each `take_next`, `stored(Stored)` for the model after each `ask_next`, and
    `failed(Problem)` when there is no camera or it was unplugged. Frames that come meanwhile are dropped: nothing ever lags
    behind. `opener()` opens the source, in the thread.
    """

    pictured = Signal(QImage)
    stored = Signal(object)
    failed = Signal(object)

    def __init__(self, opener: Callable[[], FrameSource], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._opener = opener
        self._ended, self._wake = threading.Event(), threading.Event()
        self._screen_waits = self._model_waits = True
        self._mirror = self._frozen = False
        self._held: tuple[Pixels, int, float] | None = None
        self._file: BinaryIO | None = None
        self._store = ""

    # From the window -----------------------------------------------------------------------------

    def take_next(self) -> None:
        """The screen has shown the last picture."""
        self._screen_waits = True
        self._wake.set()

    def ask_next(self) -> None:
        """The model has answered the last frame."""
        self._model_waits = True
        self._wake.set()

    def set_mirror(self, on: bool) -> None:
        """Mirror the screen alone: the model gets the frames as they are."""
        self._mirror = on

    def freeze(self, on: bool) -> None:
        """Hold the newest frame, or go on; the held one is shown, and given to the model as soon as that asks."""
        self._frozen = on
        self._screen_waits = True
        self._wake.set()

    def held_pixels(self) -> Pixels | None:
        """The newest frame, blue first."""
        held = self._held
        return None if held is None else held[0]

    def end(self) -> None:
        """Let the thread end, without waiting: a driver may take its time. The device is free when it has."""
        self._ended.set()
        self._wake.set()

    # In the thread -------------------------------------------------------------------------------

    def run(self) -> None:
        source = None
        try:
            source = self._opener()
            self._open_store()
            self._read(source)
        except ProblemError as err:
            self.failed.emit(err.problems[0])
        except Exception as err:  # noqa: BLE001 - the border of the thread: drivers raise what they like
            self._lose(f"{type(err).__name__}: {err}")
        finally:
            if source is not None:
                source.close()
            self._remove_store()

    def _read(self, source: FrameSource) -> None:
        misses, number, shown = 0, -1, 0.0
        while not self._ended.is_set():
            if self._frozen and self._held is not None:
                shown = self._pass_on(shown)
                self._wake.wait(0.01 if self._screen_waits else 0.1)
                self._wake.clear()
                continue
            pixels = source.pixels() if source.advance() is not None else None
            if pixels is None:
                misses += 1
                if misses >= _LOST_AFTER:
                    self._lose("")
                    return
                self._ended.wait(0.02)
                continue
            misses, number = 0, number + 1
            self._held = pixels, number, time.monotonic()
            shown = self._pass_on(shown)

    def _pass_on(self, shown: float) -> float:
        """Give the held frame to whoever waits; the result is when the screen got its last one."""
        assert self._held is not None
        pixels, number, came = self._held
        if self._model_waits:
            self._model_waits = False
            self._write(pixels)
            self.stored.emit(Stored(number, came, pixels.shape, self._store, self._frozen))
        now = time.monotonic()
        if self._screen_waits and now - shown >= _PREVIEW_SECONDS:
            self._screen_waits = False
            self.pictured.emit(_preview(pixels, self._mirror))
            return now
        return shown

    def _lose(self, reason: str) -> None:
        from cnnstudio.imaging.frames import camera_lost_problem

        self.failed.emit(camera_lost_problem(reason))

    # The file between the processes --------------------------------------------------------------

    def _open_store(self) -> None:
        # In memory where the system has such a folder: a disk would be written to all the time.
        memory = "/dev/shm"
        folder = tempfile.mkdtemp(prefix="cnnstudio-camera-", dir=memory if os.access(memory, os.W_OK) else None)
        self._store = str(Path(folder) / "frame")
        self._file = open(self._store, "w+b", buffering=0)  # noqa: SIM115 - it is open as long as the camera is

    def _write(self, pixels: Pixels) -> None:
        assert self._file is not None
        self._file.seek(0)
        self._file.write(memoryview(_contiguous(pixels)).cast("B"))

    def _remove_store(self) -> None:
        if self._file is not None:
            self._file.close()
            with contextlib.suppress(OSError):
                os.unlink(self._store)
                os.rmdir(Path(self._store).parent)


def _contiguous(pixels: Pixels) -> Any:
    import numpy as np

    return np.ascontiguousarray(pixels)


def _preview(pixels: Pixels, mirror: bool) -> QImage:
    import cv2

    from cnnstudio.gui.widgets.picture import image_of
    from cnnstudio.imaging.frames import as_picture

    height, width = pixels.shape[:2]
    if width > _WIDEST:
        pixels = cv2.resize(pixels, (_WIDEST, max(1, round(height * _WIDEST / width))), interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    picture = as_picture(pixels)
    return image_of(cv2.flip(picture, 1) if mirror else picture)
