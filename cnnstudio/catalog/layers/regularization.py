"""Layers that act during training only: dropouts, noise, and a penalty on activities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cnnstudio.catalog.call import Call, Switch
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.common import arguments, require_picture, same_shape
from cnnstudio.catalog.layers.entry import LayerType, Shape, Values
from cnnstudio.catalog.torch_form import Helper, Site, TorchCode, single_module
from cnnstudio.catalog.torch_helpers import ACTIVITY_PENALTY, DROP_PICTURE, GAUSSIAN_DROPOUT, GAUSSIAN_NOISE
from cnnstudio.core.params import Choice, Float, Option
from cnnstudio.core.text import Text, same


def _rate(help: Text, default: float = 0.5) -> Float:
    return Float(name="rate", default=default, minimum=0, maximum=0.99, step=0.05, decimals=2, label=same("rate"),
                 help=help)


def _spatial(_values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    return require_picture(inputs, "SpatialDropout2D")


_NOISE_SHAPES: Final = {"values": None, "maps": (None, 1, 1, None), "picture": (None, 1, 1, 1)}
"""The units that are dropped together, as Keras's noise_shape."""


def _dropout(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    return inputs[0] if values["noise_shape"] == "values" else require_picture(inputs, "Dropout")


def _penalty(name: str) -> Float:
    return Float(name=name, default=0.0, minimum=0, maximum=10, step=0.001, decimals=6, label=same(name),
                 help=Text("Weight of the penalty in the loss.", "Peso de la penalización en la pérdida."))


def _dropout_torch(site: Site) -> TorchCode:
    rate = repr(site.values["rate"])
    if site.values["noise_shape"] == "picture":
        return single_module(f"DropPicture({rate})", helpers=(DROP_PICTURE,))
    return single_module(f"nn.{'Dropout2d' if site.values['noise_shape'] == 'maps' else 'Dropout'}({rate})")


def _random(module: str, *helpers: Helper) -> Callable[[Site], TorchCode]:
    return lambda site: single_module(f"{module}({site.values['rate']!r})", helpers=helpers)


DROPOUT = LayerType(
    id="Dropout", family="regularization", formula="y = x · m / (1 − rate),  m ∈ {0, 1}",
    help=Text("Sets random values to zero during training, so that the network does not rely on a few of them.",
              "Pone a cero valores al azar durante el entrenamiento, para que la red no dependa de unos pocos."),
    params=(_rate(Text("Fraction of the values that is dropped.", "Fracción de los valores que se anula.")),
            Choice(name="noise_shape", default="values", advanced=True, label=same("noise_shape"),
                   help=Text("What is dropped together. Dropping whole pictures before an Add skips that branch for some of "
                             "the pictures: stochastic depth.",
                             "Qué se anula junto. Anular imágenes enteras antes de un Add omite esa rama para algunas "
                             "imágenes: profundidad estocástica."),
                   options=(Option("values", Text("Single values", "Valores individuales")),
                            Option("maps", Text("Whole maps", "Mapas enteros")),
                            Option("picture", Text("Whole pictures", "Imágenes enteras"))))),
    shape=_dropout, elementwise=True, keeps_pixels=True, training_only=True, training_flag=True, transparent=True,
    positional=("rate", "noise_shape", "seed"), renamed={"p": "rate"}, torch=_dropout_torch,
    call=Call("keras.layers.Dropout", arguments("rate", noise_shape=Switch(
        "noise_shape", _NOISE_SHAPES)), {"noise_shape": None}),
)

LAYERS = (
    DROPOUT,
    LayerType(
        id="SpatialDropout2D", family="regularization", formula="y[:, :, c] = x[:, :, c] · m[c] / (1 − rate)",
        help=Text("Drops whole feature maps: neighbouring values are nearly the same, so dropping single values has little "
                  "effect.",
                  "Anula mapas enteros: los valores vecinos son casi iguales, así que anular valores individuales tiene poco "
                  "efecto."),
        params=(_rate(Text("Fraction of the maps that is dropped.", "Fracción de los mapas que se anula."), 0.2),),
        shape=_spatial, id_stem="spatial_dropout", keeps_pixels=True, training_only=True, training_flag=True,
        torch=_random("nn.Dropout2d"), call=Call("keras.layers.SpatialDropout2D", arguments("rate"))),
    LayerType(
        id="GaussianDropout", family="regularization", formula="y = x · N(1, rate / (1 − rate))",
        help=Text("Multiplies by random numbers around 1 during training.",
                  "Multiplica por números aleatorios alrededor de 1 durante el entrenamiento."),
        params=(_rate(Text("The effect is as strong as that of a Dropout with this rate.",
                           "El efecto es tan fuerte como el de un Dropout con este valor."), 0.2),),
        shape=same_shape, id_stem="gaussian_dropout", elementwise=True, training_only=True, training_flag=True,
        torch=_random("GaussianDropout", GAUSSIAN_DROPOUT), call=Call("keras.layers.GaussianDropout", arguments("rate"))),
    LayerType(
        id="AlphaDropout", family="regularization", formula="y = a · (x · m − α · (1 − m)) + b",
        help=Text("Dropout for selu: preserves the mean and the variance.",
                  "Dropout para selu: conserva la media y la varianza."),
        params=(_rate(Text("Fraction of the values that is dropped.", "Fracción de los valores que se anula."), 0.1),),
        shape=same_shape, id_stem="alpha_dropout", elementwise=True, training_only=True, training_flag=True,
        torch=_random("nn.AlphaDropout"), call=Call("keras.layers.AlphaDropout", arguments("rate"))),
    LayerType(
        id="GaussianNoise", family="regularization", formula="y = x + N(0, stddev²)",
        help=Text("Adds random numbers around 0 during training.",
                  "Suma números aleatorios alrededor de 0 durante el entrenamiento."),
        params=(Float(name="stddev", default=0.1, minimum=0, maximum=1, step=0.01, label=same("stddev"),
                      help=Text("Standard deviation of the noise.", "Desviación estándar del ruido.")),),
        shape=same_shape, id_stem="gaussian_noise", elementwise=True, keeps_pixels=True, training_only=True,
        training_flag=True,
        torch=lambda site: single_module(f"GaussianNoise({site.values['stddev']!r})", helpers=(GAUSSIAN_NOISE,)),
        call=Call("keras.layers.GaussianNoise", arguments("stddev"))),
    LayerType(
        id="ActivityRegularization", family="regularization", formula="loss += l1 · Σ|x| + l2 · Σx²",
        help=Text("Passes its input through and adds a penalty for large activations to the loss.",
                  "Deja pasar su entrada y suma a la pérdida una penalización por activaciones grandes."),
        params=(_penalty("l1"), _penalty("l2")), shape=same_shape, id_stem="activity_regularization", elementwise=True,
        training_only=True, transparent=True,
        torch=lambda site: single_module(f"ActivityPenalty({site.values['l1']!r}, {site.values['l2']!r})",
                               helpers=(ACTIVITY_PENALTY,)),
        call=Call("keras.layers.ActivityRegularization", arguments("l1", "l2"), {"l1": 0.0, "l2": 0.0})),
)
