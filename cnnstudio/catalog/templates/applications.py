"""Architectures of the pretrained bases, from scratch and with a classifier.

Sources are in the files of the bases; parameters are those of Keras Applications and, for EfficientNet, whose
pixel scaling counts 7 parameters in Keras, of torchvision.
"""

from __future__ import annotations

from cnnstudio.catalog.bases import densenet, efficientnet, inception_v3, mobilenet, mobilenet_v2, xception
from cnnstudio.catalog.bases.builder import BaseBuilder
from cnnstudio.catalog.templates.entry import KERAS, TORCHVISION, Publication, Template, with_classifier
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.text import Text, same


def _inception_v3() -> NetworkSpec:
    builder = BaseBuilder()
    inception_v3.add_layers(builder)
    return with_classifier(builder, "inception_v3", dropout=0.2)


def _xception() -> NetworkSpec:
    builder = BaseBuilder()
    xception.add_layers(builder)
    return with_classifier(builder, "xception", dropout=0.5)


def _mobilenet() -> NetworkSpec:
    builder = BaseBuilder()
    mobilenet.add_layers(builder)
    return with_classifier(builder, "mobilenet", dropout=0.001)


def _mobilenet_v2() -> NetworkSpec:
    builder = BaseBuilder()
    mobilenet_v2.add_layers(builder)
    return with_classifier(builder, "mobilenet_v2", dropout=0.2)


def _densenet121() -> NetworkSpec:
    builder = BaseBuilder()
    densenet.add_layers(builder, densenet.DEPTHS["densenet121"])
    return with_classifier(builder, "densenet121")


def _efficientnet_b0() -> NetworkSpec:
    builder = BaseBuilder()
    efficientnet.add_layers(builder, 1.0, 1.0, drop_connect=0.2)
    return with_classifier(builder, "efficientnet_b0", dropout=0.2)


INCEPTION_V3 = Template(
    id="inception_v3", label=same("Inception-v3"), year=2015, source="https://arxiv.org/abs/1512.00567",
    help=Text("A refined GoogLeNet: large filters are split into small ones.",
              "Una GoogLeNet mejorada: los filtros grandes se dividen en pequeños."),
    about=Text(
        "Two 3 × 3 convolutions see as far as a 5 × 5 and cost less; a 1 × 7 and a 7 × 1 see as far as a 7 × 7. "
        "Inception-v3 splits its filters in this way, normalises every convolution, and shrinks the maps along two "
        "paths at once, so that no information is lost in a bottleneck. It is meant for pictures of 299 pixels and "
        "accepts them from 75.",
        "Dos convoluciones de 3 × 3 ven tan lejos como una de 5 × 5 y cuestan menos; una de 1 × 7 y otra de 7 × 1, "
        "como una de 7 × 7. Inception-v3 divide así sus filtros, normaliza cada convolución y reduce los mapas por "
        "dos caminos a la vez, para no perder información en un paso estrecho. Está pensada para imágenes de 299 "
        "píxeles y las admite desde 75."),
    network=_inception_v3, recipe={"height": 299, "width": 299}, training={"epochs": 60, "batch_size": 16}, adapts=True,
    minimum_size=75, published=Publication(23_851_784, 299, "all", KERAS))

XCEPTION = Template(
    id="xception", label=same("Xception"), year=2016, source="https://arxiv.org/abs/1610.02357",
    help=Text("Separable convolutions and skip connections throughout.",
              "Convoluciones separables y conexiones de salto en toda la red."),
    about=Text(
        "Xception takes Inception's idea to its end: where to look in a picture and how to mix its channels are two "
        "questions, and each gets its own convolution. Fourteen blocks of depthwise separable convolutions with "
        "skip connections need no more parameters than Inception-v3 and do better.",
        "Xception lleva la idea de Inception a su extremo: dónde mirar en la imagen y cómo mezclar los canales son dos "
        "preguntas, y cada una recibe su convolución. Catorce bloques de convoluciones separables con conexiones de salto "
        "no necesitan más parámetros que Inception-v3 y rinden mejor."),
    network=_xception, recipe={"height": 299, "width": 299}, training={"epochs": 60, "batch_size": 16}, adapts=True,
    minimum_size=71, published=Publication(22_910_480, 299, "all", KERAS))

