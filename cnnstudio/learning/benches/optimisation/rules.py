"""The update rules of the catalog's optimizers in NumPy, as Python source that is run here and printed for the user.

They are Keras's own, term by term: its momentum carries the learning rate, and its RMSprop and Adagrad add epsilon below
the root. Optimizers that only make sense for matrices (Muon, Adafactor, Lamb) have no rule for two weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any, Final

import numpy as np

from cnnstudio.catalog.training import OPTIMIZERS, TrainingComponent
from cnnstudio.core.params import with_defaults
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text, same


class Rule:
    """A runner of the bench: an optimizer of the catalog with the values that differ from its defaults.

    `source` defines `step(weights, gradient, state, learning_rate, t)`, which changes `state` (a dictionary, empty at the
    start) and returns the new weights; t counts from 1. The values of the optimizer are names in it. `rate` is a learning
    rate that suits a surface a few units wide, where the rule divides by the size of the gradient; None: that of plain
    gradient descent, which depends on how steep the surface is.
    """

    def __init__(self, identifier: str, label: Text, optimizer: str, source: str, values: Mapping[str, Any] | None = None, *,
                 formula: str, rate: float | None = None) -> None:
        self.id, self.label, self.optimizer, self.source, self.formula = identifier, label, optimizer, source, formula
        self.own = dict(values or {})
        self.rate = rate

    @property
    def entry(self) -> TrainingComponent:
        return OPTIMIZERS[self.optimizer]

    def values(self, changed: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """All values of the optimizer that the rule uses, without the learning rate."""
        everything = with_defaults(self.entry.params, self.own | dict(changed or {}))
        return {name: value for name, value in everything.items() if name in self._used}

    @cached_property
    def _used(self) -> frozenset[str]:
        names = {param.name for param in self.entry.params} - {"learning_rate"}
        code = compile(self.source, self.id, "exec")
        used = {name for constant in code.co_consts if hasattr(constant, "co_names") for name in constant.co_names}
        return frozenset(names & used)

    def stepper(self, changed: Mapping[str, Any] | None = None) -> Stepper:
        """The rule with its values, at its first step."""
        names: dict[str, Any] = {"np": np} | self.values(changed)
        exec(self.source, names)  # our own text
        return Stepper(names["step"])


class Stepper:
    """Takes one step after the other."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._state: dict[str, Any] = {}
        self._taken = 0

    def __call__(self, weights: np.ndarray, gradient: np.ndarray, learning_rate: float) -> np.ndarray:
        self._taken += 1
        return np.asarray(self._function(weights, gradient, self._state, learning_rate, self._taken), np.float64)


_MOMENTUM: Final = """\
def step(weights, gradient, state, learning_rate, t):
    velocity = momentum * state.get("velocity", 0) - learning_rate * gradient
    state["velocity"] = velocity
    if nesterov:  # looks one step ahead
        return weights + momentum * velocity - learning_rate * gradient
    return weights + velocity
"""
_ADAM: Final = """\
def step(weights, gradient, state, learning_rate, t):
    m = state.get("m", 0) + (gradient - state.get("m", 0)) * (1 - beta_1)
    v = state.get("v", 0) + (gradient ** 2 - state.get("v", 0)) * (1 - beta_2)
    state["m"], state["v"] = m, v
    if amsgrad:
        v = state["largest"] = np.maximum(state.get("largest", 0), v)
    rate = learning_rate * np.sqrt(1 - beta_2 ** t) / (1 - beta_1 ** t)
    return weights - m * rate / (np.sqrt(v) + epsilon)
"""
_DECAY: Final = "    weights = weights - weights * weight_decay * learning_rate\n"
_ADAMW: Final = _ADAM.replace("    m = state", f"{_DECAY}    m = state", 1)

