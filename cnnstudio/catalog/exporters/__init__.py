"""The registry of export formats, for the Export page, the command line and the engine."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.exporters.bundles import BUNDLE
from cnnstudio.catalog.exporters.documents import DOCUMENTS
from cnnstudio.catalog.exporters.entry import Exporter
from cnnstudio.catalog.exporters.litert import LITERT_EXPORTERS
from cnnstudio.catalog.exporters.models import KERAS, ONNX, ONNX_PICTURES, OPENVINO, SAVED_MODEL, TORCH_EXPORT
from cnnstudio.catalog.exporters.sources import KERAS_SOURCE, TORCH_SOURCE
from cnnstudio.core.registry import Registry

DRAWINGS: Final = (".svg", ".pdf", ".png")
"""The suffixes of a drawing of the network; the suffix selects the format."""

EXPORTERS: Final[Registry[Exporter]] = Registry("exporter", (
    BUNDLE, KERAS, SAVED_MODEL, ONNX, ONNX_PICTURES, *LITERT_EXPORTERS, OPENVINO, TORCH_SOURCE, TORCH_EXPORT, KERAS_SOURCE,
    *DOCUMENTS))
