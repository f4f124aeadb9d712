"""Dense, Flatten, Identity, and the layer that follows the classes."""

from __future__ import annotations

from math import prod
from typing import Any

from cnnstudio.catalog.call import Call
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.common import (
    activation_param,
    arguments,
    bias_param,
    insert_before_fix,
    same_shape,
    shape_text,
)
from cnnstudio.catalog.layers.entry import Cost, LayerType, Shape, ShapeError, Values, Window
from cnnstudio.catalog.layers.functions import activation_parts
from cnnstudio.catalog.layers.spectral import with_spectral_normalization
from cnnstudio.catalog.layers.weights import (
    POSITIONAL_WEIGHTS,
    regularizer,
    regularizer_params,
    weight_arguments,
    weight_defaults,
    weight_params,
)
from cnnstudio.catalog.torch_form import Site, TorchCode, Weight, single_module
from cnnstudio.catalog.torch_helpers import FLATTEN as TORCH_FLATTEN
from cnnstudio.catalog.torch_helpers import along_channels
from cnnstudio.core.params import Int
from cnnstudio.core.text import Text, same


def _dense_shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    return (*inputs[0][:-1], values["units"])


def _dense_cost(values: Values, inputs: tuple[Shape, ...], _output: Shape, _context: Context) -> Cost:
    weights = inputs[0][-1] * values["units"]
    return Cost(trainable=weights + (values["units"] if values["use_bias"] else 0),
                multiply_adds=prod(inputs[0][:-1]) * weights)


def _linear(site: Site, units: int, bias: bool, activation: str | None) -> TorchCode:
    code, prefix, helpers = along_channels(
        f"nn.Linear({site.channels}, {units}{'' if bias else ', bias=False'})", site.rank)
    weights = (Weight(f"{prefix}weight", "dense"), *((Weight(f"{prefix}bias"),) if bias else ()))
    return single_module(code, *weights, helpers=helpers, activation=activation_parts(activation, site.rank))


def _dense_torch(site: Site) -> TorchCode:
    return _linear(site, site.values["units"], site.values["use_bias"], site.values["activation"])


DENSE = LayerType(
    id="Dense", family="core",
    help=Text("Every unit is connected to every input value.", "Cada unidad está conectada a todos los valores de entrada."),
    formula="y = f(W · x + b)",
    params=(
        Int(name="units", default=128, minimum=1, maximum=1_000_000, step=8, label=same("units"),
            help=Text("Number of outputs.", "Número de salidas.")),
        activation_param(), *weight_params("kernel"), bias_param(), *weight_params("bias"),
        *regularizer_params("activity_regularizer", advanced=True),
    ),
    shape=_dense_shape, cost=_dense_cost, has_kernel=True, torch=_dense_torch,
    positional=("units", "activation", "use_bias", *POSITIONAL_WEIGHTS),
    call=Call("keras.layers.Dense",
              arguments("units", "activation", "use_bias", **weight_arguments("kernel", "bias"),
                        activity_regularizer=regularizer("activity_regularizer")),
              {"activation": None, "use_bias": True, "activity_regularizer": None} | weight_defaults("kernel", "bias")),
)


def _flatten_shape(_values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    return (prod(inputs[0]),)


def _flatten_torch(site: Site) -> TorchCode:
    shape = site.inputs[0]
    if site.rank < 3 or shape[2] == 1 or shape[:2] == (1, 1):
        return single_module("nn.Flatten()")
    return single_module("Flatten()", helpers=(TORCH_FLATTEN,))


FLATTEN = LayerType(
    id="Flatten", family="core",
    help=Text("Flattens all values into one long row.", "Pone todos los valores en una sola fila."),
    formula="y[(i·w + j)·c + k] = x[i, j, k]",
    shape=_flatten_shape, window=lambda _values: Window(is_global=True), transparent=True, flattens=True,
    functions=("flatten",), torch=_flatten_torch,
    call=Call("keras.layers.Flatten"),
)

IDENTITY = LayerType(
    id="Identity", family="core", help=Text("Passes its input through unchanged.", "Deja pasar su entrada sin cambios."),
    formula="y = x", shape=same_shape, elementwise=True, keeps_pixels=True, training_only=True, transparent=True,
    torch=lambda _site: single_module("nn.Identity()"), call=Call("keras.layers.Identity"),
)


def _output_shape(_values: Values, inputs: tuple[Shape, ...], context: Context) -> Shape:
    if len(inputs[0]) != 1:
        text = Text("The output layer needs one row of numbers but gets {shape}. Add a Flatten or a global pooling layer "
                    "before it.",
                    "La capa de salida necesita una fila de números, pero recibe {shape}. Añada antes una capa Flatten o un "
                    "agrupamiento global.")
        raise ShapeError("not_flat", text.fill(shape=shape_text(inputs[0])),
                           insert_before_fix("GlobalAveragePooling2D"), insert_before_fix("Flatten"))
    return (context.output_units,)


def _output_cost(_values: Values, inputs: tuple[Shape, ...], output: Shape, _context: Context) -> Cost:
    weights = inputs[0][-1] * output[0]
    return Cost(trainable=weights + output[0], multiply_adds=weights)


class _OutputCall(Call, frozen=True):
    """Dense whose units and activation come from the context: the builder adds it under "context"."""

    def arguments(self, values: Values) -> dict[str, Any]:
        context: Context = values["context"]
        return {"units": context.output_units, "activation": context.output_activation} | {
            name: value for name, value in super().arguments(values).items() if name.startswith("kernel")}


def _output_torch(site: Site) -> TorchCode:
    return _linear(site, site.context.output_units, True, site.context.output_activation)


OUTPUT = LayerType(
    id="Output", family="core", label=Text("Output", "Salida"),
    help=Text("The prediction: a Dense layer that adapts to the classes. One sigmoid unit for binary labels, otherwise one "
              "softmax unit for each class. Customise it to choose its settings.",
              "La predicción: una capa Dense que se adapta a las clases. Una unidad sigmoid para etiquetas binarias; en los "
              "demás casos, una unidad softmax por clase. Personalícela para elegir sus ajustes."),
    formula="p = softmax(W · x + b)  |  p = sigmoid(w · x + b)",
    params=regularizer_params("kernel_regularizer"), shape=_output_shape, cost=_output_cost,
    has_kernel=True, torch=_output_torch,
    call=_OutputCall("keras.layers.Dense", {"kernel_regularizer": regularizer("kernel_regularizer")},
                     {"kernel_regularizer": None}),
)

PLAIN_OUTPUT = DENSE.id
"""Type of the layer that an output is when the user sets its units and activation."""

LAYERS = (with_spectral_normalization(DENSE, lambda values, _inputs: values["units"]), FLATTEN, IDENTITY, OUTPUT)
