"""How far each layer of a network sees, from its report; the maps themselves come from the trained model."""

from __future__ import annotations

import msgspec

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import Shape
from cnnstudio.core.network import NetworkSpec
from cnnstudio.network.shapes import NetworkReport, report


class Sight(msgspec.Struct, frozen=True, kw_only=True):
    """What one value of a layer sees: (height, width) of the picture, whole where `everywhere`. `jump` is the distance of two
    neighbouring values in pixels. `maps` and `side` are the number of maps and their height and width."""

    layer: str
    size: tuple[int, int]
    jump: tuple[int, int]
    everywhere: bool
    maps: int
    side: tuple[int, int]


def share_of(sight: Sight, picture: tuple[int, int]) -> float:
    """The share of the picture (height, width) that lies in the receptive field of a value in its middle, 0 to 1."""
    if sight.everywhere:
        return 1.0
    height, width = (min(size, side) for size, side in zip(sight.size, picture, strict=True))
    return height * width / (picture[0] * picture[1])


def sights(network: NetworkSpec, context: Context) -> dict[str, Sight]:
    """The layers with feature maps by their names, in the order of the network."""
    result = report(network, context)
    found = {}
    for identifier in result.order:
        sight = _sight(result, identifier)
        if sight is not None:
            found[identifier] = sight
    return found


def _sight(result: NetworkReport, identifier: str) -> Sight | None:
    node = result.nodes[identifier]
    shape: Shape | None = node.shape
    if shape is None or len(shape) != 3 or node.field is None:
        return None
    return Sight(layer=identifier, size=node.field.size, jump=node.field.jump, everywhere=node.field.is_global,
                 maps=shape[2], side=(shape[0], shape[1]))
