"""Convolutions. Parameters and multiply-adds follow keras.io/api/layers/convolution_layers."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.call import Call
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.borders import border_parts, is_even, same_borders
from cnnstudio.catalog.layers.common import (
    activation_param,
    arguments,
    bias_param,
    dilation_param,
    filters_param,
    kernel_param,
    padding_param,
    require_picture,
    set_param_fix,
    strides_param,
    window_output,
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
from cnnstudio.catalog.torch_form import Part, Site, TorchCode, Weight, options_code, pair_code
from cnnstudio.catalog.torch_helpers import CROP
from cnnstudio.core.params import Int, Pair
from cnnstudio.core.text import Text, same

_AXES: Final = {"kernel": (0, 1, 2), "depthwise": (0, 1), "pointwise": (0, 1, 2)}
"""Over which axes of a kernel the norm of one filter runs."""


def _window(values: Values) -> Window:
    (rows, columns), (down, across) = values["kernel_size"], values["dilation_rate"]
    return Window(((rows - 1) * down + 1, (columns - 1) * across + 1), values["strides"])


def _convolution_shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    rows, columns, channels = window_output(values, inputs, "Conv2D", "kernel_size")
    groups = values["groups"]
    if channels % groups or values["filters"] % groups:
        text = Text("groups ({groups}) must divide both the {channels} input channels and the {filters} filters.",
                    "groups ({groups}) debe dividir tanto los {channels} canales de entrada como los {filters} filtros.")
        fitting = max(count for count in range(1, groups + 1) if channels % count == 0 and values["filters"] % count == 0)
        raise ShapeError("groups", text.fill(groups=groups, channels=channels, filters=values["filters"]),
                           set_param_fix("groups", fitting))
    return rows, columns, values["filters"]


def _convolution_cost(values: Values, inputs: tuple[Shape, ...], output: Shape, _context: Context) -> Cost:
    kernel, filters = values["kernel_size"], values["filters"]
    weights = kernel[0] * kernel[1] * (inputs[0][2] // values["groups"]) * filters
    return Cost(trainable=weights + (filters if values["use_bias"] else 0),
                multiply_adds=output[0] * output[1] * weights)


def _torch_convolution(site: Site, outputs: int, groups: int, bias: bool) -> tuple[tuple[Part, ...], str]:
    """(the border before it, the code) of an nn.Conv2d with this layer's window."""
    window, strides, dilation = (site.values[name] for name in ("kernel_size", "strides", "dilation_rate"))
    borders = same_borders(site, window, strides, dilation)
    padding = (borders[0][0], borders[1][0])
    code = f"nn.Conv2d({site.channels}, {outputs}, {pair_code(window)}" + options_code(
        stride=pair_code(strides) if max(strides) > 1 else None,
        padding=pair_code(padding) if is_even(borders) and max(padding) else None,
        dilation=pair_code(dilation) if max(dilation) > 1 else None,
        groups=groups if groups > 1 else None, bias=None if bias else False) + ")"
    return border_parts(borders), code


def _with_bias(site: Site, *weights: Weight) -> tuple[Weight, ...]:
    return (*weights, Weight("bias")) if site.values["use_bias"] else weights


def _conv2d_torch(site: Site) -> TorchCode:
    before, code = _torch_convolution(site, site.values["filters"], site.values["groups"], site.values["use_bias"])
    return TorchCode(parts=(*before, Part(code, weights=_with_bias(site, Weight("weight", "convolution"))),
                          *activation_parts(site.values["activation"], 3)))