RULES: Final[Registry[Rule]] = Registry("rule", (
    Rule("sgd", same("SGD"), "sgd", """\
def step(weights, gradient, state, learning_rate, t):
    return weights - learning_rate * gradient
""", formula="w ← w − η g"),
    Rule("momentum", Text("SGD with momentum", "SGD con momento"), "sgd", _MOMENTUM, {"momentum": 0.9},
         formula="v ← μ v − η g;  w ← w + v"),
    Rule("nesterov", same("Nesterov"), "sgd", _MOMENTUM, {"momentum": 0.9, "nesterov": True},
         formula="v ← μ v − η g;  w ← w + μ v − η g"),
    Rule("rmsprop", same("RMSprop"), "rmsprop", """\
def step(weights, gradient, state, learning_rate, t):
    state["square"] = rho * state.get("square", 0) + (1 - rho) * gradient ** 2
    size = state["square"] + epsilon
    if centered:
        state["mean"] = rho * state.get("mean", 0) + (1 - rho) * gradient
        size = state["square"] - state["mean"] ** 2 + epsilon
    change = learning_rate * gradient / np.sqrt(size)
    if momentum > 0:
        change = state["momentum"] = momentum * state.get("momentum", 0) + change
    return weights - change
""", formula="s ← ρ s + (1 − ρ) g²;  w ← w − η g / √(s + ε)", rate=0.05),
    Rule("adam", same("Adam"), "adam", _ADAM,
         formula="m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²;  w ← w − η m̂ / (√v̂ + ε)", rate=0.1),
    Rule("adamw", same("AdamW"), "adamw", _ADAMW, formula="w ← w − η λ w;  Adam", rate=0.1),
    Rule("nadam", same("Nadam"), "nadam", """\
def step(weights, gradient, state, learning_rate, t):
    now, ahead = (beta_1 * (1 - 0.5 * 0.96 ** place) for place in (t, t + 1))
    product = state["product"] = state.get("product", 1) * now
    m = state["m"] = state.get("m", 0) + (gradient - state.get("m", 0)) * (1 - beta_1)
    v = state["v"] = state.get("v", 0) + (gradient ** 2 - state.get("v", 0)) * (1 - beta_2)
    m_hat = ahead * m / (1 - product * ahead) + (1 - now) * gradient / (1 - product)
    v_hat = v / (1 - beta_2 ** t)
    return weights - m_hat * learning_rate / (np.sqrt(v_hat) + epsilon)
""", formula="Adam + Nesterov", rate=0.1),
    Rule("adamax", same("Adamax"), "adamax", """\
def step(weights, gradient, state, learning_rate, t):
    m = state["m"] = state.get("m", 0) + (gradient - state.get("m", 0)) * (1 - beta_1)
    u = state["u"] = np.maximum(beta_2 * state.get("u", 0), np.abs(gradient))
    return weights - learning_rate * m / ((1 - beta_1 ** t) * (u + epsilon))
""", formula="u ← max(β₂ u, |g|);  w ← w − η m̂ / (u + ε)", rate=0.1),
    Rule("adagrad", same("Adagrad"), "adagrad", """\
def step(weights, gradient, state, learning_rate, t):
    state["sum"] = state.get("sum", initial_accumulator_value) + gradient ** 2
    return weights - learning_rate * gradient / np.sqrt(state["sum"] + epsilon)
""", formula="s ← s + g²;  w ← w − η g / √(s + ε)", rate=0.5),
    Rule("adadelta", same("Adadelta"), "adadelta", """\
def step(weights, gradient, state, learning_rate, t):
    state["square"] = rho * state.get("square", 0) + (1 - rho) * gradient ** 2
    change = -np.sqrt(state.get("moved", 0) + epsilon) * gradient / np.sqrt(state["square"] + epsilon)
    state["moved"] = rho * state.get("moved", 0) + (1 - rho) * change ** 2
    return weights + learning_rate * change
""", formula="w ← w − η √(d + ε) / √(s + ε) · g", rate=20.0),
    Rule("lion", same("Lion"), "lion", """\
def step(weights, gradient, state, learning_rate, t):
    m = state.get("m", 0)
    state["m"] = m * beta_2 + gradient * (1 - beta_2)
    return weights - learning_rate * np.sign(m * beta_1 + gradient * (1 - beta_1))
""", formula="w ← w − η sign(β₁ m + (1 − β₁) g)", rate=0.03),
))
DEFAULT_RULES: Final = ("sgd", "momentum", "rmsprop", "adam")


def rules_of(identifiers: Iterable[str]) -> tuple[Rule, ...]:
    """The rules of these ids that exist, in the order of the registry."""
    wanted = set(identifiers)
    return tuple(rule for rule in RULES if rule.id in wanted)