MOBILENET = Template(
    id="mobilenet", label=same("MobileNet v1"), year=2017, source="https://arxiv.org/abs/1704.04861",
    help=Text("Depthwise and 1 × 1 convolutions in turn: made for phones.",
              "Convoluciones por canal y de 1 × 1, alternadas: hecha para móviles."),
    about=Text(
        "A depthwise convolution looks around in each map by itself, and a 1 × 1 convolution mixes the maps: together they "
        "do nearly what a full convolution does with an eighth of the multiplications. MobileNet is a plain stack of "
        "thirteen such pairs, each with normalisation and a ReLU that ends at 6.",
        "Una convolución por canal mira alrededor en cada mapa por separado, y una de 1 × 1 mezcla los mapas: juntas hacen "
        "casi lo que una convolución completa con la octava parte de las multiplicaciones. MobileNet es una pila simple de "
        "trece de estos pares, cada uno con normalización y una ReLU que acaba en 6."),
    network=_mobilenet, recipe={"height": 224, "width": 224}, training={"epochs": 60, "batch_size": 32}, adapts=True,
    minimum_size=32, published=Publication(4_253_864, 224, "all", KERAS))

MOBILENET_V2 = Template(
    id="mobilenet_v2", label=same("MobileNet v2"), year=2018, source="https://arxiv.org/abs/1801.04381",
    help=Text("Inverted residual blocks: wide inside, narrow between.",
              "Bloques residuales invertidos: anchos por dentro, estrechos entre sí."),
    about=Text(
        "MobileNet v2 turns the bottleneck inside out: a block widens its few maps sixfold, looks around channel by "
        "channel, and narrows again, without a ReLU at the narrow end, where it would destroy information. The skip "
        "connection joins the narrow ends. Most small networks since are made of this block.",
        "MobileNet v2 da la vuelta al cuello de botella: un bloque ensancha sus pocos mapas seis veces, mira alrededor "
        "canal por canal y vuelve a estrechar, sin ReLU en el extremo estrecho, donde destruiría información. El salto une "
        "los extremos estrechos. De este bloque están hechas casi todas las redes pequeñas posteriores."),
    network=_mobilenet_v2, recipe={"height": 224, "width": 224}, training={"epochs": 60, "batch_size": 32}, adapts=True,
    minimum_size=32, published=Publication(3_538_984, 224, "all", KERAS))

DENSENET121 = Template(
    id="densenet121", label=same("DenseNet-121"), year=2016, source="https://arxiv.org/abs/1608.06993",
    help=Text("Each layer sees the maps of all layers before it.",
              "Cada capa ve los mapas de todas las anteriores."),
    about=Text(
        "Where ResNet adds, DenseNet keeps: each layer contributes 32 new maps, and all later layers of the block see them. "
        "Nothing has to be learned twice, so that 8 million parameters do the work of ResNet-50's 25 million. Between the "
        "four blocks, a 1 × 1 convolution and a pooling halve the maps and their size. It needs much memory.",
        "Donde ResNet suma, DenseNet conserva: cada capa aporta 32 mapas nuevos, y todas las siguientes del bloque los ven. "
        "Nada se aprende dos veces, y así 8 millones de parámetros hacen el trabajo de los 25 millones de ResNet-50. Entre "
        "los cuatro bloques, una convolución de 1 × 1 y un agrupamiento reducen a la mitad los mapas y su tamaño. Necesita "
        "mucha memoria."),
    network=_densenet121, recipe={"height": 224, "width": 224}, training={"epochs": 60, "batch_size": 16}, adapts=True,
    minimum_size=32, published=Publication(8_062_504, 224, "all", KERAS))

EFFICIENTNET_B0 = Template(
    id="efficientnet_b0", label=same("EfficientNet-B0"), year=2019, source="https://arxiv.org/abs/1905.11946",
    help=Text("Inverted residual blocks with squeeze and excitation, found by a search.",
              "Bloques residuales invertidos con squeeze and excitation, hallados por una búsqueda."),
    about=Text(
        "A search for the best network of given cost found this one: MobileNet v2's blocks, in which each map also "
        "gets a factor computed from the means of all maps (squeeze and excitation), and SiLU instead of ReLU. Its "
        "larger sisters B1 to B7 grow depth, width and picture size together. The random skipping of whole branches "
        "during training, which its authors use, is left out.",
        "Una búsqueda de la mejor red de un coste dado halló esta: los bloques de MobileNet v2, en los que además "
        "cada mapa recibe un factor calculado de las medias de todos (squeeze and excitation), y SiLU en lugar de "
        "ReLU. Sus hermanas mayores, B1 a B7, crecen a la vez en profundidad, anchura y tamaño de imagen. Se omite "
        "el salto al azar de ramas enteras con que la entrenan sus autores."),
    network=_efficientnet_b0, recipe={"height": 224, "width": 224}, training={"epochs": 60, "batch_size": 16}, adapts=True,
    minimum_size=32, published=Publication(5_288_548, 224, "trainable", TORCHVISION))

TEMPLATES = (INCEPTION_V3, XCEPTION, DENSENET121, MOBILENET, MOBILENET_V2, EFFICIENTNET_B0)
