"""Activations as layers."""

from __future__ import annotations

from math import prod

from cnnstudio.catalog.call import Call, P
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.common import arguments, same_shape, set_param_fix
from cnnstudio.catalog.layers.entry import Cost, LayerType, Shape, ShapeError, Values
from cnnstudio.catalog.layers.functions import ACTIVATIONS, activation_module
from cnnstudio.catalog.layers.weights import weight_arguments, weight_defaults, weight_params
from cnnstudio.catalog.torch_form import Layout, Site, TorchCode, Weight, single_module, torch_axis
from cnnstudio.catalog.torch_helpers import BENT_RELU, PLACED_PRELU
from cnnstudio.core.params import Choice, Float, Int, Ints, options
from cnnstudio.core.text import Text, same


def _activation_torch(site: Site) -> TorchCode:
    return TorchCode(parts=(activation_module(site.values["activation"], site.rank),))


ACTIVATION = LayerType(
    id="Activation", family="activation",
    help=Text("Applies a function to every value.", "Aplica una función a cada valor."), formula="y = f(x)",
    params=(Choice(name="activation", default="relu", label=same("activation"), options=options(*ACTIVATIONS),
                   help=Text("The function.", "La función.")),),
    shape=same_shape, elementwise=True, activation=P("activation"), torch=_activation_torch,
    call=Call("keras.layers.Activation", arguments("activation")),
)

def _relu_torch(site: Site) -> TorchCode:
    top, slope, threshold = (site.values[name] for name in ("max_value", "negative_slope", "threshold"))
    if not threshold and (top is None or not slope):
        if top is None:
            return single_module(f"nn.LeakyReLU({slope!r})" if slope else "nn.ReLU()")
        return single_module("nn.ReLU6()" if top == 6 else f"nn.Hardtanh(0.0, {float(top)!r})")
    return single_module(f"BentReLU({top!r}, {slope!r}, {threshold!r})", helpers=(BENT_RELU,))


RELU = LayerType(
    id="ReLU", family="activation", formula="y = max(0, x)",
    help=Text("Keeps positive values and sets negative ones to zero.",
              "Conserva los valores positivos y pone a cero los negativos."),
    params=(
        Float(name="max_value", default=None, minimum=0, maximum=1e6, optional=True, decimals=3, label=same("max_value"),
              help=Text("Largest value of the output; 6 gives ReLU6. None: no limit.",
                        "Valor máximo de la salida; 6 da ReLU6. None: sin límite.")),
        Float(name="negative_slope", default=0.0, minimum=0, maximum=1, step=0.01, label=same("negative_slope"),
              help=Text("Slope for negative values; a value above 0 gives a leaky ReLU.",
                        "Pendiente para valores negativos; un valor mayor que 0 da una ReLU con fuga.")),
        Float(name="threshold", default=0.0, minimum=0, maximum=1e6, advanced=True, label=same("threshold"),
              help=Text("Values below this threshold count as negative.",
                        "Los valores por debajo de este umbral cuentan como negativos.")),
    ),
    shape=same_shape, elementwise=True, activation="ReLU", frozen_in_code=False, functions=("relu",), torch=_relu_torch,
    call=Call("keras.layers.ReLU", arguments("max_value", "negative_slope", "threshold"),
              {"max_value": None, "negative_slope": 0.0, "threshold": 0.0}),
)

LEAKY_RELU = LayerType(
    id="LeakyReLU", family="activation", formula="y = x (x ≥ 0),  y = slope · x (x < 0)",
    help=Text("Passes a small fraction of negative values, so that no unit stops learning permanently.",
              "Deja pasar una pequeña fracción de los valores negativos, para que ninguna unidad deje de aprender "
              "definitivamente."),
    params=(Float(name="negative_slope", default=0.3, minimum=0, maximum=10, step=0.01, label=same("negative_slope"),
                  help=Text("Slope for negative values.", "Pendiente para valores negativos.")),),
    shape=same_shape, elementwise=True, activation="LeakyReLU", id_stem="leaky_relu",
    functions=("leaky_relu",), renamed={"alpha": "negative_slope"},
    torch=lambda site: single_module(f"nn.LeakyReLU({site.values['negative_slope']!r})"),
    call=Call("keras.layers.LeakyReLU", arguments("negative_slope"), {"negative_slope": 0.3}),
)


