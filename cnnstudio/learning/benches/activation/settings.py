"""The settings of the activation bench."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from cnnstudio.learning.benches.activation.functions import FUNCTIONS
from cnnstudio.learning.benches.pictures.source import PictureSource, check_source
from cnnstudio.learning.benches.plain import from_plain

MOST_LOGITS: Final = 8
RANGE: Final = 6.0
"""The curves go from −6 to 6."""
POSITIONS: Final = 121
"""Places of the playback on that range."""


class ActivationSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`param` is the number of the function (slope, alpha, temperature), `gain` and `shift` bring the picture into its range,
    `before` says whether that is the picture itself or its vertical edges. `logits` are the numbers for softmax."""

    function: str = "relu"
    param: float = 0.2
    source: PictureSource = PictureSource(sample="shapes", side=64, channels=1)
    before: Literal["pixels", "edges"] = "edges"
    gain: float = 4.0
    shift: float = 0.0
    logits: tuple[float, ...] = (2.0, 1.0, 0.1, -1.0, 3.0)
    position: int = 80
    speed: int = 30


def read_settings(values: dict[str, Any]) -> ActivationSettings:
    """Settings from plain values; unknown names and impossible values are left out."""
    return check_settings(from_plain(ActivationSettings, values))


def check_settings(settings: ActivationSettings) -> ActivationSettings:
    """The settings within their limits; softmax needs three channels to choose among."""
    function = FUNCTIONS.find(settings.function) or FUNCTIONS["relu"]
    source = check_source(settings.source)
    source = msgspec.structs.replace(source, channels=3 if function.over_channels else 1)
    param = min(max(settings.param, function.least), function.most) if function.param else 0.0
    logits = tuple(min(max(value, -99.0), 99.0) for value in settings.logits[:MOST_LOGITS])
    return msgspec.structs.replace(
        settings, function=function.id, param=param, source=source, gain=min(max(settings.gain, 0.1), 20.0),
        shift=min(max(settings.shift, -RANGE), RANGE), logits=logits if len(logits) >= 2 else (1.0, 0.0),
        position=min(max(settings.position, 0), POSITIONS - 1))


def with_default_param(values: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Plain values, with the usual number of the function where a function was `given` without one."""
    function = FUNCTIONS.find(str(given.get("function", "")))
    return {**values, "param": function.default} if function is not None and "param" not in given else values
