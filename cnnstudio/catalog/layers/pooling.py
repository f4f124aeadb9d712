"""Poolings."""

from __future__ import annotations

from cnnstudio.catalog.call import Call
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.common import arguments, need_picture, padding_param, pool_param, slid, strides_param
from cnnstudio.catalog.layers.entry import LayerType, Shape, ShapeFunction, Values, Window
from cnnstudio.core.text import Text


def _window(values: Values) -> Window:
    return Window(values["pool_size"], values["strides"] or values["pool_size"])


def _sliding(layer: str) -> ShapeFunction:
    def shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
        return slid(values, inputs, layer, "pool_size")

    return shape


def _global(layer: str) -> ShapeFunction:
    def shape(_values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
        return (need_picture(inputs, layer)[2],)

    return shape


def _pooling(identifier: str, help: Text) -> LayerType:
    return LayerType(
        id=identifier, family="pooling", help=help, params=(pool_param(), strides_param(None), padding_param()),
        shape=_sliding(identifier), window=_window,
        call=Call(f"keras.layers.{identifier}", arguments("pool_size", "strides", "padding"),
                  {"strides": None, "padding": "valid"}))


def _global_pooling(identifier: str, help: Text) -> LayerType:
    return LayerType(id=identifier, family="pooling", help=help, shape=_global(identifier),
                     window=lambda _values: Window(whole=True), call=Call(f"keras.layers.{identifier}"))


LAYERS = (
    _pooling("MaxPooling2D", Text("Keeps the largest value of each window: the picture gets smaller, strong answers stay.",
                                  "Conserva el mayor valor de cada ventana: la imagen se reduce y quedan las respuestas "
                                  "fuertes.")),
    _pooling("AveragePooling2D", Text("Keeps the mean of each window: the picture gets smaller and smoother.",
                                      "Conserva la media de cada ventana: la imagen se reduce y se suaviza.")),
    _global_pooling("GlobalAveragePooling2D", Text("One number for each feature map: its mean. Ends the picture part "
                                                   "with few parameters.",
                                                   "Un número por mapa: su media. Cierra la parte de imagen con pocos "
                                                   "parámetros.")),
    _global_pooling("GlobalMaxPooling2D", Text("One number for each feature map: its largest value.",
                                               "Un número por mapa: su mayor valor.")),
)
