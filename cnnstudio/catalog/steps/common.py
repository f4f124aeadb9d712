"""Parameters of augmentations that several share, and how their numbers are drawn in a printed script."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from cnnstudio.core.display import PERCENT, Display
from cnnstudio.core.params import Choice, Factor, Float, Option, Param
from cnnstudio.core.text import Text, same

FILL: Final[tuple[Param, ...]] = (
    Choice(
        name="fill_mode", default="reflect", advanced=True, label=same("fill_mode"),
        help=Text("How areas outside the picture are filled.", "Cómo se rellenan las zonas que quedan fuera de la imagen."),
        options=(Option("reflect", Text("reflect: mirrored", "reflect: reflejado")),
                 Option("nearest", Text("nearest: the border", "nearest: el borde")),
                 Option("wrap", Text("wrap: the other side", "wrap: el otro lado")),
                 Option("constant", Text("constant: one value", "constant: un valor")))),
    Float(
        name="fill_value", default=0.0, minimum=0, maximum=255, step=1, decimals=0, advanced=True, label=same("fill_value"),
        help=Text("The value for fill_mode constant, 0 to 255.", "El valor para fill_mode constant, de 0 a 255.")),
)
PROBABILITY: Final = Float(
    name="probability", default=1.0, minimum=0, maximum=1, display=PERCENT, advanced=True,
    label=Text("Probability", "Probabilidad"),
    help=Text("Fraction of the pictures that is changed.", "Fracción de las imágenes que se cambia."))
OTHER_COLOR: Final = Text("Classes named after a colour would no longer match their name.",
                          "Las clases con nombre de color dejarían de corresponder a su nombre.")


def factor(name: str, default: float | tuple[float, float] | None, help: Text, maximum: float = 1.0,
           optional: bool = False, display: Display | None = PERCENT) -> Param:
    """A range around 0."""
    return Factor(name=name, default=default, minimum=-maximum, maximum=maximum, optional=optional, label=same(name),
                  help=help, display=display)


def plain_probability(default: float) -> Param:
    """The probability of a step without other parameters."""
    return msgspec.structs.replace(PROBABILITY, default=default, advanced=False)


def share(name: str, default: tuple[float, float] | None, help: Text, maximum: float = 1.0, minimum: float = 0.0,
          optional: bool = False, display: Display | None = None) -> Param:
    """A range that is not negative."""
    return Factor(name=name, default=default, minimum=minimum, maximum=maximum, optional=optional, label=same(name),
                  help=help, display=display)


# Printed code ------------------------------------------------------------------------------------

def pair(factor: Any, least: float = float("-inf")) -> tuple[float, float]:
    """A factor as in Keras: one number f means -|f| to |f|; the lower limit is `least`."""
    if isinstance(factor, int | float):
        return max(-abs(float(factor)), least), abs(float(factor))
    first, second = (float(value) for value in factor)
    return max(min(first, second), least), max(first, second)


def draw_expression(factor: Any, least: float = float("-inf"), times: float = 1.0, plus: float = 0.0) -> str:
    """The expression that draws a number of the range, times and plus numbers; a constant where there is no choice."""
    low, high = (_short(times * end + plus) for end in pair(factor, least))
    return repr(low) if low == high else f"rng.uniform({low!r}, {high!r})"


def _short(value: float) -> float:
    return float(f"{value:.10g}")
