"""Feature maps as tiles in colour. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

_COLORS = np.ascontiguousarray(cv2.applyColorMap(np.arange(256, dtype=np.uint8), cv2.COLORMAP_VIRIDIS).reshape(256, 3)[:, ::-1])


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """The output of a layer for one picture, float32 (height, width, units); a vector has one row and one column, and is no
    place on the picture (`placed`)."""

    values: np.ndarray
    placed: bool = True

    @classmethod
    def of(cls, output: np.ndarray) -> FeatureMaps:
        """From an output of any number of dimensions; the last one are the units."""
        if output.ndim == 3:
            return cls(output)
        return cls(output.reshape(-1, 1, output.shape[-1]) if output.ndim == 2 else output.reshape(1, 1, -1), placed=False)

    @property
    def units(self) -> int:
        return int(self.values.shape[-1])

    def tiles(self, *, alike: bool) -> np.ndarray:
        """uint8 (units, height, width, 3), dark where a map is least: each by its own range, or all `alike` by that of the
        layer, so that they can be compared."""
        finite = np.nan_to_num(self.values, nan=0.0, posinf=0.0, neginf=0.0)
        # A single value has no range of its own.
        axes = None if alike or not self.placed else (0, 1)
        low, high = finite.min(axis=axes, keepdims=True), finite.max(axis=axes, keepdims=True)
        shown = 255 * (finite - low) / np.where(high > low, high - low, 1)
        return np.asarray(_COLORS[np.moveaxis(shown.astype(np.uint8), -1, 0)])

    def order(self, *, strongest: bool) -> list[int]:
        """The units by number, or by their greatest value."""
        if not strongest:
            return list(range(self.units))
        peaks = self.values.max(axis=(0, 1))
        return [int(unit) for unit in np.argsort(-np.nan_to_num(peaks, nan=-np.inf), kind="stable")]

    def peak(self, unit: int) -> float:
        return float(self.values[..., unit].max())

    def mean(self, unit: int) -> float:
        return float(self.values[..., unit].mean())

    def silent(self, unit: int) -> float:
        """The share of positions at which the unit answers nothing above zero."""
        return float((self.values[..., unit] <= 0).mean())
