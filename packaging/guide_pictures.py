"""Small pictures of what a recipe step or an augmentation does, drawn from the pixels of the entry itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from cnnstudio.catalog.augmenting import make_augmenter, make_mixer
from cnnstudio.catalog.pixels import prepare
from cnnstudio.core.item import Step
from cnnstudio.core.params import with_defaults
from cnnstudio.core.recipe import RecipeSpec

Picture = NDArray[np.uint8]
_SIDE = 144
_GAP = 8
_DRAWN = 4


def scene(side: int = _SIDE, turned: bool = False) -> Picture:
    """A picture with edges, a gradient, texture and noise, that looks different from every side."""
    rng = np.random.default_rng(5)
    down, across = np.mgrid[0:side, 0:side].astype(np.float32) / side
    sky = np.stack([90 + 90 * across, 140 + 70 * down, 220 - 40 * down], axis=2)
    sky[down > 0.62] = (96, 132, 74)
    picture = np.clip(sky + rng.normal(0, 5, sky.shape), 0, 255).astype(np.uint8)
    unit = side / 144
    points = (np.array([[28, 96], [60, 40], [92, 96]]) * unit).astype(np.int32)
    cv2.fillPoly(picture, [points], (196, 82, 60), lineType=cv2.LINE_AA)
    cv2.circle(picture, (int(112 * unit), int(34 * unit)), int(17 * unit), (250, 214, 92), -1, cv2.LINE_AA)
    cv2.rectangle(picture, (int(98 * unit), int(74 * unit)), (int(130 * unit), int(116 * unit)), (70, 66, 92), -1)
    for number in range(3):
        x = int((104 + 9 * number) * unit)
        cv2.line(picture, (x, int(80 * unit)), (x, int(110 * unit)), (224, 220, 232), max(1, int(2 * unit)), cv2.LINE_AA)
    return np.ascontiguousarray(picture[:, ::-1, ::-1]) if turned else picture


def step_picture(entry: Any, file: Path) -> None:
    """The picture before and after a recipe step with its default values."""
    source = cv2.imencode(".png", cv2.cvtColor(scene(), cv2.COLOR_RGB2BGR))[1].tobytes()
    step = Step(id="step", type=entry.id, params=with_defaults(entry.params, {}))
    plain = RecipeSpec(height=_SIDE, width=_SIDE)
    changed = RecipeSpec(height=_SIDE, width=_SIDE, steps=(step,))
    save([prepare(source, recipe.as_dictionary()) for recipe in (plain, changed)], file)


def augmentation_picture(entry: Any, file: Path) -> None:
    """The picture, and what four draws of an augmentation with its default values make of it."""
    values = with_defaults(entry.params, {})
    # Each of the few pictures shows the change.
    values = values | {name: 1.0 for name in ("probability",) if name in values}
    steps = [{"id": "step", "type": entry.id, "params": values, "enabled": True}]
    batch = np.stack([scene(), *([scene(turned=True)] if entry.mixes else [scene()]) * (_DRAWN - 1)])
    numbers = np.arange(_DRAWN)
    if entry.mixes:
        mixer = make_mixer(steps, _SIDE, _SIDE)
        drawn = mixer(batch, mixer.draw(7, 0, numbers))
    else:
        augmenter = make_augmenter(steps, _SIDE, _SIDE, 3, workers=1)
        drawn = augmenter(batch, augmenter.draw(7, 0, numbers))
    save([batch[0], *drawn], file)


def save(pictures: list[Picture], file: Path) -> None:
    """Pictures beside each other on white, as a PNG."""
    width = len(pictures) * _SIDE + (len(pictures) - 1) * _GAP
    board = np.full((_SIDE, width, 3), 255, np.uint8)
    for number, picture in enumerate(pictures):
        colored = picture if picture.shape[-1] == 3 else np.repeat(picture.reshape(*picture.shape[:2], 1), 3, axis=2)
        left = number * (_SIDE + _GAP)
        board[:, left:left + _SIDE] = colored
    file.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(file), cv2.cvtColor(board, cv2.COLOR_RGB2BGR)):
        raise OSError(f"{file} cannot be written")
