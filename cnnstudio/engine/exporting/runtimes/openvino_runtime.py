"""A model of OpenVINO, on the processor."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

MODEL = "model.xml"


class Opened(NamedTuple):
    """What answers pixels, float32 (n, height, width, channels) from 0 to 255, with float32 (n, outputs); the number of its
    outputs, 0 where it is not known; the runtime with its version; and the shape of its input, None where any size fits."""

    predict: Callable[[np.ndarray], np.ndarray]
    outputs: int
    runtime: str
    input_shape: tuple[int | None, ...]


def open_model(path: str | os.PathLike[str]) -> Opened:
    """Open the model. `predict` is safe from several threads."""
    import openvino

    # Some processors compute in bfloat16 unless they are told not to, which changes probabilities by percents.
    compiled: Any = openvino.Core().compile_model(os.fspath(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    leaving = compiled.output(0)

    def predict(pixels: np.ndarray) -> np.ndarray:
        # A request of its own for every call, since one holds the memory of one call.
        request = compiled.create_infer_request()
        request.infer({0: np.ascontiguousarray(pixels, np.float32)})
        return np.array(request.get_output_tensor(0).data, np.float32)

    outputs = _sizes(leaving)[-1] or 0
    return Opened(predict, outputs, f"OpenVINO {openvino.__version__.partition('-')[0]}",
                  _sizes(compiled.input(0)))


def _sizes(port: Any) -> tuple[int | None, ...]:
    return tuple(size.get_length() if size.is_static else None for size in port.get_partial_shape())
