"""Inception-v3 of Keras Applications, layer for layer.

Szegedy, Vanhoucke, Ioffe, Shlens, Wojna, "Rethinking the Inception Architecture for Computer Vision", CVPR 2016.
"""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.bases.drawn import MINUS_ONE_ONE, BaseDrawing, Plan, pair, published
from cnnstudio.catalog.bases.entry import Base
from cnnstudio.core.text import Text, same

BLOCKS: Final = ("stem", *(f"mixed{number}" for number in range(11)))
Step = tuple[int, int | tuple[int, int]]
"""(filters, kernel) of one convolution; kernels are (height, width)."""


def convolution(drawing: BaseDrawing, filters: int, kernel: int | tuple[int, int], *after: str, stride: int = 1,
                padding: str = "same") -> str:
    """Convolution, normalisation without a factor, ReLU; named by number, as Keras does."""
    drawing.convolution(filters, pair(kernel), *after, id=drawing.numbered("conv2d"), stride=stride, padding=padding,
                        use_bias=False)
    drawing.add("BatchNormalization", id=drawing.numbered("batch_normalization"), scale=False)
    return drawing.activation("relu", id=drawing.numbered("activation"))


def way(drawing: BaseDrawing, entry: str, *steps: Step) -> str:
    """Convolutions one after another, from the entry of the module."""
    last = entry
    for filters, kernel in steps:
        last = convolution(drawing, filters, kernel, last)
    return last


def _average(drawing: BaseDrawing, entry: str, filters: int) -> str:
    drawing.pooling("AveragePooling2D", 3, 1, entry, id=drawing.numbered("average_pooling2d"), padding="same")
    return convolution(drawing, filters, 1)


def _maximum(drawing: BaseDrawing, *entry: str) -> str:
    return drawing.pooling("MaxPooling2D", 3, 2, *entry, id=drawing.numbered("max_pooling2d"))


def _wide(drawing: BaseDrawing, narrow: int) -> None:
    """Module at 17 x 17: 7 x 7 convolutions split into 1 x 7 and 7 x 1."""
    entry = drawing.end
    one = way(drawing, entry, (192, 1))
    seven = way(drawing, entry, (narrow, 1), (narrow, (1, 7)), (192, (7, 1)))
    twice = way(drawing, entry, (narrow, 1), (narrow, (7, 1)), (narrow, (1, 7)), (narrow, (7, 1)), (192, (1, 7)))
    pool = _average(drawing, entry, 192)
    drawing.add("Concatenate", one, seven, twice, pool, id=drawing.block)


def _split(drawing: BaseDrawing, entry: str, filters: int, name: str) -> str:
    """A 3 x 3 convolution split into 1 x 3 and 3 x 1 side by side."""
    left = convolution(drawing, filters, (1, 3), entry)
    right = convolution(drawing, filters, (3, 1), entry)
    return drawing.add("Concatenate", left, right, id=name)


def add_layers(drawing: BaseDrawing) -> None:
    drawing.block = "stem"
    convolution(drawing, 32, 3, stride=2, padding="valid")
    convolution(drawing, 32, 3, padding="valid")
    convolution(drawing, 64, 3)
    _maximum(drawing)
    convolution(drawing, 80, 1, padding="valid")
    convolution(drawing, 192, 3, padding="valid")
    _maximum(drawing)
    for number, pooled in enumerate((32, 64, 64)):
        drawing.block, entry = f"mixed{number}", drawing.end
        one = way(drawing, entry, (64, 1))
        five = way(drawing, entry, (48, 1), (64, 5))
        three = way(drawing, entry, (64, 1), (96, 3), (96, 3))
        pool = _average(drawing, entry, pooled)
        drawing.add("Concatenate", one, five, three, pool, id=drawing.block)
    drawing.block, entry = "mixed3", drawing.end
    short = convolution(drawing, 384, 3, entry, stride=2, padding="valid")
    way(drawing, entry, (64, 1), (96, 3))
    long = convolution(drawing, 96, 3, stride=2, padding="valid")
    drawing.add("Concatenate", short, long, _maximum(drawing, entry), id="mixed3")
    for number, narrow in enumerate((128, 160, 160, 192), start=4):
        drawing.block = f"mixed{number}"
        _wide(drawing, narrow)
    drawing.block, entry = "mixed8", drawing.end
    way(drawing, entry, (192, 1))
    short = convolution(drawing, 320, 3, stride=2, padding="valid")
    way(drawing, entry, (192, 1), (192, (1, 7)), (192, (7, 1)))
    long = convolution(drawing, 192, 3, stride=2, padding="valid")
    drawing.add("Concatenate", short, long, _maximum(drawing, entry), id="mixed8")
    for number in (9, 10):
        drawing.block, entry = f"mixed{number}", drawing.end
        one = way(drawing, entry, (320, 1))
        three = _split(drawing, way(drawing, entry, (384, 1)), 384, f"mixed9_{number - 9}")
        twice = _split(drawing, way(drawing, entry, (448, 1), (384, 3)), 384, drawing.numbered("concatenate"))
        pool = _average(drawing, entry, 192)
        drawing.add("Concatenate", one, three, twice, pool, id=drawing.block)


def _draw() -> BaseDrawing:
    drawing = BaseDrawing(MINUS_ONE_ONE)
    add_layers(drawing)
    return drawing


_PLAN = Plan("inception_v3", _draw)
BASES = (
    Base(
        id="inception_v3", label=same("Inception-v3"), family="Inception",
        help=Text("Several filter sizes side by side; a favourite of medical studies.",
                  "Varios tamaños de filtro a la vez; favorita de los estudios médicos."),
        licence="Apache-2.0", source="https://arxiv.org/abs/1512.00567", year=2015, parameters=21_802_784, top1=77.9,
        input_size=299, minimum_size=75, features=2048, scaling=MINUS_ONE_ONE.text,
        weights=published("inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
                          "md5:bcbd6486424b2319ff4ef7d526e38f63"),
        graph=_PLAN.graph, block_of=_PLAN.block_of, blocks=BLOCKS),
)
