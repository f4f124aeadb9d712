"""Numbers as they are written on a blackboard: short, with a real minus sign, in the chosen language."""

from __future__ import annotations

import math
from typing import Final

from cnnstudio.core.text import localize_number

MINUS: Final = "\u2212"
_DECIMALS: Final = 4


def format_cell(value: float, decimals: int = 2) -> str:
    """A number for a cell: whole numbers without decimals, others with at most `decimals`; "" for none (NaN)."""
    number = float(value)
    if math.isnan(number):
        return ""
    if math.isinf(number):
        return "∞" if number > 0 else f"{MINUS}∞"
    if number == int(number):
        text = str(int(number))
    else:
        text = f"{number:.{decimals}f}".rstrip("0").rstrip(".")
        if text in ("0", "-0", ""):
            text = f"{number:.0e}".replace("e-0", "e-")
    return localize_number(text).replace("-", MINUS)


def format_exact(value: float) -> str:
    """A number for a text: with the digits that tell it from its neighbours, up to four decimals."""
    return format_cell(value, _DECIMALS)


def in_brackets(value: float) -> str:
    """A factor: a negative one stands in brackets."""
    text = format_exact(value)
    return f"({text})" if text.startswith(MINUS) else text
