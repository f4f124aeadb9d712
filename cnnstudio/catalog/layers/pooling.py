"""Poolings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from cnnstudio.catalog.call import Call
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.borders import Borders, border_parts, is_even, same_borders
from cnnstudio.catalog.layers.common import (
    arguments,
    padding_param,
    pool_param,
    require_picture,
    set_param_fix,
    strides_param,
    window_output,
)
from cnnstudio.catalog.layers.entry import LayerType, Shape, ShapeError, ShapeFunction, Values, Window
from cnnstudio.catalog.torch_form import Part, Site, TorchCode, pair_code, single_module
from cnnstudio.catalog.torch_helpers import AVERAGE_POOL
from cnnstudio.core.params import Bool, Pair
from cnnstudio.core.problems import Fix
from cnnstudio.core.text import Text, same


def _window(values: Values) -> Window:
    return Window(values["pool_size"], values["strides"] or values["pool_size"])


def _sliding(layer: str) -> ShapeFunction:
    def shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
        return window_output(values, inputs, layer, "pool_size")

    return shape


def _global(layer: str) -> ShapeFunction:
    def shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
        channels = require_picture(inputs, layer)[2]
        return (1, 1, channels) if values["keepdims"] else (channels,)

    return shape


def _adaptive(layer: str) -> ShapeFunction:
    def shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
        _height, width, channels = require_picture(inputs, layer)
        rows, columns = values["output_size"]
        if layer == "AdaptiveMaxPooling2D" and (columns == 1 or width == 1):
            raise _one_column_error(rows, columns, width)
        return rows, columns, channels

    return shape


def _one_column_error(rows: int, columns: int, width: int) -> ShapeError:
    """On TensorFlow, Keras 3.15 divides by zero here and crashes the process."""
    fixes = [Fix(action="replace_layer", arguments={"type": "AdaptiveAveragePooling2D", "params": {
        "output_size": (rows, columns)}}, label=Text("Use AdaptiveAveragePooling2D", "Usar AdaptiveAveragePooling2D"))]
    if (rows, columns) == (1, 1):
        fixes.insert(0, Fix(action="replace_layer", arguments={"type": "GlobalMaxPooling2D", "params": {"keepdims": True}},
                            label=Text("Use GlobalMaxPooling2D", "Usar GlobalMaxPooling2D")))
    elif width > 1:
        fixes.insert(0, set_param_fix("output_size", (rows, 2)))
    return ShapeError("one_column", Text(
        "AdaptiveMaxPooling2D of Keras cannot produce a single column. Choose a width of at least 2.",
        "AdaptiveMaxPooling2D de Keras no puede producir una sola columna. Elija un ancho de al menos 2."), *fixes)


def _torch_window(site: Site) -> tuple[str, Borders]:
    """(size and stride as written, borders) of a pooling."""
    window = site.values["pool_size"]
    strides = site.values["strides"] or window
    size = pair_code(window) + ("" if strides == window else f", stride={pair_code(strides)}")
    return size, same_borders(site, window, strides)


def _max_torch(site: Site) -> TorchCode:
    size, borders = _torch_window(site)
    padding = (borders[0][0], borders[1][0])
    even = f", padding={pair_code(padding)}" if is_even(borders) and max(padding) else ""
    # Values outside must never be the maximum.
    return TorchCode(parts=(*border_parts(borders, 'nn.ConstantPad2d({}, float("-inf"))'), Part(f"nn.MaxPool2d({size}{even})")))


def _average_torch(site: Site) -> TorchCode:
    size, borders = _torch_window(site)
    (above, below), (left, right) = borders
    if not is_even(borders):
        return single_module(f"AveragePool({(left, right, above, below)}, {size})", helpers=(AVERAGE_POOL,))
    outside = f", padding={pair_code((above, left))}, count_include_pad=False" if max(above, left) else ""
    return single_module(f"nn.AvgPool2d({size}{outside})")


def _global_torch(module: str) -> Callable[[Site], TorchCode]:
    def write(site: Site) -> TorchCode:
        flat = () if site.values["keepdims"] else (Part("nn.Flatten()", suffix="flat"),)
        return TorchCode(parts=(Part(f"nn.{module}(1)"), *flat))

    return write


def _adaptive_torch(module: str) -> Callable[[Site], TorchCode]:
    return lambda site: single_module(f"nn.{module}({pair_code(site.values['output_size'])})")


def _pooling(identifier: str, stem: str, alias: str, formula: str, help: Text, torch: Callable[[Site], TorchCode]
             ) -> LayerType:
    return LayerType(
        id=identifier, family="pooling", help=help, formula=formula, id_stem=stem, aliases=(alias,), keeps_pixels=True,
        torch=torch, params=(pool_param(), strides_param(None), padding_param()),
        shape=_sliding(identifier), window=_window,
        call=Call(f"keras.layers.{identifier}", arguments("pool_size", "strides", "padding"),
                  {"strides": None, "padding": "valid"}))


_KEEPDIMS = Bool(name="keepdims", default=False, advanced=True, label=same("keepdims"),
                 help=Text("Keep height and width as axes of length 1, so that the result can be multiplied with maps or be "
                           "convolved with 1 × 1.",
                           "Conservar alto y ancho como ejes de longitud 1, para poder multiplicar el resultado con mapas o "
                           "convolucionarlo con 1 × 1."))


def _global_pooling(identifier: str, stem: str, alias: str, kind: Literal["avg", "max"], formula: str, help: Text,
                    module: str) -> LayerType:
    return LayerType(id=identifier, family="pooling", help=help, formula=formula, id_stem=stem, aliases=(alias,), pooling=kind,
                     positional=("data_format", "keepdims"), torch=_global_torch(module), params=(_KEEPDIMS,),
                     shape=_global(identifier), window=lambda _values: Window(is_global=True),
                     call=Call(f"keras.layers.{identifier}", arguments("keepdims"), {"keepdims": False}))


def _adaptive_pooling(identifier: str, stem: str, formula: str, help: Text, module: str) -> LayerType:
    size = Pair(name="output_size", default=(7, 7), maximum=512, label=same("output_size"),
                help=Text("Height and width of the output, for any input.",
                          "Alto y ancho de la salida, sea cual sea la entrada."))
    return LayerType(id=identifier, family="pooling", help=help, formula=formula, id_stem=stem, params=(size,),
                     torch=_adaptive_torch(module),
                     shape=_adaptive(identifier), window=lambda _values: Window(is_global=True),
                     call=Call(f"keras.layers.{identifier}", arguments("output_size")))


LAYERS = (
    _pooling("MaxPooling2D", "max_pooling", "MaxPool2D", "y[i, j, c] = max x[s·i + a, s·j + b, c]",
             Text("Keeps the largest value of each window: the picture gets smaller, strong responses are kept.",
                  "Conserva el valor máximo de cada ventana: la imagen se reduce y se conservan las respuestas "
                  "fuertes."), _max_torch),
    _pooling("AveragePooling2D", "average_pooling", "AvgPool2D", "y[i, j, c] = mean x[s·i + a, s·j + b, c]",
             Text("Keeps the mean of each window: the picture gets smaller and smoother.",
                  "Conserva la media de cada ventana: la imagen se reduce y se suaviza."), _average_torch),
    _global_pooling("GlobalAveragePooling2D", "global_average_pooling", "GlobalAvgPool2D", "avg",
                    "y[c] = (1 / h·w) · Σ x[i, j, c]",
                    Text("One number per feature map: its mean. Leads from maps to dense layers with few parameters.",
                         "Un número por mapa: su media. Pasa de los mapas a las capas densas con pocos "
                         "parámetros."), "AdaptiveAvgPool2d"),
    _global_pooling("GlobalMaxPooling2D", "global_max_pooling", "GlobalMaxPool2D", "max", "y[c] = max x[i, j, c]",
                    Text("One number per feature map: its largest value.",
                         "Un número por mapa: su valor máximo."), "AdaptiveMaxPool2d"),
    _adaptive_pooling("AdaptiveAveragePooling2D", "adaptive_average_pooling",
                      "y[i, j, c] = mean x[⌊i·h/n⌋ … ⌈(i+1)·h/n⌉, …, c]",
                      Text("Means over a grid of windows fitted to the picture: the output size is fixed.",
                           "Medias sobre una cuadrícula de ventanas ajustada a la imagen: el tamaño de la salida es fijo."),
                      "AdaptiveAvgPool2d"),
    _adaptive_pooling("AdaptiveMaxPooling2D", "adaptive_max_pooling", "y[i, j, c] = max x[⌊i·h/n⌋ … ⌈(i+1)·h/n⌉, …, c]",
                      Text("Largest values over a grid of windows fitted to the picture: the output size is fixed.",
                           "Valores máximos sobre una cuadrícula de ventanas ajustada a la imagen: el tamaño de la salida es "
                           "fijo."), "AdaptiveMaxPool2d"),
)
