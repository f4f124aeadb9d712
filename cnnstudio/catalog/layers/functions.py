"""Activation functions by Keras's names, each with its PyTorch module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cnnstudio.catalog import torch_helpers
from cnnstudio.catalog.torch_form import Helper, Part

Module = str | Helper | Callable[[int], Part]
"""The code of a module, a helper that takes no arguments, or a module by the axis of the channels."""


def _along(module: str, *helpers: Helper) -> Callable[[int], Part]:
    return lambda axis: Part(f"{module}(dim={axis})", helpers=helpers)


_MODULES: Final[dict[str, Module]] = {
    "relu": "nn.ReLU()",
    "sigmoid": "nn.Sigmoid()",
    "tanh": "nn.Tanh()",
    "softmax": _along("nn.Softmax"),
    "relu6": "nn.ReLU6()",
    "leaky_relu": "nn.LeakyReLU(0.2)",
    "elu": "nn.ELU()",
    "selu": "nn.SELU()",
    "celu": "nn.CELU()",
    "gelu": "nn.GELU()",
    "silu": "nn.SiLU()",
    "mish": "nn.Mish()",
    "softplus": "nn.Softplus()",
    "softsign": "nn.Softsign()",
    "squareplus": torch_helpers.SQUAREPLUS,
    "hard_sigmoid": "nn.Hardsigmoid()",
    "hard_silu": "nn.Hardswish()",
    "hard_tanh": "nn.Hardtanh()",
    "hard_shrink": "nn.Hardshrink()",
    "soft_shrink": "nn.Softshrink()",
    "tanh_shrink": "nn.Tanhshrink()",
    "sparse_plus": torch_helpers.SPARSE_PLUS,
    "sparse_sigmoid": torch_helpers.SPARSE_SIGMOID,
    "sparsemax": _along("Sparsemax", torch_helpers.SPARSEMAX),
    "exponential": torch_helpers.EXPONENTIAL,
    "linear": "nn.Identity()",
    "log_sigmoid": "nn.LogSigmoid()",
    "log_softmax": _along("nn.LogSoftmax"),
}
ACTIVATIONS: Final = tuple(_MODULES)
"""Keras's own names; silu is also called swish, hard_silu hard_swish."""


def activation_module(name: str, rank: int) -> Part:
    """The module of an activation on an output with that many axes; softmax is along the channels."""
    module = _MODULES[name]
    if isinstance(module, str):
        return Part(module)
    if isinstance(module, Helper):
        return Part(f"{module.name}()", helpers=(module,))
    return module(1 if rank == 3 else -1)


def activation_parts(name: str | None, rank: int) -> tuple[Part, ...]:
    """The activation that a layer applies to its output, as a module of its own."""
    if name is None or name == "linear":
        return ()
    module = activation_module(name, rank)
    return (Part(module.code, suffix="activation", helpers=module.helpers),)
