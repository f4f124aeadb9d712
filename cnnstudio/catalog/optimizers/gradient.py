"""Optimizers that follow the gradient, scaled or not, with Keras's parameters and defaults."""

from __future__ import annotations

from math import sqrt
from typing import Final

from cnnstudio.catalog.component import TorchOptimizer
from cnnstudio.catalog.optimizers.common import MOMENTUM, epsilon, learning_rate, optimizer, share, weight_decay
from cnnstudio.catalog.shapes import Values
from cnnstudio.core.params import Bool, Float
from cnnstudio.core.text import Text, same


def _sgd_arguments(values: Values) -> dict[str, str]:
    momentum = values["momentum"]
    return {"momentum": repr(momentum) if momentum else "", "nesterov": "True" if momentum and values["nesterov"] else ""}


SGD: Final = optimizer(
    "sgd", "SGD",
    Text("Plain steps down the slope, with momentum if you like.",
         "Pasos simples cuesta abajo, con momento si se quiere."),
    (learning_rate(0.01),
     Float(name="momentum", default=0.0, minimum=0, maximum=0.999999, step=0.1, decimals=4, label=same("momentum"),
           help=MOMENTUM),
     Bool(name="nesterov", default=False, label=same("nesterov"),
          help=Text("Look ahead before the step.", "Mirar adelante antes del paso.")),
     weight_decay()),
    TorchOptimizer(name="SGD", arguments=_sgd_arguments))


def _rmsprop_arguments(values: Values) -> dict[str, str]:
    # Keras adds epsilon below the root, PyTorch behind it: this one comes nearest.
    return {"alpha": repr(values["rho"]), "eps": f"{sqrt(values['epsilon'] / 10):.0e}",
            "momentum": repr(values["momentum"]) if values["momentum"] else "",
            "centered": "True" if values["centered"] else ""}


RMSPROP: Final = optimizer(
    "rmsprop", "RMSprop",
    Text("Divides each step by the recent size of the gradient.",
         "Divide cada paso por el tamaño reciente del gradiente."),
    (learning_rate(0.001), share("rho", 0.9, Text("How slowly that size is followed.",
                                                  "Con qué lentitud se sigue ese tamaño.")),
     share("momentum", 0.0, MOMENTUM), epsilon(),
     Bool(name="centered", default=False, advanced=True, label=same("centered"),
          help=Text("Divide by the spread of the gradient around its mean, not by its size.",
                    "Dividir por la dispersión del gradiente alrededor de su media, no por su tamaño.")),
     weight_decay()),
    TorchOptimizer(name="RMSprop", arguments=_rmsprop_arguments))

def _adagrad_arguments(values: Values) -> dict[str, str]:
    # Keras adds epsilon below the root; from a sum of nought the root of epsilon comes nearest.
    start = values["initial_accumulator_value"]
    return {"initial_accumulator_value": repr(start), "eps": f"{values['epsilon'] if start else sqrt(values['epsilon']):.0e}"}


ADAGRAD: Final = optimizer(
    "adagrad", "Adagrad",
    Text("Divides each step by all gradients so far: weights that seldom change keep large steps, the others slow down.",
         "Divide cada paso por todos los gradientes hasta ahora: los pesos que cambian poco conservan pasos grandes, los "
         "demás se frenan."),
    (learning_rate(0.001),
     Float(name="initial_accumulator_value", default=0.1, minimum=0, maximum=1000, step=0.1, decimals=6, advanced=True,
           label=same("initial_accumulator_value"),
           help=Text("From what the sum of squared gradients starts; larger makes the first steps smaller.",
                     "De qué parte la suma de los gradientes al cuadrado; mayor hace menores los primeros pasos.")),
     epsilon(), weight_decay()),
    TorchOptimizer(name="Adagrad", arguments=_adagrad_arguments))

ADADELTA: Final = optimizer(
    "adadelta", "Adadelta",
    Text("Scales each step by the recent steps and gradients. Its rate is usually 1; Keras's 0.001 is very slow.",
         "Escala cada paso según los pasos y gradientes recientes. Su tasa suele ser 1; el 0.001 de Keras es muy lento."),
    (learning_rate(0.001), share("rho", 0.95, Text("How slowly their size is followed.",
                                                   "Con qué lentitud se sigue su tamaño.")),
     epsilon(), weight_decay()),
    TorchOptimizer(name="Adadelta", arguments=lambda values: {"rho": repr(values["rho"]), "eps": repr(values["epsilon"])}))

OPTIMIZERS: Final = (SGD, RMSPROP, ADAGRAD, ADADELTA)
