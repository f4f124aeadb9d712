"""Normalisations and Rescaling."""

from __future__ import annotations

from math import sqrt
from typing import Any

from cnnstudio.catalog import torch_helpers
from cnnstudio.catalog.call import Call, literal
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers.common import arguments, same_shape, set_param_fix
from cnnstudio.catalog.layers.entry import Cost, LayerType, Shape, ShapeError, Values
from cnnstudio.catalog.layers.weights import weight_arguments, weight_defaults, weight_params
from cnnstudio.catalog.torch_form import Fixed, Site, TorchCode, Weight, single_module
from cnnstudio.catalog.torch_helpers import UNIT_LENGTH, along_channels, channels_second
from cnnstudio.core.params import Bool, Float, Int, Numbers
from cnnstudio.core.text import Text, same


def _trainable_count(values: Values, inputs: tuple[Shape, ...]) -> int:
    return inputs[0][-1] * (int(values["center"]) + int(values["scale"]))


def _cost(values: Values, inputs: tuple[Shape, ...], _output: Shape, _context: Context) -> Cost:
    return Cost(trainable=_trainable_count(values, inputs))


def _batch_cost(values: Values, inputs: tuple[Shape, ...], _output: Shape, _context: Context) -> Cost:
    return Cost(trainable=_trainable_count(values, inputs), non_trainable=2 * inputs[0][-1])


def _epsilon(default: float = 0.001) -> Float:
    return Float(name="epsilon", default=default, minimum=0, maximum=1, above=True, step=0.0001, decimals=7,
                 logarithmic=True, advanced=True, label=same("epsilon"),
                 help=Text("Small number that prevents a division by zero.",
                           "Número pequeño que evita una división por cero."))


_POSITIONAL = ("epsilon", "center", "scale", "beta_initializer", "gamma_initializer")
_EPSILON = _epsilon()
_CENTER = Bool(name="center", default=True, advanced=True, label=same("center"),
               help=Text("Learn an offset (beta).", "Aprender un desplazamiento (beta)."))
_SCALE = Bool(name="scale", default=True, advanced=True, label=same("scale"),
              help=Text("Learn a factor (gamma).", "Aprender un factor (gamma)."))
_WEIGHTS = weight_params("beta", "gamma")
_ARGUMENTS: dict[str, Any] = arguments("epsilon", "center", "scale") | weight_arguments("beta", "gamma")
_DEFAULTS: dict[str, Any] = {"epsilon": 0.001, "center": True, "scale": True} | weight_defaults("beta", "gamma")

def _affine(site: Site, prefix: str) -> tuple[tuple[Weight, ...], tuple[Fixed, ...]]:
    """Gamma and beta as weight and bias; if Keras has only one, the other is constant."""
    if not (site.values["scale"] or site.values["center"]):
        return (), ()
    weights, fixed = [], []
    for flag, key, value in (("scale", "weight", 1.0), ("center", "bias", 0.0)):
        if site.values[flag]:
            weights.append(Weight(prefix + key, role={"scale": "gamma", "center": "beta"}[flag]))
        else:
            fixed.append(Fixed(prefix + key, (site.channels,), value))
    return tuple(weights), tuple(fixed)


def _affine_option(site: Site, argument: str) -> str:
    return "" if site.values["scale"] or site.values["center"] else f", {argument}=False"


def _batch_torch(site: Site) -> TorchCode:
    values = site.values
    kind = "BatchNorm2d" if site.rank == 3 else "BatchNorm1d"
    code = f"nn.{kind}({site.channels}, eps={values['epsilon']!r}, momentum={round(1 - values['momentum'], 9)!r}" \
           f"{_affine_option(site, 'affine')})"
    code, prefix, helpers = channels_second(code, site.rank)
    weights, fixed = _affine(site, prefix)
    return single_module(code, *weights, Weight(f"{prefix}running_mean", role="moving"),
               Weight(f"{prefix}running_var", role="moving"), helpers=helpers,
               fixed=(*fixed, Fixed(f"{prefix}num_batches_tracked", (), 0, learns=True, is_integer=True)))


