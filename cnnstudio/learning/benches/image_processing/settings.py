"""The settings of the image processing bench."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from cnnstudio.core.params import Param, Value
from cnnstudio.learning.benches.image_processing.operations import OPERATIONS
from cnnstudio.learning.benches.pictures.source import PictureSource, check_source
from cnnstudio.learning.benches.plain import from_plain

MOST_STEPS: Final = 12


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One operation by its id, with its values; one that is off is left out."""

    operation: str
    values: dict[str, Value] = {}
    on: bool = True


class ProcessingSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`chosen` is the step whose values are on screen, `split` where the slider between before and after stands."""

    source: PictureSource = PictureSource(sample="landscape", side=200, channels=3)
    steps: tuple[Step, ...] = (Step(operation="canny"),)
    chosen: int = 0
    split: float = 0.5


def read_settings(values: dict[str, Any]) -> ProcessingSettings:
    """Settings from plain values; unknown names and impossible values are left out."""
    return check_settings(from_plain(ProcessingSettings, values))


def check_settings(settings: ProcessingSettings) -> ProcessingSettings:
    """The settings within their limits; unknown operations are left out."""
    steps = tuple(_check_step(step) for step in settings.steps if step.operation in OPERATIONS)[:MOST_STEPS]
    return msgspec.structs.replace(
        settings, source=msgspec.structs.replace(check_source(settings.source), channels=3), steps=steps,
        chosen=min(max(settings.chosen, 0), max(0, len(steps) - 1)), split=min(max(settings.split, 0.0), 1.0))


def _check_step(step: Step) -> Step:
    values = {param.name: _value(param, step.values) for param in OPERATIONS[step.operation].params}
    return msgspec.structs.replace(step, values=values)


def _value(param: Param, values: dict[str, Value]) -> Value:
    value = values.get(param.name, param.default)
    return param.default if param.error_text(value) is not None else value
