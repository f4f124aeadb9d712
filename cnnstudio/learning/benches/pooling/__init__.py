"""The pooling bench: maximum and mean beside each other, what a shift changes, and what is lost."""

from __future__ import annotations

from typing import Final

from cnnstudio.core.text import Text
from cnnstudio.learning.benches.entry import Bench

BENCH: Final = Bench(
    id="pooling", title=Text("Pooling", "Agrupamiento"), group="layers", icon="fit",
    help=Text("A window keeps one number: its maximum or its mean. The picture gets smaller and bears small shifts better.",
              "Una ventana conserva un solo número: su máximo o su media. La imagen se reduce y soporta mejor los "
              "desplazamientos pequeños."),
    view="cnnstudio.gui.pages.learn.benches.pooling:PoolingView")
