"""The convolution bench: a kernel slides over a picture, and every sum is written out."""

from __future__ import annotations

from typing import Final

from cnnstudio.core.text import Text
from cnnstudio.learning.benches.entry import Bench

BENCH: Final = Bench(
    id="convolution", title=Text("Convolution", "Convolución"), group="layers", icon="grid",
    help=Text("A kernel slides over the picture; at every position the products of pixels and weights are added up.",
              "Un núcleo se desliza sobre la imagen; en cada posición se suman los productos de píxeles y pesos."),
    view="cnnstudio.gui.pages.learn.benches.convolution:ConvolutionView")
