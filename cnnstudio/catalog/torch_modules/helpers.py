"""The modules that the program prints because PyTorch has none of that kind: their classes are known by their source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from cnnstudio.catalog import torch_helpers
from cnnstudio.catalog.layers.reshaping import RESIZE
from cnnstudio.catalog.layers.spectral import HELPER as SPECTRAL
from cnnstudio.catalog.torch_form import Helper
from cnnstudio.catalog.torch_modules.entry import REQUIRED, Called, NoCounterpart, Reading, TorchModule, one, unusual
from cnnstudio.catalog.torch_modules.windows import same_border
from cnnstudio.core.item import as_immutable


def _activation(name: str) -> Callable[[Called], Reading]:
    return lambda _called: one("Activation", activation=name)


def _rescaling(called: Called) -> Reading:
    return one("Rescaling", scale=as_immutable(called.values["scale"]), offset=as_immutable(called.values["offset"]))


def _average(called: Called) -> Reading:
    """Printed where padding "same" adds unequal borders."""
    kernel = called.pair("size")
    strides = kernel if called.values["stride"] is None else called.pair("stride")
    borders = called.values["borders"]
    if not isinstance(borders, tuple) or len(borders) != 4:
        raise NoCounterpart(unusual("borders", borders))
    left, right, top, bottom = borders
    if same_border(called.shape, kernel, strides) != (top, bottom, left, right):
        raise NoCounterpart(unusual("borders", borders))
    return one("AveragePooling2D", pool_size=kernel, strides=None if strides == kernel else strides, padding="same")


def _reshape(called: Called) -> Reading:
    return one("Reshape", target_shape=tuple(called.values["*"]))


def _permute(called: Called) -> Reading:
    return one("Permute", dims=tuple(called.values["*"]))


def _crop(called: Called) -> Reading:
    return one("Cropping2D", cropping=tuple(called.values[name] for name in ("above", "below", "left", "right")))


def _enlarge(called: Called) -> Reading:
    return one("UpSampling2D", size=called.pair("factors"), interpolation=called.values["kernel"])


def _resize(called: Called) -> Reading:
    """A border before it brings the picture to the proportions of the result."""
    more = {"pad_to_aspect_ratio": True, "fill_value": called.fill} if any(called.border) else {}
    return one("Resizing", **more, height=called.values["height"], width=called.values["width"],
               interpolation=called.values["kernel"], antialias=called.values["antialias"])


def _penalty(called: Called) -> Reading:
    return one("ActivityRegularization", l1=float(called.values["l1"]), l2=float(called.values["l2"]))


def _bent(called: Called) -> Reading:
    top = called.values["max_value"]
    return one("ReLU", max_value=None if top is None else float(top), threshold=float(called.values["threshold"]),
               negative_slope=float(called.values["negative_slope"]))


def _placed_prelu(called: Called) -> Reading:
    """The slopes' shape has channels first; an axis that they share is 1."""
    shape = called.values["shape"]
    ours = (*shape[1:], shape[0]) if len(shape) == 3 else tuple(shape)
    shared = tuple(axis for axis, (side, size) in enumerate(zip(ours, called.shape, strict=True), 1) if side == 1 < size)
    return one("PReLU", **({"shared_axes": shared} if shared else {}))


def _heads(called: Called) -> Reading:
    values = called.values
    size = values["value_size"]
    return one("MultiHeadAttention", num_heads=values["heads"], key_dim=values["key_size"], use_bias=values["bias"],
               value_dim=None if size == values["key_size"] else size, dropout=float(values["dropout"]))


def _attention(called: Called) -> Reading:
    values = called.values
    return one("Attention", use_scale=values["use_scale"], score_mode="concat" if values["concat"] else "dot",
               dropout=float(values["dropout"]))


def _dot(called: Called) -> Reading:
    axes = tuple(called.values["axes"])
    return one("Dot", axes=axes[:1] if axes[0] == axes[-1] else axes, normalize=called.values["normalize"])


