"""GoogLeNet (Inception-v1).

Szegedy et al., "Going Deeper with Convolutions", CVPR 2015: table 1, without the two auxiliary answers and
without the normalisation between maps.
"""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.bases.builder import BaseBuilder
from cnnstudio.catalog.templates.entry import Publication, Template, with_classifier
from cnnstudio.catalog.templates.inception import inception_module
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.text import Text, same

MODULES: Final = (
    ((64, (96, 128), (16, 32), 32), (128, (128, 192), (32, 96), 64)),
    ((192, (96, 208), (16, 48), 64), (160, (112, 224), (24, 64), 64), (128, (128, 256), (24, 64), 64),
     (112, (144, 288), (32, 64), 64), (256, (160, 320), (32, 128), 128)),
    ((256, (160, 320), (32, 128), 128), (384, (192, 384), (48, 128), 128)),
)
"""(1 x 1, (before, 3 x 3), (before, 5 x 5), behind the pooling) of each module, by stage."""


def network() -> NetworkSpec:
    builder = BaseBuilder()
    builder.convolution(64, 7, id="conv1", stride=2, padding="same", activation="relu")
    builder.pooling("MaxPooling2D", 3, 2, id="pool1", padding="same")
    builder.convolution(64, 1, id="conv2_reduce", activation="relu")
    builder.convolution(192, 3, id="conv2", padding="same", activation="relu")
    for number, modules in enumerate(MODULES, start=3):
        builder.pooling("MaxPooling2D", 3, 2, id=f"pool{number - 1}", padding="same")
        for letter, module in zip("abcde", modules, strict=False):
            inception_module(builder, *module, name=f"inception_{number}{letter}")
    return with_classifier(builder, "googlenet", dropout=0.4)


TEMPLATES = (
    Template(
        id="googlenet", label=same("GoogLeNet"), year=2014, source="https://arxiv.org/abs/1409.4842",
        help=Text("Nine Inception modules: the winner of 2014, with a ninth of the parameters of AlexNet.",
                  "Nueve módulos Inception: la ganadora de 2014, con la novena parte de los parámetros de AlexNet."),
        about=Text(
            "GoogLeNet applies filters of 1 × 1, 3 × 3 and 5 × 5 pixels in parallel at each position and leaves the choice "
            "to the next layer. 1 × 1 convolutions before the large ones keep the cost low, and a mean over each map "
            "replaces the dense layers: 22 layers with a ninth of the parameters of AlexNet. GoogLeNet won the ImageNet "
            "competition of 2014 (ILSVRC). The two auxiliary outputs that helped its training are left out.",
            "GoogLeNet aplica en paralelo en cada posición filtros de 1 × 1, 3 × 3 y 5 × 5 píxeles y deja la elección a la "
            "capa siguiente. Convoluciones de 1 × 1 antes de las grandes reducen el coste, y una media de cada mapa "
            "sustituye a las capas densas: 22 capas con la novena parte de los parámetros de AlexNet. GoogLeNet ganó la "
            "competición ImageNet de 2014 (ILSVRC). Se omiten las dos salidas auxiliares que ayudaban a entrenarla."),
        network=network, recipe={"height": 224, "width": 224}, adapts=True, minimum_size=32,
        training={"batch_size": 32, "epochs": 60,
                  "optimizer": {"type": "sgd", "params": {"learning_rate": 0.01, "momentum": 0.9}}},
        published=Publication(6_998_552, 224, "all",
                            "https://github.com/BVLC/caffe/tree/master/models/bvlc_googlenet")),
)
