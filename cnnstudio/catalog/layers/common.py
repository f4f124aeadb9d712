"""Parameters and shape rules that several layers share, with Keras's names and meanings."""

from __future__ import annotations

from typing import Any

from cnnstudio.catalog.call import P
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.entry import Shape, ShapeError, Values
from cnnstudio.catalog.layers.functions import ACTIVATIONS
from cnnstudio.core.params import Bool, Choice, Int, Option, Pair
from cnnstudio.core.problems import Fix
from cnnstudio.core.text import Text, same


def activation_param(default: str | None = None) -> Choice:
    """The activation that a layer applies to its output; None applies none."""
    return Choice(
        name="activation", default=default, label=same("activation"),
        help=Text("Function applied to every value of the output.", "Función que se aplica a cada valor de la salida."),
        options=(Option(None, Text("None", "Ninguna")), *(Option(name, same(name)) for name in ACTIVATIONS)))


def filters_param(default: int = 32) -> Int:
    return Int(name="filters", default=default, minimum=1, maximum=65_536, step=8, label=same("filters"),
               help=Text("Number of feature maps in the output.", "Número de mapas de características de la salida."))


def kernel_param(default: tuple[int, int] = (3, 3)) -> Pair:
    return Pair(name="kernel_size", default=default, maximum=512, label=same("kernel_size"),
                help=Text("Height and width of the filter, in pixels.", "Alto y ancho del filtro, en píxeles."))


def pool_param() -> Pair:
    return Pair(name="pool_size", default=(2, 2), maximum=512, label=same("pool_size"),
                help=Text("Height and width of the window, in pixels.", "Alto y ancho de la ventana, en píxeles."))


def strides_param(default: tuple[int, int] | None = (1, 1)) -> Pair:
    return Pair(name="strides", default=default, maximum=512, optional=default is None, label=same("strides"),
                help=Text("Step of the window, vertically and horizontally. 2 halves the height and width.",
                          "Paso de la ventana, en vertical y en horizontal. 2 reduce a la mitad el alto y el ancho."))


def padding_param() -> Choice:
    return Choice(name="padding", default="valid", label=same("padding"),
                  help=Text("valid: no padding, the output is smaller. same: zero padding, the size is kept (with stride 1).",
                            "valid: sin relleno, la salida es más pequeña. same: relleno de ceros, se conserva el tamaño "
                            "(con paso 1)."),
                  options=(Option("valid", same("valid")), Option("same", same("same"))))


def dilation_param() -> Pair:
    return Pair(name="dilation_rate", default=(1, 1), maximum=64, advanced=True, label=same("dilation_rate"),
                help=Text("Spacing between the points of the filter; 1 means no gaps.",
                          "Separación entre los puntos del filtro; 1 significa sin huecos."))


def bias_param() -> Bool:
    return Bool(name="use_bias", default=True, advanced=True, label=same("use_bias"),
                help=Text("Add a learned number to every output. Not needed before BatchNormalization.",
                          "Sumar un número aprendido a cada salida. No hace falta antes de BatchNormalization."))


def arguments(*names: str, **expressions: Any) -> dict[str, Any]:
    """Keyword arguments that pass parameters on under their own names."""
    return {name: P(name) for name in names} | expressions


def same_shape(_values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    """The shape function of elementwise layers."""
    return inputs[0]


def insert_before_fix(layer: str, port: int | None = None, label: Text | None = None, **params: Any) -> Fix:
    """The fix that inserts a layer before the one with the problem, at its input `port` (the report adds the node)."""
    text = label if label is not None else Text("Insert {layer}", "Insertar {layer}").fill(layer=layer)
    arguments: dict[str, Any] = {"type": layer, "params": params}
    return Fix(action="insert_before", label=text, arguments=arguments if port is None else arguments | {"port": port})


def set_param_fix(name: str, value: Any, label: Text | None = None) -> Fix:
    """The fix that sets a parameter of the layer with the problem."""
    text = label if label is not None else Text("Use {name} {value}", "Usar {name} {value}").fill(
        name=name, value=shape_text(value) if isinstance(value, tuple) else str(value))
    return Fix(action="set_node_param", label=text, arguments={"name": name, "value": value})


def require_picture(inputs: tuple[Shape, ...], layer: str) -> tuple[int, int, int]:
    """The input's (height, width, channels); raises ShapeError if it is no picture."""
    shape = inputs[0]
    if len(shape) != 3:
        text = Text("{layer} needs feature maps (height, width, channels) but gets {shape}. Put it before the layer that "
                    "flattens.",
                    "{layer} necesita mapas de características (alto, ancho, canales), pero recibe {shape}. Colóquela antes "
                    "de la capa que aplana.")
        fixes = (insert_before_fix("Reshape", target_shape=(1, 1, shape[0])),) if len(shape) == 1 else ()
        raise ShapeError("not_feature_maps", text.fill(layer=layer, shape=shape_text(shape)), *fixes)
    return shape[0], shape[1], shape[2]


def shape_text(shape: Shape) -> str:
    """112 x 112 x 64, with the sign of multiplication."""
    return " × ".join(str(size) for size in shape)


def spatial(size: int, window: int, stride: int, padding: str, dilation: int = 1) -> int:
    """Output length of a sliding window, as Keras computes it (floor for valid, ceiling for same)."""
    reach = (window - 1) * dilation + 1
    if padding == "same":
        return -(-size // stride)
    return (size - reach) // stride + 1


def window_output(values: Values, inputs: tuple[Shape, ...], layer: str, window: str) -> tuple[int, int, int]:
    """(height, width) after the window of `values[window]`, and the input's channels."""
    height, width, channels = require_picture(inputs, layer)
    kernel, padding = values[window], values["padding"]
    strides = values["strides"] or kernel
    dilation = values.get("dilation_rate", (1, 1))
    if max(strides) > 1 and max(dilation) > 1:
        raise ShapeError("strides_and_dilation", Text(
            "strides above 1 cannot be combined with dilation_rate above 1.",
            "strides mayor que 1 no se puede combinar con dilation_rate mayor que 1."),
            set_param_fix("dilation_rate", (1, 1)), set_param_fix("strides", (1, 1)))
    rows = spatial(height, kernel[0], strides[0], padding, dilation[0])
    columns = spatial(width, kernel[1], strides[1], padding, dilation[1])
    if rows < 1 or columns < 1:
        text = Text("The {kernel} window of {layer} is larger than its {shape} input. Use padding same, a smaller window, "
                    "larger pictures, or fewer poolings before it.",
                    "La ventana de {kernel} de {layer} es mayor que su entrada de {shape}. Use padding same, una ventana más "
                    "pequeña, imágenes más grandes o menos agrupamientos antes.")
        fitting = tuple(min(kernel[axis], (inputs[0][axis] - 1) // dilation[axis] + 1) for axis in (0, 1))
        raise ShapeError("shrinks_below_one", text.fill(kernel=shape_text(kernel), layer=layer,
                                                          shape=shape_text(inputs[0])),
                           set_param_fix("padding", "same"), set_param_fix(window, fitting),
                           Fix(action="remove_nodes", label=Text("Remove it", "Eliminarla")))
    return rows, columns, channels
