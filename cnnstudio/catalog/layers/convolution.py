"""Convolutions. Parameters and multiply-adds follow keras.io/api/layers/convolution_layers."""

from __future__ import annotations

from cnnstudio.catalog.call import Call
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.common import (
    activation_param,
    arguments,
    bias_param,
    dilation_param,
    filters_param,
    kernel_param,
    padding_param,
    regularizer,
    regularizer_params,
    slid,
    strides_param,
)
from cnnstudio.catalog.layers.entry import Cost, LayerType, Shape, ShapeTrouble, Values, Window
from cnnstudio.core.params import Int
from cnnstudio.core.text import Text, same


def _window(values: Values) -> Window:
    (rows, columns), (down, across) = values["kernel_size"], values["dilation_rate"]
    return Window(((rows - 1) * down + 1, (columns - 1) * across + 1), values["strides"])


def _convolution_shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    rows, columns, channels = slid(values, inputs, "Conv2D", "kernel_size")
    groups = values["groups"]
    if channels % groups or values["filters"] % groups:
        text = Text("groups ({groups}) must divide both the {channels} input channels and the {filters} filters.",
                    "groups ({groups}) debe dividir tanto los {channels} canales de entrada como los {filters} filtros.")
        raise ShapeTrouble("groups", text.fill(groups=groups, channels=channels, filters=values["filters"]))
    return rows, columns, values["filters"]


def _convolution_cost(values: Values, inputs: tuple[Shape, ...], output: Shape, _context: Context) -> Cost:
    kernel, filters = values["kernel_size"], values["filters"]
    weights = kernel[0] * kernel[1] * (inputs[0][2] // values["groups"]) * filters
    return Cost(trainable=weights + (filters if values["use_bias"] else 0),
                multiply_adds=output[0] * output[1] * weights)


CONV2D = LayerType(
    id="Conv2D", family="convolution",
    help=Text("Slides small filters over the picture; each yields one feature map.",
              "Desliza filtros pequeños sobre la imagen; cada uno da un mapa de características."),
    params=(
        filters_param(), kernel_param(), strides_param(), padding_param(), activation_param(),
        *regularizer_params("kernel_regularizer"), dilation_param(),
        Int(name="groups", default=1, minimum=1, maximum=65_536, advanced=True, label=same("groups"),
            help=Text("Split the channels into groups that are convolved apart.",
                      "Dividir los canales en grupos que se convolucionan por separado.")),
        bias_param(), *regularizer_params("bias_regularizer", advanced=True),
    ),
    shape=_convolution_shape, cost=_convolution_cost, window=_window,
    call=Call("keras.layers.Conv2D",
              arguments("filters", "kernel_size", "strides", "padding", "dilation_rate", "groups", "activation",
                        "use_bias", kernel_regularizer=regularizer("kernel_regularizer"),
                        bias_regularizer=regularizer("bias_regularizer")),
              {"strides": (1, 1), "padding": "valid", "dilation_rate": (1, 1), "groups": 1, "activation": None,
               "use_bias": True, "kernel_regularizer": None, "bias_regularizer": None}),
)


def _equal_strides(values: Values, layer: str) -> None:
    if values["strides"][0] != values["strides"][1]:
        text = Text("{layer} needs the same stride down and across.",
                    "{layer} necesita el mismo paso hacia abajo y a lo ancho.")
        raise ShapeTrouble("unequal_strides", text.fill(layer=layer))


def _depthwise_shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    _equal_strides(values, "DepthwiseConv2D")
    rows, columns, channels = slid(values, inputs, "DepthwiseConv2D", "kernel_size")
    return rows, columns, channels * values["depth_multiplier"]


def _depthwise_cost(values: Values, inputs: tuple[Shape, ...], output: Shape, _context: Context) -> Cost:
    kernel = values["kernel_size"]
    weights = kernel[0] * kernel[1] * inputs[0][2] * values["depth_multiplier"]
    return Cost(trainable=weights + (output[2] if values["use_bias"] else 0),
                multiply_adds=output[0] * output[1] * weights)


_MULTIPLIER = Int(
    name="depth_multiplier", default=1, minimum=1, maximum=1024, advanced=True, label=same("depth_multiplier"),
    help=Text("Feature maps for each input channel.", "Mapas de características por canal de entrada."))

DEPTHWISE_CONV2D = LayerType(
    id="DepthwiseConv2D", family="convolution",
    help=Text("One filter for each channel on its own: few parameters, little work.",
              "Un filtro para cada canal por separado: pocos parámetros, poco cálculo."),
    params=(
        kernel_param(), strides_param(), padding_param(), activation_param(),
        *regularizer_params("depthwise_regularizer"), _MULTIPLIER, dilation_param(), bias_param(),
    ),
    shape=_depthwise_shape, cost=_depthwise_cost, window=_window,
    call=Call("keras.layers.DepthwiseConv2D",
              arguments("kernel_size", "strides", "padding", "depth_multiplier", "dilation_rate", "activation",
                        "use_bias", depthwise_regularizer=regularizer("depthwise_regularizer")),
              {"strides": (1, 1), "padding": "valid", "depth_multiplier": 1, "dilation_rate": (1, 1),
               "activation": None, "use_bias": True, "depthwise_regularizer": None}),
)


def _separable_shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    _equal_strides(values, "SeparableConv2D")
    rows, columns, _channels = slid(values, inputs, "SeparableConv2D", "kernel_size")
    return rows, columns, values["filters"]


def _separable_cost(values: Values, inputs: tuple[Shape, ...], output: Shape, _context: Context) -> Cost:
    kernel, filters = values["kernel_size"], values["filters"]
    middle = inputs[0][2] * values["depth_multiplier"]
    weights = kernel[0] * kernel[1] * middle + middle * filters
    return Cost(trainable=weights + (filters if values["use_bias"] else 0),
                multiply_adds=output[0] * output[1] * weights)


SEPARABLE_CONV2D = LayerType(
    id="SeparableConv2D", family="convolution",
    help=Text("A depthwise convolution followed by a 1 x 1 one: nearly as strong as Conv2D at a fraction of the cost.",
              "Una convolución por canal seguida de una de 1 x 1: casi tan potente como Conv2D por una fracción del "
              "coste."),
    params=(
        filters_param(), kernel_param(), strides_param(), padding_param(), activation_param(),
        *regularizer_params("depthwise_regularizer", advanced=True),
        *regularizer_params("pointwise_regularizer", advanced=True), _MULTIPLIER, dilation_param(), bias_param(),
    ),
    shape=_separable_shape, cost=_separable_cost, window=_window,
    call=Call("keras.layers.SeparableConv2D",
              arguments("filters", "kernel_size", "strides", "padding", "depth_multiplier", "dilation_rate",
                        "activation", "use_bias", depthwise_regularizer=regularizer("depthwise_regularizer"),
                        pointwise_regularizer=regularizer("pointwise_regularizer")),
              {"strides": (1, 1), "padding": "valid", "depth_multiplier": 1, "dilation_rate": (1, 1),
               "activation": None, "use_bias": True, "depthwise_regularizer": None, "pointwise_regularizer": None}),
)

LAYERS = (CONV2D, DEPTHWISE_CONV2D, SEPARABLE_CONV2D)
