"""VGG16 of Keras Applications, layer for layer.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from cnnstudio.catalog.bases.entry import Base, Weights
from cnnstudio.catalog.drawing import Drawing
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.text import Text

BLOCKS: Final = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
"""(convolutions, filters) of each block."""
MEANS: Final = (123.68, 116.779, 103.939)
"""Mean red, green and blue of the ImageNet pictures that VGG was trained on."""


def add_blocks(drawing: Drawing) -> None:
    """The thirteen convolutions and five poolings, named as in Keras Applications."""
    for block, (convolutions, filters) in enumerate(BLOCKS, start=1):
        for convolution in range(1, convolutions + 1):
            drawing.add("Conv2D", id=f"block{block}_conv{convolution}", filters=filters, kernel_size=(3, 3),
                        padding="same", activation="relu")
        drawing.add("MaxPooling2D", id=f"block{block}_pool", pool_size=(2, 2), strides=(2, 2))


@cache
def graph() -> NetworkSpec:
    drawing = Drawing()
    drawing.add("Input", id="input")
    drawing.add("Rescaling", id="scaling", scale=1.0, offset=tuple(-mean for mean in MEANS))
    add_blocks(drawing)
    return drawing.network("vgg16")


def block_of(layer: str) -> str:
    return "" if layer in ("input", "scaling") else layer.split("_", maxsplit=1)[0]


BASE = Base(
    id="vgg16", label=Text("VGG16", "VGG16"),
    help=Text("The classic of courses: easy to understand, large and slow.",
              "El clásico de los cursos: fácil de entender, grande y lento."),
    licence="CC BY 4.0", source="https://arxiv.org/abs/1409.1556", year=2014, parameters=14_714_688, top1=71.3,
    input_size=224, minimum_size=32, features=512,
    scaling=Text("minus the ImageNet mean of each channel, inside the model",
                 "menos la media de ImageNet de cada canal, dentro del modelo"),
    weights=Weights(
        url="https://storage.googleapis.com/tensorflow/keras-applications/vgg16/"
            "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        file_name="vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
        checksum="md5:6d6bbae143d832006294945121d1f1fc", layout="keras_h5", flip_input_of="block1_conv1"),
    graph=graph, blocks=("block1", "block2", "block3", "block4", "block5"), block_of=block_of,
)
