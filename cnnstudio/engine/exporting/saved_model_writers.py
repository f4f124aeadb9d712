"""Export to a SavedModel, and to OpenVINO from it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.engine.exporting import graphs, metadata
from cnnstudio.engine.exporting.request import Request
from cnnstudio.engine.exporting.runtimes import openvino_runtime


def write_saved_model(request: Request) -> None:
    """The folder of a SavedModel, with the card inside."""
    graphs.save(request.loaded.model, request.path)
    metadata.write_saved_model_card(request.path, request.loaded.card)


def openvino_without_telemetry() -> Any:
    """The library. Its converter would report to its makers and leave files in the home folder; without the module for that
    it uses a stand-in that does nothing."""
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
    import openvino

    return openvino


def write_openvino(request: Request) -> None:
    """A folder with model.xml and model.bin, weights in float32."""
    openvino = openvino_without_telemetry()
    with tempfile.TemporaryDirectory(prefix="cnnstudio-export-") as folder:
        graphs.save(request.loaded.model, Path(folder))
        try:
            model = openvino.convert_model(folder)
        except (RuntimeError, ValueError) as err:
            text = Text("OpenVINO cannot convert this network. Choose another format; the report names the part.",
                        "OpenVINO no puede convertir esta red. Elija otro formato; el informe nombra la parte.")
            raise ProblemError(error("not_convertible", text, "project", field="format", details=str(err))) from err
        model.inputs[0].get_tensor().set_names({graphs.INPUT})
        model.outputs[0].get_tensor().set_names({graphs.OUTPUT})
        metadata.set_openvino_card(model, request.loaded.card)
        request.path.mkdir(parents=True)
        # The usual compression of the weights to float16 would change the answers.
        openvino.save_model(model, request.path / openvino_runtime.MODEL, compress_to_fp16=False)
