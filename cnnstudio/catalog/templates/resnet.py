"""ResNet-18, 34, 50, 101 and 152, from scratch.

He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", CVPR 2016. The two shallow ones are those of
the paper's table 1, without biases before a normalisation; the deep ones are Keras's.
"""

from __future__ import annotations

from functools import partial

from cnnstudio.catalog.bases.builder import BaseBuilder
from cnnstudio.catalog.bases.resnet import DEPTHS, FILTERS, add_layers
from cnnstudio.catalog.templates.entry import KERAS, TORCHVISION, Publication, Template, with_classifier
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.text import Text, same


def _add_normalization(builder: BaseBuilder, name: str, filters: int, kernel: int, stride: int, *after: str) -> str:
    builder.convolution(filters, kernel, *after, id=f"{name}_conv", stride=stride, padding="same", use_bias=False)
    return builder.add("BatchNormalization", id=f"{name}_bn")


def _basic_block(builder: BaseBuilder, name: str, filters: int, stride: int, projected: bool) -> None:
    """Two 3 x 3 convolutions and the skip connection; a 1 x 1 convolution on the skip where the shape changes."""
    entry = builder.end
    skip = _add_normalization(builder, f"{name}_0", filters, 1, stride) if projected else entry
    _add_normalization(builder, f"{name}_1", filters, 3, stride, entry)
    builder.activation("relu", id=f"{name}_1_relu")
    main = _add_normalization(builder, f"{name}_2", filters, 3, 1)
    builder.add("Add", skip, main, id=f"{name}_add")
    builder.activation("relu", id=f"{name}_out")


def _shallow(id: str, depths: tuple[int, ...]) -> NetworkSpec:
    builder = BaseBuilder()
    _add_normalization(builder, "conv1", 64, 7, 2)
    builder.activation("relu", id="conv1_relu")
    builder.pooling("MaxPooling2D", 3, 2, id="pool1_pool", padding="same")
    for number, (depth, filters) in enumerate(zip(depths, FILTERS, strict=True), start=2):
        for block in range(1, depth + 1):
            changes = block == 1 and number > 2
            _basic_block(builder, f"conv{number}_block{block}", filters, 2 if changes else 1, projected=changes)
    return with_classifier(builder, id)


def _deep(id: str) -> NetworkSpec:
    builder = BaseBuilder()
    add_layers(builder, DEPTHS[id])
    return with_classifier(builder, id)


_BASIC = Text(
    "ResNet-{n} consists of blocks of two 3 × 3 convolutions whose input is added to their output: the layers learn only "
    "what should change, and the gradient has a short way back. Each stage halves the height and width and doubles the "
    "number of filters. {own}",
    "ResNet-{n} se compone de bloques de dos convoluciones 3 × 3 cuya entrada se suma a su salida: las capas aprenden solo "
    "lo que debe cambiar, y el gradiente tiene un camino de vuelta corto. Cada etapa reduce a la mitad el alto y el ancho y "
    "duplica el número de filtros. {own}")
_BOTTLENECK = Text(
    "ResNet-{n} uses bottlenecks: a 1 × 1 convolution reduces the number of maps, a 3 × 3 one filters them, another 1 × 1 "
    "one increases their number fourfold, and the input is added. This keeps the cost of a deep network low. {own}",
    "ResNet-{n} usa cuellos de botella: una convolución de 1 × 1 reduce el número de mapas, una de 3 × 3 los filtra, otra de "
    "1 × 1 multiplica su número por cuatro, y se suma la entrada. Así se mantiene bajo el coste de una red profunda. {own}")


def _about(pattern: Text, n: int, own: Text) -> Text:
    return Text(pattern.en.format(n=n, own=own.en), pattern.es.format(n=n, own=own.es))


def _template(n: int, parameters: int, help: Text, own: Text, depths: tuple[int, ...] = ()) -> Template:
    id = f"resnet{n}"
    return Template(
        id=id, label=same(f"ResNet-{n}"), year=2015, source="https://arxiv.org/abs/1512.03385", help=help,
        about=_about(_BASIC if depths else _BOTTLENECK, n, own),
        network=partial(_shallow, id, depths) if depths else partial(_deep, id),
        recipe={"height": 224, "width": 224}, training={"epochs": 60, "batch_size": 32 if n < 100 else 16}, adapts=True,
        minimum_size=32,
        published=Publication(parameters, 224, "trainable", TORCHVISION) if depths else
        Publication(parameters, 224, "all", KERAS))


TEMPLATES = (
    _template(18, 11_689_512, Text("The smallest ResNet.",
                                   "La ResNet más pequeña."),
              Text("With a few thousand pictures, it can be trained from scratch.",
                   "Con unos miles de imágenes se puede entrenar desde cero."), (2, 2, 2, 2)),
    _template(34, 21_797_672, Text("Twice as many blocks as ResNet-18.", "El doble de bloques que ResNet-18."),
              Text("It learns where a network of 34 layers without skip connections gets stuck.",
                   "Aprende donde una red de 34 capas sin conexiones de salto se estanca."), (3, 4, 6, 3)),
    _template(50, 25_636_712, Text("The standard reference network.", "La red de referencia habitual."),
              Text("It is the network that most studies compare against.",
                   "Es la red con la que se comparan casi todos los estudios.")),
    _template(101, 44_707_176, Text("ResNet-50 with a longer fourth stage.",
                                    "ResNet-50 con una cuarta etapa más larga."),
              Text("Trained from scratch it needs a very large number of pictures; as a pretrained base it needs few.",
                   "Entrenada desde cero necesita muchísimas imágenes; como base preentrenada, pocas.")),
    _template(152, 60_419_944, Text("The winner of the ImageNet competition of 2015 (ILSVRC).",
                                    "La ganadora de la competición ImageNet de 2015 (ILSVRC)."),
              Text("With its 152 layers it won that competition with fewer errors than people make.",
                   "Con sus 152 capas ganó esa competición con menos errores que las personas.")),
)
