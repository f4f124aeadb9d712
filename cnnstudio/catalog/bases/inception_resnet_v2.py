"""Inception-ResNet-v2 of Keras Applications, layer for layer.

Szegedy, Ioffe, Vanhoucke, Alemi, "Inception-v4, Inception-ResNet and the Impact of Residual Connections on
Learning", AAAI 2017. Keras scales each residual branch in the layer that adds it; here a Rescaling does so.
"""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.bases.drawn import MINUS_ONE_ONE, BaseDrawing, Plan, published
from cnnstudio.catalog.bases.entry import Base
from cnnstudio.catalog.bases.inception_v3 import Step, convolution, way
from cnnstudio.core.text import Text, same

BLOCKS: Final = ("stem", "mixed_5b", "block35", "mixed_6a", "block17", "mixed_7a", "block8", "conv_7b")
WAYS: Final[dict[str, tuple[tuple[Step, ...], ...]]] = {
    "block35": (((32, 1),), ((32, 1), (32, 3)), ((32, 1), (48, 3), (64, 3))),
    "block17": (((192, 1),), ((128, 1), (160, (1, 7)), (192, (7, 1)))),
    "block8": (((192, 1),), ((192, 1), (224, (1, 3)), (256, (3, 1)))),
}
"""The branches of each kind of block."""


def _block(drawing: BaseDrawing, number: int, channels: int, scale: float, relu: bool = True) -> None:
    """Branches, joined, brought back to the channels of the entry, scaled and added to it."""
    name, entry = f"{drawing.block}_{number}", drawing.end
    ends = [way(drawing, entry, *steps) for steps in WAYS[drawing.block]]
    drawing.add("Concatenate", *ends, id=f"{name}_mixed")
    drawing.convolution(channels, 1, id=f"{name}_conv", padding="same")
    if scale != 1.0:
        drawing.add("Rescaling", id=f"{name}_scale", scale=scale)
    drawing.add("Add", entry, drawing.end, id=f"{name}_add")
    if relu:
        drawing.activation("relu", id=f"{name}_ac")


def _maximum(drawing: BaseDrawing, *entry: str) -> str:
    return drawing.pooling("MaxPooling2D", 3, 2, *entry, id=drawing.numbered("max_pooling2d"))


def _shrink(drawing: BaseDrawing, name: str, *ways: tuple[Step, ...]) -> None:
    """Ways whose last convolution has stride 2, beside a pooling."""
    drawing.block, entry, ends = name, drawing.end, []
    for steps in ways:
        start = way(drawing, entry, *steps[:-1])
        ends.append(convolution(drawing, *steps[-1], start, stride=2, padding="valid"))
    drawing.add("Concatenate", *ends, _maximum(drawing, entry), id=name)


def _draw() -> BaseDrawing:
    drawing = BaseDrawing(MINUS_ONE_ONE)
    drawing.block = "stem"
    convolution(drawing, 32, 3, stride=2, padding="valid")
    convolution(drawing, 32, 3, padding="valid")
    convolution(drawing, 64, 3)
    _maximum(drawing)
    convolution(drawing, 80, 1, padding="valid")
    convolution(drawing, 192, 3, padding="valid")
    _maximum(drawing)
    drawing.block, entry = "mixed_5b", drawing.end
    ends = [way(drawing, entry, (96, 1)), way(drawing, entry, (48, 1), (64, 5)),
            way(drawing, entry, (64, 1), (96, 3), (96, 3))]
    drawing.pooling("AveragePooling2D", 3, 1, entry, id="average_pooling2d", padding="same")
    ends.append(convolution(drawing, 64, 1))
    drawing.add("Concatenate", *ends, id="mixed_5b")
    drawing.block = "block35"
    for number in range(1, 11):
        _block(drawing, number, 320, 0.17)
    _shrink(drawing, "mixed_6a", ((384, 3),), ((256, 1), (256, 3), (384, 3)))
    drawing.block = "block17"
    for number in range(1, 21):
        _block(drawing, number, 1088, 0.1)
    _shrink(drawing, "mixed_7a", ((256, 1), (384, 3)), ((256, 1), (288, 3)), ((256, 1), (288, 3), (320, 3)))
    drawing.block = "block8"
    for number in range(1, 10):
        _block(drawing, number, 2080, 0.2)
    _block(drawing, 10, 2080, 1.0, relu=False)
    drawing.block = "conv_7b"
    drawing.convolution(1536, 1, id="conv_7b", padding="same", use_bias=False)
    drawing.add("BatchNormalization", id="conv_7b_bn", scale=False)
    drawing.activation("relu", id="conv_7b_ac")
    return drawing


_PLAN = Plan("inception_resnet_v2", _draw)
BASES = (
    Base(
        id="inception_resnet_v2", label=same("Inception-ResNet-v2"), family="Inception",
        help=Text("Inception modules with skip connections: among the most accurate of its time, and heavy.",
                  "Módulos Inception con conexiones de salto: de las más exactas de su época, y pesada."),
        licence="Apache-2.0", source="https://arxiv.org/abs/1602.07261", year=2016, parameters=54_336_736, top1=80.3,
        input_size=299, minimum_size=75, features=1536, scaling=MINUS_ONE_ONE.text,
        weights=published("inception_resnet_v2/inception_resnet_v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
                          "md5:d19885ff4a710c122648d3b5c3b684e4"),
        graph=_PLAN.graph, block_of=_PLAN.block_of, blocks=BLOCKS),
)
