"""Normalisations and Rescaling."""

from __future__ import annotations

from cnnstudio.catalog.call import Call
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.common import arguments
from cnnstudio.catalog.layers.entry import Cost, LayerType, Shape, ShapeTrouble, Values
from cnnstudio.core.params import Bool, Float, Int, Numbers
from cnnstudio.core.problems import Fix
from cnnstudio.core.text import Text, same


def _unchanged(_values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    return inputs[0]


def _learned(values: Values, inputs: tuple[Shape, ...]) -> int:
    return inputs[0][-1] * (int(values["center"]) + int(values["scale"]))


def _cost(values: Values, inputs: tuple[Shape, ...], _output: Shape, _context: Context) -> Cost:
    return Cost(trainable=_learned(values, inputs))


def _batch_cost(values: Values, inputs: tuple[Shape, ...], _output: Shape, _context: Context) -> Cost:
    return Cost(trainable=_learned(values, inputs), non_trainable=2 * inputs[0][-1])


_EPSILON = Float(name="epsilon", default=0.001, minimum=0, maximum=1, above=True, step=0.0001, decimals=7,
                 logarithmic=True, advanced=True, label=same("epsilon"),
                 help=Text("Keeps the division from running away.", "Evita que la división se dispare."))
_CENTER = Bool(name="center", default=True, advanced=True, label=same("center"),
               help=Text("Learn an offset (beta).", "Aprender un desplazamiento (beta)."))
_SCALE = Bool(name="scale", default=True, advanced=True, label=same("scale"),
              help=Text("Learn a factor (gamma).", "Aprender un factor (gamma)."))
_DEFAULTS = {"epsilon": 0.001, "center": True, "scale": True}

BATCH_NORMALIZATION = LayerType(
    id="BatchNormalization", family="normalization",
    help=Text("Brings each feature map to mean 0 and variance 1 over the batch: steadier, faster training.",
              "Lleva cada mapa a media 0 y varianza 1 en el lote: entrenamiento más estable y rápido."),
    params=(
        Float(name="momentum", default=0.99, minimum=0, maximum=1, step=0.01, label=same("momentum"),
              help=Text("How slowly the moving mean and variance follow.",
                        "Con qué lentitud siguen la media y la varianza móviles.")),
        _EPSILON, _CENTER, _SCALE,
    ),
    shape=_unchanged, cost=_batch_cost,
    call=Call("keras.layers.BatchNormalization", arguments("momentum", "epsilon", "center", "scale"),
              {"momentum": 0.99} | _DEFAULTS),
)

LAYER_NORMALIZATION = LayerType(
    id="LayerNormalization", family="normalization",
    help=Text("Normalises over the channels of each picture by itself; does not depend on the batch.",
              "Normaliza sobre los canales de cada imagen por sí sola; no depende del lote."),
    params=(_EPSILON, _CENTER, _SCALE), shape=_unchanged, cost=_cost,
    call=Call("keras.layers.LayerNormalization", arguments("epsilon", "center", "scale"), _DEFAULTS),
)


def _group_shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    channels, groups = inputs[0][-1], values["groups"]
    if channels % groups:
        fitting = max(number for number in range(1, min(groups, channels) + 1) if channels % number == 0)
        text = Text("groups ({groups}) must divide the {channels} channels.",
                    "groups ({groups}) debe dividir los {channels} canales.")
        fix = Fix(action="set_node_param", arguments={"name": "groups", "value": fitting},
                  label=Text("Use {n} groups", "Usar {n} grupos").fill(n=fitting))
        raise ShapeTrouble("groups", text.fill(groups=groups, channels=channels), fix)
    return inputs[0]


GROUP_NORMALIZATION = LayerType(
    id="GroupNormalization", family="normalization",
    help=Text("Normalises over groups of channels of each picture; good with small batches.",
              "Normaliza por grupos de canales de cada imagen; útil con lotes pequeños."),
    params=(
        Int(name="groups", default=32, minimum=1, maximum=65_536, label=same("groups"),
            help=Text("Into how many groups the channels are split.", "En cuántos grupos se dividen los canales.")),
        _EPSILON, _CENTER, _SCALE,
    ),
    shape=_group_shape, cost=_cost,
    call=Call("keras.layers.GroupNormalization", arguments("groups", "epsilon", "center", "scale"),
              {"groups": 32} | _DEFAULTS),
)

RESCALING = LayerType(
    id="Rescaling", family="normalization",
    help=Text("Computes pixel x scale + offset. The recipe's normalisation already does this inside the model.",
              "Calcula píxel x scale + offset. La normalización de la receta ya lo hace dentro del modelo."),
    params=(
        Numbers(name="scale", default=1 / 255, label=same("scale"),
                help=Text("Factor; one number, or one for each channel.", "Factor; un número, o uno por canal.")),
        Numbers(name="offset", default=0.0, label=same("offset"),
                help=Text("Added after the factor; one number, or one for each channel.",
                          "Se suma después del factor; un número, o uno por canal.")),
    ),
    shape=_unchanged,
    call=Call("keras.layers.Rescaling", arguments("scale", "offset"), {"offset": 0.0}),
)

LAYERS = (BATCH_NORMALIZATION, LAYER_NORMALIZATION, GROUP_NORMALIZATION, RESCALING)
