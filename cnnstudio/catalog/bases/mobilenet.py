"""MobileNet of Keras Applications, layer for layer.

Howard et al., "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications", 2017.
"""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.bases.builder import MINUS_ONE_ONE, BaseBuilder, Plan, keras_weights
from cnnstudio.catalog.bases.entry import Base
from cnnstudio.core.text import Text, same

STEPS: Final = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1), (512, 1), (512, 1), (512, 1),
                (512, 1), (1024, 2), (1024, 1))
"""(filters, stride) of each depthwise separable convolution."""


def _add_normalization(builder: BaseBuilder, name: str) -> None:
    builder.add("BatchNormalization", id=f"{name}_bn")
    builder.add("ReLU", id=f"{name}_relu", max_value=6.0)


def add_layers(builder: BaseBuilder) -> None:
    builder.block = "conv1"
    builder.convolution(32, 3, id="conv1", stride=2, padding="same", use_bias=False)
    _add_normalization(builder, "conv1")
    for number, (filters, stride) in enumerate(STEPS, start=1):
        builder.block = f"conv_{number}"
        if stride == 2:
            builder.add("ZeroPadding2D", id=f"conv_pad_{number}", padding=(0, 1, 0, 1))
        builder.add("DepthwiseConv2D", id=f"conv_dw_{number}", kernel_size=(3, 3), strides=(stride, stride),
                    padding="same" if stride == 1 else "valid", use_bias=False)
        _add_normalization(builder, f"conv_dw_{number}")
        builder.convolution(filters, 1, id=f"conv_pw_{number}", padding="same", use_bias=False)
        _add_normalization(builder, f"conv_pw_{number}")


def _draw() -> BaseBuilder:
    builder = BaseBuilder(MINUS_ONE_ONE)
    add_layers(builder)
    return builder


_PLAN = Plan("mobilenet", _draw)
BASES = (
    Base(
        id="mobilenet", label=same("MobileNet"), family="MobileNet",
        help=Text("The first network designed for phones: alternating depthwise and 1 × 1 convolutions.",
                  "La primera red diseñada para teléfonos: convoluciones por canal y de 1 × 1, alternadas."),
        licence="Apache-2.0", source="https://arxiv.org/abs/1704.04861", year=2017, parameters=3_228_864, top1=70.4,
        input_size=224, minimum_size=32, features=1024, scaling=MINUS_ONE_ONE.text,
        weights=keras_weights("mobilenet/mobilenet_1_0_224_tf_no_top.h5"), graph=_PLAN.graph, block_of=_PLAN.block_of,
        kinds=(("conv_", "depthwise_separable"),),
        blocks=("conv1", *(f"conv_{number}" for number in range(1, 14)))),
)
