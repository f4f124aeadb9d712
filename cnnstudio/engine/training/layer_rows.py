"""Which layers of a network are looked into: those that have weights, and activations; many of them in groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from cnnstudio.catalog.layers import LAYERS
from cnnstudio.core.groups import expand_repeats
from cnnstudio.core.network import NetworkSpec
from cnnstudio.engine.building import Built

LAST: Final = 20
"""So many of the last layers are told each for itself, where there are too many: there a fine-tuned network learns most."""


@dataclass(frozen=True)
class Part:
    """A graph whose layers are looked into: the network (or its head), or a base within it. `inputs` are its own; `entering`
    is the tensor of the network that enters a base, None for the network itself."""

    inputs: Any
    entering: Any = None


@dataclass(frozen=True)
class Row:
    """One layer or several that follow one another; `tensor` is the output of the last one, a tensor of `part`."""

    name: str
    layers: tuple[Any, ...]
    tensor: Any
    part: Part

    @property
    def kind(self) -> str:
        return type(self.layers[-1]).__name__

    @property
    def trainable(self) -> list[Any]:
        """The variables that are trained."""
        return [variable for layer in self.layers for variable in layer.trainable_variables]

    @property
    def kernels(self) -> list[Any]:
        """The weights whose distribution says something: kernels, else whatever there is."""
        weights = [variable for layer in self.layers for variable in layer.weights]
        return [variable for variable in weights if len(variable.shape) > 1] or weights


def layer_rows(built: Built, network: NetworkSpec, model: Any, tensors: Mapping[str, Any], most: int) -> list[Row]:
    """The rows of `model`, the whole network or its head, whose layers have the outputs `tensors`: at most `most`."""
    network, _copies = expand_repeats(network)
    whole = Part(model.inputs)
    rows: list[Row] = []
    for identifier in built.order:
        if identifier not in tensors or identifier not in built.layers:
            continue
        layer = built.layers[identifier]
        if identifier in built.bases:
            (source,) = network.inputs_of(identifier)
            base = Part(layer.inputs, tensors.get(source, built.tensors[source]))
            used = {id(inner) for inner in layer.layers}
            rows += [Row(f"{identifier}/{name}", (inner,), inner.output, base)
                     for name, inner in built.bases[identifier].items() if id(inner) in used and _counts(inner)]
        elif _counts(layer):
            rows.append(Row(identifier, (layer,), tensors[identifier], whole))
    return grouped(rows, most)


def _counts(layer: Any) -> bool:
    entry = LAYERS.find(type(layer).__name__)
    return bool(layer.weights) or (entry is not None and entry.family == "activation")


def grouped(rows: Sequence[Row], most: int) -> list[Row]:
    """At most `most` rows: the last `LAST` stay as they are, or half of them, and the earlier ones are put together in
    groups of equal size."""
    if len(rows) <= most:
        return list(rows)
    last = min(LAST, most // 2)
    early, late = rows[:len(rows) - last], rows[len(rows) - last:]
    groups = [early[places[0]:places[-1] + 1] for places in np.array_split(np.arange(len(early)), most - last)]
    return [*map(_together, groups), *late]


def _together(rows: Sequence[Row]) -> Row:
    if len(rows) == 1:
        return rows[0]
    first, last = rows[0], rows[-1]
    base = first.name.rpartition("/")[0]
    end = last.name.removeprefix(f"{base}/") if base else last.name
    return Row(f"{first.name} … {end}", tuple(layer for row in rows for layer in row.layers), last.tensor, last.part)
