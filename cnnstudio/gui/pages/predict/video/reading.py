"""What threads read of a video: how long it is, and single frames of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtGui import QImage

from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import tr
from cnnstudio.gui.state.jobs import Report
from cnnstudio.gui.state.latest import Failure

if TYPE_CHECKING:
    from cnnstudio.imaging.frames import FrameInfo, FrameSource

STEPS: Final = (0.04, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
_WANTED: Final = 600
"""About how many answers a video gets unless the user chooses otherwise."""
_WIDEST: Final = 1280


@dataclass(frozen=True)
class Opened:
    """A video that can be read; `failure` where it cannot."""

    path: str
    info: FrameInfo | None = None
    failure: str = ""


def look_at(path: str, _report: Report) -> Opened:
    """What a video says of itself."""
    from cnnstudio.imaging.frames import open_video

    try:
        source = open_video(path)
    except ProblemError as err:
        return Opened(path, failure=str(err.problems[0].text))
    source.close()
    return Opened(path, source.info)


def suggested_step(info: FrameInfo) -> float:
    """How many seconds apart the frames are that are answered at first; 0 for every frame."""
    seconds, frames = info.seconds, info.frames
    if seconds is None or frames is None or frames <= _WANTED:
        return 0.0
    return next((step for step in STEPS if seconds / step <= _WANTED), STEPS[-1])


@dataclass(frozen=True)
class Shown:
    """A frame for the screen, and its pixels as they are in the video."""

    image: QImage
    pixels: Any


class FrameReader:
    """Gives single frames; the video stays open from one to the next. Used by one thread at a time."""

    def __init__(self) -> None:
        self._path = ""
        self._source: FrameSource | None = None

    def read(self, request: tuple[str, float], _report: Report) -> Shown | Failure:
        """The frame of a video at that second."""
        import cv2

        from cnnstudio.gui.widgets.picture import image_of
        from cnnstudio.imaging.frames import as_picture, frame_at, open_video

        path, seconds = request
        try:
            if path != self._path or self._source is None:
                self.close()
                self._source, self._path = open_video(path), path
            frame = frame_at(self._source, seconds)
        except ProblemError as err:
            return Failure(str(err.problems[0].text))
        if frame is None:
            return Failure(tr("This frame cannot be read.", "No se puede leer este fotograma."))
        height, width = frame.pixels.shape[:2]
        small: Any = frame.pixels if width <= _WIDEST else cv2.resize(
            frame.pixels, (_WIDEST, max(1, round(height * _WIDEST / width))), interpolation=cv2.INTER_AREA)
        return Shown(image_of(as_picture(small)), frame.pixels)

    def close(self) -> None:
        """Close the video."""
        source, self._source, self._path = self._source, None, ""
        if source is not None:
            source.close()
