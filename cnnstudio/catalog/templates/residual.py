"""A small residual network.

He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016.
"""

from __future__ import annotations

from cnnstudio.catalog.drawing import Drawing
from cnnstudio.catalog.templates.entry import Template
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.text import Text


def _convolution(drawing: Drawing, filters: int, stride: int = 1, kernel: int = 3, relu: bool = True,
                 after: str | None = None) -> str:
    sources = (after,) if after is not None else ()
    drawing.add("Conv2D", *sources, filters=filters, kernel_size=(kernel, kernel), strides=(stride, stride),
                padding="same", use_bias=False)
    last = drawing.add("BatchNormalization", momentum=0.9)
    return drawing.add("ReLU") if relu else last


def residual_block(drawing: Drawing, filters: int, stride: int) -> str:
    """Two convolutions and the skip connection; a 1 x 1 convolution on the skip where the shape changes."""
    entry = drawing.last
    assert entry is not None
    _convolution(drawing, filters, stride)
    main = _convolution(drawing, filters, relu=False)
    skip = entry if stride == 1 else _convolution(drawing, filters, stride, kernel=1, relu=False, after=entry)
    drawing.add("Add", main, skip)
    return drawing.add("ReLU")


def network() -> NetworkSpec:
    drawing = Drawing()
    drawing.add("Input")
    _convolution(drawing, 32)
    for filters, stride in ((32, 1), (64, 2), (128, 2)):
        residual_block(drawing, filters, stride)
    drawing.add("GlobalAveragePooling2D")
    drawing.add("Output")
    return drawing.network("residual")


TEMPLATE = Template(
    id="residual", label=Text("Residual blocks", "Bloques residuales"), year=2015, adapts=True,
    source="https://arxiv.org/abs/1512.03385",
    help=Text("Skip connections let the signal jump over layers, so that deep networks learn: the idea of ResNet, in "
              "three blocks.",
              "Las conexiones de salto dejan que la señal pase por encima de capas, y así aprenden redes profundas: la "
              "idea de ResNet, en tres bloques."),
    network=network, recipe={"height": 64, "width": 64}, training={"epochs": 40},
)
