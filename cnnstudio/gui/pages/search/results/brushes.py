"""The axes of parallel coordinates as plain data: their order, which are flipped, and what is brushed on each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cnnstudio.gui.pages.search.results.scales import Scale


@dataclass
class Axis:
    """One axis. `values` are the places (0 to 1, not flipped) of the lines by the number of the trial."""

    key: str
    scale: Scale
    values: dict[int, float] = field(default_factory=dict)


@dataclass
class Arrangement:
    """What the user did with the axes; it outlives new trials. A brush is (low, high) in the places of the scale."""

    order: list[str] = field(default_factory=list)
    flipped: set[str] = field(default_factory=set)
    brushes: dict[str, tuple[float, float]] = field(default_factory=dict)

    def follow(self, keys: Sequence[str]) -> None:
        """Take over the axes that there are; new ones stand last."""
        self.order = [key for key in self.order if key in keys] + [key for key in keys if key not in self.order]
        self.flipped &= set(keys)
        self.brushes = {key: span for key, span in self.brushes.items() if key in keys}

    def move(self, key: str, place: int) -> bool:
        """Put an axis at a place; False where it is there already."""
        place = min(max(0, place), len(self.order) - 1)
        if self.order.index(key) == place:
            return False
        self.order.remove(key)
        self.order.insert(place, key)
        return True

    def flip(self, key: str) -> None:
        """Turn an axis over."""
        self.flipped ^= {key}

    def shown(self, key: str, place: float) -> float:
        """A place of the scale as a place on the axis, and the other way round."""
        return 1 - place if key in self.flipped else place

    def brush(self, key: str, one: float, other: float, least: float = 0.01) -> None:
        """Keep what lies between two places of an axis as it is shown; less than `least` apart they keep everything."""
        low, high = sorted((self.shown(key, one), self.shown(key, other)))
        if high - low < least:
            self.brushes.pop(key, None)
        else:
            self.brushes[key] = (max(0.0, low), min(1.0, high))

    def keeps(self, axes: Sequence[Axis], numbers: Sequence[int]) -> frozenset[int] | None:
        """The trials that lie inside all brushes; None without a brush. What has no place on a brushed axis is left out."""
        if not self.brushes:
            return None
        kept = set(numbers)
        for axis in axes:
            if axis.key in self.brushes:
                low, high = self.brushes[axis.key]
                kept &= {number for number, place in axis.values.items() if low - 1e-9 <= place <= high + 1e-9}
        return frozenset(kept)
