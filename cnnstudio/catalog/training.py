"""The registries of optimizers, losses and callbacks, with Keras's parameters and defaults."""

from __future__ import annotations

from typing import Final

import msgspec

from cnnstudio.catalog.call import Call
from cnnstudio.catalog.layers.common import arguments
from cnnstudio.core.item import Item
from cnnstudio.core.params import Bool, Choice, Float, Int, Option, Param
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text, same


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """An optimizer, loss or callback: its parameters, and the call that makes it."""

    id: str
    label: Text
    help: Text
    params: tuple[Param, ...] = ()
    call: Call


def _learning_rate(default: float) -> Float:
    return Float(name="learning_rate", default=default, minimum=0, above=True, maximum=100, step=0.0001, decimals=8,
                 logarithmic=True, label=Text("Learning rate", "Tasa de aprendizaje"),
                 help=Text("Size of each step. Too large: the loss jumps; too small: it crawls.",
                           "Tamaño de cada paso. Demasiado grande: la pérdida salta; demasiado pequeña: avanza apenas."))


def _share(name: str, default: float, help: Text) -> Float:
    return Float(name=name, default=default, minimum=0, maximum=0.999999, step=0.01, decimals=6, advanced=True,
                 label=same(name), help=help)


_MOMENTUM = Text("How much of the last step is kept.", "Cuánto se conserva del paso anterior.")
_CLIPNORM = Float(name="clipnorm", default=None, minimum=0, above=True, maximum=1e6, optional=True, advanced=True,
                  label=same("clipnorm"), help=Text("Longest gradient of a weight that is let through; none: any.",
                                                    "Mayor gradiente de un peso que se deja pasar; none: cualquiera."))
_WEIGHT_DECAY = Float(name="weight_decay", default=None, minimum=0, maximum=1, optional=True, advanced=True,
                      decimals=8, label=same("weight_decay"),
                      help=Text("Share by which weights shrink at every step; none: not at all.",
                                "Parte en que los pesos encogen a cada paso; none: nada."))

OPTIMIZERS: Final[Registry[Recipe]] = Registry("optimizer", (
    Recipe(id="adam", label=same("Adam"),
           help=Text("Adapts the step of every weight. A good first choice.",
                     "Adapta el paso de cada peso. Buena primera opción."),
           params=(_learning_rate(0.001), _share("beta_1", 0.9, _MOMENTUM),
                   _share("beta_2", 0.999, Text("How slowly the size of gradients is followed.",
                                                "Con qué lentitud se sigue el tamaño de los gradientes.")),
                   _WEIGHT_DECAY, _CLIPNORM),
           call=Call("keras.optimizers.Adam", arguments("learning_rate", "beta_1", "beta_2", "weight_decay", "clipnorm"),
                     {"beta_1": 0.9, "beta_2": 0.999, "weight_decay": None, "clipnorm": None})),
    Recipe(id="sgd", label=same("SGD"),
           help=Text("Plain steps down the slope, with momentum if you like.",
                     "Pasos simples cuesta abajo, con momento si se quiere."),
           params=(_learning_rate(0.01),
                   Float(name="momentum", default=0.0, minimum=0, maximum=0.999999, step=0.1, decimals=4,
                         label=same("momentum"), help=_MOMENTUM),
                   Bool(name="nesterov", default=False, label=same("nesterov"),
                        help=Text("Look ahead before the step.", "Mirar adelante antes del paso.")),
                   _WEIGHT_DECAY, _CLIPNORM),
           call=Call("keras.optimizers.SGD", arguments("learning_rate", "momentum", "nesterov", "weight_decay",
                                                       "clipnorm"),
                     {"momentum": 0.0, "nesterov": False, "weight_decay": None, "clipnorm": None})),
    Recipe(id="rmsprop", label=same("RMSprop"),
           help=Text("Divides each step by the recent size of the gradient.",
                     "Divide cada paso por el tamaño reciente del gradiente."),
           params=(_learning_rate(0.001), _share("rho", 0.9, Text("How slowly that size is followed.",
                                                                  "Con qué lentitud se sigue ese tamaño.")),
                   _share("momentum", 0.0, _MOMENTUM), _WEIGHT_DECAY, _CLIPNORM),
           call=Call("keras.optimizers.RMSprop", arguments("learning_rate", "rho", "momentum", "weight_decay",
                                                           "clipnorm"),
                     {"rho": 0.9, "momentum": 0.0, "weight_decay": None, "clipnorm": None})),
))

LOSSES: Final[Registry[Recipe]] = Registry("loss", (
    Recipe(id="binary_crossentropy", label=same("binary_crossentropy"), call=Call("keras.losses.BinaryCrossentropy"),
           help=Text("Two classes, one sigmoid unit.", "Dos clases, una unidad sigmoid.")),
    Recipe(id="categorical_crossentropy", label=same("categorical_crossentropy"),
           call=Call("keras.losses.CategoricalCrossentropy"),
           help=Text("One-hot labels, one softmax unit for each class.",
                     "Etiquetas one-hot, una unidad softmax por clase.")),
    Recipe(id="sparse_categorical_crossentropy", label=same("sparse_categorical_crossentropy"),
           call=Call("keras.losses.SparseCategoricalCrossentropy"),
           help=Text("Labels as numbers, one softmax unit for each class.",
                     "Etiquetas como números, una unidad softmax por clase.")),
))

