"""Activations as layers."""

from __future__ import annotations

from cnnstudio.catalog.call import Call
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.common import ACTIVATIONS, arguments
from cnnstudio.catalog.layers.entry import LayerType, Shape, Values
from cnnstudio.core.params import Choice, Float, options
from cnnstudio.core.text import Text, same


def _unchanged(_values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    return inputs[0]


ACTIVATION = LayerType(
    id="Activation", family="activation",
    help=Text("Applies a function to every value.", "Aplica una función a cada valor."),
    params=(Choice(name="activation", default="relu", label=same("activation"), options=options(*ACTIVATIONS),
                   help=Text("The function.", "La función.")),),
    shape=_unchanged, call=Call("keras.layers.Activation", arguments("activation")),
)

RELU = LayerType(
    id="ReLU", family="activation",
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
    shape=_unchanged,
    call=Call("keras.layers.ReLU", arguments("max_value", "negative_slope", "threshold"),
              {"max_value": None, "negative_slope": 0.0, "threshold": 0.0}),
)

LAYERS = (ACTIVATION, RELU)