CONV2D = LayerType(
    id="Conv2D", family="convolution",
    help=Text("Slides small filters over the picture; each filter produces one feature map.",
              "Desliza filtros pequeños sobre la imagen; cada filtro produce un mapa de características."),
    formula="y[i, j, f] = Σ w[a, b, c, f] · x[s·i + d·a, s·j + d·b, c] + b[f]",
    params=(
        filters_param(), kernel_param(), strides_param(), padding_param(), activation_param(),
        *weight_params("kernel"), dilation_param(),
        Int(name="groups", default=1, minimum=1, maximum=65_536, advanced=True, label=same("groups"),
            help=Text("Number of groups of channels that are convolved separately.",
                      "Número de grupos de canales que se convolucionan por separado.")),
        bias_param(), *weight_params("bias"), *regularizer_params("activity_regularizer", advanced=True),
    ),
    shape=_convolution_shape, cost=_convolution_cost, window=_window,
    positional=("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "groups", "activation",
                "use_bias", *POSITIONAL_WEIGHTS),
    id_stem="conv", aliases=("Convolution2D",), has_kernel=True, torch=_conv2d_torch,
    call=Call("keras.layers.Conv2D",
              arguments("filters", "kernel_size", "strides", "padding", "dilation_rate", "groups", "activation",
                        "use_bias", **weight_arguments("kernel", "bias", axes=_AXES),
                        activity_regularizer=regularizer("activity_regularizer")),
              {"strides": (1, 1), "padding": "valid", "dilation_rate": (1, 1), "groups": 1, "activation": None,
               "use_bias": True, "activity_regularizer": None} | weight_defaults("kernel", "bias")),
)


def _equal_strides(values: Values, layer: str) -> None:
    down, across = values["strides"]
    if down != across:
        text = Text("{layer} needs the same stride vertically and horizontally.",
                    "{layer} necesita el mismo paso en vertical y en horizontal.")
        raise ShapeError("unequal_strides", text.fill(layer=layer), set_param_fix("strides", (down, down)),
                           set_param_fix("strides", (across, across)))


def _depthwise_shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    _equal_strides(values, "DepthwiseConv2D")
    rows, columns, channels = window_output(values, inputs, "DepthwiseConv2D", "kernel_size")
    return rows, columns, channels * values["depth_multiplier"]


def _depthwise_cost(values: Values, inputs: tuple[Shape, ...], output: Shape, _context: Context) -> Cost:
    kernel = values["kernel_size"]
    weights = kernel[0] * kernel[1] * inputs[0][2] * values["depth_multiplier"]
    return Cost(trainable=weights + (output[2] if values["use_bias"] else 0),
                multiply_adds=output[0] * output[1] * weights)


def _depthwise_torch(site: Site) -> TorchCode:
    outputs = site.channels * site.values["depth_multiplier"]
    before, code = _torch_convolution(site, outputs, site.channels, site.values["use_bias"])
    return TorchCode(parts=(*before, Part(code, weights=_with_bias(site, Weight("weight", "depthwise"))),
                          *activation_parts(site.values["activation"], 3)))


_MULTIPLIER = Int(
    name="depth_multiplier", default=1, minimum=1, maximum=1024, advanced=True, label=same("depth_multiplier"),
    help=Text("Number of feature maps per input channel.", "Número de mapas de características por canal de entrada."))

DEPTHWISE_CONV2D = LayerType(
    id="DepthwiseConv2D", family="convolution",
    help=Text("A separate filter for each channel: few parameters, little computation.",
              "Un filtro para cada canal por separado: pocos parámetros, poco cálculo."),
    formula="y[i, j, c] = Σ w[a, b, c] · x[s·i + d·a, s·j + d·b, c] + b[c]",
    params=(
        kernel_param(), strides_param(), padding_param(), activation_param(),
        *weight_params("depthwise", plain=("depthwise",)), _MULTIPLIER, dilation_param(), bias_param(),
        *weight_params("bias"),
    ),
    shape=_depthwise_shape, cost=_depthwise_cost, window=_window,
    positional=("kernel_size", "strides", "padding", "depth_multiplier", "data_format", "dilation_rate", "activation",
                "use_bias"),
    id_stem="depthwise_conv", aliases=("DepthwiseConvolution2D",), has_kernel=True, torch=_depthwise_torch,
    call=Call("keras.layers.DepthwiseConv2D",
              arguments("kernel_size", "strides", "padding", "depth_multiplier", "dilation_rate", "activation",
                        "use_bias", **weight_arguments("depthwise", "bias", axes=_AXES)),
              {"strides": (1, 1), "padding": "valid", "depth_multiplier": 1, "dilation_rate": (1, 1),
               "activation": None, "use_bias": True} | weight_defaults("depthwise", "bias")),
)


def _separable_shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    _equal_strides(values, "SeparableConv2D")
    rows, columns, _channels = window_output(values, inputs, "SeparableConv2D", "kernel_size")
    return rows, columns, values["filters"]


