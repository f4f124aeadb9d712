"""Units in which people think, for parameters that are stored as something else."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from cnnstudio.core.text import Text, same


class Display(msgspec.Struct, frozen=True):
    """How the window shows and edits a stored number: multiplied by `scale`, with `unit`.

    `step` is one step of the arrow keys and `decimals` are shown, both in that unit. `circle` says that the number is an
    angle, of the picture or on the colour circle: it can be drawn as a fan. The project, the command line and printed
    code keep the stored number.
    """

    scale: float
    unit: Text
    step: float = 1.0
    decimals: int = 1
    circle: Literal["", "picture", "color"] = ""

    def to_shown(self, stored: float) -> float:
        """The number as it is shown."""
        return float(f"{stored * self.scale:.10g}")

    def to_stored(self, shown: float) -> float:
        """The number as it is stored: short, since it is also printed as code."""
        return float(f"{shown / self.scale:.6g}")


PERCENT: Final = Display(100.0, same("%"))
TURN: Final = Display(360.0, same("°"), circle="picture")
"""Shares of a full turn, as degrees."""
HALF_TURN: Final = Display(180.0, same("°"), circle="color")
"""Shares of half the colour circle, as degrees."""
