"""VGG16, from scratch.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015.
"""

from __future__ import annotations

from cnnstudio.catalog.bases.vgg import VGG16_BLOCKS, add_blocks
from cnnstudio.catalog.drawing import Drawing
from cnnstudio.catalog.templates.entry import Template
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.text import Text


def network() -> NetworkSpec:
    drawing = Drawing()
    drawing.add("Input")
    add_blocks(drawing, VGG16_BLOCKS)
    drawing.add("Flatten", id="flatten")
    for name in ("fc1", "fc2"):
        drawing.add("Dense", id=name, units=4096, activation="relu")
        drawing.add("Dropout")
    drawing.add("Output")
    return drawing.network("vgg16")


TEMPLATE = Template(
    id="vgg16", label=Text("VGG16", "VGG16"), year=2014, source="https://arxiv.org/abs/1409.1556",
    help=Text("Sixteen layers of 3 × 3 convolutions. Simple and huge: 138 million parameters for 1,000 classes.",
              "Dieciséis capas de convoluciones 3 × 3. Simple y enorme: 138 millones de parámetros para 1000 clases."),
    network=network, recipe={"height": 224, "width": 224},
    training={"batch_size": 16, "optimizer": {"type": "sgd", "params": {"learning_rate": 0.01, "momentum": 0.9}}},
)
