"""What a printed statement is, by the traits of its layer."""

from __future__ import annotations

from cnnstudio.catalog.layers import LAYERS
from cnnstudio.catalog.layers.entry import LayerType
from cnnstudio.interchange.printing.statements import Statement


def layer_type(statement: Statement) -> LayerType | None:
    """The entry of the layer; None for a call of a function and for a type that is not known."""
    return LAYERS.find(statement.operation.title)


def joins_by(operation: str, statement: Statement) -> bool:
    """Whether it joins its inputs by that operation on tensors, such as "+"."""
    layer = layer_type(statement)
    return layer is not None and layer.family == "merge" and layer.operation == operation


def stacks_channels(statement: Statement) -> bool:
    """Whether it puts its inputs behind one another along an axis."""
    layer = layer_type(statement)
    return layer is not None and layer.family == "merge" and any(param.name == "axis" for param in layer.params)


def convolves(statement: Statement) -> bool:
    layer = layer_type(statement)
    return layer is not None and layer.family == "convolution"


def normalizes(statement: Statement) -> bool:
    """Whether it normalises by the statistics of the batch."""
    layer = layer_type(statement)
    return layer is not None and bool(layer.batch_free)


def pads(statement: Statement) -> bool:
    """Whether it puts a border around its input."""
    layer = layer_type(statement)
    return layer is not None and layer.family == "reshaping" and any(
        param.name == "padding" for param in layer.params)


def applies_chosen_activation(title: str) -> bool:
    """Whether a layer of that type applies the activation that its arguments name, and nothing else."""
    layer = LAYERS.find(title)
    return layer is not None and layer.family == "activation" and any(param.name == "activation" for param in layer.params)
