"""EfficientNet-B0 to B7 of Keras Applications.

Tan and Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019.
Keras scales the pixels in three layers, of which the second counts 7 parameters; here one Rescaling does it,
so that these have 7 parameters fewer. Its zeros before a stride of 2 are those of padding "same". The dropout of
whole branches is there where the network is trained from scratch; a base is always called as when it predicts.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any, Final

from cnnstudio.catalog.bases.builder import STANDARD, BaseBuilder, Plan, keras_weights
from cnnstudio.catalog.bases.entry import Base
from cnnstudio.core.text import Text, same

STAGES: Final = ((3, 1, 16, 1, 1), (3, 2, 24, 6, 2), (5, 2, 40, 6, 2), (3, 3, 80, 6, 2), (5, 3, 112, 6, 1),
                 (5, 4, 192, 6, 2), (3, 1, 320, 6, 1))
"""(kernel, repeats, filters, expansion, stride) of each stage of B0."""
BLOCKS: Final = ("stem", *(f"block{number}" for number in range(1, 8)), "top")


def round_filters(filters: float, least: float = 0.9) -> int:
    """The nearest multiple of 8, not less than `least` times `filters`."""
    new = max(8, int(filters + 4) // 8 * 8)
    return new + 8 if new < least * filters else new


def add_normalization(builder: BaseBuilder, name: str, activation: str = "silu", **normalization: Any) -> None:
    """Normalisation and activation, with Keras's names."""
    builder.add("BatchNormalization", id=f"{name}bn", **normalization)
    if activation:
        builder.activation(activation, id=f"{name}activation")


def excite(builder: BaseBuilder, name: str, channels: int, squeezed: int) -> None:
    """Squeeze and excite: a factor for every feature map, computed from the means of all."""
    entry = builder.end
    builder.add("GlobalAveragePooling2D", id=f"{name}se_squeeze")
    builder.add("Reshape", id=f"{name}se_reshape", target_shape=(1, 1, channels))
    builder.convolution(squeezed, 1, id=f"{name}se_reduce", padding="same", activation="silu")
    gate = builder.convolution(channels, 1, id=f"{name}se_expand", padding="same", activation="sigmoid")
    builder.add("Multiply", entry, gate, id=f"{name}se_excite")


def _block(builder: BaseBuilder, name: str, channels: int, filters: int, kernel: int, expansion: int,
           stride: int, dropped: float) -> None:
    """Inverted bottleneck: expand, depthwise, squeeze and excite, project, and add where the shape stays.

    `dropped` is the share of the pictures that skip the block while it trains.
    """
    entry, wide = builder.end, channels * expansion
    if expansion != 1:
        builder.convolution(wide, 1, id=f"{name}expand_conv", padding="same", use_bias=False)
        add_normalization(builder, f"{name}expand_")
    builder.add("DepthwiseConv2D", id=f"{name}dwconv", kernel_size=(kernel, kernel), strides=(stride, stride),
                padding="same", use_bias=False)
    add_normalization(builder, name)
    excite(builder, name, wide, max(1, int(channels * 0.25)))
    builder.convolution(filters, 1, id=f"{name}project_conv", padding="same", use_bias=False)
    add_normalization(builder, f"{name}project_", activation="")
    if stride == 1 and channels == filters:
        if dropped:
            builder.add("Dropout", id=f"{name}drop", rate=dropped, noise_shape="picture")
        builder.add("Add", builder.end, entry, id=f"{name}add")


def add_layers(builder: BaseBuilder, width: float, depth: float, drop_connect: float = 0.0) -> int:
    """Add everything before the top; returns the number of feature maps at the end.

    With `drop_connect` pictures skip blocks while the network trains, from none of them at the first block to almost
    that share at the last (Huang et al., "Deep Networks with Stochastic Depth", 2016).
    """
    blocks = sum(math.ceil(depth * repeats) for _, repeats, *_ in STAGES)
    done = 0
    builder.block, channels = "stem", round_filters(32 * width)
    builder.convolution(channels, 3, id="stem_conv", stride=2, padding="same", use_bias=False)
    add_normalization(builder, "stem_")
    for number, (kernel, repeats, unscaled, expansion, stride) in enumerate(STAGES, start=1):
        builder.block, filters = f"block{number}", round_filters(unscaled * width)
        for repeat in range(math.ceil(depth * repeats)):
            _block(builder, f"block{number}{chr(ord('a') + repeat)}_", channels, filters, kernel, expansion,
                   stride if repeat == 0 else 1, drop_connect * done / blocks)
            channels, done = filters, done + 1
    builder.block, channels = "top", round_filters(1280 * width)
    builder.convolution(channels, 1, id="top_conv", padding="same", use_bias=False)
    add_normalization(builder, "top_")
    return channels


def _draw(width: float, depth: float) -> BaseBuilder:
    builder = BaseBuilder(STANDARD)
    add_layers(builder, width, depth)
    return builder


def _base(number: int, width: float, depth: float, size: int, parameters: int, top1: float, checksum: str,
          help: Text) -> Base:
    id = f"efficientnetb{number}"
    plan = Plan(id, partial(_draw, width, depth))
    return Base(
        id=id, label=same(f"EfficientNet-B{number}"), family="EfficientNet", help=help, licence="Apache-2.0",
        source="https://arxiv.org/abs/1905.11946", year=2019, parameters=parameters, top1=top1, input_size=size,
        minimum_size=32, features=round_filters(1280 * width), scaling=STANDARD.text,
        weights=keras_weights(f"https://storage.googleapis.com/keras-applications/{id}_notop.h5", f"md5:{checksum}"),
        graph=plan.graph, block_of=plan.block_of, blocks=BLOCKS,
        kinds=(("block", "mb_conv"),))


_LARGER = Text("EfficientNet-B{n}: deeper, wider and for larger pictures than B{before}.",
               "EfficientNet-B{n}: más profunda, más ancha y para imágenes más grandes que B{before}.")


def _scaling_text(number: int) -> Text:
    return _LARGER.fill(n=number, before=number - 1)


BASES = (
    _base(0, 1.0, 1.0, 224, 4_049_564, 77.1, "50bc09e76180e00e4465e1a485ddc09d",
          Text("For years the best network of its size: found by an automatic search, then scaled up to B7.",
               "Durante años la mejor red de su tamaño: encontrada por una búsqueda automática y ampliada hasta B7.")),
    _base(1, 1.0, 1.1, 240, 6_575_232, 79.1, "74c4e6b3e1f6a1eea24c589628592432", _scaling_text(1)),
    _base(2, 1.1, 1.2, 260, 7_768_562, 80.1, "111f8e2ac8aa800a7a99e3239f7bfb39", _scaling_text(2)),
    _base(3, 1.2, 1.4, 300, 10_783_528, 81.6, "af6d107764bb5b1abb91932881670226", _scaling_text(3)),
    _base(4, 1.4, 1.8, 380, 17_673_816, 82.9, "ebc24e6d6c33eaebbd558eafbeedf1ba", _scaling_text(4)),
    _base(5, 1.6, 2.2, 456, 28_513_520, 83.6, "38879255a25d3c92d5e44e04ae6cec6f", _scaling_text(5)),
    _base(6, 1.8, 2.6, 528, 40_960_136, 84.0, "9ecce42647a20130c1f39a5d4cb75743", _scaling_text(6)),
    _base(7, 2.0, 3.1, 600, 64_097_680, 84.3, "cbcfe4450ddf6f3ad90b1b398090fe4a", _scaling_text(7)),
)
