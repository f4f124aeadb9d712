"""Random changes of colours and details of one picture, in the order of the steps.

Consecutive changes of single values (TableChange) are fused into one lookup table; a change that needs colours or
neighbours (ArrayChange) ends it. A fourth channel (transparency) stays unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .changes import ArrayChange, Group, Kinds, Look, Picture, TableChange
from .counter_rng import CounterRng, Floats

Step = Mapping[str, Any]
Photometric = TableChange | ArrayChange


def single_steps(steps: Sequence[Step], kinds: Kinds) -> list[Step]:
    """The steps, with each group replaced by its parts, which apply to the same pictures."""
    single: list[Step] = []
    for step in steps:
        change = kinds[step["type"]].change
        if not isinstance(change, Group):
            single.append(step)
            continue
        name, params = str(step.get("id", step["type"])), step["params"]
        for part, kind, values in change.parts(params):
            probability = {"probability": params.get("probability", 1.0)}
            single.append({"id": f"{name}.{part}", "type": kind, "happens": name,
                           "params": {**kinds[kind].defaults, **values, **probability}})
    return single


def draw_values(step: Step, change: Photometric, seed: int, epoch: int, pictures: NDArray[np.int64], height: int, width: int
                ) -> Floats:
    """The drawn values of each picture, (n,) or (n, k) numbers."""
    rng = CounterRng(seed, epoch, pictures, str(step.get("id", step["type"])))
    chosen = rng.happens(step)
    if "happens" in step:
        chosen = CounterRng(seed, epoch, pictures, str(step["happens"])).happens(step)
    if isinstance(change, TableChange):
        return change.draw(step["params"], rng, chosen)
    return change.draw(step["params"], rng, chosen, height, width)


def apply_changes(picture: Picture, changes: Sequence[tuple[Photometric, Mapping[str, Any]]], values: Sequence[Floats],
                  index: int) -> None:
    """Apply all changes, each with its parameters, to a picture (height, width, channels) in place; `values` are those
    of `draw_values`, with the picture's value at `index`."""
    channels = picture.shape[2]
    colors = min(channels, 3)
    table: Floats | None = None
    for (change, params), drawn in zip(changes, values, strict=True):
        value = drawn[index]
        if change.is_idle(value):
            continue
        if isinstance(change, TableChange):
            now = table if table is not None else np.tile(np.arange(256.0)[:, None], (1, colors))
            table = change.apply(now, value, Look(picture, table, colors))
        elif channels > 1 or not change.needs_color:
            _apply_table(picture, table)
            table = None
            visible = picture if channels == colors else np.ascontiguousarray(picture[..., :3])
            changed = change.apply(visible, value, params)
            picture[..., :colors] = changed.reshape(picture.shape[0], picture.shape[1], colors)
    _apply_table(picture, table)


def _apply_table(picture: Picture, table: Floats | None) -> None:
    if table is None:
        return
    full_table = np.empty((1, 256, picture.shape[2]), np.uint8)
    full_table[0, :, :table.shape[1]] = np.rint(table)
    if picture.shape[2] == 4:
        full_table[0, :, 3] = np.arange(256)
    # OpenCV drops a single channel's axis, and would not write into a picture that has it.
    target = picture[..., 0] if picture.shape[2] == 1 else picture
    cv2.LUT(target, full_table, dst=target)
