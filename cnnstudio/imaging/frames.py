"""Frames of cameras, videos and animations: one after the other, as OpenCV gives them.

A frame is uint8 (height, width, 3), blue first, the right way up. What is seen through a camera goes the same way as a file:
`as_picture(frame)` is what `prepare` takes, and a frame that was saved as a PNG decodes to the same pixels.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.imaging.decode import MAXIMUM_PIXELS
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.picture_files import open_regular
from cnnstudio.imaging.video_names import ANIMATION_SUFFIXES

Pixels = NDArray[np.uint8]
_DEFAULT_RATE: Final = 25.0


class Frame(NamedTuple):
    """A frame: its pixels, its number from 0, and its seconds from the beginning."""

    pixels: Pixels
    number: int
    seconds: float


class FrameInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a source before it is read. `frames` and `seconds` are None for a camera and where the file does not
    say; `rate` is in frames a second."""

    width: int
    height: int
    rate: float
    frames: int | None = None
    seconds: float | None = None


class FrameSource(Protocol):
    """Where frames come from. Used by one thread at a time."""

    info: FrameInfo

    def advance(self) -> float | None:
        """Go to the next frame without computing its pixels; its seconds, or None at the end."""

    def pixels(self) -> Pixels | None:
        """The pixels of the frame that `advance` went to; None where it cannot be read."""

    def seek(self, seconds: float) -> None:
        """Let the next `advance` go to the frame at that time, or the last one before it."""

    def close(self) -> None:
        """Free the file or the device."""


def as_picture(pixels: Pixels) -> Pixels:
    """The frame as a decoded picture: red first, contiguous."""
    if pixels.ndim == 3 and pixels.shape[2] == 3:
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)
    return np.ascontiguousarray(pixels)


def sampled(source: FrameSource, every: float = 0.0) -> Iterator[Frame]:
    """The frames, or one every so many seconds: the first at or after each multiple."""
    number, due = 0, 0.0
    while (seconds := source.advance()) is not None:
        if seconds + 1e-6 >= due:
            pixels = source.pixels()
            if pixels is None:
                return
            yield Frame(pixels, number, seconds)
            if every > 0:
                due = (math.floor(seconds / every + 1e-6) + 1) * every
        number += 1


def frame_at(source: FrameSource, seconds: float) -> Frame | None:
    """The last frame that begins at or before that time, else the first one; None where none can be read. Its number is -1:
    it is not counted."""
    source.seek(seconds)
    found: tuple[float, Pixels] | None = None
    while (at := source.advance()) is not None:
        if found is not None and at > seconds + 1e-3:
            break
        pixels = source.pixels()
        if pixels is None:
            break
        found = at, pixels
        if at >= seconds - 1e-3:
            break
    return None if found is None else Frame(found[1], -1, found[0])


def open_video(path: str | os.PathLike[str]) -> FrameSource:
    """A video, or an animation, from its beginning. Raises ProblemError (cannot_read, no_video, video_too_large)."""
    try:
        with open_regular(path) as file:
            file.read(16)
    except PictureError as err:
        raise ProblemError(_unreadable(path, Text(err.text("en"), err.text("es")))) from err
    except OSError as os_error:
        raise ProblemError(_unreadable(path, reason_of(os_error))) from os_error
    source: FrameSource = Animation(path) if Path(path).suffix.lower() in ANIMATION_SUFFIXES else VideoFile(path)
    if source.info.width * source.info.height > MAXIMUM_PIXELS:
        source.close()
        text = Text("{path}: its frames have {width} × {height} pixels, more than can be read.",
                    "{path}: sus fotogramas tienen {width} × {height} píxeles, más de los que se pueden leer.")
        raise ProblemError(error("video_too_large", text.fill(path=path, width=source.info.width, height=source.info.height),
                                 "file", path=path))
    return source


def _unreadable(path: object, reason: object) -> Problem:
    text = Text("{path} cannot be read: {reason}", "No se puede leer {path}: {reason}")
    return error("cannot_read", text.fill(path=path, reason=reason), "file", path=str(path))


def no_video_problem(path: object) -> Problem:
    """The problem of a file that has no frames."""
    text = Text("{path} is no video that can be read: it is damaged or empty, or its compression is unknown. Convert it to MP4 "
                "(H.264).",
                "{path} no es un vídeo que se pueda leer: está dañado o vacío, o su compresión es desconocida. Conviértalo a "
                "MP4 (H.264).")
    return error("no_video", text.fill(path=path), "file", path=str(path))


class _Captured:
    """What cameras and videos share: OpenCV's VideoCapture."""

    def __init__(self, capture: Any) -> None:
        self._capture = capture
        width, height = (int(capture.get(kind)) for kind in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT))
        self.info = FrameInfo(width=width, height=height, rate=_rate(capture.get(cv2.CAP_PROP_FPS)))

    def pixels(self) -> Pixels | None:
        """The pixels of the present frame."""
        came, pixels = self._capture.retrieve()
        return np.asarray(pixels, np.uint8) if came and pixels is not None and pixels.size else None

    def close(self) -> None:
        """Free the file or the device."""
        self._capture.release()


