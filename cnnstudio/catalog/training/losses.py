"""The registry of losses, with Keras's parameters and defaults."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.call import Call
from cnnstudio.catalog.component import TorchLoss, TrainingComponent
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text, same

_CROSSENTROPY: Final = TorchLoss(shares="-(labels * {probable}.log()).sum(1)",
                                 numbers='F.nll_loss({probable}.log(), labels, reduction="none")')

LOSSES: Final[Registry[TrainingComponent]] = Registry("loss", (
    TrainingComponent(
        id="binary_crossentropy", label=same("binary_crossentropy"), call=Call("keras.losses.BinaryCrossentropy"),
        torch=TorchLoss(shares='F.binary_cross_entropy({probable}, labels, reduction="none").mean(1)'),
        help=Text("Two classes, one sigmoid unit.", "Dos clases, una unidad sigmoid.")),
    TrainingComponent(
        id="categorical_crossentropy", label=same("categorical_crossentropy"), torch=_CROSSENTROPY,
        call=Call("keras.losses.CategoricalCrossentropy"),
        help=Text("One-hot labels, one softmax unit per class.",
                  "Etiquetas one-hot, una unidad softmax por clase.")),
    TrainingComponent(
        id="sparse_categorical_crossentropy", label=same("sparse_categorical_crossentropy"), torch=_CROSSENTROPY,
        call=Call("keras.losses.SparseCategoricalCrossentropy"),
        help=Text("Labels as whole numbers, one softmax unit per class.",
                  "Etiquetas como números enteros, una unidad softmax por clase.")),
))
