"""AlexNet.

Krizhevsky, Sutskever, Hinton, "ImageNet Classification with Deep Convolutional Neural Networks", NIPS 2012, in
the form for one device of Krizhevsky, "One weird trick for parallelizing convolutional neural networks", 2014.
"""

from __future__ import annotations

from cnnstudio.catalog.bases.builder import BaseBuilder
from cnnstudio.catalog.templates.entry import TORCHVISION, Publication, Template
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.text import Text, same


def network() -> NetworkSpec:
    builder = BaseBuilder()
    builder.add("ZeroPadding2D", id="conv1_pad", padding=(2, 2, 2, 2))
    builder.convolution(64, 11, id="conv1", stride=4, activation="relu")
    builder.pooling("MaxPooling2D", 3, 2, id="pool1")
    builder.convolution(192, 5, id="conv2", padding="same", activation="relu")
    builder.pooling("MaxPooling2D", 3, 2, id="pool2")
    for number, filters in ((3, 384), (4, 256), (5, 256)):
        builder.convolution(filters, 3, id=f"conv{number}", padding="same", activation="relu")
    builder.pooling("MaxPooling2D", 3, 2, id="pool5")
    builder.add("Flatten", id="flatten")
    for name in ("fc6", "fc7"):
        builder.add("Dropout", id=f"{name}_dropout", rate=0.5)
        builder.add("Dense", id=name, units=4096, activation="relu")
    builder.add("Output", id="output")
    return builder.network("alexnet")


TEMPLATES = (
    Template(
        id="alexnet", label=same("AlexNet"), year=2012, source="https://arxiv.org/abs/1404.5997",
        help=Text("The network that started deep learning on images.",
                  "La red que inició el aprendizaje profundo en imágenes."),
        about=Text(
            "In 2012 AlexNet won the ImageNet competition by a wide margin, with techniques that have since become standard: "
            "ReLU, dropout, augmented pictures and training on graphics cards. Its first filters measure 11 × 11 pixels; "
            "after training, edges and colours can be seen in them with the naked eye. This is its later form for a single "
            "device, without the normalisation between maps, which turned out to help little.",
            "En 2012 AlexNet ganó la competición ImageNet con gran ventaja, con técnicas que desde entonces son habituales: "
            "ReLU, dropout, imágenes aumentadas y entrenamiento en tarjetas gráficas. Sus primeros filtros miden 11 × 11 "
            "píxeles; tras el entrenamiento se ven en ellos, a simple vista, bordes y colores. Esta es su forma posterior "
            "para un solo dispositivo, sin la normalización entre mapas, que resultó ayudar poco."),
        network=network, recipe={"height": 224, "width": 224}, adapts=True, minimum_size=64,
        training={"batch_size": 32, "optimizer": {"type": "sgd", "params": {"learning_rate": 0.01, "momentum": 0.9}}},
        published=Publication(61_100_840, 224, "trainable", TORCHVISION)),
)
