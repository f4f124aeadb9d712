"""Inception-ResNet-v2 of Keras Applications, layer for layer.

Szegedy, Ioffe, Vanhoucke, Alemi, "Inception-v4, Inception-ResNet and the Impact of Residual Connections on
Learning", AAAI 2017. Keras scales each residual branch in the layer that adds it; here a Rescaling does so.
"""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.bases.builder import MINUS_ONE_ONE, BaseBuilder, Plan, keras_weights
from cnnstudio.catalog.bases.entry import Base, Part
from cnnstudio.catalog.bases.inception_v3 import Step, add_branch, convolution
from cnnstudio.core.text import Text, same

BLOCKS: Final = ("stem", "mixed_5b", "block35", "mixed_6a", "block17", "mixed_7a", "block8", "conv_7b")
WAYS: Final[dict[str, tuple[tuple[Step, ...], ...]]] = {
    "block35": (((32, 1),), ((32, 1), (32, 3)), ((32, 1), (48, 3), (64, 3))),
    "block17": (((192, 1),), ((128, 1), (160, (1, 7)), (192, (7, 1)))),
    "block8": (((192, 1),), ((192, 1), (224, (1, 3)), (256, (3, 1)))),
}
"""The branches of each kind of block."""
KINDS: Final = {"block35": "a", "block17": "b", "block8": "c"}
"""Their names in the paper."""


def _block(builder: BaseBuilder, number: int, channels: int, scale: float, relu: bool = True) -> None:
    """Branches, joined, brought back to the channels of the entry, scaled and added to it."""
    name, entry = f"{builder.block}_{number}", builder.end
    builder.part = Part(f"inception_resnet_{KINDS[builder.block]}", name)
    ends = [add_branch(builder, entry, *steps) for steps in WAYS[builder.block]]
    builder.add("Concatenate", *ends, id=f"{name}_mixed")
    builder.convolution(channels, 1, id=f"{name}_conv", padding="same")
    if scale != 1.0:
        builder.add("Rescaling", id=f"{name}_scale", scale=scale)
    builder.add("Add", entry, builder.end, id=f"{name}_add")
    if relu:
        builder.activation("relu", id=f"{name}_ac")
    builder.part = None


def _max_pooling(builder: BaseBuilder, *entry: str) -> str:
    return builder.pooling("MaxPooling2D", 3, 2, *entry, id=builder.next_name("max_pooling2d"))


def _add_reduction(builder: BaseBuilder, name: str, *branches: tuple[Step, ...]) -> None:
    """Branches whose last convolution has stride 2, and a pooling."""
    builder.block, entry, ends = name, builder.end, []
    for steps in branches:
        start = add_branch(builder, entry, *steps[:-1])
        ends.append(convolution(builder, *steps[-1], start, stride=2, padding="valid"))
    builder.add("Concatenate", *ends, _max_pooling(builder, entry), id=name)


def _draw() -> BaseBuilder:
    builder = BaseBuilder(MINUS_ONE_ONE)
    builder.block = "stem"
    convolution(builder, 32, 3, stride=2, padding="valid")
    convolution(builder, 32, 3, padding="valid")
    convolution(builder, 64, 3)
    _max_pooling(builder)
    convolution(builder, 80, 1, padding="valid")
    convolution(builder, 192, 3, padding="valid")
    _max_pooling(builder)
    builder.block, entry = "mixed_5b", builder.end
    ends = [add_branch(builder, entry, (96, 1)), add_branch(builder, entry, (48, 1), (64, 5)),
            add_branch(builder, entry, (64, 1), (96, 3), (96, 3))]
    builder.pooling("AveragePooling2D", 3, 1, entry, id="average_pooling2d", padding="same")
    ends.append(convolution(builder, 64, 1))
    builder.add("Concatenate", *ends, id="mixed_5b")
    builder.block = "block35"
    for number in range(1, 11):
        _block(builder, number, 320, 0.17)
    _add_reduction(builder, "mixed_6a", ((384, 3),), ((256, 1), (256, 3), (384, 3)))
    builder.block = "block17"
    for number in range(1, 21):
        _block(builder, number, 1088, 0.1)
    _add_reduction(builder, "mixed_7a", ((256, 1), (384, 3)), ((256, 1), (288, 3)), ((256, 1), (288, 3), (320, 3)))
    builder.block = "block8"
    for number in range(1, 10):
        _block(builder, number, 2080, 0.2)
    _block(builder, 10, 2080, 1.0, relu=False)
    builder.block = "conv_7b"
    builder.convolution(1536, 1, id="conv_7b", padding="same", use_bias=False)
    builder.add("BatchNormalization", id="conv_7b_bn", scale=False)
    builder.activation("relu", id="conv_7b_ac")
    return builder


_PLAN = Plan("inception_resnet_v2", _draw)
BASES = (
    Base(
        id="inception_resnet_v2", label=same("Inception-ResNet-v2"), family="Inception",
        help=Text("Inception modules with skip connections: one of the most accurate networks of its time, but large and "
                  "slow.",
                  "Módulos Inception con conexiones de salto: una de las redes más exactas de su época, pero grande y "
                  "lenta."),
        licence="Apache-2.0", source="https://arxiv.org/abs/1602.07261", year=2016, parameters=54_336_736, top1=80.3,
        input_size=299, minimum_size=75, features=1536, scaling=MINUS_ONE_ONE.text,
        weights=keras_weights("inception_resnet_v2/inception_resnet_v2_weights_tf_dim_ordering_tf_kernels_notop.h5",
                          "md5:d19885ff4a710c122648d3b5c3b684e4"),
        graph=_PLAN.graph, block_of=_PLAN.block_of, part_of=_PLAN.part_of, blocks=BLOCKS),
)
