"""Convolutions and linear layers of PyTorch."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.catalog.layers.convolution import CONV2D, CONV2D_TRANSPOSE, DEPTHWISE_CONV2D
from cnnstudio.catalog.layers.core import DENSE
from cnnstudio.catalog.layers.reshaping import CROPPING2D
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
from cnnstudio.catalog.torch_modules.windows import TOO_LARGE, Border, with_border
from cnnstudio.core.text import Text

_WINDOW: Final[dict[str, Any]] = {"out_channels": REQUIRED, "kernel_size": REQUIRED, "stride": 1, "padding": 0, "dilation": 1,
                                  "groups": 1, "bias": True, "padding_mode": "zeros", "device": None, "dtype": None}


def _conv2d(called: Called) -> Reading:
    require(called, padding_mode="zeros")
    values, channels = called.values, called.shape[2]
    kernel, strides, dilation = (called.pair(name) for name in ("kernel_size", "stride", "dilation"))
    reach = ((kernel[0] - 1) * dilation[0] + 1, (kernel[1] - 1) * dilation[1] + 1)
    border = _border(called, reach, strides)
    if called.shape[0] + border[0] + border[1] < reach[0] or called.shape[1] + border[2] + border[3] < reach[1]:
        raise NoCounterpart(TOO_LARGE)
    before, padding = with_border(called, border, reach, strides)
    params: dict[str, Any] = {"kernel_size": kernel, "strides": strides, "padding": padding, "dilation_rate": dilation,
                              "use_bias": values["bias"] is not False}
    filters, groups = values["out_channels"], values["groups"]
    if not isinstance(filters, int) or not isinstance(groups, int) or groups < 1:
        raise NoCounterpart(unusual("groups", groups))
    if max(strides) > 1 and max(dilation) > 1:
        raise NoCounterpart(Text("stride and dilation above 1 together have no equivalent here",
                                 "stride y dilation mayores que 1 a la vez no tienen equivalente aquí"))
    # The printed spectral normalisation tells how the kernel is laid out.
    depthwise = groups > 1 and groups == channels and filters % groups == 0 and strides[0] == strides[1]
    if depthwise and values.get("columns") in (None, 0, filters // max(groups, 1)):
        return Reading((*before, Made(DEPTHWISE_CONV2D.id, params | {"depth_multiplier": filters // groups})))
    return Reading((*before, Made(CONV2D.id, params | {"filters": filters, "groups": groups})))


def _border(called: Called, reach: tuple[int, int], strides: tuple[int, int]) -> Border:
    padding = called.values["padding"]
    if padding == "same":
        if max(strides) > 1:
            raise NoCounterpart(unusual("padding", padding))
        (above, below), (left, right) = (((size - 1) // 2, size - 1 - (size - 1) // 2) for size in reach)
        return above, below, left, right
    down, across = (0, 0) if padding == "valid" else called.pair("padding")
    return down, down, across, across


def _transposed(called: Called) -> Reading:
    """What PyTorch cuts off is padding same, or a Cropping2D behind the layer."""
    require(called, groups=1, dilation=(1, (1, 1)), padding_mode="zeros")
    kernel, strides, cut, extra = (called.pair(name) for name in ("kernel_size", "stride", "padding", "output_padding"))
    params: dict[str, Any] = {"filters": called.values["out_channels"], "kernel_size": kernel, "strides": strides,
                              "use_bias": called.values["bias"] is not False}
    sides = (cut[0], cut[0] - extra[0], cut[1], cut[1] - extra[1])
    total = [max(size - stride, 0) for size, stride in zip(kernel, strides, strict=True)]
    fits = all(size >= stride for size, stride in zip(kernel, strides, strict=True))
    if fits and sides == (total[0] // 2, total[0] - total[0] // 2, total[1] // 2, total[1] - total[1] // 2):
        return one(CONV2D_TRANSPOSE.id, **params, padding="same")
    more = (max(-sides[1], 0), max(-sides[3], 0))
    keras = tuple(max(stride - size, 0) for size, stride in zip(kernel, strides, strict=True))
    layer = Made(CONV2D_TRANSPOSE.id, params | ({} if more == keras else {"output_padding": more}))
    crop = (sides[0], max(sides[1], 0), sides[2], max(sides[3], 0))
    return Reading((layer, Made(CROPPING2D.id, {"cropping": crop}, carries=False)) if any(crop) else (layer,))


def _linear(called: Called) -> Reading:
    return one(DENSE.id, units=called.values["out_features"], use_bias=called.values["bias"] is not False)


MODULES: Final = (
    TorchModule(names=("Conv2d",), arguments={"in_channels": REQUIRED} | _WINDOW, axes="picture", expects="in_channels",
                opens={"out_channels": "filters"}, read=_conv2d),
    TorchModule(names=("LazyConv2d",), arguments=_WINDOW, axes="picture", opens={"out_channels": "filters"}, read=_conv2d),
    TorchModule(names=("ConvTranspose2d",), axes="picture", expects="in_channels", read=_transposed, arguments={
        "in_channels": REQUIRED, "out_channels": REQUIRED, "kernel_size": REQUIRED, "stride": 1, "padding": 0,
        "output_padding": 0, "groups": 1, "bias": True, "dilation": 1, "padding_mode": "zeros", "device": None,
        "dtype": None}),
    TorchModule(names=("Linear",), axes="last", expects="in_features", opens={"out_features": "units"}, read=_linear,
                arguments={"in_features": REQUIRED, "out_features": REQUIRED, "bias": True, "device": None, "dtype": None}),
    TorchModule(names=("LazyLinear",), axes="last", opens={"out_features": "units"}, read=_linear,
                arguments={"out_features": REQUIRED, "bias": True, "device": None, "dtype": None}),
)
