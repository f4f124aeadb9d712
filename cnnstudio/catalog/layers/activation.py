"""Activations as layers."""

from __future__ import annotations

from math import prod

from cnnstudio.catalog.call import Call
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.common import ACTIVATIONS, arguments, unchanged, use
from cnnstudio.catalog.layers.entry import Cost, LayerType, Shape, ShapeTrouble, Values
from cnnstudio.catalog.layers.weights import weight_arguments, weight_defaults, weight_params
from cnnstudio.core.params import Choice, Float, Int, Ints, options
from cnnstudio.core.text import Text, same

ACTIVATION = LayerType(
    id="Activation", family="activation",
    help=Text("Applies a function to every value.", "Aplica una función a cada valor."), formula="y = f(x)",
    params=(Choice(name="activation", default="relu", label=same("activation"), options=options(*ACTIVATIONS),
                   help=Text("The function.", "La función.")),),
    shape=unchanged, call=Call("keras.layers.Activation", arguments("activation")),
)

RELU = LayerType(
    id="ReLU", family="activation", formula="y = max(0, x)",
    help=Text("Keeps what is positive, sets the rest to zero.", "Conserva lo positivo y pone a cero lo demás."),
    params=(
        Float(name="max_value", default=None, minimum=0, maximum=1e6, optional=True, decimals=3, label=same("max_value"),
              help=Text("Largest value let through; 6 gives ReLU6. None: no limit.",
                        "Mayor valor que pasa; 6 da ReLU6. None: sin límite.")),
        Float(name="negative_slope", default=0.0, minimum=0, maximum=1, step=0.01, label=same("negative_slope"),
              help=Text("Slope for negative values; above 0 it is a leaky ReLU.",
                        "Pendiente para valores negativos; mayor que 0 es una ReLU con fuga.")),
        Float(name="threshold", default=0.0, minimum=0, maximum=1e6, advanced=True, label=same("threshold"),
              help=Text("Values below it count as negative.", "Los valores menores cuentan como negativos.")),
    ),
    shape=unchanged,
    call=Call("keras.layers.ReLU", arguments("max_value", "negative_slope", "threshold"),
              {"max_value": None, "negative_slope": 0.0, "threshold": 0.0}),
)

LEAKY_RELU = LayerType(
    id="LeakyReLU", family="activation", formula="y = x (x ≥ 0),  y = slope · x (x < 0)",
    help=Text("Lets a little of what is negative through, so that no unit dies for good.",
              "Deja pasar un poco de lo negativo, para que ninguna unidad muera del todo."),
    params=(Float(name="negative_slope", default=0.3, minimum=0, maximum=10, step=0.01, label=same("negative_slope"),
                  help=Text("Slope for negative values.", "Pendiente para valores negativos.")),),
    shape=unchanged, call=Call("keras.layers.LeakyReLU", arguments("negative_slope"), {"negative_slope": 0.3}),
)


def _prelu_shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    shared = values["shared_axes"] or ()
    if any(axis > len(inputs[0]) for axis in shared):
        text = Text("shared_axes names axis {axis}, but the input has {n} besides the batch.",
                    "shared_axes nombra el eje {axis}, pero la entrada tiene {n} sin contar el lote.")
        raise ShapeTrouble("no_such_axis", text.fill(axis=max(shared), n=len(inputs[0])),
                           use("shared_axes", None, Text("Share nothing", "No compartir nada")))
    return inputs[0]


def _prelu_cost(values: Values, inputs: tuple[Shape, ...], _output: Shape, _context: Context) -> Cost:
    shared = values["shared_axes"] or ()
    return Cost(trainable=prod(size for axis, size in enumerate(inputs[0], start=1) if axis not in shared))


PRELU = LayerType(
    id="PReLU", family="activation", formula="y = x (x ≥ 0),  y = α · x (x < 0)",
    help=Text("A leaky ReLU that learns its slope.", "Una ReLU con fuga que aprende su pendiente."),
    params=(
        Ints(name="shared_axes", default=None, minimum=1, maximum=3, longest=3, optional=True, label=same("shared_axes"),
             help=Text("Axes along which one slope serves all; 1, 2 gives one slope for each channel of a picture.",
                       "Ejes a lo largo de los cuales sirve una misma pendiente; 1, 2 da una pendiente por canal.")),
        *weight_params("alpha"),
    ),
    shape=_prelu_shape, cost=_prelu_cost,
    call=Call("keras.layers.PReLU", arguments("shared_axes", **weight_arguments("alpha")),
              {"shared_axes": None} | weight_defaults("alpha")),
)

ELU = LayerType(
    id="ELU", family="activation", formula="y = x (x > 0),  y = α · (eˣ − 1) (x ≤ 0)",
    help=Text("Like ReLU, but bends smoothly towards −α for negative values.",
              "Como ReLU, pero se curva suavemente hacia −α para valores negativos."),
    params=(Float(name="alpha", default=1.0, minimum=0, maximum=100, step=0.1, label=same("alpha"),
                  help=Text("How far down negative values go.", "Hasta dónde bajan los valores negativos.")),),
    shape=unchanged, call=Call("keras.layers.ELU", arguments("alpha"), {"alpha": 1.0}),
)


def _softmax_shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    axis = values["axis"]
    if axis == 0 or axis > len(inputs[0]) or -axis > len(inputs[0]):
        text = Text("There is no axis {axis}; the last one is -1.", "No hay eje {axis}; el último es -1.")
        raise ShapeTrouble("no_such_axis", text.fill(axis=axis), use("axis", -1))
    return inputs[0]


SOFTMAX = LayerType(
    id="Softmax", family="activation", formula="y[i] = e^x[i] / Σ e^x[j]",
    help=Text("Turns numbers into shares that add up to 1.", "Convierte números en partes que suman 1."),
    params=(Int(name="axis", default=-1, minimum=-3, maximum=3, advanced=True, label=same("axis"),
                help=Text("Along which axis the shares add up to 1; -1 is the last.",
                          "A lo largo de qué eje suman 1; -1 es el último.")),),
    shape=_softmax_shape, call=Call("keras.layers.Softmax", arguments("axis"), {"axis": -1}),
)

LAYERS = (ACTIVATION, RELU, LEAKY_RELU, PRELU, ELU, SOFTMAX)
