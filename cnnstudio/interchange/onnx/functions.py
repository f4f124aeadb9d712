"""Activations, normalisations and dense layers of ONNX."""

from __future__ import annotations

from collections.abc import Callable
from math import isclose, prod
from typing import Any, Final

from cnnstudio.core.text import Text
from cnnstudio.interchange.onnx.conversion import Conversion
from cnnstudio.interchange.onnx.model import Operator
from cnnstudio.interchange.onnx.patterns import is_hard_sigmoid
from cnnstudio.interchange.onnx.values import FeatureMaps, Unsupported

# Activations -------------------------------------------------------------------------------------

_ACTIVATIONS: Final = {"Sigmoid": "sigmoid", "Tanh": "tanh", "Softplus": "softplus", "Softsign": "softsign", "Mish": "mish",
                 "HardSwish": "hard_silu", "Exp": "exponential", "LogSigmoid": "log_sigmoid", "TanhShrink": "tanh_shrink"}
_POSITIVE: Final = ("sigmoid", "softplus", "exponential", "hard_sigmoid")


def _activation(conversion: Conversion, operator: Operator, name: str) -> FeatureMaps:
    return conversion.emit("Activation", {"activation": name}, conversion.maps(operator), positive=name in _POSITIVE)


def _simple_activation(conversion: Conversion, operator: Operator) -> FeatureMaps:
    return _activation(conversion, operator, _ACTIVATIONS[operator.type])


def relu(conversion: Conversion, operator: Operator) -> FeatureMaps:
    maps = conversion.maps(operator)
    return conversion.emit("ReLU", {}, maps)


def _limit(conversion: Conversion, operator: Operator, number: int, name: str) -> float | None:
    """A limit, which older operators have as an attribute; None for none."""
    value: Any = operator.attributes.get(name)
    data = conversion.constant(operator, number)
    if data is not None:
        if data.size != 1:
            raise Unsupported
        value = data.ravel()[0]
    return None if value is None or abs(float(value)) > 3e38 else _round_float32(float(value))


def _round_float32(value: float) -> float:
    """As exact as float32 is: 0.2 for 0.20000000298."""
    return float(f"{value:.7g}")


def clip(conversion: Conversion, operator: Operator) -> FeatureMaps:
    """Clip from 0: a ReLU with or without an upper limit; from -1 to 1: hard_tanh."""
    lower, upper = _limit(conversion, operator, 1, "min"), _limit(conversion, operator, 2, "max")
    maps = conversion.maps(operator)
    if lower is None and upper is None:
        return maps
    if lower == 0 and (upper is None or upper > 0):
        return conversion.emit("ReLU", {"max_value": upper}, maps)
    if (lower, upper) == (-1.0, 1.0):
        return _activation(conversion, operator, "hard_tanh")
    if lower is None and upper is not None and maps.positive:
        return conversion.emit("ReLU", {"max_value": upper}, maps)
    raise Unsupported


def leaky_relu(conversion: Conversion, operator: Operator) -> FeatureMaps:
    slope = _round_float32(operator.attributes.get("alpha", 0.01))
    return conversion.emit("LeakyReLU", {"negative_slope": slope}, conversion.maps(operator))


def prelu(conversion: Conversion, operator: Operator) -> FeatureMaps:
    """PRelu: axes along which the slope has one number are shared."""
    maps, dims = conversion.maps(operator), conversion.weight_dims(operator, 1)
    if dims is None or len(dims) > maps.rank:
        raise Unsupported
    padded = (1,) * (maps.rank - len(dims)) + dims
    inputs = maps.dims(conversion.batch)
    last = maps.rank - 1
    shared = sorted(maps.axes[axis] for axis, size in enumerate(padded) if maps.axes[axis] and size == 1
                    and (inputs is None or inputs[axis] != 1 or maps.axes[axis] < last))
    return conversion.emit("PReLU", {"shared_axes": tuple(shared) or None}, maps)


def elu(conversion: Conversion, operator: Operator) -> FeatureMaps:
    return conversion.emit("ELU", {"alpha": _round_float32(operator.attributes.get("alpha", 1.0))}, conversion.maps(operator))


def celu(conversion: Conversion, operator: Operator) -> FeatureMaps:
    if not isclose(operator.attributes.get("alpha", 1.0), 1.0):
        raise Unsupported
    return _activation(conversion, operator, "celu")


