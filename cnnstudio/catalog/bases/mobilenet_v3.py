"""MobileNetV3 Small and Large of Keras Applications.

Howard et al., "Searching for MobileNetV3", ICCV 2019. Keras's zeros before a stride of 2 are those of padding
"same".
"""

from __future__ import annotations

from functools import partial
from typing import Final

from cnnstudio.catalog.bases.builder import MINUS_ONE_ONE, BaseBuilder, Plan, keras_weights
from cnnstudio.catalog.bases.efficientnet import round_filters
from cnnstudio.catalog.bases.entry import Base
from cnnstudio.core.text import Text, same

Step = tuple[float, int, int, int, bool, bool]
"""(expansion, filters, kernel, stride, squeeze and excite, hard swish instead of ReLU)."""
STEPS: Final[dict[str, tuple[Step, ...]]] = {
    "small": (
        (1, 16, 3, 2, True, False), (72 / 16, 24, 3, 2, False, False), (88 / 24, 24, 3, 1, False, False),
        (4, 40, 5, 2, True, True), (6, 40, 5, 1, True, True), (6, 40, 5, 1, True, True), (3, 48, 5, 1, True, True),
        (3, 48, 5, 1, True, True), (6, 96, 5, 2, True, True), (6, 96, 5, 1, True, True), (6, 96, 5, 1, True, True)),
    "large": (
        (1, 16, 3, 1, False, False), (4, 24, 3, 2, False, False), (3, 24, 3, 1, False, False),
        (3, 40, 5, 2, True, False), (3, 40, 5, 1, True, False), (3, 40, 5, 1, True, False),
        (6, 80, 3, 2, False, True), (2.5, 80, 3, 1, False, True), (2.3, 80, 3, 1, False, True),
        (2.3, 80, 3, 1, False, True), (6, 112, 3, 1, True, True), (6, 112, 3, 1, True, True),
        (6, 160, 5, 2, True, True), (6, 160, 5, 1, True, True), (6, 160, 5, 1, True, True)),
}


def _add_normalization(builder: BaseBuilder, name: str, hard: bool | None) -> None:
    """Normalisation, then hard swish, ReLU, or nothing for None."""
    builder.add("BatchNormalization", id=f"{name}_bn", epsilon=1e-3, momentum=0.999)
    if hard:
        builder.activation("hard_silu", id=f"{name}_swish")
    elif hard is not None:
        builder.add("ReLU", id=f"{name}_relu")


def _excite(builder: BaseBuilder, prefix: str, channels: int) -> None:
    """Squeeze and excite; its gate is a hard sigmoid, relu6(x + 3) / 6, which is Keras's own function."""
    entry, name = builder.end, f"{prefix}squeeze_excite"
    builder.add("GlobalAveragePooling2D", id=f"{name}_avg_pool", keepdims=True)
    builder.convolution(round_filters(channels * 0.25), 1, id=f"{name}_conv", padding="same")
    builder.add("ReLU", id=f"{name}_relu")
    builder.convolution(channels, 1, id=f"{name}_conv_1", padding="same")
    gate = builder.activation("hard_sigmoid", id=f"{name}_gate")
    builder.add("Multiply", entry, gate, id=f"{name}_mul")


def _draw(variant: str) -> BaseBuilder:
    builder = BaseBuilder(MINUS_ONE_ONE)
    builder.block, channels = "conv", 16
    builder.convolution(16, 3, id="conv", stride=2, padding="same", use_bias=False)
    _add_normalization(builder, "conv", hard=True)
    for number, (expansion, filters, kernel, stride, squeeze, hard) in enumerate(STEPS[variant]):
        builder.block = f"expanded_conv_{number}" if number else "expanded_conv"
        prefix, entry, wide = f"{builder.block}_", builder.end, round_filters(channels * expansion)
        if number:
            builder.convolution(wide, 1, id=f"{prefix}expand", padding="same", use_bias=False)
            _add_normalization(builder, f"{prefix}expand", hard)
        builder.add("DepthwiseConv2D", id=f"{prefix}depthwise", kernel_size=(kernel, kernel),
                    strides=(stride, stride), padding="same", use_bias=False)
        _add_normalization(builder, f"{prefix}depthwise", hard)
        if squeeze:
            _excite(builder, prefix, wide)
        builder.convolution(filters, 1, id=f"{prefix}project", padding="same", use_bias=False)
        _add_normalization(builder, f"{prefix}project", hard=None)
        if stride == 1 and channels == filters:
            builder.add("Add", entry, builder.end, id=f"{prefix}add")
        channels = filters
    builder.block = "conv_1"
    builder.convolution(round_filters(channels * 6), 1, id="conv_1", padding="same", use_bias=False)
    _add_normalization(builder, "conv_1", hard=True)
    return builder


def _base(variant: str, parameters: int, top1: float, features: int, checksum: str, help: Text) -> Base:
    plan = Plan(f"mobilenet_v3_{variant}", partial(_draw, variant))
    blocks = ("expanded_conv", *(f"expanded_conv_{number}" for number in range(1, len(STEPS[variant]))))
    return Base(
        id=f"mobilenet_v3_{variant}", label=same(f"MobileNetV3 {variant.capitalize()}"), family="MobileNet", help=help,
        licence="Apache-2.0", source="https://arxiv.org/abs/1905.02244", year=2019, parameters=parameters, top1=top1,
        top1_source=f"https://www.tensorflow.org/api_docs/python/tf/keras/applications/MobileNetV3{variant.capitalize()}",
        input_size=224, minimum_size=32, features=features, scaling=MINUS_ONE_ONE.text,
        weights=keras_weights(f"mobilenet_v3/weights_mobilenet_v3_{variant}_224_1.0_float_no_top_v2.h5", f"md5:{checksum}"),
        graph=plan.graph, block_of=plan.block_of, blocks=("conv", *blocks, "conv_1"),
        kinds=(("expanded_conv", "inverted_residual"),))


BASES = (
    _base("small", 939_120, 68.1, 576, "d3e8ec802a04aa4fc771ee12a9a9b836",
          Text("The smallest base of all, for slow devices and quick experiments.",
               "La base más pequeña de todas, para equipos lentos y pruebas rápidas.")),
    _base("large", 2_996_352, 75.6, 960, "07fb09a5933dd0c8eaafa16978110389",
          Text("As fast as MobileNetV2 on a phone, and more accurate.",
               "Tan rápida como MobileNetV2 en un teléfono, y más exacta.")),
)
