"""Films of pictures: GIF and WebP by Pillow, MP4 by OpenCV. Frames are uint8 (height, width, 3), red first, all of one size."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image

from cnnstudio.core.atomic import atomic_path
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text

ENDINGS: Final = (".gif", ".webp", ".mp4")
_CODECS: Final = (("avc1", "H.264"), ("mp4v", "MPEG-4"))
"""The first that can be written and read again: wheels of OpenCV come without an encoder for H.264, systems may have one.
MPEG-4 Part 2 is read by the players of Windows, macOS and Linux, though not by browsers, for which there is GIF."""
_HOLD_LAST: Final = 2.0
"""Seconds that the last frame stays."""
_ROOM: Final = 1 << 20


def film_ending(path: Path) -> str:
    """The ending that decides the format. Raises ProblemError (unknown_format)."""
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        text = Text("{path}: the file name of a film must end in {endings}.",
                    "{path}: el nombre del archivo de una película debe terminar en {endings}.")
        raise ProblemError(error("unknown_format", text.fill(path=path.name, endings=", ".join(ENDINGS)), "file", path=path))
    return ending


def write_film(path: Path, frames: Iterable[np.ndarray], count: int, per_second: float,
               progress: Callable[[int, int], None] = lambda _done, _total: None) -> str:
    """Write a film atomically, its last frame two seconds longer; answers the name of its format. `progress(done, count)` may
    raise to cancel: nothing is written then. Raises ProblemError (unknown_format, no_space, read_only, film_not_written)."""
    ending = film_ending(path)
    with atomic_path(path) as temporary:
        if ending == ".gif":
            _write_gif(temporary, frames, count, per_second, progress)
            return "GIF"
        if ending == ".webp":
            _write_webp(temporary, frames, count, per_second, progress)
            return "WebP"
        return _write_mp4(temporary, frames, count, per_second, progress)


def _write_gif(path: Path, frames: Iterable[np.ndarray], count: int, per_second: float, progress: Callable[[int, int], None]
               ) -> None:
    pictures = []
    for number, frame in enumerate(frames):
        # A palette for each frame: maps and pictures have few colours in common.
        pictures.append(Image.fromarray(frame).quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE))
        progress(number + 1, count)
    times = [round(1000 / per_second)] * len(pictures)
    times[-1] += round(1000 * _HOLD_LAST)
    # Equal frames must not be joined: there is one for each epoch.
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=times, loop=0, optimize=False, disposal=1)


def _write_webp(path: Path, frames: Iterable[np.ndarray], count: int, per_second: float,
                progress: Callable[[int, int], None]) -> None:
    pictures = []
    for number, frame in enumerate(frames):
        pictures.append(Image.fromarray(frame))
        progress(number + 1, count)
    times = [round(1000 / per_second)] * len(pictures)
    times[-1] += round(1000 * _HOLD_LAST)
    # Without loss: the numbers on a board stay sharp, and flat areas take no room.
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=times, loop=0, lossless=True, quality=60,
                     method=2)


def _write_mp4(path: Path, frames: Iterable[np.ndarray], count: int, per_second: float, progress: Callable[[int, int], None]
               ) -> str:
    writer: cv2.VideoWriter | None = None
    name, written = "", 0
    try:
        for number, frame in enumerate(frames):
            # Encoders need even sides.
            height, width = (side // 2 * 2 for side in frame.shape[:2])
            if writer is None:
                writer, name = _open(path, width, height, per_second)
            for _ in range(1 + round(_HOLD_LAST * per_second) * (number + 1 == count)):
                writer.write(cv2.cvtColor(frame[:height, :width], cv2.COLOR_RGB2BGR))
                written += 1
            progress(number + 1, count)
    finally:
        if writer is not None:
            writer.release()
    # OpenCV reports no failed write.
    if not written or count_frames(path) != written:
        raise _failed(path)
    return name


def _open(path: Path, width: int, height: int, per_second: float) -> tuple[cv2.VideoWriter, str]:
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        for code, name in _CODECS:
            writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*code), per_second, (width, height))
            if writer.isOpened():
                return writer, name
            writer.release()
    finally:
        cv2.utils.logging.setLogLevel(level)
    raise _failed(path)


def count_frames(path: Path) -> int:
    """The frames of a film that can be read."""
    reader, count = cv2.VideoCapture(str(path)), 0
    try:
        while reader.read()[0]:
            count += 1
    finally:
        reader.release()
    return count


def _failed(path: Path) -> ProblemError | OSError:
    try:
        free = shutil.disk_usage(path.parent).free
    except OSError as os_error:
        return os_error
    if free < _ROOM:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    if not os.access(path.parent, os.W_OK):
        return OSError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    text = Text("The film could not be written as MP4 on this computer. Save it as GIF, or choose another folder.",
                "La película no se pudo escribir como MP4 en este equipo. Guárdela como GIF o elija otra carpeta.")
    return ProblemError(error("film_not_written", text, "file", path=path))
