"""MobileNetV2 of Keras Applications, layer for layer.

Sandler et al., "MobileNetV2: Inverted Residuals and Linear Bottlenecks", CVPR 2018.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from cnnstudio.catalog.bases.entry import Base, Weights
from cnnstudio.catalog.drawing import Drawing
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.text import Text

BLOCKS: Final = (
    (16, 1, 1), (24, 2, 6), (24, 1, 6), (32, 2, 6), (32, 1, 6), (32, 1, 6), (64, 2, 6), (64, 1, 6), (64, 1, 6),
    (64, 1, 6), (96, 1, 6), (96, 1, 6), (96, 1, 6), (160, 2, 6), (160, 1, 6), (160, 1, 6), (320, 1, 6),
)
"""(filters, stride, expansion) of each block."""


def _normalized(drawing: Drawing, bn: str, relu: str = "") -> None:
    drawing.add("BatchNormalization", id=bn, epsilon=1e-3, momentum=0.999)
    if relu:
        drawing.add("ReLU", id=relu, max_value=6.0)


@cache
def graph() -> NetworkSpec:
    drawing = Drawing()
    drawing.add("Input", id="input")
    drawing.add("Rescaling", id="scaling", scale=1 / 127.5, offset=-1.0)
    drawing.add("Conv2D", id="Conv1", filters=32, kernel_size=(3, 3), strides=(2, 2), padding="same", use_bias=False)
    _normalized(drawing, "bn_Conv1", "Conv1_relu")
    channels = 32
    for number, (filters, stride, expansion) in enumerate(BLOCKS):
        prefix = f"block_{number}_" if number else "expanded_conv_"
        entry = drawing.last
        assert entry is not None
        if number:
            drawing.add("Conv2D", id=prefix + "expand", filters=channels * expansion, kernel_size=(1, 1),
                        padding="same", use_bias=False)
            _normalized(drawing, prefix + "expand_BN", prefix + "expand_relu")
        drawing.add("DepthwiseConv2D", id=prefix + "depthwise", kernel_size=(3, 3), strides=(stride, stride),
                    padding="same", use_bias=False)
        _normalized(drawing, prefix + "depthwise_BN", prefix + "depthwise_relu")
        drawing.add("Conv2D", id=prefix + "project", filters=filters, kernel_size=(1, 1), padding="same",
                    use_bias=False)
        _normalized(drawing, prefix + "project_BN")
        if stride == 1 and channels == filters:
            assert drawing.last is not None
            drawing.add("Add", entry, drawing.last, id=prefix + "add")
        channels = filters
    drawing.add("Conv2D", id="Conv_1", filters=1280, kernel_size=(1, 1), use_bias=False)
    _normalized(drawing, "Conv_1_bn", "out_relu")
    return drawing.network("mobilenet_v2")


def block_of(layer: str) -> str:
    if layer in ("input", "scaling"):
        return ""
    if layer.startswith("block_"):
        return "_".join(layer.split("_")[:2])
    if layer.startswith("expanded_conv"):
        return "expanded_conv"
    return "Conv1" if "Conv1" in layer else "Conv_1"


MOBILENET_V2 = Base(
    id="mobilenet_v2", label=Text("MobileNetV2", "MobileNetV2"), family="MobileNet",
    help=Text("Made for phones: quick, few parameters.", "Hecha para móviles: rápida, pocos parámetros."),
    licence="Apache-2.0", source="https://arxiv.org/abs/1801.04381", year=2018, parameters=2_257_984, top1=71.3,
    input_size=224, minimum_size=32, features=1280,
    scaling=Text("x / 127.5 - 1, inside the model", "x / 127.5 - 1, dentro del modelo"),
    weights=Weights(
        url="https://storage.googleapis.com/tensorflow/keras-applications/mobilenet_v2/"
            "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5",
        file_name="mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5", layout="keras_h5"),
    graph=graph, blocks=("Conv1", "expanded_conv", *(f"block_{number}" for number in range(1, 17)), "Conv_1"),
    block_of=block_of,
)

BASES = (MOBILENET_V2,)