_OF_PICTURES: Final = (torch_helpers.CROP, torch_helpers.AVERAGE_POOL, torch_helpers.ENLARGE, RESIZE)


def _identity(_called: Called) -> Reading:
    """A wrapper is a setting of the module that it wraps."""
    return Reading(())


def _of(helper: Helper, read: Callable[[Called], Reading], arguments: dict[str, Any] | None = None, inputs: int = 1
        ) -> TorchModule:
    return TorchModule(names=(helper.name,), helper=helper, arguments=arguments or {}, read=read, inputs=inputs,
                       axes="picture" if helper in _OF_PICTURES else "any", takes_border=helper is RESIZE)


_STARRED: Final = {"*": ()}
MODULES: Final = (
    _of(torch_helpers.RESCALING, _rescaling, {"scale": REQUIRED, "offset": 0.0, "axes": 2}),
    _of(torch_helpers.FLATTEN, lambda _called: one("Flatten")),
    _of(torch_helpers.RESHAPE, _reshape, _STARRED), _of(torch_helpers.PERMUTE, _permute, _STARRED),
    _of(torch_helpers.REPEAT, lambda called: one("RepeatVector", n=called.values["n"]), {"n": REQUIRED}),
    _of(torch_helpers.CROP, _crop, dict.fromkeys(("above", "below", "left", "right"), REQUIRED)),
    _of(torch_helpers.AVERAGE_POOL, _average, {"borders": REQUIRED, "size": REQUIRED, "stride": None}),
    _of(torch_helpers.ENLARGE, _enlarge, {"factors": REQUIRED, "kernel": REQUIRED}),
    _of(RESIZE, _resize, {"height": REQUIRED, "width": REQUIRED, "kernel": REQUIRED, "antialias": False}),
    _of(torch_helpers.UNIT_LENGTH, lambda _called: one("UnitNormalization"), {"dim": REQUIRED}),
    _of(torch_helpers.DROP_PICTURE, lambda called: one("Dropout", rate=called.values["rate"], noise_shape="picture"),
        {"rate": REQUIRED}),
    _of(torch_helpers.GAUSSIAN_DROPOUT, lambda called: one("GaussianDropout", rate=called.values["rate"]), {"rate": REQUIRED}),
    _of(torch_helpers.GAUSSIAN_NOISE, lambda called: one("GaussianNoise", stddev=called.values["deviation"]),
        {"deviation": REQUIRED}),
    _of(torch_helpers.ACTIVITY_PENALTY, _penalty, {"l1": REQUIRED, "l2": REQUIRED}),
    _of(torch_helpers.BENT_RELU, _bent, dict.fromkeys(("max_value", "negative_slope", "threshold"), REQUIRED)),
    _of(torch_helpers.PLACED_PRELU, _placed_prelu, {"shape": REQUIRED}),
    *(_of(helper, _activation(name)) for helper, name in (
        (torch_helpers.SQUAREPLUS, "squareplus"), (torch_helpers.SPARSE_PLUS, "sparse_plus"),
        (torch_helpers.SPARSE_SIGMOID, "sparse_sigmoid"), (torch_helpers.EXPONENTIAL, "exponential"))),
    _of(torch_helpers.SPARSEMAX, _activation("sparsemax"), {"dim": REQUIRED}),
    _of(torch_helpers.MULTI_HEAD_ATTENTION, _heads, {
        **dict.fromkeys(("query_size", "looked_at_size", "heads", "key_size", "value_size"), REQUIRED), "dropout": 0.0,
        "bias": True}, inputs=2),
    _of(torch_helpers.ATTENTION, _attention, {"use_scale": False, "concat": False, "dropout": 0.0}, inputs=2),
    _of(SPECTRAL, _identity, {"layer": REQUIRED, "columns": REQUIRED, "power_iterations": 1}),
    _of(torch_helpers.DOT, _dot, {"axes": REQUIRED, "normalize": False}, inputs=2),
)
