"""Optimizers that follow the gradient, scaled or not, with Keras's parameters and defaults."""

from __future__ import annotations

from math import sqrt
from typing import Final

from cnnstudio.catalog.component import TorchOptimizer
from cnnstudio.catalog.optimizers.common import MOMENTUM, epsilon, learning_rate, optimizer, share, weight_decay
from cnnstudio.catalog.shapes import Values
from cnnstudio.catalog.torch_form import NotInTorch
from cnnstudio.core.params import Bool, Float
from cnnstudio.core.text import Text, same


def _sgd_arguments(values: Values) -> dict[str, str]:
    momentum = values["momentum"]
    return {"momentum": repr(momentum) if momentum else "", "nesterov": "True" if momentum and values["nesterov"] else ""}


SGD: Final = optimizer(
    "sgd", "SGD",
    Text("Simple gradient descent, optionally with momentum.",
         "Descenso de gradiente simple, opcionalmente con momento."),
    (learning_rate(0.01),
     Float(name="momentum", default=0.0, minimum=0, maximum=0.999999, step=0.1, decimals=4, label=same("momentum"),
           help=MOMENTUM),
     Bool(name="nesterov", default=False, label=same("nesterov"),
          help=Text("Use Nesterov momentum.", "Usar el momento de Nesterov.")),
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
    (learning_rate(0.001), share("rho", 0.9, Text("How slowly the average size of the gradient changes.",
                                                  "Con qué lentitud cambia el tamaño medio del gradiente.")),
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
    Text("Divides each step by the sum of all previous gradients: weights that seldom change keep large steps, the others "
         "slow down.",
         "Divide cada paso por la suma de todos los gradientes anteriores: los pesos que cambian pocas veces conservan pasos "
         "grandes, los demás se frenan."),
    (learning_rate(0.001),
     Float(name="initial_accumulator_value", default=0.1, minimum=0, maximum=1000, step=0.1, decimals=6, advanced=True,
           label=same("initial_accumulator_value"),
           help=Text("Initial value of the sum of squared gradients; a larger value makes the first steps smaller.",
                     "Valor inicial de la suma de los gradientes al cuadrado; un valor mayor hace más pequeños los primeros "
                     "pasos.")),
     epsilon(), weight_decay()),
    TorchOptimizer(name="Adagrad", arguments=_adagrad_arguments))

ADADELTA: Final = optimizer(
    "adadelta", "Adadelta",
    Text("Scales each step by the recent steps and gradients. The usual learning rate is 1; Keras's default of 0.001 is very "
         "slow.",
         "Escala cada paso según los pasos y gradientes recientes. La tasa de aprendizaje habitual es 1; el valor "
         "predeterminado de Keras, 0,001, es muy lento."),
    (learning_rate(0.001), share("rho", 0.95, Text("How slowly their average size changes.",
                                                   "Con qué lentitud cambia su tamaño medio.")),
     epsilon(), weight_decay()),
    TorchOptimizer(name="Adadelta", arguments=lambda values: {"rho": repr(values["rho"]), "eps": repr(values["epsilon"])}))

ADAFACTOR: Final = optimizer(
    "adafactor", "Adafactor",
    Text("Stores the size of the gradients only by rows and columns of a kernel: for large networks with little memory.",
         "Guarda el tamaño de los gradientes solo por filas y columnas del kernel: para redes grandes con poca memoria."),
    (learning_rate(0.001),
     Float(name="beta_2_decay", default=-0.8, minimum=-10, maximum=0, step=0.1, decimals=4, advanced=True,
           label=same("beta_2_decay"),
           help=Text("How fast the averaging period of the gradients grows with the steps; -0.8 is usual.",
                     "Con qué rapidez crece el periodo de promedio de los gradientes con los pasos; lo habitual es -0,8.")),
     Float(name="epsilon_1", default=1e-30, minimum=0, maximum=1, above=True, step=1e-30, decimals=32, logarithmic=True,
           advanced=True, label=same("epsilon_1"),
           help=Text("Added to the squared gradients.", "Se suma a los gradientes al cuadrado.")),
     Float(name="epsilon_2", default=0.001, minimum=0, maximum=1, step=0.001, decimals=6, advanced=True,
           label=same("epsilon_2"),
           help=Text("Minimum size of a weight when its step is scaled.",
                     "Tamaño mínimo de un peso al escalar su paso.")),
     Float(name="clip_threshold", default=1.0, minimum=0, above=True, maximum=1000, step=0.1, decimals=4, advanced=True,
           label=same("clip_threshold"),
           help=Text("Root mean square above which a step is shortened.",
                     "Media cuadrática por encima de la cual se acorta un paso.")),
     Bool(name="relative_step", default=True, advanced=True, label=same("relative_step"),
          help=Text("Reduce the learning rate with the number of steps.",
                    "Reducir la tasa de aprendizaje con el número de pasos.")),
     weight_decay()),
    NotInTorch("torch.optim.Adafactor handles the kernel of a convolution by its height and width, Keras by its channels",
               "torch.optim.Adafactor trata el kernel de una convolución por su alto y su ancho; Keras, por sus canales"))

LION: Final = optimizer(
    "lion", "Lion",
    Text("Steps of equal size in the direction of the momentum: needs little memory, and a learning rate three to ten times "
         "smaller than that of Adam.",
         "Pasos de igual tamaño en la dirección del momento: necesita poca memoria y una tasa de aprendizaje de tres a diez "
         "veces menor que la de Adam."),
    (learning_rate(0.001),
     Float(name="beta_1", default=0.9, minimum=0, above=True, maximum=1, step=0.01, decimals=6, advanced=True,
           label=same("beta_1"), help=Text("Weight of the momentum in the direction of the step.",
                                           "Peso del momento en la dirección del paso.")),
     share("beta_2", 0.99, MOMENTUM), weight_decay()),
    NotInTorch("torch.optim has no Lion", "torch.optim no tiene Lion"))

OPTIMIZERS: Final = (SGD, RMSPROP, ADAGRAD, ADADELTA, ADAFACTOR, LION)