def selu(conversion: Conversion, operator: Operator) -> FeatureMaps:
    """Selu with the constants of its paper, which Keras has, too."""
    alpha, gamma = operator.attributes.get("alpha", 1.67326319), operator.attributes.get("gamma", 1.05070102)
    if not isclose(alpha, 1.6732632, rel_tol=1e-4) or not isclose(gamma, 1.050701, rel_tol=1e-4):
        raise Unsupported
    return _activation(conversion, operator, "selu")


def hard_sigmoid(conversion: Conversion, operator: Operator) -> FeatureMaps:
    if not is_hard_sigmoid(operator):
        raise Unsupported
    return _activation(conversion, operator, "hard_sigmoid")


def gelu(conversion: Conversion, operator: Operator) -> FeatureMaps:
    if operator.attributes.get("approximate", "none") != "none":
        conversion.add_note("gelu", Text(
            "The file computes GELU with tanh; gelu here is exact: they differ by at most 0.0005.",
            "El archivo calcula GELU con tanh; aquí gelu es exacta: difieren en 0,0005 como máximo."))
    return _activation(conversion, operator, "gelu")


def swish(conversion: Conversion, operator: Operator) -> FeatureMaps:
    if not isclose(operator.attributes.get("alpha", 1.0), 1.0):
        raise Unsupported
    return _activation(conversion, operator, "silu")


def thresholded_relu(conversion: Conversion, operator: Operator) -> FeatureMaps:
    threshold = _round_float32(operator.attributes.get("alpha", 1.0))
    return conversion.emit("ReLU", {"threshold": threshold}, conversion.maps(operator))


def shrink(conversion: Conversion, operator: Operator) -> FeatureMaps:
    """Shrink by 0.5 as Keras has it, soft or hard."""
    limit, bias = operator.attributes.get("lambd", 0.5), operator.attributes.get("bias", 0.0)
    if not isclose(limit, 0.5) or (bias and not isclose(bias, 0.5)):
        raise Unsupported
    return _activation(conversion, operator, "soft_shrink" if bias else "hard_shrink")


def softmax(conversion: Conversion, operator: Operator) -> FeatureMaps:
    """Softmax or LogSoftmax. Before version 13 all axes from `axis` on are one."""
    maps = conversion.maps(operator)
    axis = operator.attributes.get("axis", -1 if conversion.opset >= 13 else 1)
    if conversion.opset < 13:
        dims = maps.dims(conversion.batch)
        if dims is None:
            raise Unsupported
        from_axis = range(axis % maps.rank, maps.rank)
        non_trivial = [position for position in from_axis if dims[position] != 1]
        if len(non_trivial) > 1:
            raise Unsupported
        axis = non_trivial[0] if non_trivial else maps.rank - 1
    if operator.type == "LogSoftmax":
        last = conversion.with_last_axis(maps, axis)
        return conversion.emit("Activation", {"activation": "log_softmax"}, last)
    position = maps.our_axis(axis)
    if position == 0:
        raise Unsupported
    return conversion.emit("Softmax", {"axis": -1 if position == maps.rank - 1 else position}, maps)


# Dense layers ------------------------------------------------------------------------------------


def gemm(conversion: Conversion, operator: Operator) -> FeatureMaps:
    maps, dims = conversion.maps(operator), conversion.weight_dims(operator, 1)
    if dims is None or len(dims) != 2 or maps.rank != 2 or operator.attributes.get("transA", 0):
        raise Unsupported
    inside, units = dims[::-1] if operator.attributes.get("transB", 0) else dims
    return _dense(conversion, operator, maps, inside, units, bool(operator.input(2)))


def matmul(conversion: Conversion, operator: Operator) -> FeatureMaps:
    """MatMul with a weight: Dense along the last axis."""
    maps, dims = conversion.maps(operator), conversion.weight_dims(operator, 1)
    if dims is None or len(dims) != 2 or maps.rank < 2:
        raise Unsupported
    return _dense(conversion, operator, conversion.with_last_axis(maps, -1), dims[0], dims[1], False)


def _dense(conversion: Conversion, operator: Operator, maps: FeatureMaps, inside: int, units: int, bias: bool) -> FeatureMaps:
    if maps.axes[-1] != maps.rank - 1:
        raise Unsupported
    if maps.shape is not None and maps.shape[-1] != inside:
        conversion.mismatches += 1
    conversion.register_weight(operator, 1)
    return conversion.emit("Dense", {"units": units, "use_bias": bias}, maps)


