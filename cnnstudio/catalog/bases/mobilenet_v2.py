"""MobileNetV2 of Keras Applications, layer for layer.

Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018.
"""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.bases.builder import MINUS_ONE_ONE, BaseBuilder, Plan, keras_weights
from cnnstudio.catalog.bases.entry import Base
from cnnstudio.core.text import Text

BLOCKS: Final = (
    (16, 1, 1), (24, 2, 6), (24, 1, 6), (32, 2, 6), (32, 1, 6), (32, 1, 6), (64, 2, 6), (64, 1, 6), (64, 1, 6),
    (64, 1, 6), (96, 1, 6), (96, 1, 6), (96, 1, 6), (160, 2, 6), (160, 1, 6), (160, 1, 6), (320, 1, 6),
)
"""(filters, stride, expansion) of each block."""


def _add_normalization(builder: BaseBuilder, bn: str, relu: str = "") -> None:
    builder.add("BatchNormalization", id=bn, epsilon=1e-3, momentum=0.999)
    if relu:
        builder.add("ReLU", id=relu, max_value=6.0)


def add_layers(builder: BaseBuilder) -> None:
    builder.block = "Conv1"
    builder.convolution(32, 3, id="Conv1", stride=2, padding="same", use_bias=False)
    _add_normalization(builder, "bn_Conv1", "Conv1_relu")
    channels = 32
    for number, (filters, stride, expansion) in enumerate(BLOCKS):
        builder.block = f"block_{number}" if number else "expanded_conv"
        prefix, entry = f"{builder.block}_", builder.end
        if number:
            builder.convolution(channels * expansion, 1, id=prefix + "expand", padding="same", use_bias=False)
            _add_normalization(builder, prefix + "expand_BN", prefix + "expand_relu")
        builder.add("DepthwiseConv2D", id=prefix + "depthwise", kernel_size=(3, 3), strides=(stride, stride),
                    padding="same", use_bias=False)
        _add_normalization(builder, prefix + "depthwise_BN", prefix + "depthwise_relu")
        builder.convolution(filters, 1, id=prefix + "project", padding="same", use_bias=False)
        _add_normalization(builder, prefix + "project_BN")
        if stride == 1 and channels == filters:
            builder.add("Add", entry, builder.end, id=prefix + "add")
        channels = filters
    builder.block = "Conv_1"
    builder.convolution(1280, 1, id="Conv_1", use_bias=False)
    _add_normalization(builder, "Conv_1_bn", "out_relu")


def _draw() -> BaseBuilder:
    builder = BaseBuilder(MINUS_ONE_ONE)
    add_layers(builder)
    return builder


_PLAN = Plan("mobilenet_v2", _draw)
MOBILENET_V2 = Base(
    id="mobilenet_v2", label=Text("MobileNetV2", "MobileNetV2"), family="MobileNet",
    help=Text("Designed for phones: fast, with few parameters.", "Diseñada para teléfonos: rápida y con pocos parámetros."),
    licence="Apache-2.0", source="https://arxiv.org/abs/1801.04381", year=2018, parameters=2_257_984, top1=71.3,
    input_size=224, minimum_size=32, features=1280,
    scaling=MINUS_ONE_ONE.text,
    weights=keras_weights("mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"),
    graph=_PLAN.graph, block_of=_PLAN.block_of,
    kinds=(("block_", "inverted_residual"),),
    blocks=("Conv1", "expanded_conv", *(f"block_{number}" for number in range(1, 17)), "Conv_1"),
)

BASES = (MOBILENET_V2,)
