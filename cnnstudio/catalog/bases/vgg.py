"""VGG16 and VGG19 of Keras Applications, layer for layer.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from cnnstudio.catalog.bases.builder import MINUS_MEAN, BaseBuilder, Plan, keras_weights
from cnnstudio.catalog.bases.entry import Base
from cnnstudio.catalog.builder import NetworkBuilder
from cnnstudio.core.text import Text, same

VGG16_BLOCKS: Final = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
VGG19_BLOCKS: Final = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))
"""(convolutions, filters) of each block."""


def add_blocks(builder: NetworkBuilder, blocks: tuple[tuple[int, int], ...]) -> None:
    """Five blocks of 3 x 3 convolutions, each followed by a pooling, named as in Keras Applications."""
    for block, (convolutions, filters) in enumerate(blocks, start=1):
        if isinstance(builder, BaseBuilder):
            builder.block = f"block{block}"
        for convolution in range(1, convolutions + 1):
            builder.add("Conv2D", id=f"block{block}_conv{convolution}", filters=filters, kernel_size=(3, 3),
                        padding="same", activation="relu")
        builder.add("MaxPooling2D", id=f"block{block}_pool", pool_size=(2, 2), strides=(2, 2))


def _draw(blocks: tuple[tuple[int, int], ...]) -> BaseBuilder:
    builder = BaseBuilder(MINUS_MEAN)
    add_blocks(builder, blocks)
    return builder


def _base(id: str, blocks: tuple[tuple[int, int], ...], parameters: int, checksum: str, help: Text) -> Base:
    plan = Plan(id, partial(_draw, blocks))
    return Base(
        id=id, label=same(id.upper()), family="VGG", help=help, licence="CC BY 4.0",
        source="https://arxiv.org/abs/1409.1556", year=2014, parameters=parameters, top1=71.3, input_size=224,
        minimum_size=32, features=512, scaling=MINUS_MEAN.text,
        weights=keras_weights(f"{id}/{id}_weights_tf_dim_ordering_tf_kernels_notop.h5", checksum, "block1_conv1"),
        graph=plan.graph, block_of=plan.block_of, blocks=tuple(f"block{number}" for number in range(1, 6)))


BASES = (
    _base("vgg16", VGG16_BLOCKS, 14_714_688, "md5:6d6bbae143d832006294945121d1f1fc",
          Text("The classic teaching example: easy to understand, but large and slow.",
               "El ejemplo clásico de los cursos: fácil de entender, pero grande y lenta.")),
    _base("vgg19", VGG19_BLOCKS, 20_024_384, "md5:253f8cb515780f3b799900260a226db6",
          Text("VGG16 with three more convolutions; its feature maps are often used for style transfer.",
               "VGG16 con tres convoluciones más; sus mapas de características se usan mucho para transferir estilos.")),
)
