"""Below the board of the pooling bench: what a shift changes, and what is lost."""

from __future__ import annotations

from typing import Final

import numpy as np

from cnnstudio.core.text import format_number, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.learn.drawing import tints
from cnnstudio.gui.pages.learn.drawing.board import titled
from cnnstudio.gui.pages.learn.drawing.curves import Curve, CurvePlot
from cnnstudio.gui.pages.learn.drawing.matrix import MatrixView
from cnnstudio.gui.pages.learn.drawing.snug import Snug
from cnnstudio.gui.widgets.basics import Label, column, row
from cnnstudio.gui.widgets.formatting import format_percent
from cnnstudio.learning.benches.pooling.arithmetic import (
    GLOBAL_AVERAGE,
    NOTHING,
    Pooled,
    Robustness,
    enlarge,
    mean_error,
    measure_robustness,
    pool,
    shift_right,
)

_HEIGHT: Final = 196


class ShiftPart(Snug):
    """The picture moved to the right, how much maximum and mean change, and the same for every shift as curves."""

    def __init__(self) -> None:
        super().__init__(column(spacing=6))
        self._picture = MatrixView(tr("Change of the picture", "Cambio de la imagen"))
        self._maximum = MatrixView(tr("Change of the maximum", "Cambio del máximo"))
        self._average = MatrixView(tr("Change of the mean", "Cambio de la media"))
        self._plot = CurvePlot(tr("Change by shift", "Cambio según el desplazamiento"),
                               tr("Shift in pixels", "Desplazamiento en píxeles"), tr("Change", "Cambio"))
        line = row(spacing=12)
        for view in (self._picture, self._maximum, self._average):
            view.setFixedHeight(_HEIGHT - 26)
            line.addWidget(titled(view.accessibleName(), view), 2)
        line.addWidget(self._plot, 4)
        self._plot.setFixedHeight(_HEIGHT)
        self._text = Label("", "body", wrap=True, selectable=True)
        self.fill(line, self._text)

    def show_pooled(self, pooled: Pooled, channel: int) -> None:
        """Shift the picture as far as the settings say."""
        robustness, by = measure_robustness(pooled), min(pooled.settings.shift, pooled.pixels.shape[1] - 1)
        moved = pool(shift_right(pooled.pixels, by), pooled.settings)
        pairs = ((self._picture, pooled.pixels, moved.pixels), (self._maximum, pooled.maximum, moved.maximum),
                 (self._average, pooled.average, moved.average))
        limit = max(1.0, float(np.ptp(pooled.pixels)))
        for view, before, after in pairs:
            view.show_values((after - before)[..., channel], tints.diverging(limit))
        self._plot.show_curves(_curves(robustness), float(by), (0, max(max(values) for values in robustness.curves.values())))
        shares = {name: format_percent(values[by]) for name, values in robustness.curves.items()}
        self._text.setText(tr(
            "Shifted by {n} px, the picture changes by {nothing} of its contrast, the maximum by {maximum}, the mean by "
            "{average}, the global mean by {everything}.",
            "Desplazada {n} px, la imagen cambia un {nothing} de su contraste, el máximo un {maximum}, la media un "
            "{average} y la media global un {everything}.", n=by, nothing=shares[NOTHING], maximum=shares["max"],
            average=shares["average"], everything=shares[GLOBAL_AVERAGE]))


def _curves(robustness: Robustness) -> list[Curve]:
    names = {NOTHING: tr("Without pooling", "Sin agrupar"), "max": tr("Maximum", "Máximo"), "average": tr("Mean", "Media"),
             GLOBAL_AVERAGE: tr("Global mean", "Media global")}
    colors = {NOTHING: theme.color("dim"), "max": theme.class_color(5), "average": theme.class_color(0),
              GLOBAL_AVERAGE: theme.class_color(2)}
    return [Curve(names[name], colors[name], np.asarray(robustness.shifts, float), np.asarray(values), marked=True)
            for name, values in robustness.curves.items()]


class LossPart(Snug):
    """The picture that the pooled numbers still tell, beside the original, and the difference."""

    def __init__(self) -> None:
        super().__init__(column(spacing=6))
        self._views = {
            "max": MatrixView(tr("From the maxima", "De los máximos")),
            "max_error": MatrixView(tr("Lost with the maximum", "Perdido con el máximo")),
            "average": MatrixView(tr("From the means", "De las medias")),
            "average_error": MatrixView(tr("Lost with the mean", "Perdido con la media"))}
        line = row(spacing=12)
        for view in self._views.values():
            view.setFixedHeight(_HEIGHT - 26)
            line.addWidget(titled(view.accessibleName(), view), 1)
        self._text = Label("", "body", wrap=True, selectable=True)
        self.fill(line, self._text)

    def show_pooled(self, pooled: Pooled, channel: int) -> None:
        """Enlarge the pooled pictures to the size of the original."""
        low, high = min(0, int(pooled.pixels.min())), max(1, int(pooled.pixels.max()))
        limit = max(1.0, float(np.ptp(pooled.pixels)))
        tint = tints.gray(low, high) if pooled.channels == 1 else tints.channel(channel, low, high)
        for kind in ("max", "average"):
            enlarged = enlarge(pooled, kind)
            self._views[kind].show_values(enlarged[..., channel], tint)
            self._views[f"{kind}_error"].show_values((enlarged - pooled.pixels)[..., channel], tints.diverging(limit))
        kept, before = pooled.positions, pooled.pixels[..., 0].size
        self._text.setText(tr(
            "{kept} of {before} numbers are left ({share}). Drawn large again, they differ from the picture by {maximum} "
            "(maximum) and {average} (mean) grey levels a pixel: where exactly something was within its window is lost.",
            "Quedan {kept} de {before} números ({share}). Ampliados de nuevo, difieren de la imagen en {maximum} (máximo) y "
            "{average} (media) niveles de gris por píxel: se pierde dónde estaba exactamente cada cosa dentro de su ventana.",
            kept=format_number(kept, ",d"), before=format_number(before, ",d"), share=format_percent(kept / before),
            maximum=format_number(mean_error(pooled, "max"), ".1f"),
            average=format_number(mean_error(pooled, "average"), ".1f")))
