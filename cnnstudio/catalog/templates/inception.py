"""A small network with two Inception modules.

Szegedy et al., "Going Deeper with Convolutions", CVPR 2015.
"""

from __future__ import annotations

from cnnstudio.catalog.builder import NetworkBuilder
from cnnstudio.catalog.networks import network_builder
from cnnstudio.catalog.templates.entry import Template
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.text import Text


def inception_module(builder: NetworkBuilder, one: int, three: tuple[int, int], five: tuple[int, int], pool: int,
                     name: str) -> str:
    """Four parallel branches: 1 x 1, 3 x 3, 5 x 5 (each behind a 1 x 1) and pooling; channels are joined."""
    entry = builder.last
    assert entry is not None

    def convolution(way: str, filters: int, kernel: int, *after: str) -> str:
        return builder.add("Conv2D", *after, id=f"{name}_{way}", filters=filters, kernel_size=(kernel, kernel),
                           padding="same", activation="relu")

    first = convolution("1x1", one, 1, entry)
    convolution("3x3_reduce", three[0], 1, entry)
    second = convolution("3x3", three[1], 3)
    convolution("5x5_reduce", five[0], 1, entry)
    third = convolution("5x5", five[1], 5)
    builder.add("MaxPooling2D", entry, id=f"{name}_pool", pool_size=(3, 3), strides=(1, 1), padding="same")
    fourth = convolution("pool_proj", pool, 1)
    return builder.add("Concatenate", first, second, third, fourth, id=name)


def network() -> NetworkSpec:
    builder = network_builder()
    builder.add("Input")
    builder.add("Conv2D", filters=32, kernel_size=(3, 3), padding="same", activation="relu")
    builder.add("MaxPooling2D")
    inception_module(builder, 16, (24, 32), (4, 8), 8, "module_1")
    builder.add("MaxPooling2D")
    inception_module(builder, 32, (32, 64), (8, 16), 16, "module_2")
    builder.add("GlobalAveragePooling2D")
    builder.add("Dropout", rate=0.3)
    builder.add("Output")
    return builder.network("inception")


TEMPLATES = (
    Template(
        id="inception", label=Text("Inception modules", "Módulos Inception"), year=2014, adapts=True,
        source="https://arxiv.org/abs/1409.4842",
        help=Text("Filters of several sizes in parallel: the idea of GoogLeNet, in two modules.",
                  "Filtros de varios tamaños en paralelo: la idea de GoogLeNet, en dos módulos."),
        about=Text(
            "How large should a filter be? An Inception module leaves this open: filters of 1, 3 and 5 pixels are applied in "
            "parallel at the same position, and their results are concatenated. This small network has two such modules, to "
            "show the idea without the nine of GoogLeNet; it trains on a processor in minutes.",
            "¿De qué tamaño debe ser un filtro? Un módulo Inception lo deja abierto: filtros de 1, 3 y 5 píxeles se aplican "
            "en paralelo en la misma posición y sus resultados se concatenan. Esta red pequeña tiene dos de estos módulos, "
            "para mostrar la idea sin los nueve de GoogLeNet; se entrena en un procesador en minutos."),
        network=network, recipe={"height": 64, "width": 64}, training={"epochs": 40}),
)
