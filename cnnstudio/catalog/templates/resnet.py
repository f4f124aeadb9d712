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
    "ResNet-{n} is built of blocks of two 3 × 3 convolutions whose input is added to their output: the layers learn only "
    "what should change, and the gradient finds a short way back. Stages halve the picture and double the filters. {own}",
    "ResNet-{n} se compone de bloques de dos convoluciones 3 × 3 cuya entrada se suma a su salida: las capas aprenden solo "
    "lo que debe cambiar, y el gradiente halla un camino corto de vuelta. Cada etapa reduce la imagen a la mitad y dobla "
    "los filtros. {own}")
_BOTTLENECK = Text(
    "ResNet-{n} uses bottlenecks: a 1 × 1 convolution narrows the maps, a 3 × 3 looks around, another 1 × 1 widens them to "
    "four times as many, and the input is added. This keeps a deep network affordable. {own}",
    "ResNet-{n} usa cuellos de botella: una convolución de 1 × 1 estrecha los mapas, una de 3 × 3 mira alrededor, otra de "
    "1 × 1 los ensancha al cuádruple, y se suma la entrada. Así una red profunda resulta asequible. {own}")


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
              Text("It learned where a plain network of 34 layers got stuck.",
                   "Aprendió donde una red simple de 34 capas se atascaba."), (3, 4, 6, 3)),
    _template(50, 25_636_712, Text("The workhorse of the field.", "El caballo de batalla del campo."),
              Text("It is the network that most studies compare with.",
                   "Es la red con la que se comparan casi todos los estudios.")),
    _template(101, 44_707_176, Text("ResNet-50 with a longer fourth stage.",
                                    "ResNet-50 con una cuarta etapa más larga."),
              Text("From scratch it needs very many pictures; as a pretrained base it needs few.",
                   "Desde cero necesita muchísimas imágenes; como base preentrenada, pocas.")),
    _template(152, 60_419_944, Text("The winner of ILSVRC 2015.", "La ganadora de ILSVRC 2015."),
              Text("Its 152 layers won ILSVRC 2015 with fewer errors than people make.",
                   "Sus 152 capas ganaron ILSVRC 2015 con menos errores que las personas.")),
)
