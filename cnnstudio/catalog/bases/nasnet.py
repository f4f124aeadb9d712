"""NASNet Mobile and Large of Keras Applications, layer for layer.

Zoph, Vasudevan, Shlens, Le, "Learning Transferable Architectures for Scalable Image Recognition", CVPR 2018.
Where a reduction pools, the zeros around its input depend on whether the size is even, so that the network is
drawn for the size of the pictures.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Final

from cnnstudio.catalog.bases.builder import MINUS_ONE_ONE, BaseBuilder, Plan, keras_weights
from cnnstudio.catalog.bases.entry import Base, Part
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.text import Text, same

Size = tuple[int, int]
Way = tuple[str, int, Size]
"""A layer, its channels and its (height, width)."""
STATISTICS: Final = {"momentum": 0.9997, "epsilon": 0.001}


class _Variant:
    """What distinguishes the two: filters of the stem and of the first cells, cells of each kind, and
    whether the cell after a reduction looks past it."""

    def __init__(self, id: str, stem: int, filters: int, cells: int, past: bool) -> None:
        self.id, self.stem, self.filters, self.cells, self.past = id, stem, filters, cells, past


class _Cells(BaseBuilder):
    def __init__(self) -> None:
        super().__init__(MINUS_ONE_ONE)

    def normal(self, here: Way, before: Way, filters: int, name: str) -> Way:
        """Five pairs at the same size, concatenated with the adjusted previous cell."""
        self.part = Part("normal_cell", f"normal_{name}")
        past = self._adjust(before, here, filters, name)
        now = self._squeeze(here[0], filters, "normal", name)

        def add(number: int, left: str, right: str) -> str:
            return self.add("Add", left, right, id=f"normal_add_{number}_{name}")

        def average(source: str, side: str) -> str:
            return self.pooling("AveragePooling2D", 3, 1, source, id=f"normal_{side}_{name}", padding="same")

        def separable(source: str, kernel: int, side: str) -> str:
            return self._separable(source, filters, kernel, f"normal_{side}_{name}")

        pairs = [
            add(1, separable(now, 5, "left1"), separable(past, 3, "right1")),
            add(2, separable(past, 5, "left2"), separable(past, 3, "right2")),
            add(3, average(now, "left3"), past),
            add(4, average(past, "left4"), average(past, "right4")),
            add(5, separable(now, 3, "left5"), now),
        ]
        return self.add("Concatenate", past, *pairs, id=f"normal_concat_{name}"), 6 * filters, here[2]

    def reduction(self, here: Way, before: Way | None, filters: int, name: str) -> Way:
        """Pairs with stride 2: half the size."""
        self.part = Part("reduction_cell", f"reduction_{name}")
        past = self._adjust(before or here, here, filters, name)
        now = self._squeeze(here[0], filters, "reduction", name)
        padded = self.add("ZeroPadding2D", now, id=f"reduction_pad_1_{name}", padding=_border(here[2]))

        def separable(source: str, kernel: int, side: str, stride: int = 2) -> str:
            return self._separable(source, filters, kernel, f"reduction_{side}_{name}", stride)

        def pool(kind: str, side: str) -> str:
            return self.pooling(kind, 3, 2, padded, id=f"reduction_{side}_{name}")

        first = self.add("Add", separable(now, 5, "left1"), separable(past, 7, "right1"), id=f"reduction_add_1_{name}")
        second = self.add("Add", pool("MaxPooling2D", "left2"), separable(past, 7, "right2"),
                          id=f"reduction_add_2_{name}")
        third = self.add("Add", pool("AveragePooling2D", "left3"), separable(past, 5, "right3"),
                         id=f"reduction_add3_{name}")
        average = self.pooling("AveragePooling2D", 3, 1, first, id=f"reduction_left4_{name}", padding="same")
        fourth = self.add("Add", second, average, id=self.next_name("add"))
        fifth = self.add("Add", separable(first, 3, "left4", stride=1), pool("MaxPooling2D", "right5"),
                         id=f"reduction_add4_{name}")
        height, width = here[2]
        joined = self.add("Concatenate", second, third, fourth, fifth, id=f"reduction_concat_{name}")
        return joined, 4 * filters, ((height + 1) // 2, (width + 1) // 2)

    def _squeeze(self, source: str, filters: int, kind: str, name: str) -> str:
        self.activation("relu", source, id=self.next_name("activation"))
        self.convolution(filters, 1, id=f"{kind}_conv_1_{name}", padding="same", use_bias=False)
        return self.add("BatchNormalization", id=f"{kind}_bn_1_{name}", **STATISTICS)

    def _separable(self, source: str, filters: int, kernel: int, name: str, stride: int = 1) -> str:
        """ReLU, separable convolution, normalisation, twice; padding same equals Keras's border here."""
        entry = source
        for number, step in ((1, stride), (2, 1)):
            self.activation("relu", entry, id=self.next_name("activation"))
            self.add("SeparableConv2D", id=f"separable_conv_{number}_{name}", filters=filters,
                     kernel_size=(kernel, kernel), strides=(step, step), padding="same", use_bias=False)
            entry = self.add("BatchNormalization", id=f"separable_conv_{number}_bn_{name}", **STATISTICS)
        return entry

    def _adjust(self, before: Way, here: Way, filters: int, name: str) -> str:
        """The output of the previous cell, adjusted to the size and the filters of this one."""
        source, channels, size = before
        if size[1] != here[2][1]:
            return self._halve(source, filters, name)
        if channels != filters and before is not here:
            self.activation("relu", source, id=self.next_name("activation"))
            self.convolution(filters, 1, id=f"adjust_conv_projection_{name}", padding="same", use_bias=False)
            return self.add("BatchNormalization", id=f"adjust_bn_{name}", **STATISTICS)
        return source

    def _halve(self, source: str, filters: int, name: str) -> str:
        """Every second pixel from the first on, and from the second on, each squeezed, then joined."""
        ready = self.activation("relu", source, id=f"adjust_relu_1_{name}")
        self.pooling("AveragePooling2D", 1, 2, ready, id=f"adjust_avg_pool_1_{name}")
        first = self.convolution(filters // 2, 1, id=f"adjust_conv_1_{name}", padding="same", use_bias=False)
        self.add("ZeroPadding2D", ready, id=self.next_name("zero_padding2d"), padding=(0, 1, 0, 1))
        self.add("Cropping2D", id=self.next_name("cropping2d"), cropping=(1, 0, 1, 0))
        self.pooling("AveragePooling2D", 1, 2, id=f"adjust_avg_pool_2_{name}")
        second = self.convolution(filters // 2, 1, id=f"adjust_conv_2_{name}", padding="same", use_bias=False)
        self.add("Concatenate", first, second, id=self.next_name("concatenate"))
        return self.add("BatchNormalization", id=f"adjust_bn_{name}", **STATISTICS)


def _border(size: Size) -> tuple[int, int, int, int]:
    """Zeros (top, bottom, left, right) with which a window of 3 at stride 2 halves the size, rounded up."""
    height, width = size
    return height % 2, 1, width % 2, 1


def _draw(variant: _Variant, size: Size) -> BaseBuilder:
    builder, filters = _Cells(), variant.filters
    builder.block = "stem"
    builder.convolution(variant.stem, 3, id="stem_conv1", stride=2, use_bias=False)
    start = builder.add("BatchNormalization", id="stem_bn1", **STATISTICS)
    here: Way = (start, variant.stem, ((size[0] - 1) // 2, (size[1] - 1) // 2))
    first = builder.reduction(here, None, filters // 4, "stem_1")
    before, here = first, builder.reduction(first, here, filters // 2, "stem_2")
    for stage in range(3):
        width = filters * 2**stage
        if stage:
            builder.block = f"reduce_{stage}"
            last, here = here, builder.reduction(here, before, width, f"reduce_{stage * variant.cells}")
            before = before if variant.past else last
        builder.block = f"cells_{stage + 1}"
        first_number = stage * variant.cells + min(stage, 1)
        for number in range(first_number, first_number + variant.cells):
            before, here = here, builder.normal(here, before, width, str(number))
    builder.part = None
    builder.activation("relu", id=builder.next_name("activation"))
    return builder


def _base(variant: _Variant, name: str, size: int, parameters: int, top1: float, file: str, checksum: str,
          help: Text) -> Base:
    plan = Plan(variant.id, partial(_draw, variant, (size, size)))

    @lru_cache(maxsize=4)
    def sized(height: int, width: int) -> NetworkSpec:
        return _draw(variant, (height, width)).network(variant.id)

    return Base(
        id=variant.id, label=same(name), family="NASNet", help=help, licence="Apache-2.0",
        source="https://arxiv.org/abs/1707.07012", year=2017, parameters=parameters, top1=top1, input_size=size,
        minimum_size=32, features=24 * variant.filters, scaling=MINUS_ONE_ONE.text,
        weights=keras_weights(f"nasnet/{file}", checksum), graph=plan.graph, block_of=plan.block_of, sized=sized,
        part_of=plan.part_of,
        blocks=("stem", "cells_1", "reduce_1", "cells_2", "reduce_2", "cells_3"))


BASES = (
    _base(_Variant("nasnet_mobile", 32, 44, 4, past=False), "NASNet Mobile", 224, 4_269_716, 74.4,
          "NASNet-mobile-no-top.h5", "md5:1ed92395b5b598bdda52abe5c0dbfd63",
          Text("Its cells were found by an automatic search. Small, but slow for its size.",
               "Sus celdas se encontraron con una búsqueda automática. Pequeña, pero lenta para su tamaño.")),
    _base(_Variant("nasnet_large", 96, 168, 6, past=True), "NASNet Large", 331, 84_916_818, 82.5,
          "NASNet-large-no-top.h5", "md5:d81d89dc07e6e56530c4e77faddd61b5",
          Text("The large version: very accurate, very slow, for large pictures.",
               "La versión grande: muy exacta, muy lenta, para imágenes grandes.")),
)
