"""DenseNet-121, 169 and 201 of Keras Applications, layer for layer.

Huang, Liu, van der Maaten, Weinberger, "Densely Connected Convolutional Networks", CVPR 2017.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from cnnstudio.catalog.bases.builder import STANDARD, BaseBuilder, Plan, keras_weights
from cnnstudio.catalog.bases.entry import Base
from cnnstudio.core.text import Text, same

DEPTHS: Final = {"densenet121": (6, 12, 24, 16), "densenet169": (6, 12, 32, 32), "densenet201": (6, 12, 48, 32)}
"""Layers of each dense block."""
GROWTH: Final = 32
"""Feature maps that each layer adds."""
EPSILON: Final = 1.001e-5


def _add_normalization(builder: BaseBuilder, name: str) -> None:
    builder.add("BatchNormalization", id=f"{name}bn", epsilon=EPSILON)
    builder.activation("relu", id=f"{name}relu")


def add_layers(builder: BaseBuilder, depths: tuple[int, ...]) -> int:
    """Add everything before the top; returns the number of feature maps at the end."""
    builder.block = "conv1"
    builder.add("ZeroPadding2D", id="zero_padding2d", padding=(3, 3, 3, 3))
    builder.convolution(64, 7, id="conv1_conv", stride=2, use_bias=False)
    _add_normalization(builder, "conv1_")
    builder.add("ZeroPadding2D", id="zero_padding2d_1", padding=(1, 1, 1, 1))
    builder.pooling("MaxPooling2D", 3, 2, id="pool1")
    channels = 64
    for number, depth in enumerate(depths, start=2):
        builder.block = f"conv{number}"
        for layer in range(1, depth + 1):
            name, entry = f"conv{number}_block{layer}", builder.end
            _add_normalization(builder, f"{name}_0_")
            builder.convolution(4 * GROWTH, 1, id=f"{name}_1_conv", use_bias=False)
            _add_normalization(builder, f"{name}_1_")
            new = builder.convolution(GROWTH, 3, id=f"{name}_2_conv", padding="same", use_bias=False)
            builder.add("Concatenate", entry, new, id=f"{name}_concat")
        channels += depth * GROWTH
        if number < 5:
            _add_normalization(builder, f"pool{number}_")
            channels //= 2
            builder.convolution(channels, 1, id=f"pool{number}_conv", use_bias=False)
            builder.pooling("AveragePooling2D", 2, 2, id=f"pool{number}_pool")
    _add_normalization(builder, "")
    return channels


def _draw(depths: tuple[int, ...]) -> BaseBuilder:
    builder = BaseBuilder(STANDARD)
    add_layers(builder, depths)
    return builder


def _base(id: str, parameters: int, top1: float, features: int, checksum: str, help: Text) -> Base:
    plan = Plan(id, partial(_draw, DEPTHS[id]))
    return Base(
        id=id, label=same(id.replace("densenet", "DenseNet-")), family="DenseNet", help=help, licence="BSD-3-Clause",
        source="https://arxiv.org/abs/1608.06993", year=2016, parameters=parameters, top1=top1, input_size=224,
        minimum_size=32, features=features, scaling=STANDARD.text,
        weights=keras_weights(f"densenet/{id}_weights_tf_dim_ordering_tf_kernels_notop.h5", checksum),
        graph=plan.graph, block_of=plan.block_of, blocks=("conv1", "conv2", "conv3", "conv4", "conv5"),
        kinds=((".*_block", "dense_layer"), ("conv", "transition")))


BASES = (
    _base("densenet121", 7_037_504, 75.0, 1024, "md5:30ee3e1110167f948a6b9946edeeb738",
          Text("Each layer receives the maps of all previous layers: few parameters for its accuracy; widely used for "
               "X-rays.",
               "Cada capa recibe los mapas de todas las anteriores: pocos parámetros para su exactitud; muy usada con "
               "radiografías.")),
    _base("densenet169", 12_642_880, 76.2, 1664, "md5:b8c4d4c20dd625c148057b9ff1c1176b",
          Text("DenseNet-121 with longer blocks.", "DenseNet-121 con bloques más largos.")),
    _base("densenet201", 18_321_984, 77.3, 1920, "md5:c13680b51ded0fb44dff2d8f86ac8bb1",
          Text("The largest of its family; training needs a lot of memory.",
               "La más grande de su familia; entrenarla requiere mucha memoria.")),
)
