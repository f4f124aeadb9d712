"""Operations applied one after the other, and the same as code."""

from __future__ import annotations

from typing import Final

import cv2
import msgspec
import numpy as np

from cnnstudio.learning.benches.entry import Code
from cnnstudio.learning.benches.image_processing.entry import Operation, Picture, is_gray
from cnnstudio.learning.benches.image_processing.operations import OPERATIONS
from cnnstudio.learning.benches.image_processing.settings import ProcessingSettings, Step

_FILE: Final = "picture.png"
_KERAS_SCALES: Final = {"unit": ("1 / 255", "0.0"), "signed": ("1 / 127.5", "-1.0")}


class Processed(msgspec.Struct, frozen=True):
    """A picture before and after; `skipped` are the numbers of steps that need whole numbers and got others."""

    settings: ProcessingSettings
    before: Picture
    after: Picture
    skipped: tuple[int, ...]


def process(pixels: np.ndarray, settings: ProcessingSettings) -> Processed:
    """Apply the steps that are on to pixels (height, width, 3) of 0 to 255."""
    picture: Picture = np.ascontiguousarray(pixels, np.uint8)
    before, skipped = picture, []
    for number, step in enumerate(settings.steps):
        operation = OPERATIONS[step.operation]
        if not step.on:
            continue
        if operation.whole and picture.dtype != np.uint8:
            skipped.append(number)
            continue
        picture = operation.apply(picture, step.values)
    return Processed(settings, before, picture, tuple(skipped))


def _applied(processed: Processed) -> list[tuple[Operation, Step]]:
    return [(OPERATIONS[step.operation], step) for number, step in enumerate(processed.settings.steps)
            if step.on and number not in processed.skipped]


def processing_code(processed: Processed) -> tuple[Code, ...]:
    """Programs that compute `result`; NumPy and Keras where they give the same."""
    content = cv2.imencode(".png", cv2.cvtColor(processed.before, cv2.COLOR_RGB2BGR))[1].tobytes()
    files = ((_FILE, content),)
    codes = [Code("OpenCV", _join(_opencv(processed)), needs=("numpy", "opencv-python-headless"), files=files)]
    if (numpy := _numpy(processed)) is not None:
        codes.append(Code("NumPy", _join(numpy), needs=("numpy", "pillow"), files=files))
    if (keras := _keras(processed)) is not None:
        codes.append(Code("Keras", _join(keras), needs=("numpy", "keras", "tensorflow", "pillow"), files=files))
    return tuple(codes)


def _join(lines: list[str]) -> str:
    return "\n".join([*lines, "", "result = picture", "print(result.shape, result.dtype, result.min(), result.max())", ""])


def _opencv(processed: Processed) -> list[str]:
    lines = ["import cv2", "import numpy as np", "",
             f'picture = cv2.cvtColor(cv2.imread("{_FILE}"), cv2.COLOR_BGR2RGB)  # saved beside this program']
    gray = is_gray(processed.before)
    for operation, step in _applied(processed):
        lines += ["", f"# {operation.label.en}", *operation.opencv(step.values, gray)]
        gray = gray or operation.grays
    return lines


def _numpy(processed: Processed) -> list[str] | None:
    lines = ["import numpy as np", "from PIL import Image", "",
             f'picture = np.asarray(Image.open("{_FILE}"))  # saved beside this program']
    gray = is_gray(processed.before)
    for operation, step in _applied(processed):
        more = operation.numpy(step.values, gray)
        if more is None:
            return None
        lines += ["", f"# {operation.label.en}", *more]
        gray = gray or operation.grays
    return lines


def _keras(processed: Processed) -> list[str] | None:
    """Scaling is what Keras has as a layer with the same result."""
    applied = _applied(processed)
    if len(applied) != 1 or applied[0][0].id != "normalize" or applied[0][1].values["mode"] not in _KERAS_SCALES:
        return None
    scale, offset = _KERAS_SCALES[applied[0][1].values["mode"]]
    return ["import keras", "import numpy as np", "from PIL import Image", "",
            f'picture = np.asarray(Image.open("{_FILE}"))  # saved beside this program',
            f"layer = keras.layers.Rescaling({scale}, offset={offset})",
            'picture = keras.ops.convert_to_numpy(layer(picture[None].astype("float32")))[0]']


def as_shown(picture: Picture) -> Picture:
    """The pixels on the screen: numbers that are no whole ones from 0 to 255 are spread over them, for the eye alone."""
    if picture.dtype == np.uint8:
        return picture
    low, high = float(picture.min()), float(picture.max())
    return np.asarray((picture - low) / ((high - low) or 1.0) * 255 + 0.5, np.uint8)


def histogram(picture: Picture) -> np.ndarray:
    """How many pixels have each of 256 values, one line for each channel."""
    shown = as_shown(picture)
    planes = [shown] if is_gray(shown) else [shown[..., channel] for channel in range(shown.shape[2])]
    return np.stack([np.bincount(plane.ravel(), minlength=256) for plane in planes])