def _prelu_shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    shared = values["shared_axes"] or ()
    if any(axis > len(inputs[0]) for axis in shared):
        text = Text("shared_axes names axis {axis}, but the number of axes of the input is {n} (without the batch).",
                    "shared_axes nombra el eje {axis}, pero el número de ejes de la entrada es {n} (sin contar el lote).")
        raise ShapeError("no_such_axis", text.fill(axis=max(shared), n=len(inputs[0])),
                           set_param_fix("shared_axes", None, Text("Share nothing", "No compartir nada")))
    return inputs[0]


def _prelu_cost(values: Values, inputs: tuple[Shape, ...], _output: Shape, _context: Context) -> Cost:
    shared = values["shared_axes"] or ()
    return Cost(trainable=prod(size for axis, size in enumerate(inputs[0], start=1) if axis not in shared))


def _prelu_torch(site: Site) -> TorchCode:
    shared = set(site.values["shared_axes"] or ())
    shape = tuple(1 if axis in shared else size for axis, size in enumerate(site.inputs[0], start=1))
    if site.rank != 2 and all(size == 1 for size in shape[:-1]):
        return single_module(f"nn.PReLU({shape[-1]})", Weight("weight", "flat", role="alpha"))
    layout: Layout = "picture" if site.rank == 3 else "same"
    turned = (shape[2], *shape[:2]) if site.rank == 3 else shape
    return single_module(f"PlacedPReLU({turned!r})", Weight("weight", layout, role="alpha"), helpers=(PLACED_PRELU,))


PRELU = LayerType(
    id="PReLU", family="activation", formula="y = x (x ≥ 0),  y = α · x (x < 0)",
    help=Text("A leaky ReLU that learns its slope.", "Una ReLU con fuga que aprende su pendiente."),
    params=(
        Ints(name="shared_axes", default=None, minimum=1, maximum=3, longest=3, optional=True, label=same("shared_axes"),
             help=Text("Axes along which the slope is shared; 1, 2 gives one slope per channel.",
                       "Ejes a lo largo de los cuales se comparte la pendiente; 1, 2 da una pendiente por canal.")),
        *weight_params("alpha"),
    ),
    shape=_prelu_shape, cost=_prelu_cost, elementwise=True, activation="PReLU", torch=_prelu_torch,
    positional=("alpha_initializer", "alpha_regularizer", "alpha_constraint", "shared_axes"),
    call=Call("keras.layers.PReLU", arguments("shared_axes", **weight_arguments("alpha")),
              {"shared_axes": None} | weight_defaults("alpha")),
)

ELU = LayerType(
    id="ELU", family="activation", formula="y = x (x > 0),  y = α · (eˣ − 1) (x ≤ 0)",
    help=Text("Like ReLU, but approaches −α smoothly for negative values.",
              "Como ReLU, pero se acerca suavemente a −α para valores negativos."),
    params=(Float(name="alpha", default=1.0, minimum=0, maximum=100, step=0.1, label=same("alpha"),
                  help=Text("The value that negative inputs approach, with its sign reversed.",
                            "El valor al que se acercan las entradas negativas, con el signo cambiado.")),),
    shape=same_shape, elementwise=True, activation="ELU", functions=("elu",),
    torch=lambda site: single_module(f"nn.ELU({site.values['alpha']!r})"),
    call=Call("keras.layers.ELU", arguments("alpha"), {"alpha": 1.0}),
)


def _softmax_shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    axis = values["axis"]
    if axis == 0 or axis > len(inputs[0]) or -axis > len(inputs[0]):
        text = Text("There is no axis {axis}; the last one is -1.", "No hay ningún eje {axis}; el último es -1.")
        raise ShapeError("no_such_axis", text.fill(axis=axis), set_param_fix("axis", -1))
    return inputs[0]


SOFTMAX = LayerType(
    id="Softmax", family="activation", formula="y[i] = e^x[i] / Σ e^x[j]",
    help=Text("Turns numbers into probabilities that add up to 1.", "Convierte números en probabilidades que suman 1."),
    params=(Int(name="axis", default=-1, minimum=-3, maximum=3, advanced=True, label=same("axis"),
                help=Text("The axis along which the probabilities add up to 1; -1 is the last.",
                          "El eje a lo largo del cual las probabilidades suman 1; -1 es el último.")),),
    shape=_softmax_shape, activation="softmax", functions=("softmax",),
    torch=lambda site: single_module(f"nn.Softmax(dim={torch_axis(site.values['axis'], site.rank)})"),
    call=Call("keras.layers.Softmax", arguments("axis"), {"axis": -1}),
)

LAYERS = (ACTIVATION, RELU, LEAKY_RELU, PRELU, ELU, SOFTMAX)
