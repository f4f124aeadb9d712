"""Spectral normalisation of a layer's kernel, for all layers that have one: Keras wraps them in a layer of its own.

Miyato et al., "Spectral Normalization for Generative Adversarial Networks", ICLR 2018. At every step of a training the
kernel, as a matrix with a column for each entry of its last axis, is divided by an estimate of its largest singular
value; the estimate follows it through `vector_u`. A trained network predicts with the kernel as it was left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from cnnstudio.catalog.call import Call, Resolve, literal
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.entry import Cost, CostFunction, LayerType, Shape, Values
from cnnstudio.core.params import Bool, Int, Param, ShownWhen
from cnnstudio.core.text import Text, same

WRAPPER: Final = "keras.layers.SpectralNormalization"
COLUMNS: Final[Mapping[str, Callable[[Values, tuple[Shape, ...]], int]]] = {
    "Conv2D": lambda values, _inputs: values["filters"],
    "Conv2DTranspose": lambda _values, inputs: inputs[0][-1],
    "DepthwiseConv2D": lambda values, _inputs: values["depth_multiplier"],
    "Dense": lambda values, _inputs: values["units"],
}
"""Length of the kernel's last axis, by the type of layer. SeparableConv2D has two kernels, which Keras does not wrap."""

PARAMS: Final[tuple[Param, ...]] = (
    Bool(name="spectral_normalization", default=False, advanced=True, label=same("spectral_normalization"),
         help=Text("Divide the kernel by its largest singular value at every step, so that the layer stretches no difference "
                   "between pictures.",
                   "Dividir el kernel por su mayor valor singular a cada paso, para que la capa no estire ninguna diferencia "
                   "entre imágenes.")),
    Int(name="power_iterations", default=1, minimum=1, maximum=100, advanced=True, label=same("power_iterations"),
        help=Text("Rounds of the estimate of that value at every step; one is usual.",
                  "Vueltas de la estimación de ese valor a cada paso; lo habitual es una."),
        shown_when=ShownWhen("spectral_normalization", (True,))),
)


class SpectralCall(Call, frozen=True):
    """The layer's own call, in the wrapper where it is asked for; the name is the wrapper's."""

    def build(self, values: Mapping[str, Any], resolve: Resolve, **extra: Any) -> Any:
        if not values.get("spectral_normalization"):
            return super().build(values, resolve, **extra)
        return resolve(WRAPPER)(super().build(values, resolve), **_wrapping(values), **extra)

    def code(self, values: Mapping[str, Any], shorten: Callable[[str], str] = str, **extra: Any) -> str:
        if not values.get("spectral_normalization"):
            return super().code(values, shorten, **extra)
        arguments = _wrapping(values) | extra
        written = "".join(f", {name}={literal(value)}" for name, value in arguments.items())
        return f"{shorten(WRAPPER)}({super().code(values, shorten)}{written})"


def _wrapping(values: Mapping[str, Any]) -> dict[str, Any]:
    rounds = values.get("power_iterations", 1)
    return {} if rounds == 1 else {"power_iterations": rounds}


def wrapped(params: Mapping[str, Any], rounds: Any) -> dict[str, Any]:
    """The parameters of a layer that stands in the wrapper."""
    return dict(params) | {"spectral_normalization": True} | ({} if rounds == 1 else {"power_iterations": rounds})


def with_spectral_normalization(layer: LayerType) -> LayerType:
    """The layer with the choice of spectral normalisation: parameters, call, and the entries of `vector_u` in its cost."""
    call = layer.call
    return msgspec.structs.replace(layer, params=(*layer.params, *PARAMS), cost=_cost(layer),
                                   call=SpectralCall(call.target, call.kwargs, call.defaults))


def _cost(layer: LayerType) -> CostFunction:
    own, columns = layer.cost, COLUMNS[layer.id]

    def cost(values: Values, inputs: tuple[Shape, ...], output: Shape, context: Context) -> Cost:
        found = own(values, inputs, output, context)
        if not values["spectral_normalization"]:
            return found
        return msgspec.structs.replace(found, non_trainable=found.non_trainable + columns(values, inputs))

    return cost
