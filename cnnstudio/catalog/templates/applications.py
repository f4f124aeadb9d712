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
        "Two 3 × 3 convolutions cover the same area as one of 5 × 5 and cost less; a 1 × 7 and a 7 × 1 convolution cover the "
        "same area as one of 7 × 7. Inception-v3 splits its filters in this way, normalises every convolution, and reduces "
        "the maps along two parallel paths, so that no information is lost in a bottleneck. It is meant for pictures of 299 "
        "pixels and accepts them from 75 pixels.",
        "Dos convoluciones de 3 × 3 abarcan la misma zona que una de 5 × 5 y cuestan menos; una de 1 × 7 y otra de 7 × 1 "
        "abarcan la misma zona que una de 7 × 7. Inception-v3 divide así sus filtros, normaliza cada convolución y reduce "
        "los mapas por dos caminos paralelos, para no perder información en un cuello de botella. Está pensada para imágenes "
        "de 299 píxeles y las admite desde 75 píxeles."),
    network=_inception_v3, recipe={"height": 299, "width": 299}, training={"epochs": 60, "batch_size": 16}, adapts=True,
    minimum_size=75, published=Publication(23_851_784, 299, "all", KERAS))

XCEPTION = Template(
    id="xception", label=same("Xception"), year=2016, source="https://arxiv.org/abs/1610.02357",
    help=Text("Separable convolutions and skip connections throughout.",
              "Convoluciones separables y conexiones de salto en toda la red."),
    about=Text(
        "Xception takes the idea of Inception to its conclusion: the position in the picture and the mixing of its channels "
        "are handled separately, each by its own convolution. Fourteen blocks of depthwise separable convolutions with skip "
        "connections need no more parameters than Inception-v3 and are more accurate.",
        "Xception lleva la idea de Inception hasta el final: la posición en la imagen y la mezcla de sus canales se tratan "
        "por separado, cada una con su propia convolución. Catorce bloques de convoluciones separables con conexiones de "
        "salto no necesitan más parámetros que Inception-v3 y son más exactos."),
    network=_xception, recipe={"height": 299, "width": 299}, training={"epochs": 60, "batch_size": 16}, adapts=True,
    minimum_size=71, published=Publication(22_910_480, 299, "all", KERAS))

MOBILENET = Template(
    id="mobilenet", label=same("MobileNet v1"), year=2017, source="https://arxiv.org/abs/1704.04861",
    help=Text("Alternating depthwise and 1 × 1 convolutions: designed for phones.",
              "Convoluciones por canal y de 1 × 1, alternadas: diseñada para teléfonos."),
    about=Text(
        "A depthwise convolution filters each map separately, and a 1 × 1 convolution mixes the maps: together they do "
        "nearly what a full convolution does, with an eighth of the multiplications. MobileNet is a simple sequence of "
        "thirteen such pairs, each with normalisation and a ReLU limited to 6.",
        "Una convolución por canal filtra cada mapa por separado, y una de 1 × 1 mezcla los mapas: juntas hacen casi lo "
        "mismo que una convolución completa, con la octava parte de las multiplicaciones. MobileNet es una secuencia simple "
        "de trece de estos pares, cada uno con normalización y una ReLU limitada a 6."),
    network=_mobilenet, recipe={"height": 224, "width": 224}, training={"epochs": 60, "batch_size": 32}, adapts=True,
    minimum_size=32, published=Publication(4_253_864, 224, "all", KERAS))

MOBILENET_V2 = Template(
    id="mobilenet_v2", label=same("MobileNet v2"), year=2018, source="https://arxiv.org/abs/1801.04381",
    help=Text("Inverted residual blocks: wide inside, narrow at both ends.",
              "Bloques residuales invertidos: anchos por dentro, estrechos en los extremos."),
    about=Text(
        "MobileNet v2 inverts the bottleneck: a block widens its few maps sixfold, filters them channel by channel, and "
        "narrows them again, without a ReLU at the narrow end, where it would destroy information. The skip connection joins "
        "the narrow ends. Most small networks since then use this block.",
        "MobileNet v2 invierte el cuello de botella: un bloque multiplica por seis sus pocos mapas, los filtra canal por "
        "canal y vuelve a reducirlos, sin ReLU en el extremo estrecho, donde destruiría información. La conexión de salto "
        "une los extremos estrechos. Casi todas las redes pequeñas posteriores usan este bloque."),
    network=_mobilenet_v2, recipe={"height": 224, "width": 224}, training={"epochs": 60, "batch_size": 32}, adapts=True,
    minimum_size=32, published=Publication(3_538_984, 224, "all", KERAS))

DENSENET121 = Template(
    id="densenet121", label=same("DenseNet-121"), year=2016, source="https://arxiv.org/abs/1608.06993",
    help=Text("Each layer receives the maps of all previous layers.",
              "Cada capa recibe los mapas de todas las anteriores."),
    about=Text(
        "While ResNet adds maps up, DenseNet keeps them: each layer contributes 32 new maps, which all later layers of the "
        "block receive. Nothing has to be learned twice, so that 8 million parameters achieve what ResNet-50 needs 25 "
        "million for. Between the four blocks, a 1 × 1 convolution and a pooling layer halve the number of maps and their "
        "size. DenseNet needs a lot of memory.",
        "Mientras que ResNet suma los mapas, DenseNet los conserva: cada capa aporta 32 mapas nuevos, que reciben todas las "
        "capas siguientes del bloque. Nada se aprende dos veces, y así 8 millones de parámetros logran lo que en ResNet-50 "
        "requiere 25 millones. Entre los cuatro bloques, una convolución de 1 × 1 y un agrupamiento reducen a la mitad el "
        "número de mapas y su tamaño. DenseNet necesita mucha memoria."),
    network=_densenet121, recipe={"height": 224, "width": 224}, training={"epochs": 60, "batch_size": 16}, adapts=True,
    minimum_size=32, published=Publication(8_062_504, 224, "all", KERAS))

EFFICIENTNET_B0 = Template(
    id="efficientnet_b0", label=same("EfficientNet-B0"), year=2019, source="https://arxiv.org/abs/1905.11946",
    help=Text("Inverted residual blocks with squeeze and excitation, found by an automatic search.",
              "Bloques residuales invertidos con squeeze and excitation, encontrados con una búsqueda automática."),
    about=Text(
        "This network was found by an automatic search for the best network of a given cost: the blocks of MobileNet v2, in "
        "which each map is also multiplied by a factor computed from the means of all maps (squeeze and excitation), with "
        "SiLU instead of ReLU. Its larger variants, B1 to B7, increase depth, width and picture size together. The random "
        "skipping of whole branches during training, which its authors use, is left out.",
        "Esta red se encontró con una búsqueda automática de la mejor red de un coste dado: los bloques de MobileNet v2, en "
        "los que además cada mapa se multiplica por un factor calculado a partir de las medias de todos (squeeze and "
        "excitation), con SiLU en lugar de ReLU. Sus variantes más grandes, B1 a B7, aumentan a la vez la profundidad, la "
        "anchura y el tamaño de imagen. Se omite el salto aleatorio de ramas enteras durante el entrenamiento, que usan sus "
        "autores."),
    network=_efficientnet_b0, recipe={"height": 224, "width": 224}, training={"epochs": 60, "batch_size": 16}, adapts=True,
    minimum_size=32, published=Publication(5_288_548, 224, "trainable", TORCHVISION))

TEMPLATES = (INCEPTION_V3, XCEPTION, DENSENET121, MOBILENET, MOBILENET_V2, EFFICIENTNET_B0)
