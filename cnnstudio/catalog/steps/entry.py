"""What one entry of the step registries declares."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from cnnstudio.catalog.call import Call
from cnnstudio.core.params import Param
from cnnstudio.core.text import Text

Group = Literal["", "geometry", "color", "detail", "mix"]
GROUPS: Final[dict[Group, Text]] = {
    "geometry": Text("Geometry", "Geometría"), "color": Text("Colour", "Color"),
    "detail": Text("Detail", "Detalle"), "mix": Text("Mixing pictures", "Mezcla de imágenes"),
}


class StepType(msgspec.Struct, frozen=True, kw_only=True):
    """A deterministic step of the recipe, or an augmentation.

    The pixels are done by `imaging.operations.STEPS[id]`, and by `imaging.augment` or `imaging.mixing`.
    `changes_class`, `changes_color` and `changes_direction` say when an augmentation can turn a picture
    into one of another class: of digits and letters, of classes that are named by a colour, or by a
    direction. `keras` is the matching layer, `call` how it is made; in `call` the parameter "always" is
    (probability, probability), for layers whose factor is a probability. `needs_color`: does nothing to grey.
    """

    id: str
    label: Text
    help: Text
    params: tuple[Param, ...] = ()
    group: Group = ""
    keras: str = ""
    call: Call | None = None
    changes_class: Text | None = None
    changes_color: Text | None = None
    changes_direction: Text | None = None
    needs_color: bool = False