_MONITOR = Choice(
    name="monitor", default="val_loss", label=same("monitor"),
    help=Text("The quantity that is watched.", "La cantidad que se observa."),
    options=tuple(Option(name, same(name)) for name in ("val_loss", "val_accuracy", "loss", "accuracy")))
_MODE = Choice(
    name="mode", default="auto", advanced=True, label=same("mode"),
    help=Text("Whether less (min) or more (max) is better; auto knows by the name.",
              "Si menos (min) o más (max) es mejor; auto lo sabe por el nombre."),
    options=(Option("auto", same("auto")), Option("min", same("min")), Option("max", same("max"))))


def _patience(default: int, help: Text) -> Int:
    return Int(name="patience", default=default, minimum=0, maximum=100_000, label=same("patience"), help=help,
               unit=Text("epochs", "épocas"))


def _min_delta(default: float) -> Float:
    return Float(name="min_delta", default=default, minimum=0, maximum=1e6, step=0.0001, decimals=8, advanced=True,
                 label=same("min_delta"), help=Text("Smallest change that counts as better.",
                                                    "Menor cambio que cuenta como mejora."))


CALLBACKS: Final[Registry[Recipe]] = Registry("callback", (
    Recipe(id="EarlyStopping", label=Text("Early stopping", "Parada temprana"),
           help=Text("Ends the training when it no longer gets better.",
                     "Termina el entrenamiento cuando ya no mejora."),
           params=(_MONITOR, _patience(0, Text("Epochs without improvement before it stops.",
                                               "Épocas sin mejora antes de parar.")),
                   _min_delta(0.0), _MODE,
                   Bool(name="restore_best_weights", default=False, label=same("restore_best_weights"),
                        help=Text("Keep the weights of the best epoch, not of the last.",
                                  "Conservar los pesos de la mejor época, no los de la última.")),
                   Float(name="baseline", default=None, minimum=-1e9, maximum=1e9, optional=True, advanced=True,
                         label=same("baseline"), help=Text("Stop unless this value is passed; none: no baseline.",
                                                           "Parar si no se supera este valor; none: sin línea base.")),
                   Int(name="start_from_epoch", default=0, minimum=0, maximum=100_000, advanced=True,
                       label=same("start_from_epoch"), help=Text("Epochs to wait before watching.",
                                                                 "Épocas de espera antes de observar."))),
           call=Call("keras.callbacks.EarlyStopping",
                     arguments("monitor", "min_delta", "patience", "mode", "baseline", "restore_best_weights",
                               "start_from_epoch"),
                     {"monitor": "val_loss", "min_delta": 0.0, "patience": 0, "mode": "auto", "baseline": None,
                      "restore_best_weights": False, "start_from_epoch": 0})),
    Recipe(id="ReduceLROnPlateau", label=Text("Reduce learning rate on plateau", "Reducir la tasa en meseta"),
           help=Text("Makes the steps smaller when it no longer gets better.",
                     "Hace los pasos más pequeños cuando ya no mejora."),
           params=(_MONITOR,
                   Float(name="factor", default=0.1, minimum=0, above=True, maximum=0.9999, step=0.1, decimals=4,
                         label=same("factor"), help=Text("New rate = old rate x factor.",
                                                         "Tasa nueva = tasa anterior x factor.")),
                   _patience(10, Text("Epochs without improvement before the rate falls.",
                                      "Épocas sin mejora antes de bajar la tasa.")),
                   _min_delta(0.0001), _MODE,
                   Int(name="cooldown", default=0, minimum=0, maximum=100_000, advanced=True, label=same("cooldown"),
                       help=Text("Epochs to wait after the rate fell.", "Épocas de espera tras bajar la tasa.")),
                   Float(name="min_lr", default=0.0, minimum=0, maximum=100, step=0.00001, decimals=10, advanced=True,
                         label=same("min_lr"), help=Text("The rate never falls below it.",
                                                         "La tasa nunca baja de aquí."))),
           call=Call("keras.callbacks.ReduceLROnPlateau",
                     arguments("monitor", "factor", "patience", "mode", "min_delta", "cooldown", "min_lr"),
                     {"monitor": "val_loss", "factor": 0.1, "patience": 10, "mode": "auto", "min_delta": 0.0001,
                      "cooldown": 0, "min_lr": 0.0})),
))


def params_of(item: Item) -> tuple[Param, ...] | None:
    """The declared parameters of any item a project can hold, by its type; None for an unknown type."""
    from cnnstudio.catalog.layers import LAYERS
    from cnnstudio.catalog.schedules import SCHEDULES
    from cnnstudio.catalog.steps import AUGMENTATIONS, RECIPE_STEPS

    for registry in (LAYERS, RECIPE_STEPS, AUGMENTATIONS, OPTIMIZERS, CALLBACKS, SCHEDULES):
        entry = registry.find(item.type)
        if entry is not None:
            params: tuple[Param, ...] = entry.params
            return params
    return None
