"""Where the input of the network lies on the picture it was made from, and a map of the input laid back onto it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from .operations import crop_box_pixels, fit_boxes

Box = tuple[int, int, int, int]
"""Top, left, height, width in pixels."""


@dataclass(frozen=True)
class Placement:
    """The part `source` of the upright picture of `size` (height, width) fills the part `target` of the input. Steps of a
    recipe move no pixel, so that this is all of its geometry."""

    size: tuple[int, int]
    source: Box
    target: Box

    def lay_back(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values (height, width) of the input on the upright picture: linear in between, zero where nothing entered."""
        top, left, rows, columns = self.target
        inside = np.ascontiguousarray(values[top:top + rows, left:left + columns], np.float32)
        result = np.zeros(self.size, np.float32)
        top, left, rows, columns = self.source
        shrinks = rows < inside.shape[0] and columns < inside.shape[1]
        result[top:top + rows, left:left + columns] = cv2.resize(
            inside, (columns, rows), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
        return result

    def box_on_picture(self, box: Box) -> Box:
        """A box of the input as pixels of the upright picture, cut at what entered."""
        (top, left, rows, columns), (above, before, high, wide) = self.target, self.source
        first = max(0, box[0] - top), max(0, box[1] - left)
        last = min(rows, box[0] + box[2] - top), min(columns, box[1] + box[3] - left)
        upper, lower = (above + round(end * high / rows) for end in (first[0], max(first[0], last[0])))
        near, far = (before + round(end * wide / columns) for end in (first[1], max(first[1], last[1])))
        return upper, near, lower - upper, far - near


def placement(high: int, wide: int, recipe: Mapping[str, Any]) -> Placement:
    """The placement for an upright picture of that height and width, by a plain recipe."""
    top, left, rows, columns = crop_box_pixels(high, wide, recipe.get("crop", "none"), recipe.get("crop_share", 1.0),
                                               recipe.get("crop_box", (0, 0, 0, 0)))
    source, target = fit_boxes(rows, columns, int(recipe["height"]), int(recipe["width"]), recipe.get("fit", "stretch"))
    return Placement((high, wide), (top + source[0], left + source[1], source[2], source[3]), target)
