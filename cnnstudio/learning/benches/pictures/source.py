"""Which picture a bench works on, and its pixels."""

from __future__ import annotations

from typing import Any, Final, Literal

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from cnnstudio.core.problems import ProblemError
from cnnstudio.imaging.decode import read_picture
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.problems import picture_problem
from cnnstudio.learning.benches.pictures.samples import draw_sample

Array = NDArray[np.int64]

MOST_CELLS: Final = 16
"""Rows and columns of a typed matrix."""
VALUE_LIMIT: Final = 999
SIDES: Final = (8, 12, 16, 20, 28, 40, 64, 96, 128)
"""The longest side to which a picture may be reduced."""
LARGE_SIDES: Final = (64, 128, 200, 320, 512)
"""The same where no numbers are read."""
START_MATRIX: Final = ((3, 0, 1, 2, 7, 4), (1, 5, 8, 9, 3, 1), (2, 7, 2, 5, 1, 3), (0, 1, 3, 1, 7, 8), (4, 2, 1, 6, 2, 8),
                       (2, 4, 5, 2, 3, 9))


class PictureSource(msgspec.Struct, frozen=True, kw_only=True):
    """A sample, a file, or a matrix that was typed in; `side` is the longest side to which the first two are reduced (0: as
    they are), `channels` 1 for grey, 3 for red, green and blue, 2 for the first two of them.

    `matrix` has one table for each channel; channels that it lacks are its last one.
    """

    kind: Literal["sample", "file", "matrix"] = "sample"
    sample: str = "digit"
    path: str = ""
    matrix: tuple[tuple[tuple[int, ...], ...], ...] = (START_MATRIX,)
    side: int = 28
    channels: int = 1


def load_pixels(source: PictureSource) -> Array:
    """The pixels (height, width, channels) of a source. Raises ProblemError for a file that cannot be read."""
    if source.kind == "matrix":
        return _matrix_pixels(source)
    if source.kind == "file":
        try:
            picture = read_picture(source.path, channels=3)
        except PictureError as picture_error:
            raise ProblemError(picture_problem(picture_error, source.path)) from None
    else:
        picture = draw_sample(source.sample)
    return fit_channels(reduce_side(picture, source.side), source.channels).astype(np.int64)


def reduce_side(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """The picture with its longest side reduced to `side`; a smaller one, and any with `side` 0, stays as it is."""
    height, width = picture.shape[:2]
    longest = max(height, width)
    if not side or longest <= side:
        return picture
    size = (max(1, round(width * side / longest)), max(1, round(height * side / longest)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8).reshape(size[1], size[0], -1)


def fit_channels(picture: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    """Red, green and blue as one channel of grey, or the first of them."""
    if channels == 1:
        return np.asarray(cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY), np.uint8)[..., None]
    return picture[..., :channels]


def _matrix_pixels(source: PictureSource) -> Array:
    tables = [source.matrix[min(number, len(source.matrix) - 1)] for number in range(source.channels)]
    return np.stack([np.asarray(table, np.int64) for table in tables], axis=2)


def matrix_of(pixels: np.ndarray) -> tuple[tuple[tuple[int, ...], ...], ...]:
    """The tables of a picture, as `PictureSource` keeps them."""
    whole = np.clip(np.rint(pixels), -VALUE_LIMIT, VALUE_LIMIT).astype(int)
    return tuple(tuple(tuple(line) for line in whole[..., number].tolist()) for number in range(whole.shape[2]))


def check_source(source: PictureSource) -> PictureSource:
    """The source with impossible values replaced: what was written by hand or by another version may be anything."""
    replace: dict[str, Any] = {}
    shapes = {(len(table), tuple({len(line) for line in table})) for table in source.matrix}
    rows, columns = next(iter(shapes)) if len(shapes) == 1 else (0, (0,))
    if not 1 <= rows <= MOST_CELLS or len(columns) != 1 or not 1 <= columns[0] <= MOST_CELLS:
        replace["matrix"] = (START_MATRIX,)
    if source.channels not in (1, 2, 3):
        replace["channels"] = 1
    if source.side not in (0, *SIDES, *LARGE_SIDES):
        replace["side"] = 28
    return msgspec.structs.replace(source, **replace)
