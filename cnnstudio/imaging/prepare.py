"""From a file to the input of the network: decode, orientation, colour mode, crop, resize, steps.

The recipe is a plain dictionary, as JSON has it; unknown keys are ignored. The functions of its steps are passed in. A
JPEG is always decoded in full size: libjpeg's reduced decoding is quicker, but gives other pixels than decoding and
averaging do (on photos by 1 to 2 of 255 on average, by far more at edges), and which of the two a picture got would
depend on its size. Normalisation is not done here: it is a layer of the model.

This module is copied as it is into exported bundles.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from .decode import convert, decode, read_bytes
from .operations import crop, resize
from .sample_range import TYPE_RANGE, SampleRange

CHANNELS: Final[dict[str, Literal[1, 3, 4]]] = {"grayscale": 1, "rgb": 3, "rgba": 4}

Picture = NDArray[np.uint8]
Steps = Mapping[str, Callable[..., Picture]]
"""The pixels of each type of step: a picture and the step's parameters by name give a picture of the same shape."""


@dataclass(frozen=True)
class Stage:
    """The picture after one stage: `id` is "decoded", "color_mode", "crop", "resize" or the id of a step."""

    id: str
    type: str
    picture: Picture


def channels_of(recipe: Mapping[str, Any]) -> Literal[1, 3, 4]:
    """The number of channels that the recipe's color_mode gives."""
    mode = recipe.get("color_mode", "rgb")
    if mode not in CHANNELS:
        raise ValueError(f"Expected color_mode {tuple(CHANNELS)}. Received: {mode!r}")
    return CHANNELS[mode]


def sample_range_of(recipe: Mapping[str, Any]) -> SampleRange:
    """How the recipe reads pictures of more than 8 bits a sample; by the whole range of the type where it says nothing."""
    mode = recipe.get("sample_range", "type")
    if mode == "bits":
        return SampleRange("bits", bits=int(recipe["significant_bits"]))
    if mode == "picture":
        return SampleRange("picture", low=float(recipe["low_percentile"]), high=float(recipe["high_percentile"]))
    if mode in ("collection", "window"):
        return SampleRange("window", low=float(recipe["sample_low"]), high=float(recipe["sample_high"]))
    return TYPE_RANGE


def prepare(source: bytes | Picture, recipe: Mapping[str, Any], steps: Steps) -> Picture:
    """The input of the network: uint8 (height, width, channels) of the recipe, contiguous.

    `source` is the content of a file or a decoded picture (height, width[, 1 to 4 channels]), red first,
    already the right way up. Raises PictureError for bytes that are no sound picture.
    """
    background = recipe.get("background", (255, 255, 255))
    channels = channels_of(recipe)
    if isinstance(source, np.ndarray):
        picture = np.ascontiguousarray(convert(source, channels, background))
    else:
        picture = decode(source, channels=channels, background=background, sample_range=sample_range_of(recipe))
    picture = _resize(_crop(picture, recipe), recipe)
    for step in recipe.get("steps", ()):
        if step.get("enabled", True):
            picture = _apply_step(picture, step, steps)
    return np.ascontiguousarray(picture)


def prepare_file(path: str | os.PathLike[str], recipe: Mapping[str, Any], steps: Steps) -> Picture:
    """`prepare` of a file."""
    return prepare(read_bytes(path), recipe, steps)


def stages(source: str | os.PathLike[str] | bytes, recipe: Mapping[str, Any], steps: Steps) -> list[Stage]:
    """The picture after every stage, for display; the last is the result of `prepare`.

    A disabled crop or step has no stage.
    """
    data = source if isinstance(source, bytes) else read_bytes(source)
    background = recipe.get("background", (255, 255, 255))
    picture = decode(data, channels=None, background=background, sample_range=sample_range_of(recipe))
    result = [Stage("decoded", "decoded", picture)]
    picture = np.ascontiguousarray(convert(picture, channels_of(recipe), background))
    result.append(Stage("color_mode", "color_mode", picture))
    if recipe.get("crop", "none") != "none":
        picture = _crop(picture, recipe)
        result.append(Stage("crop", "crop", picture))
    picture = _resize(picture, recipe)
    result.append(Stage("resize", "resize", picture))
    for step in recipe.get("steps", ()):
        if step.get("enabled", True):
            picture = _apply_step(picture, step, steps)
            result.append(Stage(str(step.get("id", step["type"])), str(step["type"]), picture))
    return result


def _crop(picture: Picture, recipe: Mapping[str, Any]) -> Picture:
    return crop(picture, recipe.get("crop", "none"), recipe.get("crop_share", 1.0), recipe.get("crop_box", (0, 0, 0, 0)))


def _resize(picture: Picture, recipe: Mapping[str, Any]) -> Picture:
    return resize(
        picture, int(recipe["height"]), int(recipe["width"]), fit=recipe.get("fit", "stretch"),
        interpolation=recipe.get("interpolation", "auto"), background=recipe.get("background", (255, 255, 255)),
    )


def _apply_step(picture: Picture, step: Mapping[str, Any], steps: Steps) -> Picture:
    work = steps.get(str(step["type"]))
    if work is None:
        raise ValueError(f"Expected a step of type {tuple(steps)}. Received: {step['type']!r}")
    return work(picture, **step.get("params", {}))
