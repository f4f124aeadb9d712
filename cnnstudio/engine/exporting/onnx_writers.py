"""Export to ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.engine.exporting import graphs, metadata
from cnnstudio.engine.exporting.request import Request
from cnnstudio.engine.model_card import Card

OPSET: Final = 17
"""The newest that browsers and phones of two years ago know, with all that the layers need."""


def write_onnx(request: Request) -> None:
    """One `.onnx` file: pixels (batch, height, width, channels) from 0 to 255 -> probabilities."""
    request.path.parent.mkdir(parents=True, exist_ok=True)
    write_model(request.loaded.model, request.loaded.card, request.path)


def write_model(model: Any, card: Card, path: Path) -> None:
    """Write the model with its card. Raises ProblemError (not_convertible)."""
    import onnx

    converted = converted_model(model)
    metadata.write_onnx_card(converted, card)
    onnx.save(converted, path)


def converted_model(model: Any, opset: int = OPSET) -> Any:
    """The model as one of ONNX, in memory. Raises ProblemError (not_convertible)."""
    import numpy as np

    if "object" not in vars(np):
        # tf2onnx still asks for names that NumPy no longer has.
        np.object = object  # type: ignore[attr-defined]
    import tensorflow as tf
    import tf2onnx

    spec = tf.TensorSpec((None, *model.input_shape[1:]), tf.float32, name=graphs.INPUT)
    # The module holds the weights while they are read.
    module, _function = graphs.served(model)
    try:
        converted, _ = tf2onnx.convert.from_function(module.serve, input_signature=[spec], opset=opset)
    except (ValueError, RuntimeError, KeyError, AttributeError, TypeError) as err:
        text = Text("ONNX has no form for a part of this network, or the converter does not know it. Choose another format; "
                    "the report names the part.",
                    "ONNX no tiene forma para una parte de esta red, o el conversor no la conoce. Elija otro formato; el "
                    "informe nombra la parte.")
        raise ProblemError(error("not_convertible", text, "project", field="format", details=str(err))) from err
    for tensor in (*converted.graph.input, *converted.graph.output):
        tensor.type.tensor_type.shape.dim[0].dim_param = "batch"
    outputs = converted.graph.output[0].type.tensor_type.shape
    if len(outputs.dim) < 2:
        return converted
    outputs.dim[1].dim_value = model.output_shape[-1]
    return converted


def is_our_model(path: Path) -> bool:
    """Whether a file is an ONNX model of this program, with its card inside."""
    try:
        return metadata.onnx_card(path) is not None
    except ProblemError:
        return False
