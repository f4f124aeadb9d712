"""The picture of a surface from above: bands of equal height, and their edges."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QColor, QImage

from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.picture import image_of
from cnnstudio.learning.benches.optimisation.surfaces import Surface

_BANDS = 22
_LINE = 0.16
"""How strong the edges are, as a share of the text's colour."""


def contour_image(surface: Surface, width: int, height: int) -> QImage:
    """The surface in `width` by `height` pixels, y upwards: low is dark in the colour of the accent, high is the ground."""
    xs = np.linspace(surface.low[0], surface.high[0], width)
    ys = np.linspace(surface.high[1], surface.low[1], height)
    grid = np.asarray(surface.loss(*np.meshgrid(xs, ys)), np.float64)
    low, high = float(grid.min()), float(grid.max())
    # Bands by the logarithm: near the minimum a step is small, far away it is large.
    heights = np.log1p((grid - low) / max(high - low, 1e-12) * 200) / np.log1p(200)
    bands = np.minimum((heights * _BANDS).astype(int), _BANDS - 1)
    shares = bands[..., None] / (_BANDS - 1)
    valley, hill, ink = (_rgb(theme.color(token)) for token in ("accent", "raised", "text"))
    ground = hill + (valley - hill) * (1 - shares) ** 1.6 * 0.5
    edges = np.zeros(bands.shape, bool)
    edges[1:] |= bands[1:] != bands[:-1]
    edges[:, 1:] |= bands[:, 1:] != bands[:, :-1]
    ground[edges] += (ink - ground[edges]) * _LINE
    return image_of(np.clip(ground + 0.5, 0, 255).astype(np.uint8))


def _rgb(color: QColor) -> np.ndarray:
    return np.asarray([color.red(), color.green(), color.blue()], np.float64)
