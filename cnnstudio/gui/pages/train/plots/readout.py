"""What the readout of a plot says at an epoch: the values of the shown run, those of others, and what happened there."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final, NamedTuple

import numpy as np
from PySide6.QtGui import QColor

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.train.plots.history import Mark
from cnnstudio.gui.widgets.formatting import format_number

MOST_OTHERS: Final = 5
"""The most other runs in a readout: those that are nearest to the mouse."""


_LONGEST: Final = 22
"""The most letters of a name in a readout, which has to leave room for the value in a narrow plot."""


class Line(NamedTuple):
    """One curve for the readout: its name, its colour, epochs and values; `run` is "" for the curves of the shown run."""

    name: str
    color: QColor
    x: np.ndarray
    values: np.ndarray
    run: str = ""

    def at(self, x: float) -> float | None:
        """The value at the nearest epoch; None where it has none within half an epoch."""
        if not len(self.values):
            return None
        place = int(np.abs(self.x[:len(self.values)] - x).argmin())
        return float(self.values[place]) if abs(self.x[place] - x) <= 0.5 else None


def _short(name: str) -> str:
    """A name without its middle where it is long: runs differ at their ends."""
    half = _LONGEST // 2
    return name if len(name) <= _LONGEST else f"{name[:half - 1]}…{name[-half:]}"


def nearest(lines: Iterable[Line], x: float, y: float) -> list[tuple[Line, float]]:
    """The lines with a value at that epoch, the one nearest to `y` first."""
    found = [(line, value) for line in lines if (value := line.at(x)) is not None]
    return sorted(found, key=lambda pair: abs(pair[1] - y))


def readout_html(heading: str, own: Iterable[Line], others: Iterable[Line], marks: Iterable[Mark], x: float, y: float,
                 unit: str = "") -> str:
    """The lines as HTML: the curves of the shown run in their order, then the other runs that are nearest to the mouse, of
    which the nearest of all is bold."""
    own, others = list(own), list(others)
    ranked = nearest([*own, *others], x, y)
    pointed = ranked[0][0] if ranked and others else None
    lines = [heading]
    shown = [(line, value) for line in own if (value := line.at(x)) is not None]
    shown += [(line, value) for line, value in ranked if line.run][:MOST_OTHERS]
    for line, value in shown:
        text = f"{escape(_short(line.name))} {format_number(value, 4)}{unit and ' ' + unit}"
        lines.append(f'<span style="color:{line.color.name()}">▬</span> ' + (f"<b>{text}</b>" if line is pointed else text))
    hidden = len([line for line, _value in ranked if line.run]) - MOST_OTHERS
    if hidden > 0:
        lines.append(tr("and {n} more", "y {n} más", n=hidden))
    lines += [escape(mark.text) for mark in marks]
    return f'<div style="color:{theme.color("text").name()}">{"<br>".join(lines)}</div>'