def _separable_cost(values: Values, inputs: tuple[Shape, ...], output: Shape, _context: Context) -> Cost:
    kernel, filters = values["kernel_size"], values["filters"]
    middle = inputs[0][2] * values["depth_multiplier"]
    weights = kernel[0] * kernel[1] * middle + middle * filters
    return Cost(trainable=weights + (filters if values["use_bias"] else 0),
                multiply_adds=output[0] * output[1] * weights)


def _separable_torch(site: Site) -> TorchCode:
    middle, filters = site.channels * site.values["depth_multiplier"], site.values["filters"]
    before, code = _torch_convolution(site, middle, site.channels, bias=False)
    bias = "" if site.values["use_bias"] else ", bias=False"
    return TorchCode(parts=(
        *before, Part(code, suffix="depthwise", weights=(Weight("weight", "depthwise"),)),
        Part(f"nn.Conv2d({middle}, {filters}, 1{bias})",
             weights=_with_bias(site, Weight("weight", "convolution", role="pointwise"))),
        *activation_parts(site.values["activation"], 3)))


SEPARABLE_CONV2D = LayerType(
    id="SeparableConv2D", family="convolution",
    help=Text("A depthwise convolution followed by a 1 × 1 convolution: nearly as powerful as Conv2D at a fraction of the "
              "cost.",
              "Una convolución por canal seguida de otra de 1 × 1: casi tan potente como Conv2D por una fracción del coste."),
    formula="y[i, j, f] = Σ p[c, f] · (Σ w[a, b, c] · x[s·i + d·a, s·j + d·b, c]) + b[f]",
    params=(
        filters_param(), kernel_param(), strides_param(), padding_param(), activation_param(),
        *weight_params("depthwise", "pointwise"), _MULTIPLIER, dilation_param(), bias_param(), *weight_params("bias"),
    ),
    shape=_separable_shape, cost=_separable_cost, window=_window,
    positional=("filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "depth_multiplier",
                "activation", "use_bias"),
    id_stem="separable_conv", aliases=("SeparableConvolution2D",), has_kernel=True, torch=_separable_torch,
    call=Call("keras.layers.SeparableConv2D",
              arguments("filters", "kernel_size", "strides", "padding", "depth_multiplier", "dilation_rate",
                        "activation", "use_bias", **weight_arguments("depthwise", "pointwise", "bias", axes=_AXES)),
              {"strides": (1, 1), "padding": "valid", "depth_multiplier": 1, "dilation_rate": (1, 1),
               "activation": None, "use_bias": True} | weight_defaults("depthwise", "pointwise", "bias")),
)


def _transposed_length(size: int, kernel: int, stride: int, padding: str, extra: int | None) -> int:
    """Output length of a transposed convolution, as Keras computes it."""
    if padding == "valid":
        return (size - 1) * stride + kernel + (max(stride - kernel, 0) if extra is None else extra)
    return size * stride if extra is None else (size - 1) * stride + kernel % 2 + extra


def _transposed_shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    height, width, _channels = require_picture(inputs, "Conv2DTranspose")
    kernel, strides, extra = values["kernel_size"], values["strides"], values["output_padding"]
    if extra is not None and (extra[0] >= strides[0] or extra[1] >= strides[1]):
        raise ShapeError("output_padding", Text(
            "output_padding must be smaller than strides.", "output_padding debe ser menor que strides."),
            set_param_fix("output_padding", None, Text("Let Keras decide", "Dejar que Keras decida")))
    rows, columns = (_transposed_length(size, kernel[axis], strides[axis], values["padding"],
                                        None if extra is None else extra[axis])
                     for axis, size in enumerate((height, width)))
    if rows < 1 or columns < 1:
        raise ShapeError("shrinks_below_one", Text(
            "With this output_padding, nothing is left of the picture.",
            "Con este output_padding no queda nada de la imagen."),
            set_param_fix("output_padding", None, Text("Let Keras decide", "Dejar que Keras decida")))
    return rows, columns, values["filters"]


def _transposed_cost(values: Values, inputs: tuple[Shape, ...], _output: Shape, _context: Context) -> Cost:
    """Every input value meets every weight of its channel once (at the border some fall outside)."""
    kernel, filters = values["kernel_size"], values["filters"]
    height, width, channels = inputs[0]
    weights = kernel[0] * kernel[1] * channels * filters
    return Cost(trainable=weights + (filters if values["use_bias"] else 0), multiply_adds=height * width * weights)


