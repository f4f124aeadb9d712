"""The same activation in NumPy, OpenCV and Keras."""

from __future__ import annotations

from cnnstudio.learning.benches.activation.arithmetic import Activated
from cnnstudio.learning.benches.entry import Code
from cnnstudio.learning.benches.pictures.printing import picture_imports, picture_lines


def activation_code(activated: Activated) -> tuple[Code, ...]:
    """Programs that compute `result` (rows, columns, channels). OpenCV has the piecewise linear functions alone: its
    exponential function differs from that of NumPy in the last digits."""
    function = activated.function
    imports = ["import math", ""] if function.needs_math else []
    numpy = [*_given(activated, [*imports, "import numpy as np"]), *function.numpy]
    keras = [*_given(activated, ["import keras", "import numpy as np"]), 'z = z.astype("float32")',
             f"result = keras.ops.convert_to_numpy({function.keras})"]
    codes = [Code("NumPy", _join(numpy), needs=("numpy",))]
    if function.opencv:
        opencv = [*_given(activated, ["import cv2", "import numpy as np"]), *function.opencv,
                  "result = result.reshape(z.shape)"]
        codes.append(Code("OpenCV", _join(opencv), needs=("numpy", "opencv-python-headless")))
    return (*codes, Code("Keras", _join(keras), needs=("numpy", "keras", "tensorflow")))


def _join(lines: list[str]) -> str:
    return "\n".join([*lines, "print(result.shape, result.min(), result.max())", ""])


def _given(activated: Activated, imports: list[str]) -> list[str]:
    settings = activated.settings
    lines = [*picture_imports(activated.pixels), *imports, "", *picture_lines(activated.pixels)]
    if settings.before == "pixels":
        lines += [f"z = (picture / 255 * 2 - 1) * {settings.gain!r} + {settings.shift!r}  # from -1 to 1, then stretched"]
    else:
        lines += ["# Vertical edges: Sobel's kernel, of which the largest result is 1020.",
                  'padded = np.pad(picture, ((1, 1), (1, 1), (0, 0)), mode="edge").astype(np.float64)',
                  "across = padded[:, 2:] - padded[:, :-2]",
                  "edges = across[:-2] + 2 * across[1:-1] + across[2:]",
                  f"z = edges / 1020 * {settings.gain!r} + {settings.shift!r}"]
    if activated.function.param:
        lines += [f"p = {settings.param!r}  # {activated.function.param}"]
    return [*lines, ""]
