"""The board of the activation bench: the curve with its tangent, and a picture before and behind the function."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import format_number, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.learn.benches.activation.shares import ShareBars
from cnnstudio.gui.pages.learn.drawing import tints
from cnnstudio.gui.pages.learn.drawing.curves import Curve, CurvePlot
from cnnstudio.gui.pages.learn.drawing.matrix import MatrixView
from cnnstudio.gui.pages.learn.drawing.numbers import format_exact
from cnnstudio.gui.pages.learn.drawing.playback import Playback
from cnnstudio.gui.pages.learn.drawing.snug import OneOf, Snug
from cnnstudio.gui.pages.learn.drawing.terms import TermsView
from cnnstudio.gui.widgets.basics import Label, box, column, row
from cnnstudio.gui.widgets.formatting import format_percent
from cnnstudio.learning.benches.activation.arithmetic import SATURATED, Activated
from cnnstudio.learning.benches.activation.functions import FUNCTIONS
from cnnstudio.learning.benches.activation.settings import POSITIONS, RANGE

_TEMPERATURES: Final = np.geomspace(0.1, 10, POSITIONS)
_MARKED: Final = (0.1, 0.2, 0.5, 1, 2, 5, 10)
"""The temperatures that are written on the axis."""
_TANGENT: Final = 1.3
"""Half the length of the tangent on the axis."""


class ActivationBoard(QWidget):
    """`position_chosen(number)` by the playback: a place on the axis, or a temperature. `logit_edited(number, value)`."""

    position_chosen = Signal(int)
    logit_edited = Signal(int, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._activated: Activated | None = None
        self._position = POSITIONS // 2
        self._drawn: tuple[str, float] | None = None
        """The function whose curves are on screen, and its number."""
        self.curve = CurvePlot(tr("The function and its gradient", "La función y su gradiente"), "z")
        self.temperatures = CurvePlot(tr("Shares by temperature", "Partes según la temperatura"),
                                      tr("Temperature", "Temperatura"))
        self.temperatures.set_ticks([(float(np.log10(value)), format_number(value, "g")) for value in _MARKED])
        self.logits = MatrixView(tr("Numbers for softmax", "Números para softmax"), editable=True, cell=54)
        self.logits.setFixedHeight(62)
        self.logits.cell_edited.connect(lambda _row, column, value: self.logit_edited.emit(column, value))
        self.bars = ShareBars()
        self.playback = Playback(tr("Place on the axis", "Lugar en el eje"))
        self.playback.set_count(POSITIONS, self._position)
        self.playback.moved.connect(self.position_chosen)
        self.point = TermsView(tr("The value at z", "El valor en z"), 1)
        self.shares_text = Label("", "body", wrap=True, selectable=True)
        self._views = {"z": MatrixView(tr("Before", "Antes"), cell=30), "result": MatrixView(tr("Behind", "Después"), cell=30),
                       "gradient": MatrixView(tr("Gradient", "Gradiente"), cell=30)}
        self._titles = {name: Label(view.accessibleName(), "body_strong", wrap=True) for name, view in self._views.items()}
        self.counts = Label("", "body", wrap=True, selectable=True)
        pictures = row(spacing=16)
        for name, view in self._views.items():
            self._titles[name].setAlignment(Qt.AlignmentFlag.AlignCenter)
            layout = column(self._titles[name], view, spacing=6)
            layout.setStretch(1, 1)
            pictures.addWidget(box(layout), 1)
        lower = box(pictures)
        lower.setMinimumHeight(190)
        softmax = row(box(column(self.logits, self.bars, None, spacing=8)), self.temperatures, spacing=20)
        softmax.setStretch(0, 2)
        softmax.setStretch(1, 3)
        self.curve.setFixedHeight(280)
        self.temperatures.setFixedHeight(280)
        self._upper = OneOf(Snug(column(self.curve)), Snug(column(softmax)))
        layout = column(self._upper, self.playback, self.point, lower, Snug(column(self.counts)), spacing=10)
        layout.setStretch(3, 1)
        self.setLayout(layout)

    @property
    def position(self) -> int:
        return self._position

    def show_activated(self, activated: Activated, position: int) -> None:
        """Show a function and a picture that went through it."""
        self._activated = activated
        function, softmax = activated.function, activated.function.over_channels
        self._upper.show_part(1 if softmax else 0)
        limit = max(1.0, float(np.abs(activated.z).max()))
        low, high = float(activated.result.min()), float(activated.result.max())
        result = tints.gray(min(0.0, low), max(high, 1.0 if low >= 0 else high)) if low >= 0 else tints.diverging(limit)
        if softmax:
            whole = tints.fixed((activated.result * 255 + 0.5).astype(np.uint8))
            before = tints.fixed(activated.pixels.astype(np.uint8))
            self._views["z"].show_values(activated.z[..., 0], before)
            self._views["result"].show_values(activated.result[..., 0], whole)
        else:
            self._views["z"].show_values(activated.z[..., 0], tints.diverging(limit))
            self._views["result"].show_values(activated.result[..., 0], result)
        self._views["gradient"].show_values(activated.gradient[..., 0], tints.gray(0, max(1.0, activated.gradient.max())))
        names = {"z": tr("Before: z", "Antes: z"), "result": tr("Behind: {name}(z)", "Después: {name}(z)",
                                                               name=function.label),
                 "gradient": tr("Gradient", "Gradiente")}
        for name, text in names.items():
            self._titles[name].setText(text)
        if softmax:
            counts = tr("Softmax over red, green and blue of each pixel: the strongest colour wins the more clearly, the lower "
                        "the temperature is.",
                        "Softmax sobre rojo, verde y azul de cada píxel: el color más fuerte gana con más claridad cuanto "
                        "menor es la temperatura.")
        else:
            counts = tr("{zeros} of the results are zero; through {saturated} of the places flows a gradient below {limit:g}: "
                        "nearly nothing is learned there.",
                        "El {zeros} de los resultados es cero; por el {saturated} de los lugares pasa un gradiente menor que "
                        "{limit:g}: allí no se aprende casi nada.", zeros=format_percent(activated.zeros),
                        saturated=format_percent(activated.saturated), limit=SATURATED)
        self.counts.setText(counts)
        self.show_position(position)

    def show_position(self, position: int) -> None:
        """Move along the axis, or through the temperatures."""
        self._position = max(0, min(POSITIONS - 1, position))
        if self.playback.position != self._position:
            self.playback.show_position(self._position)
        if self._activated is None:
            return
        if self._activated.function.over_channels:
            self._show_temperatures()
        else:
            self._show_curve()

    def _show_curve(self) -> None:
        assert self._activated is not None
        function, p = self._activated.function, self._activated.settings.param
        z = np.linspace(-RANGE, RANGE, 481)
        at = -RANGE + 2 * RANGE * self._position / (POSITIONS - 1)
        here = np.asarray([at])
        value, slope = float(function.value(here, p)[0]), float(function.gradient(here, p)[0])
        ends = np.asarray([at - _TANGENT, at + _TANGENT])
        name = str(function.label)
        tangent = Curve(tr("Tangent at z", "Tangente en z"), theme.class_color(2), ends, value + slope * (ends - at))
        if self._drawn != (function.id, p):
            self._drawn = (function.id, p)
            self.curve.show_curves([
                Curve(name, theme.class_color(0), z, function.value(z, p)),
                Curve(tr("Gradient", "Gradiente"), theme.class_color(5), z, function.gradient(z, p), dashed=True),
            ], at, (-1.5, 2.5) if abs(function.value(np.asarray([RANGE]), p)[0]) <= 1 else (-2.0, RANGE))
        self.curve.show_moving((tangent,), at)
        self.point.show_terms(tr("{name}(z) = {formula}:   {name}({z}) = {value},  gradient {slope}",
                              "{name}(z) = {formula}:   {name}({z}) = {value},  gradiente {slope}", name=name,
                              formula=function.formula, z=format_exact(round(at, 3)), value=format_exact(round(value, 4)),
                              slope=format_exact(round(slope, 4))))

    def _show_temperatures(self) -> None:
        assert self._activated is not None
        settings, softmax = self._activated.settings, FUNCTIONS[self._activated.settings.function].value
        logits = np.asarray(settings.logits)
        self.logits.show_values(logits[None], tints.diverging())
        shares = softmax(logits, settings.param)
        self.bars.show_shares(logits, shares)
        curves = np.stack([softmax(logits, float(temperature)) for temperature in _TEMPERATURES])
        axis = np.log10(_TEMPERATURES)
        lines = [Curve(f"z = {format_exact(value)}", theme.class_color(number), axis, curves[:, number])
                 for number, value in enumerate(logits.tolist())]
        self.temperatures.show_curves(lines, float(np.log10(settings.param)), (0, 1))
        powers = [f"e^({format_exact(value)}/{format_exact(settings.param)})" for value in logits.tolist()]
        self.point.show_terms(f"{powers[0]} / ({' + '.join(powers)}) ≈ {format_number(float(shares[0]), '.4g')}")


def temperature_at(position: int) -> float:
    """The temperature of a place of the playback."""
    return float(np.round(_TEMPERATURES[position], 3))


def position_of(temperature: float) -> int:
    """The place of the playback nearest to a temperature."""
    return int(np.abs(np.log(_TEMPERATURES) - np.log(temperature)).argmin())
