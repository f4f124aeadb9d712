"""A model of ONNX, by ONNX Runtime on the processor."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np

EXTENSIONS: Final = "com.microsoft.extensions"
"""The operators of onnxruntime-extensions, which are not loaded here."""
_KINDS: Any = {"tensor(uint8)": np.uint8, "tensor(float16)": np.float16, "tensor(double)": np.float64}
"""Types of the input other than float32."""


class Opened(NamedTuple):
    """What answers pixels, float32 (n, height, width, channels) from 0 to 255, with float32 (n, outputs); the number of its
    outputs, 0 where it is not known; the runtime with its version; and the shape of its input, None where any size fits."""

    predict: Callable[[np.ndarray], np.ndarray]
    outputs: int
    runtime: str
    input_shape: tuple[int | None, ...]


def open_model(path: str | os.PathLike[str]) -> Opened:
    """Open the model. `predict` is safe from several threads."""
    import onnxruntime

    session: Any = onnxruntime.InferenceSession(os.fspath(path), providers=["CPUExecutionProvider"])
    entering, leaving = session.get_inputs()[0], session.get_outputs()[0]
    kind = _KINDS.get(entering.type, np.float32)

    def predict(pixels: np.ndarray) -> np.ndarray:
        return np.asarray(session.run([leaving.name], {entering.name: np.asarray(pixels, kind)})[0], np.float32)

    outputs = leaving.shape[-1] if leaving.shape and isinstance(leaving.shape[-1], int) else 0
    return Opened(predict, outputs, f"ONNX Runtime {onnxruntime.__version__}",
                  tuple(size if isinstance(size, int) else None for size in entering.shape))