class VideoFile(_Captured):
    """A video through OpenCV's FFmpeg, turned as its metadata say."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        silence_video()
        capture = cv2.VideoCapture(os.fspath(path), cv2.CAP_FFMPEG)
        if not capture.isOpened():
            capture.release()
            raise ProblemError(no_video_problem(path))
        super().__init__(capture)
        frames = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        count = int(frames) if math.isfinite(frames) and 0 < frames < 1 << 40 else None
        self.info = msgspec.structs.replace(self.info, frames=count,
                                            seconds=None if count is None else count / self.info.rate)
        self._number = -1

    def advance(self) -> float | None:
        """Go to the next frame."""
        if not self._capture.grab():
            return None
        self._number += 1
        milliseconds = self._capture.get(cv2.CAP_PROP_POS_MSEC)
        # Some containers have no times.
        known = math.isfinite(milliseconds) and (milliseconds > 0 or self._number == 0)
        return float(milliseconds) / 1000 if known else self._number / self.info.rate

    def seek(self, seconds: float) -> None:
        """Go near that time."""
        self._capture.set(cv2.CAP_PROP_POS_MSEC, max(0.0, seconds) * 1000)
        self._number = round(seconds * self.info.rate) - 1


class Animation:
    """A GIF, WebP or PNG of several pictures through Pillow, each shown as long as the file says."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        from PIL import Image

        try:
            self._image = Image.open(path)
            if self._image.width * self._image.height > MAXIMUM_PIXELS:
                raise ValueError("too large")
            count = int(getattr(self._image, "n_frames", 1))
        except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as err:
            raise ProblemError(no_video_problem(path)) from err
        self._place, self._seconds, self._next = -1, 0.0, 0.0
        self.info = FrameInfo(width=self._image.width, height=self._image.height, rate=10.0, frames=count)

    def advance(self) -> float | None:
        """Go to the next picture."""
        try:
            self._image.seek(self._place + 1)
            # The duration of a WebP's picture is known when it is decoded.
            self._image.load()
        except (EOFError, OSError, ValueError, SyntaxError):
            return None
        self._place += 1
        self._seconds = self._next
        # Players show a picture without a duration for a tenth of a second.
        self._next += (float(self._image.info.get("duration") or 0) or 100.0) / 1000
        return self._seconds

    def pixels(self) -> Pixels | None:
        """The present picture, on white where it is transparent."""
        from PIL import Image

        try:
            whole = self._image.convert("RGBA")
            ground = Image.new("RGBA", whole.size, (255, 255, 255, 255))
            picture = np.asarray(Image.alpha_composite(ground, whole).convert("RGB"), np.uint8)
        except (OSError, ValueError, SyntaxError, EOFError, MemoryError):
            return None
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), np.uint8)

    def seek(self, seconds: float) -> None:
        """Begin again: pictures build on those before."""
        self._place, self._seconds, self._next = -1, 0.0, 0.0

    def close(self) -> None:
        """Close the file."""
        self._image.close()


class CameraSource(_Captured):
    """A camera by its number. Raises ProblemError (no_camera). Its seconds are those since it was opened."""

    def __init__(self, number: int) -> None:
        import time

        silence_video()
        capture = cv2.VideoCapture(number)
        if not capture.isOpened():
            capture.release()
            raise ProblemError(no_camera_problem())
        # Of a frame that waits in the driver nobody would see how late it is.
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        super().__init__(capture)
        self._clock, self._begin = time.monotonic, time.monotonic()

    def advance(self) -> float | None:
        """Wait for the next frame; None where none came."""
        return self._clock() - self._begin if self._capture.grab() else None

    def seek(self, seconds: float) -> None:
        """A camera has no past."""


def cameras() -> list[tuple[int, str]]:
    """The cameras of this machine, as numbers with names; none is opened."""
    if sys.platform.startswith("linux"):
        result = []
        for place in sorted(Path("/sys/class/video4linux").glob("video*"), key=lambda item: (len(item.name), item.name)):
            try:
                # A camera has several devices; the first one delivers the pictures.
                if (place / "index").read_text().strip() == "0":
                    result.append((int(place.name[5:]), (place / "name").read_text().strip()))
            except (OSError, ValueError):
                continue
        return result
    return [(number, str(Text("Camera {n}", "Cámara {n}").fill(n=number + 1))) for number in range(4)]


def no_camera_problem() -> Problem:
    """The problem that no camera is there, or another program uses it."""
    text = Text("No camera was found. Connect one, close other programs that use it, and allow access to it in the "
                "system settings.",
                "No se encontró ninguna cámara. Conecte una, cierre otros programas que la usen y permita el acceso "
                "en los ajustes del sistema.")
    return error("no_camera", text, "machine")


def camera_lost_problem(reason: str = "") -> Problem:
    """The problem that a camera sends nothing more."""
    text = Text("The camera has stopped sending pictures. Was it unplugged? What was recorded is kept.",
                "La cámara ha dejado de enviar imágenes. ¿Se ha desconectado? Lo grabado se conserva.")
    return error("camera_lost", text, "machine", details=reason)


def silence_video() -> None:
    """Keep OpenCV and FFmpeg from writing to standard error."""
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    logging: Any = cv2.utils.logging
    logging.setLogLevel(logging.LOG_LEVEL_SILENT)


def _rate(value: float) -> float:
    return value if math.isfinite(value) and 0 < value < 1000 else _DEFAULT_RATE
