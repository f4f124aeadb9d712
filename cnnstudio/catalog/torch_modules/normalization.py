"""Normalisations and dropouts of PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from cnnstudio.catalog.torch_modules.entry import (
    REQUIRED,
    Called,
    NoCounterpart,
    Reading,
    TorchModule,
    one,
    require,
    unusual,
)

FIXED: Final = "fixed"
"""The value under which a module's parameters that the code keeps as they are stand: names such as "bias"."""


def _affine(called: Called, argument: str) -> dict[str, Any]:
    """Which of gamma and beta a normalisation has; one that is kept as it was created is none."""
    if called.values[argument] is False:
        return {"center": False, "scale": False}
    fixed = called.values.get(FIXED, ())
    return {"center": "bias" not in fixed and called.values.get("bias") is not False, "scale": "weight" not in fixed}


def _batch(called: Called) -> Reading:
    require(called, track_running_stats=True)
    momentum = called.values["momentum"]
    if not isinstance(momentum, int | float):
        raise NoCounterpart(unusual("momentum", momentum))
    return one("BatchNormalization", momentum=round(1 - momentum, 9), epsilon=float(called.values["eps"]),
               **_affine(called, "affine"))


def _group(called: Called) -> Reading:
    return one("GroupNormalization", groups=called.values["num_groups"], epsilon=float(called.values["eps"]),
               **_affine(called, "affine"))


def _instance(called: Called) -> Reading:
    require(called, track_running_stats=False)
    return one("GroupNormalization", groups=called.shape[-1], epsilon=float(called.values["eps"]), **_affine(called, "affine"))


def _along_last(called: Called) -> None:
    shape = called.values["normalized_shape"]
    if shape not in (called.shape[-1], (called.shape[-1],), [called.shape[-1]]):
        raise NoCounterpart(unusual("normalized_shape", shape))


def _layer(called: Called) -> Reading:
    _along_last(called)
    return one("LayerNormalization", epsilon=float(called.values["eps"]), **_affine(called, "elementwise_affine"))


def _rms(called: Called) -> Reading:
    _along_last(called)
    require(called, elementwise_affine=True)
    epsilon = called.values["eps"]
    # None is the resolution of the numbers.
    return one("RMSNormalization", epsilon=2.0 ** -23 if epsilon is None else float(epsilon))


def _dropout(type: str) -> Callable[[Called], Reading]:
    def read(called: Called) -> Reading:
        rate = called.values["p"]
        if not isinstance(rate, int | float) or not 0 <= rate <= 1:
            raise NoCounterpart(unusual("p", rate))
        if called.values.get("training") is False:
            return Reading(())
        return one(type, rate=float(rate))

    return read


def _stochastic_depth(called: Called) -> Reading:
    require(called, mode="row")
    return one("Dropout", rate=float(called.values["p"]), noise_shape="picture")


_BATCH: Final = {"num_features": REQUIRED, "eps": 1e-5, "momentum": 0.1, "affine": True, "track_running_stats": True}
_RATE: Final[dict[str, Any]] = {"p": 0.5, "inplace": False}
_RATE_FUNCTION: Final[dict[str, Any]] = {"p": 0.5, "training": True, "inplace": False}
MODULES: Final = (
    TorchModule(names=("BatchNorm2d",), arguments=_BATCH, axes="picture", expects="num_features", read=_batch),
    TorchModule(names=("BatchNorm1d", "SyncBatchNorm"), arguments=_BATCH, axes="channels", expects="num_features", read=_batch),
    TorchModule(names=("LazyBatchNorm2d",), axes="picture", read=_batch,
                arguments={name: value for name, value in _BATCH.items() if name != "num_features"}),
    TorchModule(names=("GroupNorm",), axes="channels", expects="num_channels", read=_group,
                arguments={"num_groups": REQUIRED, "num_channels": REQUIRED, "eps": 1e-5, "affine": True}),
    TorchModule(names=("InstanceNorm2d",), axes="picture", expects="num_features", read=_instance,
                arguments={"num_features": REQUIRED, "eps": 1e-5, "momentum": 0.1, "affine": False,
                           "track_running_stats": False}),
    TorchModule(names=("LayerNorm",), axes="last", read=_layer, arguments={
        "normalized_shape": REQUIRED, "eps": 1e-5, "elementwise_affine": True, "bias": True}),
    TorchModule(names=("RMSNorm",), axes="last", read=_rms, arguments={
        "normalized_shape": REQUIRED, "eps": None, "elementwise_affine": True}),
    TorchModule(names=("Dropout",), functions=("dropout",), arguments=_RATE, function_arguments=_RATE_FUNCTION,
                read=_dropout("Dropout")),
    TorchModule(names=("Dropout2d",), functions=("dropout2d",), arguments=_RATE, function_arguments=_RATE_FUNCTION,
                axes="picture", read=_dropout("SpatialDropout2D")),
    TorchModule(names=("AlphaDropout",), functions=("alpha_dropout",), arguments=_RATE,
                function_arguments={"p": 0.5, "training": False, "inplace": False}, read=_dropout("AlphaDropout")),
    TorchModule(names=("StochasticDepth",), arguments={"p": REQUIRED, "mode": REQUIRED}, read=_stochastic_depth),
)
