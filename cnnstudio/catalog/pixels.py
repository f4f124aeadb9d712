"""Prepares pictures for the network, with the steps of the registry."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final

from cnnstudio.catalog.steps import RECIPE_STEPS
from cnnstudio.imaging import prepare as path
from cnnstudio.imaging.prepare import Picture, Stage, Steps

PIXELS: Final[Steps] = {step.id: step.pixels for step in RECIPE_STEPS}


def prepare(source: bytes | Picture, recipe: Mapping[str, Any]) -> Picture:
    """The prepared picture: uint8 (height, width, channels) of the recipe, contiguous; see `imaging.prepare.prepare`."""
    return path.prepare(source, recipe, PIXELS)


def prepare_file(file: str | os.PathLike[str], recipe: Mapping[str, Any]) -> Picture:
    """`prepare` of a file."""
    return path.prepare_file(file, recipe, PIXELS)


def stages(source: str | os.PathLike[str] | bytes, recipe: Mapping[str, Any]) -> list[Stage]:
    """The picture after every stage, for the preview; the last is the result of `prepare`."""
    return path.stages(source, recipe, PIXELS)
