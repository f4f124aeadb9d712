"""EfficientNetV2-B0 to B3, S, M and L of Keras Applications.

Tan and Le, "EfficientNetV2: Smaller Models and Faster Training", ICML 2021. The dropout of whole branches is
left out: a base is always called as when it predicts.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Final

from cnnstudio.catalog.bases.builder import STANDARD, BaseBuilder, Plan, Scaling, keras_weights
from cnnstudio.catalog.bases.efficientnet import add_normalization, excite, round_filters
from cnnstudio.catalog.bases.entry import Base
from cnnstudio.core.text import Text, same

Stage = tuple[bool, int, int, int, int]
"""(fused, repeats, filters, expansion, stride); kernels are 3 x 3, and blocks that are not fused squeeze to a quarter."""
SMALL_STAGES: Final = ((True, 1, 16, 1, 1), (True, 2, 32, 4, 2), (True, 2, 48, 4, 2), (False, 3, 96, 4, 2),
                       (False, 5, 112, 6, 1), (False, 8, 192, 6, 2))
STAGES: Final[dict[str, tuple[int, tuple[Stage, ...]]]] = {
    **{f"b{number}": (32, SMALL_STAGES) for number in range(4)},
    "s": (24, ((True, 2, 24, 1, 1), (True, 4, 48, 4, 2), (True, 4, 64, 4, 2), (False, 6, 128, 4, 2),
               (False, 9, 160, 6, 1), (False, 15, 256, 6, 2))),
    "m": (24, ((True, 3, 24, 1, 1), (True, 5, 48, 4, 2), (True, 5, 80, 4, 2), (False, 7, 160, 4, 2),
               (False, 14, 176, 6, 1), (False, 18, 304, 6, 2), (False, 5, 512, 6, 1))),
    "l": (32, ((True, 4, 32, 1, 1), (True, 7, 64, 4, 2), (True, 7, 96, 4, 2), (False, 10, 192, 4, 2),
               (False, 19, 224, 6, 1), (False, 25, 384, 6, 2), (False, 7, 640, 6, 1))),
}
"""Filters of the stem and the stages of each variant, before they are scaled."""
FACTORS: Final = {"b1": (1.0, 1.1), "b2": (1.1, 1.2), "b3": (1.2, 1.4)}
"""Width and depth relative to B0."""
MINUS_ONE_ONE_128: Final = Scaling(1 / 128, -1.0, Text("x / 128 - 1, inside the model",
                                                       "x / 128 - 1, dentro del modelo"))
MOMENTUM: Final = 0.9


def _round_filters(filters: float) -> int:
    return round_filters(filters, least=0.0)


def _add_normalization(builder: BaseBuilder, name: str, activation: str = "silu") -> None:
    add_normalization(builder, name, activation, momentum=MOMENTUM)


def _inverted_residual(builder: BaseBuilder, name: str, channels: int, filters: int, expansion: int, stride: int) -> None:
    """Expand, depthwise, squeeze and excite, project."""
    wide = channels * expansion
    builder.convolution(wide, 1, id=f"{name}expand_conv", padding="same", use_bias=False)
    _add_normalization(builder, f"{name}expand_")
    builder.add("DepthwiseConv2D", id=f"{name}dwconv2", kernel_size=(3, 3), strides=(stride, stride), padding="same",
                use_bias=False)
    _add_normalization(builder, name)
    excite(builder, name, wide, max(1, int(channels * 0.25)))
    builder.convolution(filters, 1, id=f"{name}project_conv", padding="same", use_bias=False)
    _add_normalization(builder, f"{name}project_", activation="")


def _fused_block(builder: BaseBuilder, name: str, channels: int, filters: int, expansion: int, stride: int) -> None:
    """Expand with a 3 x 3 convolution, then project; without expansion only the 3 x 3."""
    if expansion != 1:
        builder.convolution(channels * expansion, 3, id=f"{name}expand_conv", stride=stride, padding="same",
                            use_bias=False)
        _add_normalization(builder, f"{name}expand_")
        builder.convolution(filters, 1, id=f"{name}project_conv", padding="same", use_bias=False)
        _add_normalization(builder, f"{name}project_", activation="")
    else:
        builder.convolution(filters, 3, id=f"{name}project_conv", stride=stride, padding="same", use_bias=False)
        _add_normalization(builder, f"{name}project_")


def _draw(variant: str) -> BaseBuilder:
    width, depth = FACTORS.get(variant, (1.0, 1.0))
    stem, stages = STAGES[variant]
    builder = BaseBuilder(STANDARD if variant.startswith("b") else MINUS_ONE_ONE_128)
    builder.block, channels = "stem", _round_filters(stem * width)
    builder.convolution(channels, 3, id="stem_conv", stride=2, padding="same", use_bias=False)
    _add_normalization(builder, "stem_")
    for number, (fused, repeats, unscaled, expansion, first_stride) in enumerate(stages, start=1):
        builder.block, filters = f"block{number}", _round_filters(unscaled * width)
        for repeat in range(math.ceil(depth * repeats)):
            entry, stride = builder.end, first_stride if repeat == 0 else 1
            name = f"block{number}{chr(ord('a') + repeat)}_"
            (_fused_block if fused else _inverted_residual)(builder, name, channels, filters, expansion, stride)
            if stride == 1 and channels == filters:
                builder.add("Add", builder.end, entry, id=f"{name}add")
            channels = filters
    builder.block = "top"
    builder.convolution(_round_filters(1280 * width), 1, id="top_conv", padding="same", use_bias=False)
    _add_normalization(builder, "top_")
    return builder


def _base(variant: str, size: int, parameters: int, top1: float, checksum: str, help: Text) -> Base:
    plan = Plan(f"efficientnetv2{variant}", partial(_draw, variant))
    scaling = STANDARD if variant.startswith("b") else MINUS_ONE_ONE_128
    return Base(
        id=f"efficientnetv2{variant}", label=same(f"EfficientNetV2-{variant.upper()}"), family="EfficientNet V2",
        help=help, licence="Apache-2.0", source="https://arxiv.org/abs/2104.00298", year=2021, parameters=parameters,
        top1=top1, input_size=size, minimum_size=32, features=_round_filters(1280 * FACTORS.get(variant, (1.0, 1.0))[0]),
        scaling=scaling.text, weights=keras_weights(f"efficientnet_v2/efficientnetv2-{variant}_notop.h5", f"md5:{checksum}"),
        graph=plan.graph, block_of=plan.block_of,
        kinds=(("block[123]", "fused_mb_conv"), ("block", "mb_conv")),
        blocks=("stem", *(f"block{number}" for number in range(1, len(STAGES[variant][1]) + 1)), "top"))


BASES = (
    _base("b0", 224, 5_919_312, 78.7, "893217f2bb855e2983157299931e43ff",
          Text("EfficientNet with ordinary 3 × 3 convolutions in its first blocks: as small as B0, faster to train.",
               "EfficientNet con convoluciones 3 × 3 corrientes en sus primeros bloques: tan pequeña como B0, más rápida de "
               "entrenar.")),
    _base("b1", 240, 6_931_124, 79.8, "0e80663031ca32d657f9caa404b6ec37",
          Text("A little deeper than V2-B0.", "Un poco más profunda que V2-B0.")),
    _base("b2", 260, 8_769_374, 80.5, "1dfe2e7a5d45b6632553a8961ea609eb",
          Text("Deeper and wider than V2-B1.", "Más profunda y más ancha que V2-B1.")),
    _base("b3", 300, 12_930_622, 82.0, "f6abf7b5849ac99a89b50dd3fd532856",
          Text("A good compromise between accuracy and speed.", "Un buen equilibrio entre exactitud y velocidad.")),
    _base("s", 384, 20_331_360, 83.9, "af0682fb74e8c54910f2d4393339c070",
          Text("Very accurate, and still fast on a graphics card.",
               "Muy exacta y, aun así, rápida con una tarjeta gráfica.")),
    _base("m", 480, 53_150_388, 85.3, "1b8dc055df72dde80d614482840fe342",
          Text("For large pictures and a graphics card.", "Para imágenes grandes y una tarjeta gráfica.")),
    _base("l", 480, 117_746_848, 85.7, "b0b66b5c863aef5b46e8608fe1711615",
          Text("The largest of its family, for a powerful graphics card.",
               "La más grande de su familia, para una tarjeta gráfica potente.")),
)
