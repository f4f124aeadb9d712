"""Inception-v3 of Keras Applications, layer for layer.

Szegedy, Vanhoucke, Ioffe, Shlens, Wojna, "Rethinking the Inception Architecture for Computer Vision", CVPR 2016.
"""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.bases.builder import MINUS_ONE_ONE, BaseBuilder, Plan, keras_weights, pair
from cnnstudio.catalog.bases.entry import Base
from cnnstudio.core.text import Text, same

BLOCKS: Final = ("stem", *(f"mixed{number}" for number in range(11)))
Step = tuple[int, int | tuple[int, int]]
"""(filters, kernel) of a convolution; kernels are (height, width)."""


def convolution(builder: BaseBuilder, filters: int, kernel: int | tuple[int, int], *after: str, stride: int = 1,
                padding: str = "same") -> str:
    """Convolution, normalisation without a factor, ReLU; named by number, as Keras does."""
    builder.convolution(filters, pair(kernel), *after, id=builder.next_name("conv2d"), stride=stride, padding=padding,
                        use_bias=False)
    builder.add("BatchNormalization", id=builder.next_name("batch_normalization"), scale=False)
    return builder.activation("relu", id=builder.next_name("activation"))


def add_branch(builder: BaseBuilder, entry: str, *steps: Step) -> str:
    """A chain of convolutions from the input of the module."""
    last = entry
    for filters, kernel in steps:
        last = convolution(builder, filters, kernel, last)
    return last


def _average_pooling(builder: BaseBuilder, entry: str, filters: int) -> str:
    builder.pooling("AveragePooling2D", 3, 1, entry, id=builder.next_name("average_pooling2d"), padding="same")
    return convolution(builder, filters, 1)


def _max_pooling(builder: BaseBuilder, *entry: str) -> str:
    return builder.pooling("MaxPooling2D", 3, 2, *entry, id=builder.next_name("max_pooling2d"))


def _add_wide_module(builder: BaseBuilder, narrow: int) -> None:
    """Module at 17 x 17: 7 x 7 convolutions split into 1 x 7 and 7 x 1."""
    entry = builder.end
    single = add_branch(builder, entry, (192, 1))
    seven = add_branch(builder, entry, (narrow, 1), (narrow, (1, 7)), (192, (7, 1)))
    twice = add_branch(builder, entry, (narrow, 1), (narrow, (7, 1)), (narrow, (1, 7)), (narrow, (7, 1)), (192, (1, 7)))
    pool = _average_pooling(builder, entry, 192)
    builder.add("Concatenate", single, seven, twice, pool, id=builder.block)


def _add_split(builder: BaseBuilder, entry: str, filters: int, name: str) -> str:
    """A 3 x 3 convolution split into 1 x 3 and 3 x 1 side by side."""
    left = convolution(builder, filters, (1, 3), entry)
    right = convolution(builder, filters, (3, 1), entry)
    return builder.add("Concatenate", left, right, id=name)


def add_layers(builder: BaseBuilder) -> None:
    builder.block = "stem"
    convolution(builder, 32, 3, stride=2, padding="valid")
    convolution(builder, 32, 3, padding="valid")
    convolution(builder, 64, 3)
    _max_pooling(builder)
    convolution(builder, 80, 1, padding="valid")
    convolution(builder, 192, 3, padding="valid")
    _max_pooling(builder)
    for number, pooled in enumerate((32, 64, 64)):
        builder.block, entry = f"mixed{number}", builder.end
        single = add_branch(builder, entry, (64, 1))
        five = add_branch(builder, entry, (48, 1), (64, 5))
        three = add_branch(builder, entry, (64, 1), (96, 3), (96, 3))
        pool = _average_pooling(builder, entry, pooled)
        builder.add("Concatenate", single, five, three, pool, id=builder.block)
    builder.block, entry = "mixed3", builder.end
    short = convolution(builder, 384, 3, entry, stride=2, padding="valid")
    add_branch(builder, entry, (64, 1), (96, 3))
    long = convolution(builder, 96, 3, stride=2, padding="valid")
    builder.add("Concatenate", short, long, _max_pooling(builder, entry), id="mixed3")
    for number, narrow in enumerate((128, 160, 160, 192), start=4):
        builder.block = f"mixed{number}"
        _add_wide_module(builder, narrow)
    builder.block, entry = "mixed8", builder.end
    add_branch(builder, entry, (192, 1))
    short = convolution(builder, 320, 3, stride=2, padding="valid")
    add_branch(builder, entry, (192, 1), (192, (1, 7)), (192, (7, 1)))
    long = convolution(builder, 192, 3, stride=2, padding="valid")
    builder.add("Concatenate", short, long, _max_pooling(builder, entry), id="mixed8")
    for number in (9, 10):
        builder.block, entry = f"mixed{number}", builder.end
        single = add_branch(builder, entry, (320, 1))
        three = _add_split(builder, add_branch(builder, entry, (384, 1)), 384, f"mixed9_{number - 9}")
        twice = _add_split(builder, add_branch(builder, entry, (448, 1), (384, 3)), 384, builder.next_name("concatenate"))
        pool = _average_pooling(builder, entry, 192)
        builder.add("Concatenate", single, three, twice, pool, id=builder.block)


def _draw() -> BaseBuilder:
    builder = BaseBuilder(MINUS_ONE_ONE)
    add_layers(builder)
    return builder


_PLAN = Plan("inception_v3", _draw)
BASES = (
    Base(
        id="inception_v3", label=same("Inception-v3"), family="Inception",
        help=Text("Filters of several sizes in parallel; widely used in medical studies.",
                  "Filtros de varios tamaños en paralelo; muy usada en estudios médicos."),
        licence="Apache-2.0", source="https://arxiv.org/abs/1512.00567", year=2015, parameters=21_802_784, top1=77.9,
        input_size=299, minimum_size=75, features=2048, scaling=MINUS_ONE_ONE.text,
        weights=keras_weights("inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5",
                          "md5:bcbd6486424b2319ff4ef7d526e38f63"),
        graph=_PLAN.graph, block_of=_PLAN.block_of, blocks=BLOCKS,
        kinds=(("mixed[0-2]$", "inception_a"), ("mixed[4-7]", "inception_b"), ("mixed(9|10)", "inception_c"))),
)
