"""Poolings of PyTorch, and what enlarges or pads maps."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.catalog.layers.reshaping import CROPPING2D, UP_SAMPLING2D, ZERO_PADDING2D
from cnnstudio.catalog.torch_modules.entry import (
    REQUIRED,
    Called,
    Made,
    NoCounterpart,
    Reading,
    TorchModule,
    one,
    require,
    unusual,
)
from cnnstudio.catalog.torch_modules.windows import NO_BORDER, pooling_border, same_border
from cnnstudio.core.text import Text

_EDGE: Final = Text(
    "An average that ignores the padding becomes one with zero padding: the values at the edge of the picture differ.",
    "Una media que no cuenta el relleno se convierte en una con relleno de ceros: los valores en el borde de la imagen "
    "difieren.")
_MINUS_INFINITY: Final = Text(
    "The border of −∞ of this pooling becomes one of zeros: where values are below 0, those at the edge differ.",
    "El borde de −∞ de este agrupamiento pasa a ser de ceros: donde haya valores menores que 0, los del borde difieren.")


def _window(called: Called) -> tuple[tuple[int, int], tuple[int, int], dict[str, Any]]:
    kernel = called.pair("kernel_size")
    strides = kernel if called.values["stride"] in (None, ()) else called.pair("stride")
    return kernel, strides, {"pool_size": kernel, "strides": None if strides == kernel else strides}


def _max_pool(called: Called) -> Reading:
    require(called, dilation=(1, (1, 1)), return_indices=False)
    if any(called.border) and called.fill != float("-inf"):
        raise NoCounterpart(unusual("value", called.fill))
    kernel, strides, params = _window(called)
    _border, border = pooling_border(called, kernel, strides)
    if border == NO_BORDER:
        return one("MaxPooling2D", **params)
    if border == same_border(called.shape, kernel, strides):
        return one("MaxPooling2D", **params, padding="same")
    padding = Made(ZERO_PADDING2D.id, {"padding": border}, carries=False)
    return Reading((padding, Made("MaxPooling2D", params)), None if called.positive else _MINUS_INFINITY)


def _average_pool(called: Called) -> Reading:
    require(called, divisor_override=None)
    kernel, strides, params = _window(called)
    border, full = pooling_border(called, kernel, strides)
    if full == NO_BORDER:
        return one("AveragePooling2D", **params)
    counted = called.values["count_include_pad"] is not False
    if full == same_border(called.shape, kernel, strides) and (not counted or border == NO_BORDER):
        return one("AveragePooling2D", **params, padding="same")
    padding = Made(ZERO_PADDING2D.id, {"padding": full}, carries=False)
    return Reading((padding, Made("AveragePooling2D", params)), None if counted and full == border else _EDGE)


def _adaptive(everything: str, grid: str) -> Any:
    def read(called: Called) -> Reading:
        size = called.values["output_size"]
        rows = tuple(size) if isinstance(size, tuple | list) else (size, size)
        if len(rows) != 2 or not all(item is None or isinstance(item, int) for item in rows):
            raise NoCounterpart(unusual("output_size", size))
        rows = tuple(called.shape[axis] if item is None else item for axis, item in enumerate(rows))
        if rows == (1, 1):
            return one(everything, keepdims=True)
        return Reading(()) if rows == called.shape[:2] else one(grid, output_size=rows)

    return read


def _zero_pad(called: Called) -> Reading:
    """`padding` is (left, right, top, bottom), or one number for all sides; a negative one crops."""
    value = called.values.get("value", 0)
    value = 0.0 if value is None else value
    padding = called.values["padding"]
    if isinstance(padding, int):
        padding = (padding,) * 4
    if called.values.get("mode", "constant") != "constant" or not isinstance(padding, tuple | list):
        raise NoCounterpart(unusual("mode", called.values.get("mode")))
    if len(padding) == 2:
        padding = (*padding, 0, 0)
    if len(padding) != 4 or not all(isinstance(item, int) for item in padding):
        raise NoCounterpart(unusual("padding", padding))
    left, right, top, bottom = padding
    border = (top, bottom, left, right)
    if not any(border):
        return Reading(())
    if value != 0:
        # A MaxPool2d behind it may take it over, or the Resize of the printed code.
        if min(border) < 0 or not isinstance(value, int | float):
            raise NoCounterpart(unusual("value", value))
        return Reading((Made("", border=border, fill=float(value)),))
    if max(border) <= 0:
        return one(CROPPING2D.id, cropping=tuple(-item for item in border))
    if min(border) < 0:
        raise NoCounterpart(unusual("padding", padding))
    return one(ZERO_PADDING2D.id, padding=border)


_CORNERS: Final = Text(
    "The code enlarges maps with aligned corners; UpSampling2D uses the pixel centres: the values differ slightly.",
    "El código amplía los mapas con las esquinas alineadas; UpSampling2D usa los centros de los píxeles: los valores "
    "difieren un poco.")
_WEIGHTS: Final = Text(
    "PyTorch's bicubic uses other weights than UpSampling2D: the values differ slightly.",
    "El bicubic de PyTorch usa otros pesos que UpSampling2D: los valores difieren un poco.")


def _upsample(called: Called) -> Reading:
    values, mode = called.values, called.values["mode"]
    size, factor = values["size"], values["scale_factor"]
    if size is not None:
        rows = tuple(size) if isinstance(size, tuple | list) else (size, size)
    elif factor is not None:
        factors = tuple(factor) if isinstance(factor, tuple | list) else (factor, factor)
        rows = tuple(side * times for side, times in zip(called.shape, factors, strict=False))
    else:
        raise NoCounterpart(unusual("scale_factor", factor))
    if len(rows) != 2 or not all(isinstance(item, int | float) and item >= 1 and item == int(item) for item in rows):
        raise NoCounterpart(unusual("size", rows))
    height, width = int(rows[0]), int(rows[1])
    if (height, width) == called.shape[:2]:
        return Reading(())
    whole = height % called.shape[0] == 0 and width % called.shape[1] == 0
    name = {"nearest": "nearest", "nearest-exact": "nearest", "bilinear": "bilinear", "bicubic": "bicubic"}.get(str(mode))
    if name is None or (not whole and name != "bilinear") or values.get("antialias"):
        raise NoCounterpart(unusual("mode", mode))
    note = _CORNERS if values["align_corners"] and name != "nearest" else _WEIGHTS if name == "bicubic" else None
    if not whole:
        return Reading((Made("Resizing", {"height": height, "width": width, "interpolation": name}),), note)
    factors = (height // called.shape[0], width // called.shape[1])
    return Reading((Made(UP_SAMPLING2D.id, {"size": factors, "interpolation": name}),), note)


def _fixed_upsample(mode: str, align_corners: bool) -> Any:
    def read(called: Called) -> Reading:
        values = {**called.values, "mode": mode, "align_corners": align_corners}
        return _upsample(Called(values=values, shape=called.shape))

    return read


_MAX: Final = {"kernel_size": REQUIRED, "stride": None, "padding": 0, "dilation": 1, "return_indices": False,
               "ceil_mode": False}
_MAX_FUNCTION: Final = {"kernel_size": REQUIRED, "stride": None, "padding": 0, "dilation": 1, "ceil_mode": False,
                        "return_indices": False}
_AVERAGE: Final = {"kernel_size": REQUIRED, "stride": None, "padding": 0, "ceil_mode": False, "count_include_pad": True,
                   "divisor_override": None}
_UPSAMPLE: Final = {"size": None, "scale_factor": None, "mode": "nearest", "align_corners": None,
                    "recompute_scale_factor": None}
MODULES: Final = (
    TorchModule(names=("MaxPool2d",), functions=("max_pool2d",), arguments=_MAX, function_arguments=_MAX_FUNCTION,
                axes="picture", takes_border=True, read=_max_pool),
    TorchModule(names=("AvgPool2d",), functions=("avg_pool2d",), arguments=_AVERAGE, axes="picture", read=_average_pool),
    TorchModule(names=("AdaptiveAvgPool2d",), functions=("adaptive_avg_pool2d",), arguments={"output_size": REQUIRED},
                axes="picture", read=_adaptive("GlobalAveragePooling2D", "AdaptiveAveragePooling2D")),
    TorchModule(names=("AdaptiveMaxPool2d",), functions=("adaptive_max_pool2d",), axes="picture",
                arguments={"output_size": REQUIRED, "return_indices": False},
                read=_adaptive("GlobalMaxPooling2D", "AdaptiveMaxPooling2D")),
    TorchModule(names=("ZeroPad2d",), arguments={"padding": REQUIRED}, axes="picture", read=_zero_pad),
    TorchModule(names=("ConstantPad2d",), arguments={"padding": REQUIRED, "value": REQUIRED}, axes="picture", read=_zero_pad),
    TorchModule(functions=("pad",), arguments={"padding": REQUIRED, "mode": "constant", "value": 0.0}, axes="picture",
                read=_zero_pad),
    TorchModule(names=("Upsample",), functions=("interpolate", "upsample"), arguments=_UPSAMPLE, axes="picture",
                function_arguments=_UPSAMPLE | {"antialias": False}, read=_upsample),
    TorchModule(names=("UpsamplingNearest2d",), arguments={"size": None, "scale_factor": None}, axes="picture",
                read=_fixed_upsample("nearest", False)),
    TorchModule(names=("UpsamplingBilinear2d",), arguments={"size": None, "scale_factor": None}, axes="picture",
                read=_fixed_upsample("bilinear", True)),
)
