"""ConvNeXt Tiny, Small, Base, Large and XLarge of Keras Applications.

Liu, Mao, Wu, Feichtenhofer, Darrell, Xie, "A ConvNet for the 2020s", CVPR 2022. Two of Keras's layers have no
standard form and are drawn as what they compute: the 7 x 7 convolution in as many groups as channels is a
depthwise one (which also learns on a processor), and the factor that each channel of a branch gets is a
depthwise 1 x 1 convolution without bias. The weights are the same numbers in another shape. Base, Large and
XLarge were trained on the 21,841 classes of all of ImageNet first.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from cnnstudio.catalog.bases.builder import STANDARD, BaseBuilder, Plan, keras_weights
from cnnstudio.catalog.bases.entry import Base
from cnnstudio.core.text import Text, same

WIDTHS: Final = {"tiny": 96, "small": 96, "base": 128, "large": 192, "xlarge": 256}
"""Channels of the first stage; each stage doubles them."""
DEPTHS: Final = {"tiny": (3, 3, 9, 3)}
LONG: Final = (3, 3, 27, 3)
"""Blocks of each stage: of Tiny, and of all others."""
EPSILON: Final = 1e-6
BLOCKS: Final = ("stem", "stage_0", "stage_1", "stage_2", "stage_3")


def _block(builder: BaseBuilder, name: str, channels: int) -> None:
    """Depthwise 7 x 7, normalisation, four times the channels and back, a factor, and the skip connection."""
    entry = builder.end
    builder.add("DepthwiseConv2D", id=f"{name}_depthwise_conv", kernel_size=(7, 7), padding="same")
    builder.add("LayerNormalization", id=f"{name}_layernorm", epsilon=EPSILON)
    builder.add("Dense", id=f"{name}_pointwise_conv_1", units=4 * channels)
    builder.activation("gelu", id=f"{name}_gelu")
    builder.add("Dense", id=f"{name}_pointwise_conv_2", units=channels)
    builder.add("DepthwiseConv2D", id=f"{name}_layer_scale", kernel_size=(1, 1), use_bias=False)
    builder.add("Add", entry, builder.end, id=f"{name}_add")


def _draw(variant: str) -> BaseBuilder:
    builder, name = BaseBuilder(STANDARD), f"convnext_{variant}"
    builder.block = "stem"
    builder.convolution(WIDTHS[variant], 4, id=f"{name}_stem_conv", stride=4)
    builder.add("LayerNormalization", id=f"{name}_stem_layernorm", epsilon=EPSILON)
    for stage, depth in enumerate(DEPTHS.get(variant, LONG)):
        builder.block, channels = f"stage_{stage}", WIDTHS[variant] * 2**stage
        if stage:
            builder.add("LayerNormalization", id=f"{name}_downsampling_layernorm_{stage - 1}", epsilon=EPSILON)
            builder.convolution(channels, 2, id=f"{name}_downsampling_conv_{stage - 1}", stride=2)
        for block in range(depth):
            _block(builder, f"{name}_stage_{stage}_block_{block}", channels)
    builder.add("LayerNormalization", id="layer_normalization", epsilon=EPSILON)
    return builder


def _base(variant: str, parameters: int, top1: float, checksum: str, help: Text) -> Base:
    id = f"convnext_{variant}"
    plan = Plan(id, partial(_draw, variant))
    label = "XLarge" if variant == "xlarge" else variant.capitalize()
    return Base(
        id=id, label=same(f"ConvNeXt {label}"), family="ConvNeXt", help=help, licence="MIT",
        source="https://arxiv.org/abs/2201.03545", year=2022, parameters=parameters, top1=top1, input_size=224,
        minimum_size=32, features=WIDTHS[variant] * 8, scaling=STANDARD.text,
        weights=keras_weights(f"convnext/{id}_notop.h5", f"sha256:{checksum}"), graph=plan.graph, block_of=plan.block_of,
        kinds=((".*_block_", "convnext_block"),),
        blocks=BLOCKS)


BASES = (
    _base("tiny", 27_820_128, 81.3, "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
          Text("A convolutional network with ideas from vision transformers: as large as ResNet-50 and much more accurate.",
               "Una red convolucional con ideas de los transformers de visión: tan grande como ResNet-50 y mucho más "
               "exacta.")),
    _base("small", 49_454_688, 82.3, "6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab",
          Text("ConvNeXt Tiny with a third stage three times as long.",
               "ConvNeXt Tiny con una tercera etapa tres veces más larga.")),
    _base("base", 87_566_464, 85.3, "40a20c5548a5e9202f69735ecc06c990e6b7c9d2de39f0361e27baeb24cb7c45",
          Text("Trained first on 14 million photos; needs a graphics card.",
               "Entrenada primero con 14 millones de fotos; necesita una tarjeta gráfica.")),
    _base("large", 196_230_336, 86.3, "96f02b6f0753d4f543261bc9d09bed650f24dd6bc02ddde3066135b63d23a1cd",
          Text("For a powerful graphics card.", "Para una tarjeta gráfica potente.")),
    _base("xlarge", 348_147_968, 86.7, "de3f8a54174130e0cecdc71583354753d557fcf1f4487331558e2a16ba0cfe05",
          Text("The most accurate base of the list, and by far the largest.",
               "La base más exacta de la lista y, con mucho, la más grande.")),
)
