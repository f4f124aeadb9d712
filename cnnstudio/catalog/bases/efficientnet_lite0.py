"""EfficientNet-Lite0 with ImageNet weights, bundled with the program.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019; the
Lite variants (no squeeze-and-excitation, ReLU6) by R. Liu, 2020. Weights: Apache-2.0.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from cnnstudio.catalog.bases.entry import Base, Weights
from cnnstudio.catalog.builder import NetworkBuilder
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.text import Text

STAGES: Final = (
    (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112), (4, 5, 2, 6, 192), (1, 3, 1, 6, 320),
)
"""(repeats, kernel, stride, expansion, filters) of each stage."""


def _add_normalization(builder: NetworkBuilder, name: str, relu: bool = True) -> None:
    builder.add("BatchNormalization", id=f"{name}_bn")
    if relu:
        builder.add("ReLU", id=f"{name}_relu", max_value=6.0)


def _block(builder: NetworkBuilder, name: str, channels: int, kernel: int, stride: int, expansion: int, filters: int) -> None:
    """One inverted bottleneck: expand, depthwise, project, and add where the shape stays."""
    entry = builder.last
    assert entry is not None
    if expansion != 1:
        builder.add("Conv2D", id=f"{name}_expand", filters=channels * expansion, kernel_size=(1, 1), padding="same",
                    use_bias=False)
        _add_normalization(builder, f"{name}_expand")
    builder.add("DepthwiseConv2D", id=f"{name}_depthwise", kernel_size=(kernel, kernel), strides=(stride, stride),
                padding="same", use_bias=False)
    _add_normalization(builder, f"{name}_depthwise")
    builder.add("Conv2D", id=f"{name}_project", filters=filters, kernel_size=(1, 1), padding="same", use_bias=False)
    _add_normalization(builder, f"{name}_project", relu=False)
    if stride == 1 and channels == filters:
        assert builder.last is not None
        builder.add("Add", builder.last, entry, id=f"{name}_add")


@cache
def graph() -> NetworkSpec:
    builder = NetworkBuilder()
    builder.add("Input", id="input")
    builder.add("Rescaling", id="scaling", scale=1 / 128, offset=-127 / 128)
    builder.add("Conv2D", id="stem", filters=32, kernel_size=(3, 3), strides=(2, 2), padding="same", use_bias=False)
    _add_normalization(builder, "stem")
    channels, number = 32, 1
    for repeats, kernel, stride, expansion, filters in STAGES:
        for repeat in range(repeats):
            _block(builder, f"block{number}", channels, kernel, stride if repeat == 0 else 1, expansion, filters)
            channels, number = filters, number + 1
    builder.add("Conv2D", id="head", filters=1280, kernel_size=(1, 1), padding="same", use_bias=False)
    _add_normalization(builder, "head")
    return builder.network("efficientnet_lite0")


def block_of(layer: str) -> str:
    return "" if layer in ("input", "scaling") else layer.split("_", maxsplit=1)[0]


LITE0 = Base(
    id="efficientnet_lite0", label=Text("EfficientNet-Lite0", "EfficientNet-Lite0"), family="EfficientNet",
    help=Text("Small and accurate; bundled, so it works offline. The first choice for photos.",
              "Pequeña y exacta; está incluida y funciona sin conexión. La primera opción para fotos."),
    licence="Apache-2.0", source="https://arxiv.org/abs/1905.11946", year=2019, parameters=3_413_024, top1=75.1,
    top1_source="https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite",
    input_size=224, minimum_size=32, features=1280,
    scaling=Text("(x - 127) / 128, inside the model", "(x - 127) / 128, dentro del modelo"),
    weights=Weights(resource="efficientnet_lite0.npz", layout="npz"),
    graph=graph, blocks=("stem", *(f"block{number}" for number in range(1, 17)), "head"), block_of=block_of,
    kinds=(("block", "mb_conv"),),
)

BASES = (LITE0,)
