"""What the prediction server knows of videos, and the frames of a camera that another process leaves in a file."""

from __future__ import annotations

import math

import numpy as np

from cnnstudio.core.problems import Problem, error, warning
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.imaging.decode import MAXIMUM_PIXELS
from cnnstudio.imaging.frames import FrameInfo


def expected_frames(info: FrameInfo, every: float) -> int:
    """How many frames will be answered, as far as the file says; 0 where it does not."""
    if info.frames is None:
        return 0
    return info.frames if every <= 0 else max(1, math.ceil(info.frames / info.rate / every))


def early_end_problem(path: str, info: FrameInfo, last: float | None, every: float) -> Problem | None:
    """Where a video ends long before its length says: the rest is damaged or was never written. `last` is the time of the
    last frame that was answered."""
    if info.seconds is None or last is None or last + max(every, 1.0) + 0.02 * info.seconds >= info.seconds:
        return None
    text = Text("{path} could be read up to {end:.1f} s of {whole:.1f} s: the rest is damaged or missing.",
                "{path} se pudo leer hasta {end:.1f} s de {whole:.1f} s: el resto está dañado o falta.")
    return warning("video_ends_early", text.fill(path=path, end=last, whole=info.seconds), "file", path=path)


def read_stored(store: str, shape: tuple[int, ...]) -> np.ndarray | Problem:
    """A copy of the frame in a file, uint8 of that shape; or why there is none."""
    size = math.prod(shape)
    if len(shape) not in (2, 3) or min(shape) < 1 or shape[0] * shape[1] > MAXIMUM_PIXELS:
        return error("bad_frame", Text("A frame of this shape cannot be read: {shape}.",
                                       "No se puede leer un fotograma de esta forma: {shape}.").fill(shape=shape), "file")
    try:
        return np.fromfile(store, np.uint8, size).reshape(shape)
    except (OSError, ValueError) as err:
        reason = reason_of(err) if isinstance(err, OSError) else str(err)
        text = Text("The frame of the camera could not be read: {reason}.",
                    "No se pudo leer el fotograma de la cámara: {reason}.")
        return error("bad_frame", text.fill(reason=reason), "file")
