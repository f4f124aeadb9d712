"""The type of an operation, and what several of them need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from cnnstudio.core.params import Param, Value
from cnnstudio.core.text import Text

Picture = NDArray[Any]
"""uint8 or float64, (height, width) or (height, width, 3), red first."""
Values = dict[str, Value]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """An operation of OpenCV. `apply(picture, values)` does it; `opencv(values, gray)` writes the same as lines that change
    `picture`, and so does `numpy` where NumPy gives the same to the last digit (None: it does not for these values).

    `whole`: it works on whole numbers from 0 to 255 alone.
    """

    id: str
    label: Text
    help: Text
    apply: Callable[[Picture, Values], Picture]
    opencv: Callable[[Values, bool], list[str]]
    params: tuple[Param, ...] = ()
    numpy: Callable[[Values, bool], list[str] | None] = lambda _values, _gray: None
    whole: bool = False
    grays: bool = False
    """Its result is grey."""


def is_gray(picture: Picture) -> bool:
    return picture.ndim == 2


def on_lightness(picture: Picture, work: Callable[[Picture], Picture]) -> Picture:
    """`work` on grey, or on the lightness of colours."""
    if is_gray(picture):
        return work(picture)
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB)
    lab[..., 0] = work(np.ascontiguousarray(lab[..., 0]))
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB))


def lightness_lines(gray: bool, call: str) -> list[str]:
    """The same as lines; `call` is an expression of `plane`."""
    if gray:
        return [f"picture = {call.replace('plane', 'picture')}"]
    return ["lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB)", "plane = np.ascontiguousarray(lab[..., 0])",
            f"lab[..., 0] = {call}", "picture = cv2.cvtColor(lab, cv2.COLOR_LAB2RGB)"]