BATCH_NORMALIZATION = LayerType(
    id="BatchNormalization", family="normalization",
    help=Text("Scales each feature map to mean 0 and variance 1 over the batch: training becomes more stable and faster.",
              "Escala cada mapa a media 0 y varianza 1 en el lote: el entrenamiento es más estable y rápido."),
    formula="y = γ · (x − μ) / √(σ² + ε) + β",
    params=(
        Float(name="momentum", default=0.99, minimum=0, maximum=1, step=0.01, label=same("momentum"),
              help=Text("How slowly the moving mean and variance change.",
                        "Con qué lentitud cambian la media y la varianza móviles.")),
        _EPSILON, _CENTER, _SCALE, *_WEIGHTS,
    ),
    shape=same_shape, cost=_batch_cost, id_stem="batch_normalization", elementwise=True, training_flag=True,
    batch_free="LayerNormalization", positional=("axis", "momentum", *_POSITIONAL), torch=_batch_torch,
    call=Call("keras.layers.BatchNormalization", arguments("momentum") | _ARGUMENTS, {"momentum": 0.99} | _DEFAULTS),
)

def _layer_torch(site: Site) -> TorchCode:
    code, prefix, helpers = along_channels(
        f"nn.LayerNorm({site.channels}, eps={site.values['epsilon']!r}{_affine_option(site, 'elementwise_affine')})", site.rank)
    weights, fixed = _affine(site, prefix)
    return single_module(code, *weights, fixed=fixed, helpers=helpers)


LAYER_NORMALIZATION = LayerType(
    id="LayerNormalization", family="normalization",
    help=Text("Normalises the channels of each picture on its own; does not depend on the batch.",
              "Normaliza los canales de cada imagen por separado; no depende del lote."),
    formula="y = γ · (x − μ) / √(σ² + ε) + β,  μ = mean_c x, σ² = var_c x",
    params=(_EPSILON, _CENTER, _SCALE, *_WEIGHTS), shape=same_shape, cost=_cost,
    id_stem="layer_normalization", elementwise=True, positional=("axis", *_POSITIONAL), torch=_layer_torch,
    call=Call("keras.layers.LayerNormalization", _ARGUMENTS, _DEFAULTS),
)


def _group_shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    channels, groups = inputs[0][-1], values["groups"]
    if channels % groups:
        fitting = max(number for number in range(1, min(groups, channels) + 1) if channels % number == 0)
        text = Text("groups ({groups}) must divide the {channels} channels.",
                    "groups ({groups}) debe dividir los {channels} canales.")
        fix = set_param_fix("groups", fitting, Text("Use {n} groups", "Usar {n} grupos").fill(n=fitting))
        raise ShapeError("groups", text.fill(groups=groups, channels=channels), fix)
    return inputs[0]


def _group_torch(site: Site) -> TorchCode:
    affine = _affine_option(site, "affine")
    code = f"nn.GroupNorm({site.values['groups']}, {site.channels}, eps={site.values['epsilon']!r}{affine})"
    code, prefix, helpers = channels_second(code, site.rank)
    weights, fixed = _affine(site, prefix)
    return single_module(code, *weights, fixed=fixed, helpers=helpers)


GROUP_NORMALIZATION = LayerType(
    id="GroupNormalization", family="normalization",
    help=Text("Normalises groups of channels of each picture; suitable for small batches.",
              "Normaliza grupos de canales de cada imagen; adecuada para lotes pequeños."),
    formula="y = γ · (x − μ) / √(σ² + ε) + β,  μ = mean_g x, σ² = var_g x",
    params=(
        Int(name="groups", default=32, minimum=1, maximum=65_536, label=same("groups"),
            help=Text("Number of groups into which the channels are split.",
                      "Número de grupos en que se dividen los canales.")),
        _EPSILON, _CENTER, _SCALE, *_WEIGHTS,
    ),
    shape=_group_shape, cost=_cost, id_stem="group_normalization", positional=("groups", "axis", *_POSITIONAL),
    torch=_group_torch,
    call=Call("keras.layers.GroupNormalization", arguments("groups") | _ARGUMENTS, {"groups": 32} | _DEFAULTS),
)

