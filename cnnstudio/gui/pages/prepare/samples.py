"""What an augmentation alone makes of a picture: some of its results, computed in a thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from PySide6.QtGui import QImage

from cnnstudio.gui.pages.prepare.preview import PreparedPictures, shrink
from cnnstudio.gui.state.jobs import Report

if TYPE_CHECKING:
    import numpy as np

RESULTS: Final = 4
PARTNERS: Final = 3
"""Other pictures, for steps that mix."""
_SIDE: Final = 112
"""The longest side of a sample in pixels: twice what is drawn, for screens of high density."""
_DETAIL: Final = 64
"""The side of the part that is shown of a fine change."""
_FINE: Final = 1.6
"""How many times smaller a fine change is in the shrunk picture."""
_DRAWS: Final = 24
_DRAWN_PIXELS: Final = _DRAWS * 224 * 224
_MOST_KEPT: Final = 256


@dataclass(frozen=True)
class StepSamples:
    """A picture before a step and after it: fewer than `RESULTS` where its draws give fewer different pictures."""

    before: QImage
    after: tuple[QImage, ...]


@dataclass(frozen=True)
class SamplesRequest:
    """`steps` (as the augmentation has them) are applied one by one to the first of `files`; the others are mixed with
    it."""

    files: tuple[Path, ...]
    recipe: dict[str, Any]
    steps: tuple[Mapping[str, Any], ...]
    seed: int


class SampleMaker:
    """Makes samples with the pixels of the training; those of steps that did not change are kept."""

    def __init__(self) -> None:
        self._prepared = PreparedPictures()
        self._kept: dict[str, StepSamples] = {}

    def make(self, request: SamplesRequest, report: Report) -> dict[str, StepSamples]:
        """The samples by the id of their step; without those that cannot be computed."""
        result: dict[str, StepSamples] = {}
        for step in request.steps:
            report.check()
            key = repr((request.files, request.recipe, dict(step), request.seed))
            if key not in self._kept:
                samples = self._make_one(request, step, report)
                if samples is None:
                    continue
                if len(self._kept) >= _MOST_KEPT:
                    self._kept.clear()
                self._kept[key] = samples
            result[str(step["id"])] = self._kept[key]
        return result

    def _make_one(self, request: SamplesRequest, step: Mapping[str, Any], report: Report) -> StepSamples | None:
        from cnnstudio.catalog.augmenting import KINDS
        from cnnstudio.gui.widgets.picture import image_of
        from cnnstudio.imaging.preview import Training, training_previews

        def load(position: int) -> np.ndarray | None:
            report.check()
            return self._prepared.get(request.files[position], request.recipe)

        before = load(0)
        if before is None:
            return None
        count = len(request.files)
        training = Training(count, count, request.seed, [{**step, "enabled": True}], KINDS)
        draws = max(6, min(_DRAWS, _DRAWN_PIXELS // max(1, before.shape[0] * before.shape[1])))
        try:
            drawn = training_previews([(epoch, 0) for epoch in range(1, draws + 1)], training, load)
        except (ValueError, KeyError):
            # The card of the step shows what is wrong with its values.
            return None
        results = [item.picture for item in drawn if item.picture is not None]
        small = [shrink(item, _SIDE) for item in (before, *results)]
        chosen = most_varied(small[0], small[1:], RESULTS)
        if chosen and is_fine(before, results[chosen[0]]):
            small = [_middle(item) for item in (before, *results)]
        return StepSamples(image_of(small[0]), tuple(image_of(small[1 + place]) for place in chosen))


def is_fine(before: np.ndarray, after: np.ndarray) -> bool:
    """Whether a change, such as noise, is lost where the picture is shrunk: then its middle is shown, pixel by pixel."""
    import numpy as np

    def difference(one: np.ndarray, other: np.ndarray) -> float:
        return float(np.abs(one.astype(np.float32) - other.astype(np.float32)).mean())

    whole, shrunk = difference(before, after), difference(shrink(before, _SIDE // 2), shrink(after, _SIDE // 2))
    return whole > _FINE * shrunk


def _middle(picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    top, left = max(0, (height - _DETAIL) // 2), max(0, (width - _DETAIL) // 2)
    return picture[top:top + _DETAIL, left:left + _DETAIL]


def most_varied(before: np.ndarray, results: Sequence[np.ndarray], count: int) -> list[int]:
    """The places of up to `count` results that differ most from the picture and from each other, the extremes first."""
    import numpy as np

    if not results:
        return []
    flat = np.stack([item.ravel() for item in results]).astype(np.float32)
    nearest = np.abs(flat - before.ravel().astype(np.float32)).mean(axis=1)
    chosen: list[int] = []
    while len(chosen) < count:
        place = int(nearest.argmax())
        if nearest[place] <= 0:
            break
        chosen.append(place)
        nearest = np.minimum(nearest, np.abs(flat - flat[place]).mean(axis=1))
    return chosen
