"""The settings of the pooling bench."""

from __future__ import annotations

from typing import Any, Final, Literal

import msgspec

from cnnstudio.learning.benches.pictures.source import PictureSource, check_source
from cnnstudio.learning.benches.plain import from_plain

LARGEST: Final = 8
FARTHEST: Final = 8
"""Pixels of a shift."""


class PoolingSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`shift` is by how many pixels the picture is moved to the right."""

    source: PictureSource = PictureSource()
    size: int = 2
    stride: int = 2
    padding: Literal["valid", "same"] = "valid"
    shift: int = 1
    channel: int = 0
    position: int = 0
    speed: int = 8


def read_settings(values: dict[str, Any]) -> PoolingSettings:
    """Settings from plain values; unknown names and impossible values are left out."""
    return check_settings(from_plain(PoolingSettings, values))


def check_settings(settings: PoolingSettings) -> PoolingSettings:
    """The settings within their limits."""
    source = check_source(settings.source)
    return msgspec.structs.replace(
        settings, source=source, size=min(max(settings.size, 1), LARGEST), stride=min(max(settings.stride, 1), LARGEST),
        shift=min(max(settings.shift, 0), FARTHEST), channel=min(max(settings.channel, 0), source.channels - 1),
        position=max(0, settings.position))
