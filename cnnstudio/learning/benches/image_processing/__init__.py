"""The image processing bench: OpenCV's operations one after the other, before and after."""

from __future__ import annotations

from typing import Final

from cnnstudio.core.text import Text
from cnnstudio.learning.benches.entry import Bench

BENCH: Final = Bench(
    id="image_processing", title=Text("Image processing", "Procesamiento de imágenes"), group="data", icon="prepare",
    help=Text("Operations of OpenCV change the picture one after the other; the slider shows it before and after.",
              "Las operaciones de OpenCV cambian la imagen una tras otra; el deslizador la muestra antes y después."),
    view="cnnstudio.gui.pages.learn.benches.image_processing:ImageProcessingView")
