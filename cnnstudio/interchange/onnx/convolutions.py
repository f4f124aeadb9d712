"""Convolutions and poolings of ONNX: borders become padding same, valid, or a ZeroPadding2D before the layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any, Final

from cnnstudio.core.text import Text
from cnnstudio.interchange.onnx.conversion import Conversion, Rule
from cnnstudio.interchange.onnx.folding import get_ints
from cnnstudio.interchange.onnx.model import Operator
from cnnstudio.interchange.onnx.values import FeatureMaps, Unsupported, replace

Border = tuple[int, int, int, int]
"""(top, bottom, left, right)."""
_NONE: Final[Border] = (0, 0, 0, 0)


def _int_pair(operator: Operator, name: str) -> tuple[int, int]:
    values = operator.attributes.get(name, (1, 1))
    if len(values) != 2:
        raise Unsupported
    return int(values[0]), int(values[1])


def _border(operator: Operator) -> Border:
    """The pads of an operator: ONNX writes all beginnings first."""
    top, left, bottom, right = operator.attributes.get("pads", _NONE)
    if min(top, left, bottom, right) < 0:
        raise Unsupported
    return top, bottom, left, right


def _same_border(size: int, reach: int, stride: int) -> tuple[int, int]:
    """The padding that `same` adds before and after, as TensorFlow computes it."""
    total = max((ceil(size / stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2


def _is_same(maps: FeatureMaps, border: Border, reach: Sequence[int], strides: Sequence[int]) -> bool:
    """Whether padding same adds just this border."""
    for axis, (before, after) in enumerate((border[:2], border[2:])):
        if maps.shape is None and strides[axis] > 1:
            return False
        size = maps.shape[axis] if maps.shape is not None else 1
        if _same_border(size, reach[axis], strides[axis]) != (before, after):
            return False
    return True


def _resolve_padding(conversion: Conversion, operator: Operator, maps: FeatureMaps, reach: Sequence[int], strides: Sequence[int]
            ) -> tuple[FeatureMaps, str]:
    """The input of a convolution, and its padding argument."""
    auto = operator.attributes.get("auto_pad", "NOTSET")
    if auto in ("SAME_UPPER", "VALID"):
        return conversion.apply_padding(maps), "same" if auto == "SAME_UPPER" else "valid"
    if maps.fill:
        maps = conversion.apply_padding(maps)
    if auto == "SAME_LOWER":
        if maps.shape is None and max(strides) > 1:
            raise Unsupported
        sides = [_same_border(maps.shape[axis] if maps.shape else 1, reach[axis], strides[axis])[::-1] for axis in (0, 1)]
        border: Border = (*sides[0], *sides[1])
    else:
        border = _border(operator)
    border = (border[0] + maps.padding[0], border[1] + maps.padding[1], border[2] + maps.padding[2],
              border[3] + maps.padding[3])
    plain = replace(maps, padding=_NONE)
    if border == _NONE:
        return plain, "valid"
    if _is_same(plain, border, reach, strides):
        return plain, "same"
    return conversion.apply_padding(replace(plain, padding=border)), "valid"


def convolution(conversion: Conversion, operator: Operator) -> FeatureMaps:
    """Conv: Conv2D, or DepthwiseConv2D if every channel has its own filters."""
    dims = conversion.weight_dims(operator, 1)
    if dims is None or len(dims) != 4:
        raise Unsupported
    filters, inside, *kernel = dims
    strides, dilation = _int_pair(operator, "strides"), _int_pair(operator, "dilations")
    group = int(operator.attributes.get("group", 1))
    reach = [(size - 1) * spread + 1 for size, spread in zip(kernel, dilation, strict=True)]
    maps, padding = _resolve_padding(conversion, operator, conversion.image_maps(operator, bare=True), reach, strides)
    _check_channels(conversion, maps, inside * group)
    params: dict[str, Any] = {"kernel_size": tuple(kernel), "strides": strides, "padding": padding,
                              "dilation_rate": dilation, "use_bias": bool(operator.input(2))}
    conversion.register_weight(operator, 1)
    plain = strides[0] == strides[1] and (max(strides) == 1 or max(dilation) == 1)
    if group > 1 and inside == 1 and plain and filters % group == 0:
        return conversion.emit("DepthwiseConv2D", params | {"depth_multiplier": filters // group}, maps)
    return conversion.emit("Conv2D", params | {"filters": filters, "groups": group}, maps)


def _check_channels(conversion: Conversion, maps: FeatureMaps, channels: int) -> None:
    if maps.shape is not None and maps.shape[-1] != channels:
        conversion.mismatches += 1


def transposed_convolution(conversion: Conversion, operator: Operator) -> FeatureMaps:
    """ConvTranspose: what the borders cut off is padding same, or a Cropping2D behind the layer."""
    dims = conversion.weight_dims(operator, 1)
    if dims is None or len(dims) != 4 or operator.attributes.get("group", 1) != 1 or _int_pair(operator, "dilations") != (1, 1):
        raise Unsupported
    channels, filters, *kernel = dims
    strides, extra = _int_pair(operator, "strides"), operator.attributes.get("output_padding", (0, 0))
    maps = conversion.image_maps(operator)
    _check_channels(conversion, maps, channels)
    params: dict[str, Any] = {"filters": filters, "kernel_size": tuple(kernel), "strides": strides,
                              "use_bias": bool(operator.input(2))}
    conversion.register_weight(operator, 1)
    cut = _cropped_border(operator, maps, kernel, strides, extra)
    total = [max(size - stride, 0) for size, stride in zip(kernel, strides, strict=True)]
    fits = all(size >= stride for size, stride in zip(kernel, strides, strict=True))
    if fits and cut == (total[0] // 2, total[0] - total[0] // 2, total[1] // 2, total[1] - total[1] // 2):
        return conversion.emit("Conv2DTranspose", params | {"padding": "same"}, maps)
    more = (max(-cut[1], 0), max(-cut[3], 0))
    keras = tuple(max(stride - size, 0) for size, stride in zip(kernel, strides, strict=True))
    layer = conversion.emit("Conv2DTranspose", params | ({} if more == keras else {"output_padding": more}), maps)
    crop = (cut[0], max(cut[1], 0), cut[2], max(cut[3], 0))
    return conversion.emit("Cropping2D", {"cropping": crop}, layer) if any(crop) else layer


def _cropped_border(operator: Operator, maps: FeatureMaps, kernel: Sequence[int], strides: Sequence[int],
                    extra: Sequence[int]) -> Border:
    """Rows and columns cut from the full result at each side; negative ones are added."""
    auto, output_shape = operator.attributes.get("auto_pad", "NOTSET"), operator.attributes.get("output_shape")
    if output_shape is not None or auto in ("SAME_UPPER", "SAME_LOWER"):
        if maps.shape is None:
            raise Unsupported
        sides: list[int] = []
        for axis in (0, 1):
            size = output_shape[axis - 2] if output_shape is not None else maps.shape[axis] * strides[axis]
            total = (maps.shape[axis] - 1) * strides[axis] + kernel[axis] + extra[axis] - size
            # ONNX gives the odd row to the end for SAME_UPPER, to the beginning otherwise.
            first = total // 2 if auto == "SAME_UPPER" else total - total // 2
            sides += [first, total - first - extra[axis]]
        border: Border = (sides[0], sides[1], sides[2], sides[3])
    else:
        top, bottom, left, right = (0, 0, 0, 0) if auto == "VALID" else _border(operator)
        border = (top, bottom - extra[0], left, right - extra[1])
    if border[0] < 0 or border[2] < 0:
        raise Unsupported
    return border


# Poolings ----------------------------------------------------------------------------------------


def _with_ceil_border(operator: Operator, maps: FeatureMaps, border: Border, kernel: Sequence[int],
                      strides: Sequence[int]) -> Border:
    """The border with what ceil_mode adds at the ends for a last window that exceeds the maps."""
    if not operator.attributes.get("ceil_mode", 0):
        return border
    if maps.shape is None:
        raise Unsupported
    extended = list(border)
    for axis in (0, 1):
        before, after = border[2 * axis], border[2 * axis + 1]
        size = maps.shape[axis]
        windows = ceil((size + before + after - kernel[axis]) / strides[axis]) + 1
        if (windows - 1) * strides[axis] >= size + before:
            windows -= 1
        extended[2 * axis + 1] = after + max((windows - 1) * strides[axis] + kernel[axis] - size - before - after, 0)
    return extended[0], extended[1], extended[2], extended[3]


def _pooling_inputs(conversion: Conversion, operator: Operator) -> tuple[FeatureMaps, Border | None, dict[str, Any]]:
    """The input of a pooling, its border (None: padding same), and its window."""
    kernel, strides = _int_pair(operator, "kernel_shape"), _int_pair(operator, "strides")
    if "kernel_shape" not in operator.attributes or _int_pair(operator, "dilations") != (1, 1):
        raise Unsupported
    maps = conversion.image_maps(operator, bare=True)
    params: dict[str, Any] = {"pool_size": kernel, "strides": None if strides == kernel else strides}
    auto = operator.attributes.get("auto_pad", "NOTSET")
    if auto == "SAME_UPPER":
        return conversion.apply_padding(maps), None, params
    if auto == "SAME_LOWER":
        if maps.shape is None:
            raise Unsupported
        sides = [_same_border(maps.shape[axis], kernel[axis], strides[axis])[::-1] for axis in (0, 1)]
        return conversion.apply_padding(maps), (*sides[0], *sides[1]), params
    return maps, _NONE if auto == "VALID" else _border(operator), params


def _is_identity(border: Border | None, params: dict[str, Any]) -> bool:
    """Whether the window is one value: an adaptive pooling of maps that already have its size."""
    return params["pool_size"] == (1, 1) and params["strides"] is None and border in (None, _NONE)


def max_pooling(conversion: Conversion, operator: Operator) -> FeatureMaps:
    """MaxPool: its border is −∞, which zeros stand for where nothing is below 0."""
    if conversion.is_used(operator, 1):
        raise Unsupported
    maps, border, params = _pooling_inputs(conversion, operator)
    if _is_identity(border, params):
        return maps
    if border is None:
        return conversion.emit("MaxPooling2D", params | {"padding": "same"}, maps)
    kernel, strides = params["pool_size"], params["strides"] or params["pool_size"]
    waiting = maps.padding
    if any(waiting) and (maps.fill or maps.positive):
        border = (border[0] + waiting[0], border[1] + waiting[1], border[2] + waiting[2], border[3] + waiting[3])
        maps = replace(maps, padding=_NONE, fill=0.0)
    else:
        maps = conversion.apply_padding(maps)
    border = _with_ceil_border(operator, maps, border, kernel, strides)
    if border == _NONE or _is_same(maps, border, kernel, strides):
        return conversion.emit("MaxPooling2D", params | {"padding": "valid" if border == _NONE else "same"}, maps)
    fill = 0.0 if maps.positive else float("-inf")
    return conversion.emit("MaxPooling2D", params, conversion.apply_padding(replace(maps, padding=border, fill=fill)))


def average_pooling(conversion: Conversion, operator: Operator) -> FeatureMaps:
    """AveragePool: padding same leaves the border out of the mean, a ZeroPadding2D counts it."""
    maps, border, params = _pooling_inputs(conversion, operator)
    if _is_identity(border, params):
        return maps
    maps = conversion.apply_padding(maps)
    if border is None:
        return conversion.emit("AveragePooling2D", params | {"padding": "same"}, maps)
    kernel, strides = params["pool_size"], params["strides"] or params["pool_size"]
    counted = bool(operator.attributes.get("count_include_pad", 0))
    full_border = _with_ceil_border(operator, maps, border, kernel, strides)
    if full_border == _NONE:
        return conversion.emit("AveragePooling2D", params, maps)
    if _is_same(maps, full_border, kernel, strides) and (not counted or border == _NONE):
        return conversion.emit("AveragePooling2D", params | {"padding": "same"}, maps)
    if not counted or full_border != border:
        conversion.add_note("border", _EDGE)
    return conversion.emit("AveragePooling2D", params, conversion.apply_padding(replace(maps, padding=full_border)))


_EDGE: Final = Text(
    "An average that ignores the padding becomes one with zero padding: the values at the edge of the picture differ.",
    "Una media que no cuenta el relleno se convierte en una con relleno de ceros: los valores en el borde de la imagen "
    "difieren.")


def _global_pooling(kind: str) -> Rule:
    def rule(conversion: Conversion, operator: Operator) -> FeatureMaps:
        return conversion.emit(kind, {"keepdims": True}, conversion.image_maps(operator))

    return rule


def _global_reduction(kind: str) -> Rule:
    """ReduceMean or ReduceMax over height and width."""
    def rule(conversion: Conversion, operator: Operator) -> FeatureMaps:
        maps = conversion.maps(operator)
        axes = get_ints(operator, "axes", conversion.arrays(operator), 1)
        if axes is None or maps.rank != 4 or sorted(maps.our_axis(axis) for axis in axes) != [1, 2]:
            raise Unsupported
        keep = bool(operator.attributes.get("keepdims", 1))
        left = maps.axes if keep else tuple(0 if axis == 0 else 1 for axis in maps.axes if axis in (0, 3))
        return conversion.emit(kind, {"keepdims": keep}, maps, axes=left)

    return rule


def resize(conversion: Conversion, operator: Operator) -> FeatureMaps:
    """Resize or Upsample by whole factors."""
    maps = conversion.image_maps(operator)
    factors = _factors(conversion, operator, maps)
    modes = {"nearest": "nearest", "linear": "bilinear", "bilinear": "bilinear", "cubic": "bicubic"}
    mode = modes.get(operator.attributes.get("mode", "nearest"))
    if mode is None or any(abs(factor - round(factor)) > 1e-4 or factor < 1 for factor in factors):
        raise Unsupported
    size = (round(factors[0]), round(factors[1]))
    if size == (1, 1):
        return maps
    coordinates = operator.attributes.get("coordinate_transformation_mode", "half_pixel")
    if mode != "nearest" and (operator.type == "Upsample" or coordinates not in ("half_pixel", "pytorch_half_pixel")):
        conversion.add_note("resize", _RESIZE)
    return conversion.emit("UpSampling2D", {"size": size, "interpolation": mode}, maps)


_RESIZE: Final = Text(
    "The file enlarges maps with aligned corners; UpSampling2D uses the pixel centres: the values differ slightly.",
    "El archivo amplía los mapas con las esquinas alineadas; UpSampling2D usa los centros de los píxeles: los valores "
    "difieren un poco.")


def _factors(conversion: Conversion, operator: Operator, maps: FeatureMaps) -> tuple[float, float]:
    scales: Any = operator.attributes.get("scales")
    if scales is None:
        port = 1 if operator.type == "Upsample" or conversion.opset < 11 else 2
        data = conversion.constant(operator, port)
        scales = None if data is None or not data.size else data.ravel().tolist()
    if scales is not None:
        if len(scales) == 2:
            return float(scales[0]), float(scales[1])
        if len(scales) != 4 or scales[0] != 1 or scales[1] != 1:
            raise Unsupported
        return float(scales[2]), float(scales[3])
    sizes = conversion.constant(operator, 3)
    if sizes is None or maps.shape is None or sizes.size not in (2, 4):
        raise Unsupported
    height, width = sizes.ravel().tolist()[-2:]
    return height / maps.shape[0], width / maps.shape[1]


RULES: Final[dict[str, Callable[[Conversion, Operator], Any]]] = {
    "Conv": convolution, "ConvTranspose": transposed_convolution, "MaxPool": max_pooling, "AveragePool": average_pooling,
    "GlobalAveragePool": _global_pooling("GlobalAveragePooling2D"), "GlobalMaxPool": _global_pooling("GlobalMaxPooling2D"),
    "ReduceMean": _global_reduction("GlobalAveragePooling2D"), "ReduceMax": _global_reduction("GlobalMaxPooling2D"),
    "Resize": resize, "Upsample": resize,
}
