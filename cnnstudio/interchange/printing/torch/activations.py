"""Activations: Keras's names as PyTorch's modules, and activations as layers."""

from __future__ import annotations

from typing import Final

from cnnstudio.interchange.printing.torch.entry import Part, Site, TorchLayer, Weight, Written, one, torch_axis

_PLAIN: Final = {
    "relu": "nn.ReLU()", "sigmoid": "nn.Sigmoid()", "tanh": "nn.Tanh()", "relu6": "nn.ReLU6()",
    "leaky_relu": "nn.LeakyReLU(0.2)", "elu": "nn.ELU()", "selu": "nn.SELU()", "celu": "nn.CELU()", "gelu": "nn.GELU()",
    "silu": "nn.SiLU()", "mish": "nn.Mish()", "softplus": "nn.Softplus()", "softsign": "nn.Softsign()",
    "hard_sigmoid": "nn.Hardsigmoid()", "hard_silu": "nn.Hardswish()", "hard_tanh": "nn.Hardtanh()",
    "hard_shrink": "nn.Hardshrink()", "soft_shrink": "nn.Softshrink()", "tanh_shrink": "nn.Tanhshrink()",
    "log_sigmoid": "nn.LogSigmoid()", "linear": "nn.Identity()",
}
_HELPED: Final = {"squareplus": "Squareplus", "sparse_plus": "SparsePlus", "sparse_sigmoid": "SparseSigmoid",
                  "exponential": "Exponential"}


def activation_module(name: str, rank: int) -> tuple[str, tuple[str, ...]]:
    """(code, helpers) of an activation on an output with that many axes; softmax is along the channels."""
    axis = 1 if rank == 3 else -1
    if name in ("softmax", "log_softmax"):
        return f"nn.{'Softmax' if name == 'softmax' else 'LogSoftmax'}(dim={axis})", ()
    if name == "sparsemax":
        return f"Sparsemax(dim={axis})", ("Sparsemax",)
    if name in _HELPED:
        return f"{_HELPED[name]}()", (_HELPED[name],)
    return _PLAIN[name], ()


def activation_parts(name: str | None, rank: int) -> tuple[Part, ...]:
    """The activation that a layer applies to its output, as a module of its own."""
    if name is None or name == "linear":
        return ()
    code, helpers = activation_module(name, rank)
    return (Part(code, suffix="activation", helpers=helpers),)


def _activation(site: Site) -> Written:
    code, helpers = activation_module(site.values["activation"], site.rank)
    return one(code, helpers=helpers)


def _relu(site: Site) -> Written:
    top, slope, threshold = (site.values[name] for name in ("max_value", "negative_slope", "threshold"))
    if not threshold and (top is None or not slope):
        if top is None:
            return one(f"nn.LeakyReLU({slope!r})" if slope else "nn.ReLU()")
        return one("nn.ReLU6()" if top == 6 else f"nn.Hardtanh(0.0, {float(top)!r})")
    return one(f"BentReLU({top!r}, {slope!r}, {threshold!r})", helpers=("BentReLU",))


def _prelu(site: Site) -> Written:
    shared = set(site.values["shared_axes"] or ())
    shape = tuple(1 if axis in shared else size for axis, size in enumerate(site.inputs[0], start=1))
    if site.rank != 2 and all(size == 1 for size in shape[:-1]):
        return one(f"nn.PReLU({shape[-1]})", Weight("weight", "flat"))
    form = "picture" if site.rank == 3 else "same"
    turned = (shape[2], *shape[:2]) if site.rank == 3 else shape
    return one(f"PlacedPReLU({turned!r})", Weight("weight", form), helpers=("PlacedPReLU",))  # type: ignore[arg-type]


LAYERS: Final = (
    TorchLayer(id="Activation", write=_activation),
    TorchLayer(id="ReLU", write=_relu),
    TorchLayer(id="LeakyReLU", write=lambda site: one(f"nn.LeakyReLU({site.values['negative_slope']!r})")),
    TorchLayer(id="PReLU", write=_prelu),
    TorchLayer(id="ELU", write=lambda site: one(f"nn.ELU({site.values['alpha']!r})")),
    TorchLayer(id="Softmax", write=lambda site: one(f"nn.Softmax(dim={torch_axis(site.values['axis'], site.rank)})")),
)
