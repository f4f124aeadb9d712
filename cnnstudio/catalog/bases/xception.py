"""Xception of Keras Applications, layer for layer.

Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions", CVPR 2017.
"""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.bases.builder import MINUS_ONE_ONE, BaseBuilder, Plan, keras_weights
from cnnstudio.catalog.bases.entry import Base
from cnnstudio.core.text import Text, same

BLOCKS: Final = tuple(f"block{number}" for number in range(1, 15))


def _separable(builder: BaseBuilder, name: str, filters: int, *after: str) -> None:
    builder.add("SeparableConv2D", *after, id=name, filters=filters, kernel_size=(3, 3), padding="same",
                use_bias=False)
    builder.add("BatchNormalization", id=f"{name}_bn")


def _add_reduction(builder: BaseBuilder, name: str, first: int, second: int, relu: bool = True) -> None:
    """Two separable convolutions and a pooling beside a 1 x 1 convolution with stride 2."""
    entry = builder.end
    builder.convolution(second, 1, entry, id=builder.next_name("conv2d"), stride=2, padding="same",
                        use_bias=False)
    skip = builder.add("BatchNormalization", id=builder.next_name("batch_normalization"))
    if relu:
        entry = builder.activation("relu", entry, id=f"{name}_sepconv1_act")
    _separable(builder, f"{name}_sepconv1", first, entry)
    builder.activation("relu", id=f"{name}_sepconv2_act")
    _separable(builder, f"{name}_sepconv2", second)
    main = builder.pooling("MaxPooling2D", 3, 2, id=f"{name}_pool", padding="same")
    builder.add("Add", main, skip, id=builder.next_name("add"))


def add_layers(builder: BaseBuilder) -> None:
    builder.block = "block1"
    for number, filters, stride in ((1, 32, 2), (2, 64, 1)):
        builder.convolution(filters, 3, id=f"block1_conv{number}", stride=stride, use_bias=False)
        builder.add("BatchNormalization", id=f"block1_conv{number}_bn")
        builder.activation("relu", id=f"block1_conv{number}_act")
    for number, filters in ((2, 128), (3, 256), (4, 728)):
        builder.block = f"block{number}"
        _add_reduction(builder, builder.block, filters, filters, relu=number > 2)
    for number in range(5, 13):
        builder.block = f"block{number}"
        entry = builder.end
        for part in (1, 2, 3):
            builder.activation("relu", id=f"block{number}_sepconv{part}_act")
            _separable(builder, f"block{number}_sepconv{part}", 728)
        builder.add("Add", builder.end, entry, id=builder.next_name("add"))
    builder.block = "block13"
    _add_reduction(builder, "block13", 728, 1024)
    builder.block = "block14"
    for part, filters in ((1, 1536), (2, 2048)):
        _separable(builder, f"block14_sepconv{part}", filters)
        builder.activation("relu", id=f"block14_sepconv{part}_act")


def _draw() -> BaseBuilder:
    builder = BaseBuilder(MINUS_ONE_ONE)
    add_layers(builder)
    return builder


_PLAN = Plan("xception", _draw)
BASES = (
    Base(
        id="xception", label=same("Xception"), family="Xception",
        help=Text("Separable convolutions throughout: as large as Inception-v3, more accurate, and with a simple structure.",
                  "Convoluciones separables en toda la red: tan grande como Inception-v3, más exacta y de estructura "
                  "sencilla."),
        licence="MIT", source="https://arxiv.org/abs/1610.02357", year=2016, parameters=20_861_480, top1=79.0,
        input_size=299, minimum_size=71, features=2048, scaling=MINUS_ONE_ONE.text,
        weights=keras_weights("xception/xception_weights_tf_dim_ordering_tf_kernels_notop.h5",
                          "md5:b0042744bf5b25fce3cb969f33bebb97"),
        graph=_PLAN.graph, block_of=_PLAN.block_of, blocks=BLOCKS,
        kinds=(("block([5-9]|1[0-2])$", "middle_flow_module"), ("block", "reduction_module"))),
)
