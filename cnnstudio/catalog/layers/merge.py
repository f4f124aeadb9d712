"""Layers with several inputs."""

from __future__ import annotations

from cnnstudio.catalog.call import Call
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.common import shape_text
from cnnstudio.catalog.layers.entry import LayerType, Shape, ShapeTrouble, Values
from cnnstudio.core.text import Text


def _add_shape(_values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    if any(shape != inputs[0] for shape in inputs):
        shapes = " / ".join(shape_text(shape) for shape in inputs)
        text = Text("Add needs inputs of one shape but gets {shapes}. Bring the shorter way to the same size with a "
                    "1 x 1 convolution of matching filters and strides.",
                    "Add necesita entradas de igual forma pero recibe {shapes}. Iguale el camino corto con una "
                    "convolución de 1 x 1 con los filters y strides adecuados.")
        raise ShapeTrouble("shapes_differ", text.fill(shapes=shapes))
    return inputs[0]


def _concatenate_shape(_values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    if any(shape[:-1] != inputs[0][:-1] for shape in inputs):
        shapes = " / ".join(shape_text(shape) for shape in inputs)
        text = Text("Concatenate joins channels: heights and widths must agree, but it gets {shapes}. Use padding same "
                    "and equal strides on every way.",
                    "Concatenate une canales: altos y anchos deben coincidir, pero recibe {shapes}. Use padding same y "
                    "los mismos strides en todos los caminos.")
        raise ShapeTrouble("shapes_differ", text.fill(shapes=shapes))
    return (*inputs[0][:-1], sum(shape[-1] for shape in inputs))


LAYERS = (
    LayerType(id="Add", family="merge", minimum_inputs=2, maximum_inputs=None, shape=_add_shape,
              help=Text("Adds its inputs value by value: the skip connection of residual networks.",
                        "Suma sus entradas valor a valor: la conexión de salto de las redes residuales."),
              call=Call("keras.layers.Add")),
    LayerType(id="Concatenate", family="merge", minimum_inputs=2, maximum_inputs=None, shape=_concatenate_shape,
              help=Text("Stacks the channels of its inputs: the branches of an Inception module.",
                        "Apila los canales de sus entradas: las ramas de un módulo Inception."),
              call=Call("keras.layers.Concatenate")),
)
