"""What a design costs and sees: every number is the program's own report of its network."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import msgspec

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, Shape, values_of
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.text import Text
from cnnstudio.learning.benches.architecture.design import Design, context_of_design, convolutional, dense
from cnnstudio.network.shapes import NetworkReport, NodeReport, report

SIDES: Final = (8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512)
"""The sides of pictures for which the growth is drawn."""
Box = tuple[int, int, int, int]
"""Top, left, height and width."""


class LayerRow(msgspec.Struct, frozen=True, kw_only=True):
    """One layer. `field` is the side of what one of its values sees, None where it sees all; `jump` is the step between two
    neighbouring values; both in pixels of the picture."""

    id: str
    type: str
    family: str
    shape: Shape | None
    parameters: int
    multiply_adds: int
    field: int | None
    jump: int


class Measures(msgspec.Struct, frozen=True, kw_only=True):
    """The layers of a network, its sums, and why it cannot work, if so."""

    rows: tuple[LayerRow, ...]
    parameters: int
    multiply_adds: int
    activation_bytes: int
    problems: tuple[Text, ...]


class Growth(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of both networks by the side of the pictures; None where the convolutional one cannot work."""

    sides: tuple[int, ...]
    convolutional: tuple[int | None, ...]
    dense: tuple[int, ...]


def measure(network: NetworkSpec, context: Context) -> Measures:
    """The report of a network as rows."""
    result = report(network, context, headless=True)
    return Measures(rows=tuple(_row(result, identifier) for identifier in result.order), parameters=result.parameters,
                    multiply_adds=result.multiply_adds, activation_bytes=result.activation_bytes,
                    problems=tuple(problem.text for problem in result.problems))


def measure_both(design: Design) -> tuple[Measures, Measures]:
    """The measures of the convolutional and of the dense network."""
    context = context_of_design(design)
    return measure(convolutional(design), context), measure(dense(design), context)


def _row(result: NetworkReport, identifier: str) -> LayerRow:
    node, found = result.network.node(identifier), result.nodes[identifier]
    assert node is not None
    layer = LAYERS[node.type]
    return LayerRow(id=identifier, type=node.type, family=layer.family, shape=found.shape,
                    parameters=found.cost.parameters, multiply_adds=found.cost.multiply_adds,
                    field=_side(found), jump=found.field.jump[0] if found.field is not None else 1)


def _side(found: NodeReport) -> int | None:
    return None if found.field is None or found.field.is_global else found.field.size[0]


@lru_cache(maxsize=64)
def growth(design: Design) -> Growth:
    """How the parameters of both grow with the side of the pictures."""
    convolutions: list[int | None] = []
    denses: list[int] = []
    for side in SIDES:
        first, second = measure_both(msgspec.structs.replace(design, side=side))
        convolutions.append(None if first.problems else first.parameters)
        denses.append(second.parameters)
    return Growth(sides=SIDES, convolutional=tuple(convolutions), dense=tuple(denses))


def field_box(design: Design, identifier: str, place: tuple[float, float] = (0.5, 0.5)) -> Box | None:
    """What the value at `place` (shares of the height and width of its map) of a layer of the convolutional network can see
    of the picture, cut at its border; the whole picture where the layer has no maps, None where its shape is unknown."""
    result = report(convolutional(design), context_of_design(design), headless=True)
    found = result.nodes.get(identifier)
    if found is None or found.shape is None:
        return None
    if len(found.shape) != 3:
        return 0, 0, design.side, design.side
    rows, columns = (_interval(result, identifier, axis, min(int(share * found.shape[axis]), found.shape[axis] - 1))
                     for axis, share in enumerate(place))
    return rows[0], columns[0], rows[1] - rows[0] + 1, columns[1] - columns[0] + 1


def _interval(result: NetworkReport, identifier: str, axis: int, place: int) -> tuple[int, int]:
    """First and last row (axis 0) or column of the picture that a place sees: the windows of the layers, from the last to
    the first (Araujo et al., 2019)."""
    low = high = place
    for name in _back_to_input(result, identifier):
        node, found = result.network.node(name), result.nodes[name]
        assert node is not None and found.shape is not None
        layer = LAYERS[node.type]
        values = values_of(node, layer)
        window = layer.window(values)
        entering, leaving = found.inputs[0][axis], found.shape[axis]
        kernel, stride = window.kernel[axis], window.strides[axis]
        before = max((leaving - 1) * stride + kernel - entering, 0) // 2 if values.get("padding") == "same" else 0
        low = max(0, low * stride - before)
        high = min(entering - 1, high * stride - before + kernel - 1)
    return low, high


def _back_to_input(result: NetworkReport, identifier: str) -> Iterable[str]:
    """The layers of a chain that have an input, from this one to the first."""
    sources = result.network.inputs_of(identifier)
    while sources:
        yield identifier
        identifier = sources[0]
        sources = result.network.inputs_of(identifier)
