"""VGG16 and VGG19, from scratch.

Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015.
"""

from __future__ import annotations

from functools import partial

from cnnstudio.catalog.bases.builder import BaseBuilder
from cnnstudio.catalog.bases.vgg import VGG16_BLOCKS, VGG19_BLOCKS, add_blocks
from cnnstudio.catalog.templates.entry import KERAS, Publication, Template
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.text import Text, same


def _network(id: str, blocks: tuple[tuple[int, int], ...]) -> NetworkSpec:
    builder = BaseBuilder()
    add_blocks(builder, blocks)
    builder.block = ""
    builder.add("Flatten", id="flatten")
    for name in ("fc1", "fc2"):
        builder.add("Dense", id=name, units=4096, activation="relu")
        builder.add("Dropout", id=f"{name}_dropout", rate=0.5)
    builder.add("Output", id="output")
    return builder.network(id)


def _template(id: str, blocks: tuple[tuple[int, int], ...], parameters: int, help: Text, about: Text) -> Template:
    return Template(
        id=id, label=same(id.upper()), year=2014, source="https://arxiv.org/abs/1409.1556", help=help, about=about,
        network=partial(_network, id, blocks), recipe={"height": 224, "width": 224}, adapts=True, minimum_size=32,
        training={"batch_size": 16, "optimizer": {"type": "sgd", "params": {"learning_rate": 0.01, "momentum": 0.9}}},
        published=Publication(parameters, 224, "all", KERAS))


TEMPLATES = (
    _template("vgg16", VGG16_BLOCKS, 138_357_544, Text(
        "Thirteen 3 × 3 convolutions and three dense layers. Simple and huge.",
        "Trece convoluciones 3 × 3 y tres capas densas. Simple y enorme."), Text(
        "In 2014 VGG showed how much can be achieved by depth alone: thirteen 3 × 3 convolutions, a pooling layer whenever "
        "the number of filters doubles, and three dense layers, which contain nine tenths of its 138 million parameters. It "
        "is easy to draw and to explain, but slow, and trained from scratch it needs many pictures.",
        "En 2014 VGG mostró cuánto se puede lograr solo con la profundidad: trece convoluciones 3 × 3, un agrupamiento cada "
        "vez que se duplica el número de filtros y tres capas densas, que contienen nueve décimas partes de sus 138 millones "
        "de parámetros. Es fácil de dibujar y de explicar, pero lenta, y entrenada desde cero necesita muchas imágenes.")),
    _template("vgg19", VGG19_BLOCKS, 143_667_240, Text(
        "VGG16 with three more convolutions.", "VGG16 con tres convoluciones más."), Text(
        "The deepest network of the VGG study: one more convolution in each of the last three blocks. The gain over VGG16 "
        "was small, which raised the question of why plain sequences of layers stop improving; residual networks were the "
        "answer. Its feature maps are still used for style transfer.",
        "La red más profunda del estudio VGG: una convolución más en cada uno de los tres últimos bloques. La mejora sobre "
        "VGG16 fue pequeña, lo que planteó la pregunta de por qué las secuencias simples de capas dejan de mejorar; las "
        "redes residuales fueron la respuesta. Sus mapas de características aún se usan para transferir estilos.")),
)
