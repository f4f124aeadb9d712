"""A map as it is drawn over a picture. Its colours follow the user's choices without asking the engine again."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QRectF

from cnnstudio.catalog.explanations import EXPLANATIONS
from cnnstudio.core.explain_jobs import Explained
from cnnstudio.gui.widgets.picture import Overlay, image_of
from cnnstudio.imaging import overlay
from cnnstudio.imaging.placement import Placement


@dataclass(frozen=True)
class MapLook:
    """How maps are drawn: `strength` (0 to 1), the palette of maps without sign, only what speaks for the class (`positive`),
    and whether they are drawn at all."""

    strength: float = 0.6
    palette: str = "turbo"
    positive: bool = False
    shown: bool = True

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> MapLook:
        """The look from remembered values; what is unknown is the default."""
        look = cls()
        strength, palette, positive = plain.get("strength"), plain.get("palette"), plain.get("positive")
        if isinstance(strength, int | float) and 0 <= strength <= 1:
            look = replace(look, strength=float(strength))
        if palette in overlay.PALETTES:
            look = replace(look, palette=str(palette))
        return replace(look, positive=positive is True)

    def as_plain(self) -> dict[str, Any]:
        return {"strength": self.strength, "palette": self.palette, "positive": self.positive}


@dataclass(frozen=True, eq=False)
class LoadedMap:
    """A map of the input, float32 (height, width), and its place on the upright picture."""

    values: np.ndarray
    placement: Placement
    signed: bool
    grain: float

    def shown(self, look: MapLook) -> np.ndarray:
        """The values as they are drawn, -1 to 1, of the part of the input that came from the picture."""
        if self.signed and not look.positive:
            values = overlay.signed_normalized(self.values, self.grain)
        else:
            values = overlay.normalized(self.values, self.grain)
        top, left, rows, columns = self.placement.target
        return np.asarray(values[top:top + rows, left:left + columns])

    def has_two_signs(self, look: MapLook) -> bool:
        """Whether it is drawn in two colours, for and against the class."""
        return self.signed and not look.positive

    def overlay(self, look: MapLook) -> Overlay | None:
        """What is drawn over the picture; None where the look hides it."""
        if not look.shown:
            return None
        colors = overlay.heat(self.shown(look), look.palette, signed=self.has_two_signs(look))
        top, left, rows, columns = self.placement.source
        high, wide = self.placement.size
        return Overlay(image_of(colors), QRectF(left / wide, top / high, columns / wide, rows / high), look.strength)

    def drawn(self, picture: np.ndarray, look: MapLook) -> np.ndarray:
        """The upright picture in any size, uint8 (height, width, channels), with the map over it, uint8 (height, width, 3)."""
        picture = overlay.reduced(picture, max(picture.shape[:2]))
        if not look.shown:
            return picture
        high, wide = picture.shape[0] / self.placement.size[0], picture.shape[1] / self.placement.size[1]
        top, left, rows, columns = self.placement.source
        # Half-open boxes: neighbouring parts of a reduced picture neither overlap nor leave a gap.
        upper, lower = round(top * high), max(round(top * high) + 1, round((top + rows) * high))
        near, far = round(left * wide), max(round(left * wide) + 1, round((left + columns) * wide))
        part = picture[upper:lower, near:far]
        values = overlay.resized_signed(self.shown(look), part)
        colors = overlay.heat(values, look.palette, signed=self.has_two_signs(look))
        share = look.strength * (colors[..., 3:] / 255)
        picture[upper:lower, near:far] = np.asarray(part * (1 - share) + colors[..., :3] * share + 0.5, np.uint8)
        return picture


def load_map(event: Explained) -> LoadedMap | None:
    """The map of an explanation; None where its file is gone."""
    entry = EXPLANATIONS[event.method]
    try:
        with np.load(event.map_file, allow_pickle=False) as arrays:
            return LoadedMap(np.asarray(arrays["map"], np.float32), placement_of(arrays), entry.signed, entry.grain)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None


def load_mean(path: Path) -> tuple[LoadedMap, np.ndarray] | None:
    """The mean of several maps and the mean picture, uint8 (height, width, 3); None where the file is gone."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            values, picture = np.asarray(arrays["map"], np.float32), np.asarray(arrays["picture"])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    high, wide = values.shape
    whole = (0, 0, high, wide)
    return LoadedMap(values, Placement((high, wide), whole, whole), False, 0.0), picture


def placement_of(arrays: Mapping[str, np.ndarray]) -> Placement:
    """The place of the input on the picture, from the arrays of a map. Raises KeyError."""
    return Placement(size=_box(arrays["size"]), source=_box(arrays["source"]), target=_box(arrays["target"]))


def _box(array: np.ndarray) -> Any:
    return tuple(int(value) for value in array)
