"""The activation functions: value, gradient, and the same in NumPy, OpenCV and Keras."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import msgspec
import numpy as np

from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text

Array = np.ndarray
_ERF: Final = np.frompyfunc(math.erf, 1, 1)
_ROOT: Final = math.sqrt(2 / math.pi)


class ActivationFunction(msgspec.Struct, frozen=True, kw_only=True):
    """A function of `z` and one number `p`, which only some have (`param` is its name in Keras).

    `numpy` are lines that define `result` from `z` and `p`, `opencv` the same where OpenCV is exact, `keras` an expression
    of `z` and `p` in Keras. `over_channels`: each result depends on all channels of a pixel.
    """

    id: str
    label: Text
    help: Text
    formula: str
    value: Callable[[Array, float], Array]
    gradient: Callable[[Array, float], Array]
    numpy: tuple[str, ...]
    keras: str
    opencv: tuple[str, ...] = ()
    param: str = ""
    default: float = 0.0
    least: float = 0.0
    most: float = 1.0
    needs_math: bool = False
    over_channels: bool = False


def erf(values: Array) -> Array:
    """The error function of each number, by the standard library."""
    return np.asarray(_ERF(values), np.float64)


def sigmoid(z: Array, _p: float = 0.0) -> Array:
    return np.asarray(1 / (1 + np.exp(-z)))


def softmax(z: Array, p: float) -> Array:
    """Over the last axis, at temperature `p`."""
    e = np.exp((z - z.max(axis=-1, keepdims=True)) / p)
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def _elu(z: Array, p: float) -> Array:
    return np.where(z > 0, z, p * np.expm1(np.minimum(z, 0)))


def _gelu(z: Array, _p: float) -> Array:
    return np.asarray(0.5 * z * (1 + erf(z / math.sqrt(2))))


def _gelu_gradient(z: Array, _p: float) -> Array:
    return np.asarray(0.5 * (1 + erf(z / math.sqrt(2))) + z * np.exp(-z * z / 2) / math.sqrt(2 * math.pi))


def _gelu_tanh(z: Array, _p: float) -> Array:
    return np.asarray(0.5 * z * (1 + np.tanh(_ROOT * (z + 0.044715 * z * z * z))))


def _gelu_tanh_gradient(z: Array, _p: float) -> Array:
    inner = np.tanh(_ROOT * (z + 0.044715 * z * z * z))
    return np.asarray(0.5 * (1 + inner) + 0.5 * z * (1 - inner * inner) * _ROOT * (1 + 3 * 0.044715 * z * z))


def _softmax_gradient(z: Array, p: float) -> Array:
    """Of each result to its own number."""
    result = softmax(z, p)
    return np.asarray(result * (1 - result) / p)


FUNCTIONS: Final[Registry[ActivationFunction]] = Registry("activation function", (
    ActivationFunction(
        id="relu", label=Text("ReLU", "ReLU"), formula="max(0, z)",
        help=Text("Negative becomes zero. Its gradient is 1 or 0: it does not fade with depth, but a unit that is always "
                  "negative learns nothing any more.",
                  "Lo negativo se vuelve cero. Su gradiente es 1 o 0: no se desvanece con la profundidad, pero una unidad que "
                  "siempre es negativa ya no aprende nada."),
        value=lambda z, _p: np.maximum(z, 0), gradient=lambda z, _p: (z > 0).astype(np.float64),
        numpy=("result = np.maximum(z, 0)",), keras="keras.activations.relu(z)",
        opencv=("_, result = cv2.threshold(z, 0, 0, cv2.THRESH_TOZERO)",)),
    ActivationFunction(
        id="leaky_relu", label=Text("Leaky ReLU", "Leaky ReLU"), formula="z > 0: z;  z ≤ 0: α·z", param="negative_slope",
        default=0.2, least=0.0, most=1.0,
        help=Text("As ReLU, with a small slope below zero: no unit dies.",
                  "Como ReLU, con una pendiente pequeña por debajo de cero: ninguna unidad muere."),
        value=lambda z, p: np.where(z > 0, z, p * z), gradient=lambda z, p: np.where(z > 0, 1.0, p),
        numpy=("result = np.where(z > 0, z, p * z)",), keras="keras.activations.leaky_relu(z, negative_slope=p)",
        opencv=("result = cv2.max(z, cv2.multiply(z, p))",)),
    ActivationFunction(
        id="elu", label=Text("ELU", "ELU"), formula="z > 0: z;  z ≤ 0: α·(e^z − 1)", param="alpha", default=1.0, least=0.1,
        most=3.0,
        help=Text("As ReLU above zero, below it a curve that ends at −α: the mean of the results is nearer to zero.",
                  "Como ReLU por encima de cero; por debajo, una curva que acaba en −α: la media de los resultados está más "
                  "cerca de cero."),
        value=_elu, gradient=lambda z, p: np.where(z > 0, 1.0, p * np.exp(np.minimum(z, 0))),
        numpy=("result = np.where(z > 0, z, p * np.expm1(np.minimum(z, 0)))",), keras="keras.activations.elu(z, alpha=p)"),
    ActivationFunction(
        id="gelu", label=Text("GELU", "GELU"), formula="z·Φ(z) = z/2·(1 + erf(z/√2))", needs_math=True,
        help=Text("z times the probability that a normal random number is smaller than z: a smooth ReLU.",
                  "z por la probabilidad de que un número aleatorio normal sea menor que z: una ReLU suave."),
        value=_gelu, gradient=_gelu_gradient,
        numpy=("erf = np.frompyfunc(math.erf, 1, 1)",
               "result = 0.5 * z * (1 + erf(z / math.sqrt(2)).astype(np.float64))"),
        keras="keras.activations.gelu(z, approximate=False)"),
    ActivationFunction(
        id="gelu_tanh", label=Text("GELU, approximated", "GELU, aproximada"), needs_math=True,
        formula="z/2·(1 + tanh(√(2/π)·(z + 0.044715·z³)))",
        help=Text("The formula that many transformers use; it differs from GELU by less than 0.001.",
                  "La fórmula que usan muchos transformers; difiere de GELU en menos de 0,001."),
        value=_gelu_tanh, gradient=_gelu_tanh_gradient,
        numpy=("result = 0.5 * z * (1 + np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z * z * z)))",),
        keras="keras.activations.gelu(z, approximate=True)"),
    ActivationFunction(
        id="sigmoid", label=Text("Sigmoid", "Sigmoide"), formula="1 / (1 + e^(−z))",
        help=Text("From 0 to 1, as a probability. Its gradient is at most 0.25 and nearly zero far from the middle: deep "
                  "networks learn slowly through it.",
                  "De 0 a 1, como una probabilidad. Su gradiente es como mucho 0,25 y casi cero lejos del centro: las redes "
                  "profundas aprenden despacio a través de ella."),
        value=sigmoid, gradient=lambda z, _p: sigmoid(z) * (1 - sigmoid(z)),
        numpy=("result = 1 / (1 + np.exp(-z))",), keras="keras.activations.sigmoid(z)"),
    ActivationFunction(
        id="tanh", label=Text("Tanh", "Tanh"), formula="(e^z − e^(−z)) / (e^z + e^(−z))",
        help=Text("From −1 to 1 around zero; it saturates as the sigmoid does.",
                  "De −1 a 1 en torno a cero; se satura como la sigmoide."),
        value=lambda z, _p: np.tanh(z), gradient=lambda z, _p: 1 - np.tanh(z) ** 2,
        numpy=("result = np.tanh(z)",), keras="keras.activations.tanh(z)"),
    ActivationFunction(
        id="softmax", label=Text("Softmax", "Softmax"), formula="e^(zᵢ/T) / Σⱼ e^(zⱼ/T)", param="temperature", default=1.0,
        least=0.1, most=10.0, over_channels=True,
        help=Text("Turns several numbers into shares that add up to 1. A low temperature favours the largest, a high one makes "
                  "all alike.",
                  "Convierte varios números en partes que suman 1. Una temperatura baja favorece al mayor; una alta los "
                  "iguala."),
        value=softmax, gradient=_softmax_gradient,
        numpy=("e = np.exp((z - z.max(axis=-1, keepdims=True)) / p)", "result = e / e.sum(axis=-1, keepdims=True)"),
        keras="keras.activations.softmax(z / p)"),
))
