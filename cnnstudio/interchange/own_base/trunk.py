"""The trunk of a network: the points where its graph narrows to one tensor, its blocks, and its classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from cnnstudio.catalog.layers import LAYERS, PLAIN_OUTPUT, applied_activation
from cnnstudio.core.network import INPUT, OUTPUT, NetworkSpec, Node

SCALING: Final = frozenset(layer.id for layer in LAYERS if layer.recipe_part == "scaling")
"""Layers that scale pixels if they precede the first layer that learns."""
LEARNING: Final = frozenset(layer.id for layer in LAYERS if layer.has_kernel)
"""Layers with kernels: other layers with weights belong to the one before."""
_WITHOUT_EFFECT: Final = frozenset(layer.id for layer in LAYERS if layer.training_only or layer.transparent or (
    layer.activation is not None and not layer.has_weights))
"""Layers that may follow a classifier."""
_DENSE: Final = (PLAIN_OUTPUT, OUTPUT)


def narrow_points(network: NetworkSpec) -> list[str]:
    """The layers whose output is the only tensor that continues, in order; `network` comes from `up_to`.

    There the network can be cut in two with one tensor between.
    """
    last_use: dict[str, int] = {}
    positions = {node.id: position for position, node in enumerate(network.nodes)}
    for edge in network.edges:
        last_use[edge.source] = max(last_use.get(edge.source, 0), positions[edge.target])
    points, open_until = [], 0
    for position, node in enumerate(network.nodes):
        # No earlier tensor is used later: no other tensor passes here.
        if open_until <= position:
            points.append(node.id)
        open_until = max(open_until, last_use.get(node.id, position))
    return points


def assign_blocks(network: NetworkSpec, narrow: Sequence[str]) -> dict[str, str]:
    """The block of every layer, in order, "" for the input and the scaling of its pixels.

    A block is a part between two narrow points that learns, a convolution or a module with its branches, and
    what follows it: normalisation, activation, pooling. Its name is the common prefix of its module's names, else
    its first layer that learns.
    """
    segments = _segments(network, narrow)
    first = next((index for index, segment in enumerate(segments) if any(node.type in LEARNING for node in segment)),
                 len(segments))
    scaled = max((index for index, segment in enumerate(segments[:first]) if segment[-1].type in (*SCALING, INPUT)), default=0)
    blocks = {node.id: "" for segment in segments[:scaled + 1] for node in segment}
    name, names = "", set[str]()
    for index, segment in enumerate(segments[scaled + 1:], start=scaled + 1):
        if not name or (index != first and any(node.type in LEARNING for node in segment)):
            # Layers before the first that learns, such as a zero padding, belong to its block.
            name = _block_name(segment if index >= first or first == len(segments) else segments[first], names)
            names.add(name)
        blocks |= {node.id: name for node in segment}
    return blocks


def _segments(network: NetworkSpec, narrow: Sequence[str]) -> list[list[Node]]:
    """The layers between narrow points; every segment ends with one."""
    ends, segments = set(narrow), [[]]  # type: tuple[set[str], list[list[Node]]]
    for node in network.nodes:
        segments[-1].append(node)
        if node.id in ends:
            segments.append([])
    return [segment for segment in segments if segment]


def _block_name(segment: Sequence[Node], taken: set[str]) -> str:
    split_ids = [node.id.split("_") for node in segment]
    shared = 0
    while len(segment) > 1 and all(len(tokens) > shared + 1 for tokens in split_ids) and (
            len({tokens[shared] for tokens in split_ids}) == 1):
        shared += 1
    name = "_".join(split_ids[0][:shared])
    # A single token is the type of the layers rather than their common name, unless it is numbered.
    if name and name not in taken and (shared > 1 or name[-1].isdigit()):
        return name
    return next((node.id for node in segment if node.type in LEARNING), segment[0].id)


def classifier(network: NetworkSpec) -> str | None:
    """The layer with which the head begins: a Dense layer behind which nothing learns, or a last
    convolution with a softmax or sigmoid. None if the network ends with features."""
    learning = [index for index, node in enumerate(network.nodes) if node.type in LEARNING]
    if not learning:
        return None
    last, behind = network.nodes[learning[-1]], network.nodes[learning[-1] + 1:]
    if last.type in _DENSE:
        plain = all(node.type in _WITHOUT_EFFECT for node in behind)
        return last.id if plain else None
    answers = any(applied_activation(node) in ("softmax", "sigmoid") for node in (last, *behind))
    return last.id if answers else None


def last_maps(network: NetworkSpec, ends: Sequence[str], shapes: Mapping[str, tuple[int, ...] | None]) -> str:
    """The default end of a base: its last feature maps if only Dense layers learn behind them, else
    the last of `ends`."""
    maps = [end for end in ends if len(shapes.get(end) or ()) == 3]
    if not maps:
        return ends[-1]
    order = [node.id for node in network.nodes]
    behind = network.nodes[order.index(maps[-1]) + 1:]
    return ends[-1] if any(node.type in LEARNING and node.type not in _DENSE for node in behind
                           if node.id in ends) else maps[-1]
