"""Every optimizer of the registry: Keras builds and learns with it, and its PyTorch call takes the same steps."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cnnstudio.catalog.component import TorchOptimizer
from cnnstudio.catalog.optimizers.common import clipping_lines
from cnnstudio.catalog.torch_form import NotInTorch
from cnnstudio.catalog.training import OPTIMIZERS
from cnnstudio.core.item import Item
from cnnstudio.core.params import Bool, with_defaults
from cnnstudio.core.training import Stage
from cnnstudio.engine.building import optimizer_of

SHAPES = ((5, 4), (3, 3, 2, 4), (4,))
"""A dense kernel, a convolution's kernel and a bias."""
STEPS = 12
TOLERANCE = 0.02
"""Share of the way that a weight went: the two add their epsilon in different places."""


def variants(entry) -> list[dict]:
    """The defaults, and every parameter with another value."""
    found: list[dict] = [{}]
    for param in entry.params:
        value = with_defaults(entry.params, {})[param.name]
        if isinstance(param, Bool):
            found.append({param.name: not value})
        elif param.name in ("weight_decay", "adam_weight_decay"):
            found.append({param.name: 0.3})
        elif param.name in ("clipnorm", "clipvalue", "global_clipnorm"):
            found.append({param.name: 0.5 if param.name == "clipvalue" else 3.0})
        elif param.name in ("momentum", "rho") or ("beta" in param.name and "decay" not in param.name):
            found.append({param.name: 0.7})
    with_momentum = [param.name for param in entry.params if param.name == "momentum"]
    return found + [{"momentum": 0.8, "nesterov": True} for _name in with_momentum if entry.id == "sgd"]


CASES = [pytest.param(entry.id, values, marks=pytest.mark.nightly if values else ())
         for entry in OPTIMIZERS for values in variants(entry)]
"""Every optimizer as it is; every one of its parameters nightly."""


def gradients(step: int) -> list[np.ndarray]:
    drawn = np.random.default_rng(step)
    return [drawn.normal(0.2, 1, shape).astype("float32") for shape in SHAPES]


def starts() -> list[np.ndarray]:
    drawn = np.random.default_rng(99)
    return [drawn.normal(0, 1, shape).astype("float32") for shape in SHAPES]


def by_keras(kind: str, params: dict) -> list[np.ndarray]:
    optimizer = optimizer_of(Stage(id="stage", optimizer=Item(type=kind, params=params)))
    weights = [keras.Variable(start, name=f"weight_{number}") for number, start in enumerate(starts())]
    optimizer.build(weights)
    for step in range(STEPS):
        optimizer.apply(list(map(keras.ops.convert_to_tensor, gradients(step))), weights)
    return [np.asarray(weight) for weight in weights]


@pytest.mark.parametrize(("kind", "params"), CASES, ids=str)
def test_keras_takes_finite_steps_with_it(kind, params):
    for before, after in zip(starts(), by_keras(kind, params), strict=True):
        assert np.isfinite(after).all()
        assert (before != after).any()


@pytest.mark.parametrize(("kind", "params"), CASES, ids=str)
def test_pytorch_takes_the_same_steps(kind, params):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
    entry = OPTIMIZERS[kind]
    if isinstance(entry.torch, NotInTorch):
        assert entry.torch.reason.en and entry.torch.reason.es
        return
    assert isinstance(entry.torch, TorchOptimizer)
    values = with_defaults(entry.params, {"learning_rate": 0.01} | params)
    learning = [torch.nn.Parameter(torch.from_numpy(start.copy())) for start in starts()]
    names = {"torch": torch, "nn": torch.nn, "learning": learning}
    optimizer = eval(entry.torch.code(values), names)  # our own text
    for step in range(STEPS):
        for weight, gradient in zip(learning, gradients(step), strict=True):
            weight.grad = torch.from_numpy(gradient)
        exec("\n".join(clipping_lines(values)), names)
        if values.get("weight_decay") and not entry.torch.decays:
            with torch.no_grad():
                for weight in learning:
                    weight.mul_(1 - values["learning_rate"] * values["weight_decay"])
        optimizer.step()
    expected = by_keras(kind, {"learning_rate": 0.01} | params)
    for start, weight, wanted in zip(starts(), learning, expected, strict=True):
        found = weight.detach().numpy()
        assert np.abs(found - wanted).max() <= TOLERANCE * np.abs(wanted - start).max(), kind
