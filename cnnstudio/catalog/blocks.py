"""Blocks: groups of layers that are inserted together and then edited like any others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from cnnstudio.catalog.builder import NetworkBuilder
from cnnstudio.catalog.layers import Shape
from cnnstudio.catalog.networks import network_builder
from cnnstudio.core import edits
from cnnstudio.core.graph import unique_id
from cnnstudio.core.network import Edge
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text

replace = msgspec.structs.replace

_OUTSIDE: Final = "(outside)"
"""A placeholder for the layer before a block; it is no valid layer id."""

Draw = Callable[[NetworkBuilder, Shape], None]


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """One block: `draw` adds its layers behind `builder.last`, whose output has the given shape (height, width, channels).

    What comes out has the same height and width unless `halves`.
    """

    id: str
    label: Text
    help: Text
    source: str
    draw: Draw
    halves: bool = False


def _width(shape: Shape, least: int = 16) -> int:
    """Feature maps of a block: as many as enter, but not as few as the colours of a picture."""
    return max(shape[2], least)


def _convolution(builder: NetworkBuilder, *after: str, filters: int, kernel: int = 3, stride: int = 1, activation: bool = True,
                 depthwise: bool = False) -> str:
    """A convolution without bias, its normalisation and by default a ReLU."""
    window: dict[str, Any] = {"kernel_size": (kernel, kernel), "strides": (stride, stride), "padding": "same",
                              "use_bias": False}
    if depthwise:
        builder.add("DepthwiseConv2D", *after, **window)
    else:
        builder.add("Conv2D", *after, filters=filters, **window)
    last = builder.add("BatchNormalization")
    return builder.add("ReLU") if activation else last


def _entry(builder: NetworkBuilder) -> str:
    assert builder.last is not None
    return builder.last


def _excite(builder: NetworkBuilder, filters: int, ratio: int = 16) -> str:
    """One factor for each feature map, computed from the means of all."""
    entry = _entry(builder)
    builder.add("GlobalAveragePooling2D", entry, keepdims=True)
    builder.add("Conv2D", filters=max(filters // ratio, 4), kernel_size=(1, 1), activation="relu")
    gate = builder.add("Conv2D", filters=filters, kernel_size=(1, 1), activation="sigmoid")
    return builder.add("Multiply", entry, gate)


def _join(builder: NetworkBuilder, entry: str, main: str, shape: Shape, filters: int, stride: int = 1,
          relu: bool = True) -> None:
    """Add the skip connection, with a 1 x 1 convolution if the shape changes."""
    if shape[2] != filters or stride > 1:
        entry = _convolution(builder, entry, filters=filters, kernel=1, stride=stride, activation=False)
    builder.add("Add", main, entry)
    if relu:
        builder.add("ReLU")


def _conv_bn_relu(builder: NetworkBuilder, shape: Shape) -> None:
    _convolution(builder, filters=_width(shape, 32))


def _residual(builder: NetworkBuilder, shape: Shape, stride: int = 1, excite: bool = False) -> None:
    entry, filters = _entry(builder), _width(shape) * stride
    _convolution(builder, filters=filters, stride=stride)
    main = _convolution(builder, filters=filters, activation=False)
    if excite:
        main = _excite(builder, filters)
    _join(builder, entry, main, shape, filters, stride)


def _residual_down(builder: NetworkBuilder, shape: Shape) -> None:
    _residual(builder, shape, stride=2)


def _residual_excited(builder: NetworkBuilder, shape: Shape) -> None:
    _residual(builder, shape, excite=True)


def _bottleneck(builder: NetworkBuilder, shape: Shape) -> None:
    entry, filters = _entry(builder), _width(shape, 64)
    inner = max(filters // 4, 1)
    _convolution(builder, filters=inner, kernel=1)
    _convolution(builder, filters=inner)
    main = _convolution(builder, filters=filters, kernel=1, activation=False)
    _join(builder, entry, main, shape, filters)


def _inception(builder: NetworkBuilder, shape: Shape) -> None:
    entry, total = _entry(builder), _width(shape, 64)

    def conv(filters: int, kernel: int, *after: str) -> str:
        return builder.add("Conv2D", *after, filters=max(filters, 1), kernel_size=(kernel, kernel), padding="same",
                           activation="relu")

    single = conv(total // 4, 1, entry)
    conv(total * 3 // 8, 1, entry)
    middle = conv(total // 2, 3)
    conv(total // 16, 1, entry)
    wide = conv(total // 8, 5)
    builder.add("MaxPooling2D", entry, pool_size=(3, 3), strides=(1, 1), padding="same")
    pooled = conv(total // 8, 1)
    builder.add("Concatenate", single, middle, wide, pooled)


def _squeeze_excite(builder: NetworkBuilder, shape: Shape) -> None:
    _excite(builder, shape[2])


def _separable(builder: NetworkBuilder, shape: Shape) -> None:
    _convolution(builder, filters=0, depthwise=True)
    _convolution(builder, filters=_width(shape, 32), kernel=1)


def _inverted_residual(builder: NetworkBuilder, shape: Shape) -> None:
    entry, filters = _entry(builder), _width(shape)

    def ready(last: str, linear: bool = False) -> str:
        builder.add("BatchNormalization", last)
        return _entry(builder) if linear else builder.add("ReLU", max_value=6.0)

    ready(builder.add("Conv2D", entry, filters=6 * shape[2], kernel_size=(1, 1), padding="same", use_bias=False))
    ready(builder.add("DepthwiseConv2D", padding="same", use_bias=False))
    main = ready(builder.add("Conv2D", filters=filters, kernel_size=(1, 1), padding="same", use_bias=False), linear=True)
    if filters == shape[2]:
        builder.add("Add", main, entry)


def _dense_block(builder: NetworkBuilder, _shape: Shape, growth: int = 32, layers: int = 4) -> None:
    for _layer in range(layers):
        entry = _entry(builder)
        for filters, kernel in ((4 * growth, 1), (growth, 3)):
            builder.add("BatchNormalization")
            builder.add("ReLU")
            builder.add("Conv2D", filters=filters, kernel_size=(kernel, kernel), padding="same", use_bias=False)
        builder.add("Concatenate", entry, _entry(builder))


def _transition(builder: NetworkBuilder, shape: Shape) -> None:
    builder.add("BatchNormalization")
    builder.add("ReLU")
    builder.add("Conv2D", filters=max(shape[2] // 2, 8), kernel_size=(1, 1), padding="same", use_bias=False)
    builder.add("AveragePooling2D", padding="same")


def _attention(builder: NetworkBuilder, shape: Shape) -> None:
    channels = shape[2]
    heads = max(count for count in (1, 2, 4, 8) if channels % count == 0)
    entry = _entry(builder)
    builder.add("LayerNormalization")
    builder.add("MultiHeadAttention", num_heads=heads, key_dim=max(channels // heads, 1))
    entry = builder.add("Add", entry, _entry(builder))
    builder.add("LayerNormalization")
    builder.add("Dense", units=4 * channels, activation="gelu")
    main = builder.add("Dense", units=channels)
    builder.add("Add", entry, main)


BLOCKS: Final[Registry[Block]] = Registry("block", (
    Block(id="conv_bn_relu", draw=_conv_bn_relu, source="https://arxiv.org/abs/1502.03167",
          label=Text("Normalised convolution", "Convolución normalizada"),
          help=Text("A 3 × 3 convolution, BatchNormalization and ReLU: the building block of most networks.",
                    "Una convolución de 3 × 3, BatchNormalization y ReLU: la pieza básica de casi todas las redes.")),
    Block(id="residual", draw=_residual, source="https://arxiv.org/abs/1512.03385",
          label=Text("Residual block", "Bloque residual"),
          help=Text("Two convolutions whose result is added to their input: the basic block of ResNet-18 and 34.",
                    "Dos convoluciones cuyo resultado se suma a su entrada: el bloque básico de ResNet-18 y 34.")),
    Block(id="residual_down", draw=_residual_down, source="https://arxiv.org/abs/1512.03385", halves=True,
          label=Text("Downsampling residual block", "Bloque residual con reducción"),
          help=Text("A residual block that halves the height and width and doubles the number of feature maps.",
                    "Un bloque residual que reduce a la mitad el alto y el ancho y duplica el número de mapas de "
                    "características.")),
    Block(id="bottleneck", draw=_bottleneck, source="https://arxiv.org/abs/1512.03385",
          label=Text("Residual bottleneck", "Cuello de botella residual"),
          help=Text("A 1 × 1 convolution to a quarter of the maps, a 3 × 3 one, a 1 × 1 one back to all of them, and the "
                    "sum: the block of ResNet-50 and deeper networks.",
                    "Una convolución de 1 × 1 a la cuarta parte de los mapas, una de 3 × 3, otra de 1 × 1 de vuelta a todos "
                    "y la suma: el bloque de ResNet-50 y de redes más profundas.")),
    Block(id="inception", draw=_inception, source="https://arxiv.org/abs/1409.4842",
          label=Text("Inception module", "Módulo Inception"),
          help=Text("Applies 1 × 1, 3 × 3 and 5 × 5 convolutions and a pooling in parallel and concatenates their results.",
                    "Aplica en paralelo convoluciones de 1 × 1, 3 × 3 y 5 × 5 y un agrupamiento, y concatena sus "
                    "resultados.")),
    Block(id="squeeze_excite", draw=_squeeze_excite, source="https://arxiv.org/abs/1709.01507",
          label=Text("Squeeze and excitation", "Squeeze and excitation"),
          help=Text("Multiplies each feature map by a factor computed from the means of all maps.",
                    "Multiplica cada mapa por un factor calculado a partir de las medias de todos los mapas.")),
    Block(id="residual_excited", draw=_residual_excited, source="https://arxiv.org/abs/1709.01507",
          label=Text("Residual block with squeeze and excitation", "Bloque residual con squeeze and excitation"),
          help=Text("A residual block with squeeze and excitation before the sum, as in SE-ResNet.",
                    "Un bloque residual con squeeze and excitation antes de la suma, como en SE-ResNet.")),
    Block(id="depthwise_separable", draw=_separable, source="https://arxiv.org/abs/1704.04861",
          label=Text("Depthwise separable convolution", "Convolución separable por canal"),
          help=Text("One filter for each map, then a 1 × 1 convolution across the maps: the block of MobileNet, with about a "
                    "ninth of the computation.",
                    "Un filtro por mapa y luego una convolución de 1 × 1 entre los mapas: el bloque de MobileNet, con cerca "
                    "de un noveno del cálculo.")),
    Block(id="inverted_residual", draw=_inverted_residual, source="https://arxiv.org/abs/1801.04381",
          label=Text("Inverted residual", "Residual invertido"),
          help=Text("Widens to six times as many maps, applies one filter to each, narrows again and adds the input: the "
                    "block of MobileNetV2.",
                    "Ensancha a seis veces más mapas, aplica un filtro a cada uno, vuelve a estrechar y suma la entrada: el "
                    "bloque de MobileNetV2.")),
    Block(id="dense_block", draw=_dense_block, source="https://arxiv.org/abs/1608.06993",
          label=Text("Dense block", "Bloque denso"),
          help=Text("Four layers, each of which receives all previous maps and adds 32 new ones: the block of DenseNet.",
                    "Cuatro capas, cada una de las cuales recibe todos los mapas anteriores y añade 32 nuevos: el bloque de "
                    "DenseNet.")),
    Block(id="transition", draw=_transition, source="https://arxiv.org/abs/1608.06993", halves=True,
          label=Text("Transition", "Transición"),
          help=Text("Between two dense blocks, halves the number of maps and their size.",
                    "Entre dos bloques densos, reduce a la mitad el número de mapas y su tamaño.")),
    Block(id="attention", draw=_attention, source="https://arxiv.org/abs/1706.03762",
          label=Text("Attention block", "Bloque de atención"),
          help=Text("Self-attention and two Dense layers, each with normalisation and a sum: the block of a transformer. Use "
                    "it on small maps.",
                    "Autoatención y dos capas Dense, cada una con normalización y suma: el bloque de un transformer. Úselo "
                    "con mapas pequeños.")),
))


def insert_block(project: Project, block: str, shape: Shape, source: str | None = None, edge: Edge | None = None
                 ) -> Project:
    """Draw a block behind `source`, whose output has that shape, or into the middle of `edge` (`shape` is its source's).

    Its layers get fresh names. Raises ProblemError where the block needs feature maps and gets none.
    """
    entry = edge.source if edge is not None else source
    if entry is None or len(shape) != 3:
        text = Text("A block needs feature maps (height, width, channels): choose a layer that outputs them.",
                    "Un bloque necesita mapas de características (alto, ancho, canales): elija una capa que los produzca.")
        raise ProblemError(error("not_feature_maps", text, "network", node=entry))
    builder = network_builder()
    builder.last = _OUTSIDE
    BLOCKS[block].draw(builder, shape)
    block_network = builder.network()
    network = project.network
    taken = [node.id for node in network.nodes]
    names = {_OUTSIDE: entry}
    for node in block_network.nodes:
        names[node.id] = unique_id(node.id, taken)
        taken.append(names[node.id])
    nodes = [replace(node, id=names[node.id]) for node in block_network.nodes]
    edges = [replace(edge, source=names[edge.source], target=names[edge.target]) for edge in block_network.edges]
    old_edges = list(network.edges)
    if edge is not None and edge in old_edges:
        old_edges[old_edges.index(edge)] = replace(edge, source=nodes[-1].id)
    return edits.set_network(project, replace(network, nodes=(*network.nodes, *nodes), edges=(*old_edges, *edges)))
