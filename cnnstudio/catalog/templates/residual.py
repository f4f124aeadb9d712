"""A small residual network.

He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016.
"""

from __future__ import annotations

from cnnstudio.catalog.builder import NetworkBuilder
from cnnstudio.catalog.networks import network_builder
from cnnstudio.catalog.templates.entry import Template
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.text import Text


def _convolution(builder: NetworkBuilder, filters: int, stride: int = 1, kernel: int = 3, relu: bool = True,
                 after: str | None = None) -> str:
    sources = (after,) if after is not None else ()
    builder.add("Conv2D", *sources, filters=filters, kernel_size=(kernel, kernel), strides=(stride, stride),
                padding="same", use_bias=False)
    last = builder.add("BatchNormalization", momentum=0.9)
    return builder.add("ReLU") if relu else last


def residual_block(builder: NetworkBuilder, filters: int, stride: int) -> str:
    """Two convolutions and the skip connection; a 1 x 1 convolution on the skip where the shape changes."""
    entry = builder.last
    assert entry is not None
    _convolution(builder, filters, stride)
    main = _convolution(builder, filters, relu=False)
    skip = entry if stride == 1 else _convolution(builder, filters, stride, kernel=1, relu=False, after=entry)
    builder.add("Add", main, skip)
    return builder.add("ReLU")


def network() -> NetworkSpec:
    builder = network_builder()
    builder.add("Input")
    _convolution(builder, 32)
    for filters, stride in ((32, 1), (64, 2), (128, 2)):
        residual_block(builder, filters, stride)
    builder.add("GlobalAveragePooling2D")
    builder.add("Output")
    return builder.network("residual")


TEMPLATES = (
    Template(
        id="residual", label=Text("Residual blocks", "Bloques residuales"), year=2015, adapts=True,
        source="https://arxiv.org/abs/1512.03385",
        help=Text("Skip connections let the signal jump over layers: the idea of ResNet, in three blocks.",
                  "Las conexiones de salto dejan pasar la señal por encima de las capas: la idea de ResNet, en tres "
                  "bloques."),
        about=Text(
            "A residual block adds its input to its output, so that its layers need to learn only what should change. The "
            "signal and, on the way back, the gradient pass over them unhindered, which is why networks of a hundred layers "
            "can learn. This small network shows the idea in three blocks, with a 1 × 1 convolution on the skip where the "
            "shape changes.",
            "Un bloque residual suma su entrada a su salida, de modo que sus capas solo deben aprender lo que ha de cambiar. "
            "La señal y, en el camino de vuelta, el gradiente pasan por encima de ellas sin obstáculos, y por eso pueden "
            "aprender redes de cien capas. Esta red pequeña muestra la idea en tres bloques, con una convolución de 1 × 1 en "
            "la conexión de salto donde cambia la forma."),
        network=network, recipe={"height": 64, "width": 64}, training={"epochs": 40}),
)