def _rms_torch(site: Site) -> TorchCode:
    code, prefix, helpers = along_channels(f"nn.RMSNorm({site.channels}, eps={site.values['epsilon']!r})", site.rank)
    return single_module(code, Weight(f"{prefix}weight", role="gamma"), helpers=helpers)


RMS_NORMALIZATION = LayerType(
    id="RMSNormalization", family="normalization",
    help=Text("Divides by the root mean square of the channels: a lighter layer normalisation, without the mean.",
              "Divide por la media cuadrática de los canales: una normalización por capa más ligera, sin la media."),
    formula="y = γ · x / √(mean(x²) + ε)",
    params=(_epsilon(1e-6),), shape=same_shape, id_stem="rms_normalization", elementwise=True,
    positional=("axis", "epsilon"), torch=_rms_torch,
    cost=lambda _values, inputs, _output, _context: Cost(trainable=inputs[0][-1]),
    call=Call("keras.layers.RMSNormalization", arguments("epsilon"), {"epsilon": 1e-6}),
)

UNIT_NORMALIZATION = LayerType(
    id="UnitNormalization", family="normalization",
    help=Text("Scales the channels at every position to length 1, so that only their direction counts.",
              "Escala los canales de cada posición a longitud 1, de modo que solo cuenta su dirección."),
    formula="y = x / ‖x‖₂", shape=same_shape, id_stem="unit_normalization", elementwise=True,
    torch=lambda site: single_module(f"UnitLength(dim={1 if site.rank == 3 else -1})", helpers=(UNIT_LENGTH,)),
    call=Call("keras.layers.UnitNormalization"),
)


def _per_channel(values: Values, channels: int, *names: str) -> None:
    """Raise ShapeError unless these parameters are one number, or one for each channel."""
    for name in names:
        value = values[name]
        if isinstance(value, tuple | list) and len(value) != channels:
            text = Text("The number of values in {name} is {n}, but the number of input channels is {channels}.",
                        "El número de valores de {name} es {n}, pero el de canales de entrada es {channels}.")
            raise ShapeError("channels_differ", text.fill(name=name, n=len(value), channels=channels),
                               set_param_fix(name, value[0], Text("Use {value} for all", "Usar {value} para todos").fill(
                                   value=value[0])))


def _rescaling_shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    _per_channel(values, inputs[0][-1], "scale", "offset")
    return inputs[0]


def rescaling_module(scale: Any, offset: Any, rank: int) -> str:
    """The module that computes x · scale + offset, numbers for all or one for each channel."""
    several = any(isinstance(value, tuple | list) for value in (scale, offset))
    numbers = [repr(list(value)) if isinstance(value, tuple | list) else literal(value) for value in (scale, offset)]
    if not several and not offset:
        return f"Rescaling({numbers[0]})"
    axes = "" if rank == 3 or not several else ", axes=0"
    return f"Rescaling({numbers[0]}, {numbers[1]}{axes})"


def _rescaling_torch(site: Site) -> TorchCode:
    code = rescaling_module(site.values["scale"], site.values["offset"], site.rank)
    return single_module(code, helpers=(torch_helpers.RESCALING,))


RESCALING = LayerType(
    id="Rescaling", family="normalization",
    help=Text("Computes pixel × scale + offset. The recipe's normalisation already does this inside the model.",
              "Calcula píxel × scale + offset. La normalización de la receta ya lo hace dentro del modelo."),
    formula="y = x · scale + offset",
    params=(
        Numbers(name="scale", default=1 / 255, label=same("scale"),
                help=Text("Factor; one number, or one for each channel.", "Factor; un número, o uno por canal.")),
        Numbers(name="offset", default=0.0, label=same("offset"),
                help=Text("Added after the factor; one number, or one for each channel.",
                          "Se suma después del factor; un número, o uno por canal.")),
    ),
    shape=_rescaling_shape, keeps_pixels=True, recipe_part="scaling", frozen_in_code=False, torch=_rescaling_torch,
    call=Call("keras.layers.Rescaling", arguments("scale", "offset"), {"offset": 0.0}),
)


