"""Activations of PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from cnnstudio.catalog.torch_modules.entry import Called, NoCounterpart, Reading, TorchModule, one, require, unusual
from cnnstudio.core.text import Text

_INPLACE: Final[dict[str, Any]] = {"inplace": False}


def _plain(name: str, **usual: Any) -> Callable[[Called], Reading]:
    def read(called: Called) -> Reading:
        require(called, **usual)
        return one("Activation", activation=name)

    return read


def _relu(_called: Called) -> Reading:
    return one("ReLU")


def _relu6(_called: Called) -> Reading:
    return one("ReLU", max_value=6.0)


def _leaky(called: Called) -> Reading:
    return one("LeakyReLU", negative_slope=float(called.values["negative_slope"]))


def _elu(called: Called) -> Reading:
    return one("ELU", alpha=float(called.values["alpha"]))


def _clamp(called: Called) -> Reading:
    """Hardtanh, or clamp of a tensor: a ReLU with a largest value where it begins at 0."""
    low, high = called.values["min_val"], called.values["max_val"]
    if (low, high) == (-1, 1):
        return one("Activation", activation="hard_tanh")
    if low == 0 and (high is None or isinstance(high, int | float)):
        return one("ReLU") if high is None else one("ReLU", max_value=float(high))
    raise NoCounterpart(unusual("max_val", high))


def _prelu(called: Called) -> Reading:
    """One slope for each channel, or one for all, which no PReLU here learns."""
    count, start = called.values["num_parameters"], called.values["init"]
    if count != called.shape[-1]:
        raise NoCounterpart(unusual("num_parameters", count))
    shared = tuple(range(1, len(called.shape)))
    initial = {"alpha_initializer": "constant", "alpha_initializer_value": float(start)} if start else {}
    return one("PReLU", **({"shared_axes": shared} if shared else {}), **initial)


def _softmax(called: Called) -> Reading:
    if called.values["dim"] is None:
        # PyTorch's own guess: the channels of one or two axes and of four, the first axis of three.
        return one("Softmax")
    axis = called.keras_axis("dim")
    return one("Softmax") if axis == -1 else one("Softmax", axis=axis)


def _along_channels(name: str) -> Callable[[Called], Reading]:
    def read(called: Called) -> Reading:
        if called.values.get("dim") is not None and called.keras_axis("dim") != -1:
            raise NoCounterpart(unusual("dim", called.values["dim"]))
        return one("Activation", activation=name)

    return read


_TANH: Final = Text("GELU by tanh becomes the exact GELU: the values differ by less than 0.001.",
                    "GELU mediante tanh pasa a ser la GELU exacta: los valores difieren menos de 0,001.")


def _gelu(called: Called) -> Reading:
    reading = one("Activation", activation="gelu")
    return Reading(reading.layers, _TANH) if called.values["approximate"] == "tanh" else reading


def _identity(_called: Called) -> Reading:
    return one("Identity")


_PLAIN: Final = (("Sigmoid", "sigmoid", ("sigmoid",)), ("Tanh", "tanh", ("tanh",)), ("SELU", "selu", ("selu",)),
                 ("SiLU", "silu", ("silu",)), ("Mish", "mish", ("mish",)), ("Softsign", "softsign", ("softsign",)),
                 ("Hardsigmoid", "hard_sigmoid", ("hardsigmoid",)), ("Hardswish", "hard_silu", ("hardswish",)),
                 ("Tanhshrink", "tanh_shrink", ("tanhshrink",)), ("LogSigmoid", "log_sigmoid", ("logsigmoid",)))
MODULES: Final = (
    TorchModule(names=("ReLU",), functions=("relu", "relu_"), arguments=_INPLACE, read=_relu),
    TorchModule(names=("ReLU6",), functions=("relu6",), arguments=_INPLACE, read=_relu6),
    TorchModule(names=("LeakyReLU",), functions=("leaky_relu", "leaky_relu_"), read=_leaky,
                arguments={"negative_slope": 0.01, "inplace": False}),
    TorchModule(names=("ELU",), functions=("elu", "elu_"), arguments={"alpha": 1.0, "inplace": False}, read=_elu),
    TorchModule(names=("CELU",), functions=("celu",), arguments={"alpha": 1.0, "inplace": False}, read=_plain("celu", alpha=1)),
    TorchModule(names=("GELU",), functions=("gelu",), arguments={"approximate": "none"}, read=_gelu),
    TorchModule(names=("Hardtanh",), functions=("hardtanh",), arguments={"min_val": -1.0, "max_val": 1.0, "inplace": False},
                read=_clamp),
    TorchModule(functions=("clamp", "clip"), arguments={"min_val": None, "max_val": None}, read=_clamp),
    TorchModule(names=("Softplus",), functions=("softplus",), arguments={"beta": 1.0, "threshold": 20.0},
                read=_plain("softplus", beta=1, threshold=20)),
    TorchModule(names=("Hardshrink",), functions=("hardshrink",), arguments={"lambd": 0.5}, read=_plain(
        "hard_shrink", lambd=0.5)),
    TorchModule(names=("Softshrink",), functions=("softshrink",), arguments={"lambd": 0.5}, read=_plain(
        "soft_shrink", lambd=0.5)),
    *(TorchModule(names=(module,), functions=functions, arguments=_INPLACE, read=_plain(name))
      for module, name, functions in _PLAIN),
    TorchModule(functions=("exp",), read=_plain("exponential")),
    TorchModule(names=("Softmax",), functions=("softmax",), arguments={"dim": None},
                function_arguments={"dim": None, "_stacklevel": 3, "dtype": None}, read=_softmax),
    TorchModule(names=("LogSoftmax",), functions=("log_softmax",), arguments={"dim": None},
                function_arguments={"dim": None, "_stacklevel": 3, "dtype": None}, read=_along_channels("log_softmax")),
    TorchModule(names=("PReLU",), arguments={"num_parameters": 1, "init": 0.25}, axes="channels", read=_prelu),
    TorchModule(names=("Identity",), read=_identity),
)
