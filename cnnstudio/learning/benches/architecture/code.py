"""Programs that compute the numbers of the bench: by the formulas, and by Keras itself."""

from __future__ import annotations

from cnnstudio.interchange.printing.keras.network import keras_code
from cnnstudio.learning.benches.architecture.design import (
    Design,
    context_of_design,
    convolutional,
    dense,
    filters_of,
)
from cnnstudio.learning.benches.entry import Code

_SIZES = '''\
from math import ceil


def size_after(size, window, stride, padding):
    """The side of the output: every place at which the window fits, or with "same" one for each step."""
    return ceil(size / stride) if padding == "same" else (size - window) // stride + 1

'''


def formula_code(design: Design) -> str:
    """Plain Python that puts the numbers into the formulas and prints one line for each layer: type, side, channels,
    parameters, multiply-adds, receptive field and step."""
    lines = [_SIZES, f"size, channels, field, jump, total = {design.side}, {design.channels}, 1, 1, 0"]
    lines += [f"for filters in {filters_of(design)!r}:",
              f"    size = size_after(size, {design.kernel}, {design.stride}, {design.padding!r})",
              f"    weights = {design.kernel} * {design.kernel} * channels * filters",
              f"    field += {design.kernel - 1} * jump",
              f"    jump *= {design.stride}",
              "    channels, total = filters, total + weights + filters  # and a bias for each filter",
              "    print(\"Conv2D\", size, channels, weights + filters, size * size * weights, field, jump)"]
    if design.pooling != "none":
        name = "MaxPooling2D" if design.pooling == "max" else "AveragePooling2D"
        lines += ["    size = size_after(size, 2, 2, \"valid\")", "    field += jump", "    jump *= 2",
                  f"    print({name!r}, size, channels, 0, 0, field, jump)"]
    if design.end == "global":
        lines += ["inputs = channels  # the mean of each map"]
    else:
        lines += ["inputs = size * size * channels  # all values of all maps in a row",
                  f"total += inputs * {design.units} + {design.units}",
                  f"print(\"Dense\", 1, {design.units}, inputs * {design.units} + {design.units}, inputs * {design.units})",
                  f"inputs = {design.units}"]
    lines += [f"total += inputs * {design.classes} + {design.classes}",
              f"print(\"Dense\", 1, {design.classes}, inputs * {design.classes} + {design.classes}, "
              f"inputs * {design.classes})", "print(\"parameters\", total)"]
    return "\n".join(lines) + "\n"


def codes(design: Design) -> tuple[Code, ...]:
    """The formulas, both networks in Keras."""
    context = context_of_design(design)
    count = "\nmodel.summary()\nprint(\"parameters\", model.count_params())\n"
    return (Code("Python", formula_code(design)),
            Code("Keras", keras_code(convolutional(design), context) + count, needs=("keras",)),
            Code("Keras, dense", keras_code(dense(design), context) + count, needs=("keras",)))
