"""A small network with two Inception modules.

Szegedy et al., "Going Deeper with Convolutions", CVPR 2015.
"""

from __future__ import annotations

from cnnstudio.catalog.drawing import Drawing
from cnnstudio.catalog.templates.entry import Template
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.text import Text


def inception_module(drawing: Drawing, one: int, three: tuple[int, int], five: tuple[int, int], pool: int) -> str:
    """Four ways side by side: 1 x 1, 3 x 3, 5 x 5 (each behind a 1 x 1) and pooling; channels are joined."""
    entry = drawing.last
    assert entry is not None

    def convolution(filters: int, kernel: int, *after: str) -> str:
        return drawing.add("Conv2D", *after, filters=filters, kernel_size=(kernel, kernel), padding="same",
                           activation="relu")

    first = convolution(one, 1, entry)
    convolution(three[0], 1, entry)
    second = convolution(three[1], 3)
    convolution(five[0], 1, entry)
    third = convolution(five[1], 5)
    drawing.add("MaxPooling2D", entry, pool_size=(3, 3), strides=(1, 1), padding="same")
    fourth = convolution(pool, 1)
    return drawing.add("Concatenate", first, second, third, fourth)


def network() -> NetworkSpec:
    drawing = Drawing()
    drawing.add("Input")
    drawing.add("Conv2D", filters=32, kernel_size=(3, 3), padding="same", activation="relu")
    drawing.add("MaxPooling2D")
    inception_module(drawing, 16, (24, 32), (4, 8), 8)
    drawing.add("MaxPooling2D")
    inception_module(drawing, 32, (32, 64), (8, 16), 16)
    drawing.add("GlobalAveragePooling2D")
    drawing.add("Dropout", rate=0.3)
    drawing.add("Output")
    return drawing.network("inception")


TEMPLATE = Template(
    id="inception", label=Text("Inception modules", "Módulos Inception"), year=2014, adapts=True,
    source="https://arxiv.org/abs/1409.4842",
    help=Text("Filters of several sizes look at the same place side by side: the idea of GoogLeNet, in two modules.",
              "Filtros de varios tamaños miran el mismo lugar a la vez: la idea de GoogLeNet, en dos módulos."),
    network=network, recipe={"height": 64, "width": 64}, training={"epochs": 40},
)
