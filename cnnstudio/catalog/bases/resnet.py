"""ResNet-50, 101 and 152 of Keras Applications, layer for layer.

He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016. As in Keras, the stride of a
stage is in the first 1 x 1 convolution.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from cnnstudio.catalog.bases.builder import MINUS_MEAN, BaseBuilder, Plan, keras_weights
from cnnstudio.catalog.bases.entry import Base
from cnnstudio.core.text import Text, same

DEPTHS: Final = {"resnet50": (3, 4, 6, 3), "resnet101": (3, 4, 23, 3), "resnet152": (3, 8, 36, 3)}
"""Blocks of each of the four stages."""
FILTERS: Final = (64, 128, 256, 512)
BLOCKS: Final = ("conv1", "conv2", "conv3", "conv4", "conv5")
EPSILON: Final = 1.001e-5


def add_stem(builder: BaseBuilder, normalized: bool) -> None:
    """7 x 7 convolution and pooling with stride 2 each, and the zeros around them."""
    builder.block = "conv1"
    builder.add("ZeroPadding2D", id="conv1_pad", padding=(3, 3, 3, 3))
    builder.convolution(64, 7, id="conv1_conv", stride=2)
    if normalized:
        builder.add("BatchNormalization", id="conv1_bn", epsilon=EPSILON)
        builder.activation("relu", id="conv1_relu")
    builder.add("ZeroPadding2D", id="pool1_pad", padding=(1, 1, 1, 1))
    builder.pooling("MaxPooling2D", 3, 2, id="pool1_pool")


def _block(builder: BaseBuilder, name: str, filters: int, stride: int, projected: bool) -> None:
    """Bottleneck: 1 x 1, 3 x 3, 1 x 1 to four times the filters, and the skip connection."""
    entry = skip = builder.end
    if projected:
        builder.convolution(4 * filters, 1, id=f"{name}_0_conv", stride=stride)
        skip = builder.add("BatchNormalization", id=f"{name}_0_bn", epsilon=EPSILON)
    builder.convolution(filters, 1, entry, id=f"{name}_1_conv", stride=stride)
    builder.add("BatchNormalization", id=f"{name}_1_bn", epsilon=EPSILON)
    builder.activation("relu", id=f"{name}_1_relu")
    builder.convolution(filters, 3, id=f"{name}_2_conv", padding="same")
    builder.add("BatchNormalization", id=f"{name}_2_bn", epsilon=EPSILON)
    builder.activation("relu", id=f"{name}_2_relu")
    builder.convolution(4 * filters, 1, id=f"{name}_3_conv")
    main = builder.add("BatchNormalization", id=f"{name}_3_bn", epsilon=EPSILON)
    builder.add("Add", skip, main, id=f"{name}_add")
    builder.activation("relu", id=f"{name}_out")


def add_layers(builder: BaseBuilder, depths: tuple[int, ...]) -> None:
    add_stem(builder, normalized=True)
    for number, (depth, filters) in enumerate(zip(depths, FILTERS, strict=True), start=2):
        builder.block = f"conv{number}"
        for block in range(1, depth + 1):
            first = block == 1
            _block(builder, f"conv{number}_block{block}", filters, 2 if first and number > 2 else 1, projected=first)


def _draw(depths: tuple[int, ...]) -> BaseBuilder:
    builder = BaseBuilder(MINUS_MEAN)
    add_layers(builder, depths)
    return builder


def _base(id: str, parameters: int, top1: float, checksum: str, help: Text) -> Base:
    plan = Plan(id, partial(_draw, DEPTHS[id]))
    return Base(
        id=id, label=same(id.replace("resnet", "ResNet-")), family="ResNet", help=help, licence="MIT",
        source="https://arxiv.org/abs/1512.03385", year=2015, parameters=parameters, top1=top1, input_size=224,
        minimum_size=32, features=2048, scaling=MINUS_MEAN.text,
        weights=keras_weights(f"resnet/{id}_weights_tf_dim_ordering_tf_kernels_notop.h5", checksum, "conv1_conv"),
        graph=plan.graph, block_of=plan.block_of, blocks=BLOCKS,
        kinds=((".*_block", "bottleneck"),))


BASES = (
    _base("resnet50", 23_587_712, 74.9, "md5:4d473c1dd8becc155b73f8504c6f6626",
          Text("The standard reference: most studies compare against it.",
               "La referencia habitual: casi todos los estudios se comparan con ella.")),
    _base("resnet101", 42_658_176, 76.4, "md5:88cf7a10940856eca736dc7b7e228a21",
          Text("ResNet-50 with a longer fourth stage: slightly more accurate, half as fast.",
               "ResNet-50 con una cuarta etapa más larga: algo más exacta, el doble de lenta.")),
    _base("resnet152", 58_370_944, 76.6, "md5:ee4c566cf9a93f14d82f913c2dc6dd0c",
          Text("The winner of the ImageNet competition of 2015 (ILSVRC), with 152 layers.",
               "La ganadora de la competición ImageNet de 2015 (ILSVRC), con 152 capas.")),
)
