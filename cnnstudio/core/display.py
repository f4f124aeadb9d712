"""Numbers as people read them, and the units in which they think of parameters that are stored as something else."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from cnnstudio.core.text import Text, format_number, language, same


def format_count(value: int) -> str:
    """A whole number for people: 12,345 in English, 12\u202f345 in Spanish."""
    return format_number(value, ",")


def format_percent(share: float, decimals: int = 1) -> str:
    """A share (0 to 1) for people: 97.8% in English, 97,8\u202f% in Spanish."""
    return format_number(share, f".{decimals}%")


def with_unit(figure: str, unit: str) -> str:
    """A formatted number with its unit, as the chosen language writes it: only English puts % next to the number."""
    return f"{figure}{unit}" if unit == "°" or (unit == "%" and language() == "en") else f"{figure}\u202f{unit}"


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
