"""What one entry of the step registries declares."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import msgspec

from cnnstudio.catalog.call import Call
from cnnstudio.catalog.shapes import Values
from cnnstudio.core.params import Param
from cnnstudio.core.text import Text
from cnnstudio.imaging.operations import Picture

Group = Literal["", "geometry", "color", "detail", "mix"]
GROUPS: Final[dict[Group, Text]] = {
    "geometry": Text("Geometry", "Geometría"), "color": Text("Colour", "Color"),
    "detail": Text("Detail", "Detalle"), "mix": Text("Mixing pictures", "Mezcla de imágenes"),
}


class StepType(msgspec.Struct, frozen=True, kw_only=True):
    """What recipe steps and augmentations have in common."""

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


class Augmentation(StepType, frozen=True, kw_only=True):
    """A random change of training pictures.

    The pixels are done by `imaging.augment` or `imaging.mixing`.
    `changes_class`, `changes_color` and `changes_direction` say when an augmentation can turn a picture
    into one of another class: of digits and letters, of classes that are named by a colour, or by a
    direction. `keras` is the matching layer, `call` how it is made; in `call` the parameter "always" is
    (probability, probability), for layers whose factor is a probability. `needs_color`: does nothing to grey.
    """

    keras: str = ""
    call: Call | None = None
    changes_class: Text | None = None
    changes_color: Text | None = None
    changes_direction: Text | None = None
    needs_color: bool = False
