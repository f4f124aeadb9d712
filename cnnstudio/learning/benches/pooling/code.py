"""The same pooling in NumPy, OpenCV and Keras."""

from __future__ import annotations

from cnnstudio.learning.benches.entry import Code
from cnnstudio.learning.benches.pictures.printing import picture_imports, picture_lines
from cnnstudio.learning.benches.pooling.arithmetic import Pooled


def pooling_code(pooled: Pooled) -> tuple[Code, ...]:
    """Programs whose `result` has `maximum`, `average` (rows, columns, channels), and both global ones (channels)."""
    return (Code("NumPy", _join(_numpy(pooled)), needs=("numpy",)),
            Code("OpenCV", _join(_opencv(pooled)), needs=("numpy", "opencv-python-headless")),
            Code("Keras", _join(_keras(pooled)), needs=("numpy", "keras", "tensorflow")))


def _join(lines: list[str]) -> str:
    return "\n".join([*lines, "", "result = maximum, average, global_maximum, global_average",
                      'print(maximum[..., 0], average[..., 0], global_maximum, global_average, sep="\\n")', ""])


def _given(pooled: Pooled, imports: list[str]) -> list[str]:
    return [*picture_imports(pooled.pixels), *imports, "", *picture_lines(pooled.pixels), ""]


def _paddings(pooled: Pooled) -> str:
    rows, columns = pooled.rows, pooled.columns
    return f"(({rows.before}, {rows.behind}), ({columns.before}, {columns.behind}), (0, 0))"


_GLOBAL = ["global_maximum = picture.max(axis=(0, 1)).astype(np.float64)",
           "global_average = picture.sum(axis=(0, 1), dtype=np.int64) / (picture.shape[0] * picture.shape[1])"]


def _numpy(pooled: Pooled) -> list[str]:
    settings = pooled.settings
    lines = [*_given(pooled, ["import numpy as np"]),
             f"size, stride, padding = {settings.size}, {settings.stride}, {_paddings(pooled)}",
             f"rows, columns = {pooled.rows.positions}, {pooled.columns.positions}", "", "",
             "def windows(values, outside):",
             "    padded = np.pad(values.astype(np.float64), padding, constant_values=outside)",
             "    return [padded[i:i + (rows - 1) * stride + 1:stride, j:j + (columns - 1) * stride + 1:stride]",
             "            for i in range(size) for j in range(size)]", "", "",
             "maximum = np.maximum.reduce(windows(picture, -np.inf))",
             "# Padding does not count for the mean.",
             "average = np.add.reduce(windows(picture, 0)) / np.add.reduce(windows(np.ones_like(picture), 0))"]
    return [*lines, *_GLOBAL]


def _opencv(pooled: Pooled) -> list[str]:
    settings, rows, columns = pooled.settings, pooled.rows, pooled.columns
    stop = f"[:{rows.padded - rows.span + 1}:{settings.stride}, :{columns.padded - columns.span + 1}:{settings.stride}]"
    border = f"{rows.before}, {rows.behind}, {columns.before}, {columns.behind}, cv2.BORDER_CONSTANT"
    lines = [*_given(pooled, ["import cv2", "import numpy as np"]),
             f"window = np.ones(({settings.size}, {settings.size}), np.uint8)", "", "",
             "def pool(plane):",
             f"    outside = cv2.copyMakeBorder(plane, {border}, value=-1e9)",
             "    maximum = cv2.dilate(outside, window, anchor=(0, 0), borderType=cv2.BORDER_CONSTANT)",
             f"    zeros = cv2.copyMakeBorder(plane, {border}, value=0)",
             f"    ones = cv2.copyMakeBorder(np.ones_like(plane), {border}, value=0)",
             f"    total, count = (cv2.boxFilter(item, cv2.CV_64F, ({settings.size}, {settings.size}), anchor=(0, 0), "
             "normalize=False)",
             "                    for item in (zeros, ones))",
             f"    return maximum{stop}, total{stop} / count{stop}", "", "",
             "planes = [pool(np.ascontiguousarray(picture[..., channel], np.float64)) for channel in range(picture.shape[2])]",
             "maximum, average = (np.stack(parts, axis=2) for parts in zip(*planes))"]
    return [*lines, *_GLOBAL]


def _keras(pooled: Pooled) -> list[str]:
    settings = pooled.settings
    arguments = f'{settings.size}, strides={settings.stride}, padding="{settings.padding}"'
    return [*_given(pooled, ["import keras", "import numpy as np"]), 'batch = picture[None].astype("float32")',
            f"maximum = keras.ops.convert_to_numpy(keras.layers.MaxPooling2D({arguments})(batch))[0]",
            f"average = keras.ops.convert_to_numpy(keras.layers.AveragePooling2D({arguments})(batch))[0]",
            "global_maximum = keras.ops.convert_to_numpy(keras.layers.GlobalMaxPooling2D()(batch))[0]",
            "global_average = keras.ops.convert_to_numpy(keras.layers.GlobalAveragePooling2D()(batch))[0]"]
