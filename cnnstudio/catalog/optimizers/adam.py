"""Adam and its relatives, with Keras's parameters and defaults."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.component import TorchOptimizer
from cnnstudio.catalog.optimizers.common import (
    AMSGRAD,
    MOMENTUM,
    SQUARES,
    epsilon,
    learning_rate,
    optimizer,
    share,
    weight_decay,
)
from cnnstudio.catalog.shapes import Values
from cnnstudio.core.text import Text


def _arguments(values: Values) -> dict[str, str]:
    return {"betas": f"({values['beta_1']!r}, {values['beta_2']!r})", "eps": repr(values["epsilon"])}


def _adam_arguments(values: Values) -> dict[str, str]:
    return {**_arguments(values), "weight_decay": repr(values["weight_decay"]) if values["weight_decay"] else "",
            "amsgrad": "True" if values["amsgrad"] else ""}


ADAM: Final = optimizer(
    "adam", "Adam",
    Text("Adapts the step of every weight. A good first choice.",
         "Adapta el paso de cada peso. Buena primera opción."),
    (learning_rate(0.001), share("beta_1", 0.9, MOMENTUM), share("beta_2", 0.999, SQUARES), epsilon(), AMSGRAD,
     weight_decay()),
    # PyTorch's Adam adds the decay to the gradient; AdamW shrinks the weights, as Keras does.
    TorchOptimizer(name=lambda values: "AdamW" if values["weight_decay"] else "Adam", arguments=_adam_arguments,
                   decays=True))

ADAMW: Final = optimizer(
    "adamw", "AdamW",
    Text("Adam with weights that shrink a little at every step, apart from the gradient: against overfitting.",
         "Adam con pesos que encogen un poco en cada paso, aparte del gradiente: contra el sobreajuste."),
    (learning_rate(0.001), weight_decay(0.004, required=True), share("beta_1", 0.9, MOMENTUM),
     share("beta_2", 0.999, SQUARES), epsilon(), AMSGRAD),
    TorchOptimizer(name="AdamW", arguments=lambda values: _adam_arguments(values) | {
        "weight_decay": repr(values["weight_decay"])}, decays=True))

def _nadam_arguments(values: Values) -> dict[str, str]:
    # Keras's momentum grows with 0.96 ** step, PyTorch's with 0.96 ** (step * momentum_decay).
    decay = {"weight_decay": repr(values["weight_decay"]), "decoupled_weight_decay": "True"}
    return _arguments(values) | {"momentum_decay": "1.0"} | (decay if values["weight_decay"] else {})


NADAM: Final = optimizer(
    "nadam", "Nadam",
    Text("Adam that looks ahead: with Nesterov's momentum it turns a little sooner.",
         "Adam que mira adelante: con el momento de Nesterov gira un poco antes."),
    (learning_rate(0.001), share("beta_1", 0.9, MOMENTUM), share("beta_2", 0.999, SQUARES), epsilon(), weight_decay()),
    TorchOptimizer(name="NAdam", arguments=_nadam_arguments, decays=True))

ADAMAX: Final = optimizer(
    "adamax", "Adamax",
    Text("Adam that divides by the largest recent gradient instead of the typical one: calmer where a few are huge.",
         "Adam que divide por el mayor gradiente reciente y no por el típico: más sereno cuando unos pocos son enormes."),
    (learning_rate(0.001), share("beta_1", 0.9, MOMENTUM), share("beta_2", 0.999, SQUARES), epsilon(), weight_decay()),
    TorchOptimizer(name="Adamax", arguments=_arguments))

OPTIMIZERS: Final = (ADAM, ADAMW, NADAM, ADAMAX)
