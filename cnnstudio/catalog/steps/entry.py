"""The types of entries in the step registries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import msgspec

from cnnstudio.catalog.shapes import Values
from cnnstudio.core.params import Param
from cnnstudio.core.text import Text
from cnnstudio.imaging.changes import ArrayChange, Change, Mixing
from cnnstudio.imaging.operations import Picture

Group = Literal["", "geometry", "color", "detail", "mix"]
GROUPS: Final[dict[Group, Text]] = {
    "geometry": Text("Geometry", "Geometría"), "color": Text("Colour", "Color"),
    "detail": Text("Detail", "Detalle"), "mix": Text("Mixing pictures", "Mezcla de imágenes"),
}


class StepType(msgspec.Struct, frozen=True, kw_only=True):
    """Common to recipe steps and augmentations."""

    id: str
    label: Text
    help: Text
    params: tuple[Param, ...] = ()
    group: Group = ""


class RecipeStep(StepType, frozen=True, kw_only=True):
    """A deterministic step of the recipe.

    `pixels(picture, **params)` gives uint8 of the same shape. Its source is copied into exported bundles: it uses its
    arguments, NumPy, OpenCV and `imaging` only. `opencv` writes the same for a script that has OpenCV alone: lines that
    change `picture`, uint8 (height, width) or (height, width, 3), by the values and the number of channels of the recipe;
    `helper` writes a function that these lines call.
    """

    pixels: Callable[..., Picture]
    opencv: Callable[[Values, int], list[str]]
    helper: Callable[[int], list[str]] | None = None


class MatrixScript(msgspec.Struct, frozen=True):
    """Lines of a printed script that multiply `matrix`, which leads from a pixel of the result to one of the picture.

    `lines(values, height, width)`; with `around_middle` they call `about_middle`.
    """

    lines: Callable[[Values, int, int], list[str]]
    around_middle: bool = False


class PixelScript(msgspec.Struct, frozen=True):
    """Lines of a printed script that change `pixels`, float32 of 0 to 255: `lines(values, channels)`."""

    lines: Callable[[Values, int], list[str]]


class MixScript(msgspec.Struct, frozen=True):
    """A printed function of a batch, called as the step: uint8 pictures (n, height, width, channels), labels (n, k) and
    `rng`; `argument` is what it takes besides these and the probability."""

    function: tuple[str, ...]
    argument: Callable[[Values], str]


Script = MatrixScript | PixelScript | MixScript
"""Random numbers in it come from `rng`, a generator of NumPy."""


class Augmentation(StepType, frozen=True, kw_only=True):
    """A random change of training pictures: `change` does it here, `script` in a printed script of NumPy and OpenCV.

    `changes_class`, `changes_color` and `changes_direction` say when an augmentation can turn a picture
    into one of another class: of digits and letters, of classes that are named by a colour, or by a
    direction. `keras` is Keras's layer of that name, whose parameters it has; where the two differ, the module says so.
    """

    change: Change
    script: Script
    keras: str = ""
    changes_class: Text | None = None
    changes_color: Text | None = None
    changes_direction: Text | None = None

    @property
    def needs_color(self) -> bool:
        """Whether it does nothing to grey pictures."""
        return isinstance(self.change, ArrayChange) and self.change.needs_color

    @property
    def mixes(self) -> bool:
        """Whether it mixes pictures of a batch, and their labels."""
        return isinstance(self.change, Mixing)
