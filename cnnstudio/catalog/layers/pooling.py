"""Poolings."""

from __future__ import annotations

from cnnstudio.catalog.call import Call
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.common import arguments, need_picture, padding_param, pool_param, slid, strides_param, use
from cnnstudio.catalog.layers.entry import LayerType, Shape, ShapeFunction, ShapeTrouble, Values, Window
from cnnstudio.core.params import Bool, Pair
from cnnstudio.core.problems import Fix
from cnnstudio.core.text import Text, same


def _window(values: Values) -> Window:
    return Window(values["pool_size"], values["strides"] or values["pool_size"])


def _sliding(layer: str) -> ShapeFunction:
    def shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
        return slid(values, inputs, layer, "pool_size")

    return shape


def _global(layer: str) -> ShapeFunction:
    def shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
        channels = need_picture(inputs, layer)[2]
        return (1, 1, channels) if values["keepdims"] else (channels,)

    return shape


def _adaptive(layer: str) -> ShapeFunction:
    def shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
        _height, width, channels = need_picture(inputs, layer)
        rows, columns = values["output_size"]
        if layer == "AdaptiveMaxPooling2D" and (columns == 1 or width == 1):
            raise _one_column(rows, columns, width)
        return rows, columns, channels

    return shape


def _one_column(rows: int, columns: int, width: int) -> ShapeTrouble:
    """On TensorFlow, Keras 3.15 divides by zero here and takes the whole process with it."""
    fixes = [Fix(action="replace_layer", arguments={"type": "AdaptiveAveragePooling2D", "params": {
        "output_size": (rows, columns)}}, label=Text("Use AdaptiveAveragePooling2D", "Usar AdaptiveAveragePooling2D"))]
    if (rows, columns) == (1, 1):
        fixes.insert(0, Fix(action="replace_layer", arguments={"type": "GlobalMaxPooling2D", "params": {"keepdims": True}},
                            label=Text("Use GlobalMaxPooling2D", "Usar GlobalMaxPooling2D")))
    elif width > 1:
        fixes.insert(0, use("output_size", (rows, 2)))
    return ShapeTrouble("one_column", Text(
        "Keras's AdaptiveMaxPooling2D cannot compute a single column.",
        "AdaptiveMaxPooling2D de Keras no puede calcular una sola columna."), *fixes)


def _pooling(identifier: str, formula: str, help: Text) -> LayerType:
    return LayerType(
        id=identifier, family="pooling", help=help, formula=formula,
        params=(pool_param(), strides_param(None), padding_param()),
        shape=_sliding(identifier), window=_window,
        call=Call(f"keras.layers.{identifier}", arguments("pool_size", "strides", "padding"),
                  {"strides": None, "padding": "valid"}))


_KEEPDIMS = Bool(name="keepdims", default=False, advanced=True, label=same("keepdims"),
                 help=Text("Keep height and width as 1, so that the result can multiply or be convolved with 1 x 1.",
                           "Conservar alto y ancho como 1, para poder multiplicar el resultado o convolucionarlo con "
                           "1 x 1."))


def _global_pooling(identifier: str, formula: str, help: Text) -> LayerType:
    return LayerType(id=identifier, family="pooling", help=help, formula=formula, params=(_KEEPDIMS,),
                     shape=_global(identifier), window=lambda _values: Window(whole=True),
                     call=Call(f"keras.layers.{identifier}", arguments("keepdims"), {"keepdims": False}))


def _adaptive_pooling(identifier: str, formula: str, help: Text) -> LayerType:
    size = Pair(name="output_size", default=(7, 7), maximum=512, label=same("output_size"),
                help=Text("Height and width that come out, whatever comes in.",
                          "Alto y ancho que salen, entre lo que entre."))
    return LayerType(id=identifier, family="pooling", help=help, formula=formula, params=(size,),
                     shape=_adaptive(identifier), window=lambda _values: Window(whole=True),
                     call=Call(f"keras.layers.{identifier}", arguments("output_size")))


LAYERS = (
    _pooling("MaxPooling2D", "y[i, j, c] = max x[s·i + a, s·j + b, c]",
             Text("Keeps the largest value of each window: the picture gets smaller, strong answers stay.",
                  "Conserva el mayor valor de cada ventana: la imagen se reduce y quedan las respuestas fuertes.")),
    _pooling("AveragePooling2D", "y[i, j, c] = mean x[s·i + a, s·j + b, c]",
             Text("Keeps the mean of each window: the picture gets smaller and smoother.",
                  "Conserva la media de cada ventana: la imagen se reduce y se suaviza.")),
    _global_pooling("GlobalAveragePooling2D", "y[c] = (1 / h·w) · Σ x[i, j, c]",
                    Text("One number for each feature map: its mean. Ends the picture part with few parameters.",
                         "Un número por mapa: su media. Cierra la parte de imagen con pocos parámetros.")),
    _global_pooling("GlobalMaxPooling2D", "y[c] = max x[i, j, c]",
                    Text("One number for each feature map: its largest value.",
                         "Un número por mapa: su mayor valor.")),
    _adaptive_pooling("AdaptiveAveragePooling2D", "y[i, j, c] = mean x[⌊i·h/n⌋ … ⌈(i+1)·h/n⌉, …, c]",
                      Text("Means over a grid of windows that fit the picture: the size that comes out is fixed.",
                           "Medias sobre una rejilla de ventanas ajustada a la imagen: el tamaño que sale es fijo.")),
    _adaptive_pooling("AdaptiveMaxPooling2D", "y[i, j, c] = max x[⌊i·h/n⌋ … ⌈(i+1)·h/n⌉, …, c]",
                      Text("Largest values over a grid of windows that fit the picture: the size that comes out is fixed.",
                           "Mayores valores sobre una rejilla de ventanas ajustada a la imagen: el tamaño que sale es "
                           "fijo.")),
)