def _transposed_window(values: Values) -> Window:
    kernel, strides = values["kernel_size"], values["strides"]
    reach = (-(-kernel[0] // strides[0]), -(-kernel[1] // strides[1]))
    return Window(reach, up=strides)


def _transposed_torch(site: Site) -> TorchCode:
    """PyTorch cuts both sides alike; what TensorFlow cuts off more at one side is cropped."""
    window, strides = site.values["kernel_size"], site.values["strides"]
    cuts, paddings, longer = [], [], []
    for axis in (0, 1):
        out, full = site.output[axis], (site.inputs[0][axis] - 1) * strides[axis] + window[axis]
        before = 0
        if site.values["padding"] == "same":
            before = max((-(-out // strides[axis]) - 1) * strides[axis] + window[axis] - out, 0) // 2
        after = full - before - out
        both = before if after <= before else 0
        paddings.append(both)
        longer.append(max(both - after, 0))
        cuts.append((before - both, max(after - both, 0)))
    bias = None if site.values["use_bias"] else False
    code = f"nn.ConvTranspose2d({site.channels}, {site.values['filters']}, {pair_code(window)}" + options_code(
        stride=pair_code(strides), padding=pair_code(tuple(paddings)) if max(paddings) else None,
        output_padding=pair_code(tuple(longer)) if max(longer) else None, bias=bias) + ")"
    crop: tuple[Part, ...] = ()
    if any(max(cut) for cut in cuts):
        (above, below), (left, right) = cuts
        crop = (Part(f"Crop({above}, {below}, {left}, {right})", suffix="crop", helpers=(CROP,)),)
    return TorchCode(parts=(Part(code, weights=_with_bias(site, Weight("weight", "transposed"))), *crop,
                          *activation_parts(site.values["activation"], 3)))


CONV2D_TRANSPOSE = LayerType(
    id="Conv2DTranspose", family="convolution",
    help=Text("A transposed convolution: spreads every value over a window, so that the picture is enlarged with learned "
              "filters.",
              "Una convolución transpuesta: reparte cada valor sobre una ventana, de modo que la imagen se amplía con "
              "filtros aprendidos."),
    formula="y[s·i + a, s·j + b, f] += w[a, b, f, c] · x[i, j, c]",
    params=(
        filters_param(), kernel_param(),
        Pair(name="strides", default=(2, 2), maximum=512, label=same("strides"),
             help=Text("Enlargement factor, vertically and horizontally.",
                       "Factor de ampliación, en vertical y en horizontal.")),
        padding_param(), activation_param(), *weight_params("kernel"),
        Pair(name="output_padding", default=None, minimum=0, maximum=511, optional=True, advanced=True,
             label=same("output_padding"),
             help=Text("Rows and columns added at the end; fewer than strides. None: Keras decides.",
                       "Filas y columnas añadidas al final; menos que strides. None: Keras decide.")),
        bias_param(), *weight_params("bias"),
    ),
    shape=_transposed_shape, cost=_transposed_cost, window=_transposed_window,
    positional=("filters", "kernel_size", "strides", "padding", "output_padding", "data_format", "dilation_rate",
                "activation", "use_bias"),
    id_stem="transposed_conv", aliases=("Deconvolution2D", "Deconv2D", "Convolution2DTranspose"), has_kernel=True,
    torch=_transposed_torch,
    call=Call("keras.layers.Conv2DTranspose",
              arguments("filters", "kernel_size", "strides", "padding", "output_padding", "activation", "use_bias",
                        **weight_arguments("kernel", "bias", axes={"kernel": (0, 1, 3)})),
              {"strides": (1, 1), "padding": "valid", "output_padding": None, "activation": None, "use_bias": True}
              | weight_defaults("kernel", "bias")),
)

LAYERS = (
    with_spectral_normalization(CONV2D, lambda values, _inputs: values["filters"]),
    with_spectral_normalization(DEPTHWISE_CONV2D, lambda values, _inputs: values["depth_multiplier"]),
    SEPARABLE_CONV2D,
    with_spectral_normalization(CONV2D_TRANSPOSE, lambda _values, inputs: inputs[0][-1]),
)