# Normalisations ----------------------------------------------------------------------------------


def _epsilon(operator: Operator) -> float:
    return _round_float32(operator.attributes.get("epsilon", 1e-5))


def batch_normalization(conversion: Conversion, operator: Operator) -> FeatureMaps:
    if conversion.is_used(operator, 1) and operator.attributes.get("training_mode", 0) == 0 and conversion.opset >= 14:
        raise Unsupported
    maps = conversion.maps(operator)
    if maps.rank < 2:
        raise Unsupported
    return conversion.emit("BatchNormalization", {
        "epsilon": _epsilon(operator), "momentum": _round_float32(operator.attributes.get("momentum", 0.9))},
        conversion.with_last_axis(maps, 1))


def layer_normalization(conversion: Conversion, operator: Operator) -> FeatureMaps:
    """Over the channels alone, as the entry does it."""
    maps = conversion.maps(operator)
    axes = operator.attributes.get("axes", (operator.attributes.get("axis", -1),))
    if len(axes) != 1:
        raise Unsupported
    (axis,) = axes
    if "axes" not in operator.attributes and axis % maps.rank != maps.rank - 1:
        raise Unsupported
    scale = operator.attributes.get("scale", bool(operator.input(1)))
    center = operator.attributes.get("center", bool(operator.input(2)))
    for number in (1, 2):
        dims = conversion.weight_dims(operator, number)
        if dims is not None and sum(size != 1 for size in dims) > 1:
            raise Unsupported
    return conversion.emit("LayerNormalization", {"epsilon": _epsilon(operator), "scale": scale, "center": center},
                           conversion.with_last_axis(maps, axis))


def rms_normalization(conversion: Conversion, operator: Operator) -> FeatureMaps:
    maps = conversion.maps(operator)
    if operator.attributes.get("axis", -1) % maps.rank != maps.rank - 1:
        raise Unsupported
    return conversion.emit("RMSNormalization", {"epsilon": _epsilon(operator)}, conversion.with_last_axis(maps, -1))


def group_normalization(conversion: Conversion, operator: Operator) -> FeatureMaps:
    """GroupNormalization, and InstanceNormalization as one with a group for each channel."""
    maps, dims = conversion.maps(operator), conversion.weight_dims(operator, 1)
    channels = None if maps.shape is None else maps.shape[maps.our_axis(1) - 1]
    groups = operator.attributes.get("num_groups", channels)
    if operator.type == "InstanceNormalization":
        groups = dims[0] if dims else channels
    if groups is None:
        raise Unsupported
    if dims is not None and channels is not None and prod(dims) not in (channels, 1 if channels == 1 else channels):
        # Before version 21 there was one factor for a group, which no layer of Keras has.
        raise Unsupported
    learned = operator.input(1) != ""
    return conversion.emit("GroupNormalization", {"groups": int(groups), "epsilon": _epsilon(operator), "scale": learned,
                                                  "center": learned}, conversion.with_last_axis(maps, 1))


def unit_normalization(conversion: Conversion, operator: Operator) -> FeatureMaps:
    if operator.attributes.get("p", 2) != 2:
        raise Unsupported
    maps = conversion.with_last_axis(conversion.maps(operator), operator.attributes.get("axis", -1))
    return conversion.emit("UnitNormalization", {}, maps)


RULES: Final[dict[str, Callable[[Conversion, Operator], Any]]] = {
    **dict.fromkeys(_ACTIVATIONS, _simple_activation),
    "Relu": relu, "Clip": clip, "LeakyRelu": leaky_relu, "PRelu": prelu, "Elu": elu, "Celu": celu, "Selu": selu,
    "HardSigmoid": hard_sigmoid, "Gelu": gelu, "Swish": swish, "ThresholdedRelu": thresholded_relu, "Shrink": shrink,
    "Softmax": softmax, "LogSoftmax": softmax, "Gemm": gemm, "MatMul": matmul,
    "BatchNormalization": batch_normalization, "LayerNormalization": layer_normalization,
    "RMSNormalization": rms_normalization, "GroupNormalization": group_normalization,
    "InstanceNormalization": group_normalization, "LpNormalization": unit_normalization,
}
