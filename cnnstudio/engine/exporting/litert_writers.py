"""Export to LiteRT: float32, float16, dynamic range, and whole numbers of 8 bits."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.engine.exporting import graphs, metadata, quantizing
from cnnstudio.engine.exporting.request import Request


def write_float32(request: Request) -> None:
    """All weights and sums as they were trained."""
    _write(request, convert(request.loaded.model))


def write_float16(request: Request) -> None:
    """Weights of half the size; sums are computed in float32 where the processor has no float16."""
    _write(request, convert(request.loaded.model, half=True))


def write_dynamic(request: Request) -> None:
    """Weights of 8 bits, everything else in float: a quarter of the size, without calibration."""
    _write(request, quantizing.dynamic(convert(request.loaded.model)))


def write_int8(request: Request) -> None:
    """Weights and sums as whole numbers of 8 bits, their ranges from training pictures; input and output stay float32, so that
    the file is used as every other one. Raises ProblemError (no_calibration_pictures, unknown_layer)."""
    content = convert(request.loaded.model)
    calibration = quantizing.calibrate(content, request.training_pixels())
    kept = quantizing.checked_layers(content, request.keep_in_float)
    _write(request, quantizing.whole_numbers(content, calibration, kept))


def convert(model: Any, half: bool = False) -> bytes:
    """The content of a `.tflite` file with the signature pixels -> probabilities. Raises ProblemError (not_convertible)."""
    import tensorflow as tf

    with tempfile.TemporaryDirectory(prefix="cnnstudio-export-") as folder:
        graphs.save(model, Path(folder))
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        if half:
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        try:
            return bytes(converter.convert())
        except Exception as err:  # the converter raises many kinds, of its own, too
            text = Text("LiteRT has no form for a part of this network. Choose another format; the report names the part.",
                        "LiteRT no tiene forma para una parte de esta red. Elija otro formato; el informe nombra la parte.")
            raise ProblemError(error("not_convertible", text, "project", field="format", details=str(err))) from err


def _write(request: Request, content: bytes) -> None:
    request.path.parent.mkdir(parents=True, exist_ok=True)
    request.path.write_bytes(content)
    metadata.append_card(request.path, request.loaded.card)


