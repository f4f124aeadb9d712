"""A model of LiteRT (TensorFlow Lite), on the processor."""

from __future__ import annotations

import importlib.metadata
import os
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Opened(NamedTuple):
    """What answers pixels, float32 (n, height, width, channels) from 0 to 255, with float32 (n, outputs); the number of its
    outputs, 0 where it is not known; the runtime with its version; and the shape of its input, None where any size fits."""

    predict: Callable[[np.ndarray], np.ndarray]
    outputs: int
    runtime: str
    input_shape: tuple[int | None, ...]


def open_model(path: str | os.PathLike[str]) -> Opened:
    """Open the model. `predict` is safe from several threads."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter: Any = Interpreter(model_path=os.fspath(path), num_threads=os.cpu_count() or 1)
    entering = interpreter.get_input_details()[0]
    leaving = interpreter.get_output_details()[0]
    # The interpreter holds the memory of one call.
    lock = threading.Lock()

    def predict(pixels: np.ndarray) -> np.ndarray:
        with lock:
            if tuple(interpreter.get_input_details()[0]["shape"]) != pixels.shape:
                interpreter.resize_tensor_input(entering["index"], pixels.shape)
                interpreter.allocate_tensors()
            interpreter.set_tensor(entering["index"], to_input(pixels, entering))
            interpreter.invoke()
            return from_output(interpreter.get_tensor(leaving["index"]), leaving)

    interpreter.allocate_tensors()
    return Opened(predict, int(leaving["shape"][-1]), f"LiteRT {importlib.metadata.version('ai-edge-litert')}",
                  tuple(int(size) if size > 0 else None for size in entering["shape_signature"]))


def to_input(pixels: np.ndarray, details: Any) -> np.ndarray:
    """Pixels as the type of the input, by its scale and zero point where that is of whole numbers."""
    kind = details["dtype"]
    scale, zero = details["quantization"]
    if not np.issubdtype(kind, np.integer):
        return pixels.astype(kind)
    limits = np.iinfo(kind)
    return np.asarray(np.clip(np.rint(pixels / (scale or 1.0)) + zero, limits.min, limits.max), kind)


def from_output(values: np.ndarray, details: Any) -> np.ndarray:
    """Outputs as float32, by scale and zero point where they are whole numbers."""
    scale, zero = details["quantization"]
    if not np.issubdtype(values.dtype, np.integer):
        return values.astype(np.float32)
    return np.asarray((values.astype(np.float32) - zero) * (scale or 1.0), np.float32)