def _normalization_shape(values: Values, inputs: tuple[Shape, ...], _context: Context) -> Shape:
    mean, variance = values["mean"], values["variance"]
    _per_channel(values, inputs[0][-1], "mean", "variance")
    several = isinstance(mean, tuple | list), isinstance(variance, tuple | list)
    if several[0] != several[1]:
        name, other = ("variance", mean) if several[0] else ("mean", variance)
        value = variance if several[0] else mean
        text = Text("mean and variance must both be a single number, or both have one number for each channel.",
                    "mean y variance deben ser ambas un solo número o tener ambas un número por canal.")
        raise ShapeError("channels_differ", text, set_param_fix(
            name, (value,) * len(other), Text("Use {name} {value} for each", "Usar {name} {value} para cada uno").fill(
                name=name, value=value)))
    if min(variance if several[1] else (variance,)) < 0:
        raise ShapeError("negative_variance", Text("variance must not be negative.", "variance no puede ser negativa."),
                           set_param_fix("variance", 1.0))
    return inputs[0]


class _NormalizationCall(Call, frozen=True):
    """Keras saves its arguments in the model's file: plain lists can be read back."""

    def arguments(self, values: Values) -> dict[str, Any]:
        return {name: list(value) if isinstance(value, tuple) else value
                for name, value in super().arguments(values).items()}


def _normalization_torch(site: Site) -> TorchCode:
    """(x - mean) / deviation is x · 1/deviation - mean/deviation; the deviation is at least Keras's 1e-7."""
    def numbers(value: Any) -> tuple[float, ...]:
        return tuple(value) if isinstance(value, tuple | list) else (value,)

    means, deviations = numbers(site.values["mean"]), [max(sqrt(value), 1e-7) for value in numbers(site.values["variance"])]
    if site.values["invert"]:
        scale, offset = list(deviations), list(means)
    else:
        scale = [1 / deviation for deviation in deviations]
        offset = [-mean / deviation for mean, deviation in zip(means, deviations, strict=True)]
    if len(scale) == 1:
        return single_module(rescaling_module(scale[0], offset[0], site.rank), helpers=(torch_helpers.RESCALING,))
    return single_module(rescaling_module(tuple(scale), tuple(offset), site.rank), helpers=(torch_helpers.RESCALING,))


NORMALIZATION = LayerType(
    id="Normalization", family="normalization",
    help=Text("Subtracts a fixed mean and divides by a fixed standard deviation. The recipe's normalisation already "
              "scales the pixels inside the model.",
              "Resta una media fija y divide por una desviación estándar fija. La normalización de la receta ya escala "
              "los píxeles dentro del modelo."),
    formula="y = (x − mean) / √variance",
    params=(
        Numbers(name="mean", default=0.0, label=same("mean"),
                help=Text("The value that is subtracted; one number, or one for each channel.",
                          "El valor que se resta; un número, o uno por canal.")),
        Numbers(name="variance", default=1.0, label=same("variance"),
                help=Text("The square of the divisor; one number, or one for each channel.",
                          "El cuadrado del divisor; un número, o uno por canal.")),
        Bool(name="invert", default=False, advanced=True, label=same("invert"),
             help=Text("Undo the normalisation instead: multiply, then add.",
                       "Deshacer la normalización: multiplicar y luego sumar.")),
    ),
    shape=_normalization_shape, keeps_pixels=True, recipe_part="scaling", positional=("axis", "mean", "variance", "invert"),
    torch=_normalization_torch,
    call=_NormalizationCall("keras.layers.Normalization", arguments("mean", "variance", "invert"), {"invert": False}),
)

LAYERS = (BATCH_NORMALIZATION, LAYER_NORMALIZATION, GROUP_NORMALIZATION, RMS_NORMALIZATION, UNIT_NORMALIZATION,
          RESCALING, NORMALIZATION)
