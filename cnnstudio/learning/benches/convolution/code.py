"""The same layer in NumPy, OpenCV and Keras."""

from __future__ import annotations

from typing import Final

import numpy as np

from cnnstudio.learning.benches.convolution.arithmetic import Convolved
from cnnstudio.learning.benches.convolution.kernels import TRAINED
from cnnstudio.learning.benches.convolution.settings import GRID, filter_kernel
from cnnstudio.learning.benches.entry import Code
from cnnstudio.learning.benches.pictures.printing import format_float, picture_imports, picture_lines

_FOURIER: Final = 50
"""Cells of a kernel from which OpenCV may calculate by a Fourier transform, whose last digits are not exact."""


def convolution_code(convolved: Convolved) -> tuple[Code, ...]:
    """Programs that compute `result` (rows, columns, filters)."""
    return (Code("NumPy", _join(_numpy(convolved)), needs=("numpy",)),
            Code("OpenCV", _join(_opencv(convolved)), needs=("numpy", "opencv-python-headless")),
            Code("Keras", _join(_keras(convolved)), needs=("numpy", "keras", "tensorflow")))


def _join(lines: list[str]) -> str:
    return "\n".join([*lines, 'print(result.shape, result[..., 0], sep="\\n")', ""])


def _given(convolved: Convolved, imports: list[str]) -> list[str]:
    """The picture, the kernels as rows, columns, channels, filters, and what belongs to them."""
    settings, channels = convolved.settings, convolved.pixels.shape[2]
    kernels = [filter_kernel(item, settings.size, channels) for item in settings.filters]
    planes = [f"    {_plane(kernel.values[..., channel])},  # filter {number}, channel {channel + 1}"
              for number, kernel in enumerate(kernels, start=1) for channel in range(channels)]
    lines = [*picture_imports(convolved.pixels), *imports, "", *picture_lines(convolved.pixels),
             "kernels = np.array([", *planes,
             f"], np.float64).reshape({len(kernels)}, {channels}, {settings.size}, {settings.size}).transpose(2, 3, 1, 0)",
             f"divisors = np.array([{', '.join(str(kernel.divisor) for kernel in kernels)}])",
             f"biases = np.array([{', '.join(format_float(kernel.bias) for kernel in kernels)}], np.float64)"]
    if settings.flip:
        lines += ["kernels = kernels[::-1, ::-1]  # the convolution of mathematics turns the kernel by 180 degrees"]
    return lines


def _plane(values: np.ndarray) -> str:
    return f"[{', '.join('[' + ', '.join(format_float(cell) for cell in line) + ']' for line in values.tolist())}]"


def _paddings(convolved: Convolved) -> tuple[str, str]:
    rows, columns = convolved.rows, convolved.columns
    return f"({rows.before}, {rows.behind})", f"({columns.before}, {columns.behind})"


def _numpy(convolved: Convolved) -> list[str]:
    settings, rows, columns = convolved.settings, convolved.rows, convolved.columns
    above, beside = _paddings(convolved)
    return [*_given(convolved, ["import numpy as np"]), "",
            f"padded = np.pad(picture, ({above}, {beside}, (0, 0))).astype(np.float64)",
            f"size, stride, dilation = {settings.size}, {settings.stride}, {settings.dilation}",
            f"rows, columns = {rows.positions}, {columns.positions}",
            f"result = np.zeros((rows, columns, {len(convolved.kernels)}))",
            "for i in range(size):",
            "    for j in range(size):",
            "        top, left = i * dilation, j * dilation",
            "        part = padded[top:top + (rows - 1) * stride + 1:stride, left:left + (columns - 1) * stride + 1:stride]",
            "        result += part @ kernels[i, j]  # the sum over the channels",
            "result = result / divisors + biases"]


def _opencv(convolved: Convolved) -> list[str]:
    settings, rows, columns = convolved.settings, convolved.rows, convolved.columns
    stop = f"[:{rows.padded - rows.span + 1}:{settings.stride}, :{columns.padded - columns.span + 1}:{settings.stride}]"
    lines = [*_given(convolved, ["import cv2", "import numpy as np"]), "",
             f"result = np.zeros(({rows.positions}, {columns.positions}, {len(convolved.kernels)}))",
             f"for channel in range({convolved.pixels.shape[2]}):",
             "    plane = np.ascontiguousarray(picture[..., channel], np.float64)",
             f"    plane = cv2.copyMakeBorder(plane, {rows.before}, {rows.behind}, {columns.before}, {columns.behind}, "
             "cv2.BORDER_CONSTANT, value=0)",
             f"    for number in range({len(convolved.kernels)}):"]
    if settings.dilation > 1:
        lines += [f"        kernel = np.zeros(({rows.span}, {columns.span}))",
                  f"        kernel[::{settings.dilation}, ::{settings.dilation}] = kernels[:, :, channel, number]"]
    else:
        lines += ["        kernel = np.ascontiguousarray(kernels[:, :, channel, number])"]
    # filter2D is a cross-correlation: it does not turn the kernel.
    lines += ["        response = cv2.filter2D(plane, cv2.CV_64F, kernel, anchor=(0, 0))  # a cross-correlation"]
    if rows.span * columns.span >= _FOURIER:
        whole = all(item.preset != TRAINED for item in settings.filters)
        exact = "np.rint(response)" if whole else f"np.rint(response * {GRID}) / {GRID}"
        lines += [f"        response = {exact}  # large kernels go through a Fourier transform"]
    return [*lines, f"        result[..., number] += response{stop}", "result = result / divisors + biases"]


def _keras(convolved: Convolved) -> list[str]:
    settings, (height, width, channels) = convolved.settings, convolved.pixels.shape
    lines = [*_given(convolved, ["import keras", "import numpy as np"]), "",
             'batch = picture[None].astype("float32")']
    stride, padding, step = settings.stride, settings.padding, ""
    if settings.stride > 1 and settings.dilation > 1:
        above, beside = _paddings(convolved)
        stride, padding, step = 1, "valid", f"[::{settings.stride}, ::{settings.stride}]"
        lines += ["# Keras has no stride and dilation at once: pad, convolve with stride 1 and take every "
                  f"{settings.stride}th position.",
                  f"batch = keras.layers.ZeroPadding2D(({above}, {beside}))(batch)"]
        height, width = convolved.rows.padded, convolved.columns.padded
    lines += [f"layer = keras.layers.Conv2D({len(convolved.kernels)}, {settings.size}, strides={stride}, "
              f'padding="{padding}", dilation_rate={settings.dilation})',
              f"layer.build((None, {height}, {width}, {channels}))",
              "layer.set_weights([kernels / divisors, biases])",
              f"result = keras.ops.convert_to_numpy(layer(batch))[0]{step}"]
    return lines
