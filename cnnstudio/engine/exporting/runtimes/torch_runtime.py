"""A program that torch.export wrote (.pt2), by PyTorch."""

from __future__ import annotations

import os
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
    """Open the model."""
    import torch

    program: Any = torch.export.load(os.fspath(path))
    module = program.module()

    def predict(pixels: np.ndarray) -> np.ndarray:
        with torch.no_grad():
            answers = module(torch.from_numpy(np.ascontiguousarray(pixels, np.float32)))
        return np.asarray(answers[0] if isinstance(answers, list | tuple) else answers, np.float32)

    outputs = program.graph_signature.user_outputs[0]
    count = next(node.meta["val"].shape[-1] for node in program.graph.nodes if node.name == outputs)
    return Opened(predict, int(count), f"PyTorch {torch.__version__}",
                  (None,))
