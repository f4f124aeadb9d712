"""ResNet-50, 101 and 152, version 2, of Keras Applications, layer for layer.

He, Zhang, Ren, Sun, "Identity Mappings in Deep Residual Networks", ECCV 2016: normalisation and ReLU come
before each convolution, so that nothing stands on the way of the skip connections.
"""

from __future__ import annotations

from functools import partial

from cnnstudio.catalog.bases.builder import MINUS_ONE_ONE, BaseBuilder, Plan, keras_weights
from cnnstudio.catalog.bases.entry import Base
from cnnstudio.catalog.bases.resnet import BLOCKS, DEPTHS, EPSILON, FILTERS, add_stem
from cnnstudio.core.text import Text, same


def _block(builder: BaseBuilder, name: str, filters: int, stride: int, projected: bool) -> None:
    """Bottleneck behind its own normalisation; a stride shortens the skip by pooling."""
    entry = builder.end
    builder.add("BatchNormalization", id=f"{name}_preact_bn", epsilon=EPSILON)
    ready = builder.activation("relu", id=f"{name}_preact_relu")
    if projected:
        skip = builder.convolution(4 * filters, 1, ready, id=f"{name}_0_conv", stride=stride)
    elif stride > 1:
        skip = builder.pooling("MaxPooling2D", 1, stride, entry, id=f"{name}_0_pool")
    else:
        skip = entry
    builder.convolution(filters, 1, ready, id=f"{name}_1_conv", use_bias=False)
    builder.add("BatchNormalization", id=f"{name}_1_bn", epsilon=EPSILON)
    builder.activation("relu", id=f"{name}_1_relu")
    builder.add("ZeroPadding2D", id=f"{name}_2_pad", padding=(1, 1, 1, 1))
    builder.convolution(filters, 3, id=f"{name}_2_conv", stride=stride, use_bias=False)
    builder.add("BatchNormalization", id=f"{name}_2_bn", epsilon=EPSILON)
    builder.activation("relu", id=f"{name}_2_relu")
    main = builder.convolution(4 * filters, 1, id=f"{name}_3_conv")
    builder.add("Add", skip, main, id=f"{name}_out")


def _draw(depths: tuple[int, ...]) -> BaseBuilder:
    builder = BaseBuilder(MINUS_ONE_ONE)
    add_stem(builder, normalized=False)
    for number, (depth, filters) in enumerate(zip(depths, FILTERS, strict=True), start=2):
        builder.block = f"conv{number}"
        for block in range(1, depth + 1):
            last = block == depth and number < 5
            _block(builder, f"conv{number}_block{block}", filters, 2 if last else 1, projected=block == 1)
    builder.add("BatchNormalization", id="post_bn", epsilon=EPSILON)
    builder.activation("relu", id="post_relu")
    return builder


def _base(id: str, parameters: int, top1: float, checksum: str, help: Text) -> Base:
    plan = Plan(id, partial(_draw, DEPTHS[id.removesuffix("v2")]))
    return Base(
        id=id, label=same(id.replace("resnet", "ResNet-").replace("v2", " V2")), family="ResNet V2", help=help,
        licence="BSD", source="https://arxiv.org/abs/1603.05027", year=2016, parameters=parameters, top1=top1,
        input_size=224, minimum_size=32, features=2048, scaling=MINUS_ONE_ONE.text,
        weights=keras_weights(f"resnet/{id}_weights_tf_dim_ordering_tf_kernels_notop.h5", checksum),
        graph=plan.graph, block_of=plan.block_of, blocks=BLOCKS,
        kinds=((".*_block", "bottleneck"),))


BASES = (
    _base("resnet50v2", 23_564_800, 76.0, "md5:fac2f116257151a9d068a22e544a4917",
          Text("ResNet-50 with normalisation before each convolution: the same size, slightly more accurate.",
               "ResNet-50 con la normalización antes de cada convolución: del mismo tamaño, algo más exacta.")),
    _base("resnet101v2", 42_626_560, 77.2, "md5:c0ed64b8031c3730f411d2eb4eea35b5",
          Text("The deeper version of ResNet-50 V2.", "La versión más profunda de ResNet-50 V2.")),
    _base("resnet152v2", 58_331_648, 78.0, "md5:ed17cf2e0169df9d443503ef94b23b33",
          Text("The deepest of its family; slow without a graphics card.",
               "La más profunda de su familia; lenta sin tarjeta gráfica.")),
)
