"""The sum at a position and the size of the result, written out with the numbers put in."""

from __future__ import annotations

from typing import Final

import numpy as np

from cnnstudio.core.text import Text, format_number, tr
from cnnstudio.gui.pages.learn.drawing.numbers import format_exact, in_brackets
from cnnstudio.learning.benches.convolution.arithmetic import Convolved, Side

_CHANNELS: Final = (Text("red", "rojo"), Text("green", "verde"), Text("blue", "azul"))


def channel_name(number: int) -> str:
    """The name of a channel of a picture with several."""
    return str(_CHANNELS[number % len(_CHANNELS)])


def sum_text(convolved: Convolved, number: int, position: int) -> str:
    """The sum of one filter at a position: a line for each channel, then the total."""
    kernel = convolved.kernels[number]
    patch, weights = convolved.patch(position), kernel.shown
    lines, totals = [], []
    for channel in range(patch.shape[2]):
        pairs = zip(patch[..., channel].ravel().tolist(), weights[..., channel].ravel().tolist(), strict=True)
        terms = " + ".join(f"{in_brackets(pixel)}·{in_brackets(weight)}" for pixel, weight in pairs)
        total = float(np.sum(patch[..., channel] * kernel.values[..., channel])) / kernel.scale
        totals.append(total)
        name = f"{channel_name(channel)}: " if patch.shape[2] > 1 else ""
        lines.append(f"{name}{terms} = {format_exact(total)}")
    row, column = divmod(position, convolved.columns.positions)
    result = float(convolved.result[row, column, number])
    if len(totals) == 1 and kernel.shown_divisor == 1 and not kernel.bias:
        return lines[0]
    whole = " + ".join(in_brackets(total) for total in totals)
    if kernel.shown_divisor != 1:
        whole = f"({whole}) / {kernel.shown_divisor}"
    if kernel.bias:
        whole += f" + {in_brackets(kernel.bias)}"
    sign = "=" if round(result, 4) == result else "≈"
    return "\n".join([*lines, f"{whole} {sign} {format_exact(result)}"])


def size_text(side: Side, size: int, dilation: int) -> str:
    """The formula of the length of the result with its numbers: ⌊(28 + 1 + 1 − 3) / 1⌋ + 1 = 28."""
    padding = f" + {side.before} + {side.behind}" if side.before or side.behind else ""
    span = str(size) if dilation == 1 else f"(({size} − 1)·{dilation} + 1)"
    if side.span > side.padded:
        return f"{side.length}{padding} < {side.span}"
    return f"⌊({side.length}{padding} − {span}) / {side.stride}⌋ + 1 = {side.positions}"


def size_formula(dilation: int) -> str:
    """The same with letters."""
    span = "k" if dilation == 1 else "((k − 1)·d + 1)"
    return tr("⌊(length + padding − {span}) / stride⌋ + 1", "⌊(longitud + relleno − {span}) / paso⌋ + 1", span=span)


def cost_text(convolved: Convolved) -> str:
    """Parameters and multiply-adds of the layer, with the numbers put in."""
    size, channels, filters = convolved.settings.size, convolved.channels, len(convolved.kernels)
    return tr("Parameters: ({size}·{size}·{channels} + 1)·{filters} = {parameters}   ·   "
              "Multiply-adds: {positions}·{size}·{size}·{channels}·{filters} = {work}",
              "Parámetros: ({size}·{size}·{channels} + 1)·{filters} = {parameters}   ·   "
              "Multiplicaciones y sumas: {positions}·{size}·{size}·{channels}·{filters} = {work}",
              size=size, channels=channels, filters=filters, positions=convolved.positions,
              parameters=format_number(convolved.parameters, ",d"), work=format_number(convolved.multiply_adds, ",d"))


def comparison_text(here: np.ndarray, other: np.ndarray) -> str:
    """What the turned kernel changes in the result of one filter."""
    differing = int(np.count_nonzero(here != other))
    if not differing:
        return tr("Both are equal: this kernel is the same when it is turned by 180°.",
                  "Ambas son iguales: este núcleo es el mismo al girarlo 180°.")
    if np.array_equal(here, -other):
        return tr("Each is the other with the opposite sign: turned by 180°, this kernel becomes its negative.",
                  "Cada una es la otra con el signo contrario: girado 180°, este núcleo se vuelve su negativo.")
    return tr("{n} of {count} results differ, by {most} at most.", "{n} de {count} resultados difieren, en {most} como máximo.",
              n=differing, count=here.size, most=format_exact(float(np.abs(here - other).max())))


def too_large_text(convolved: Convolved) -> str:
    """Why a kernel has no place in a picture, and what gives it one."""
    rows, columns = convolved.rows, convolved.columns
    return tr("The kernel covers {span} pixels, the picture has {n}: it fits nowhere. Choose “same” padding, a smaller kernel "
              "or a smaller dilation.",
              "El núcleo cubre {span} píxeles y la imagen tiene {n}: no cabe en ningún sitio. Elija relleno «same», un núcleo "
              "más pequeño o una dilatación menor.", span=max(rows.span, columns.span), n=min(rows.padded, columns.padded))
