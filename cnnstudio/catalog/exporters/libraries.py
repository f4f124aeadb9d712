"""The libraries that export formats need and that do not come along."""

from __future__ import annotations

from typing import Final

from cnnstudio.core.libraries import Library

TF2ONNX: Final = Library("tf2onnx", "tf2onnx", "tf2onnx")
ONNX_RUNTIME: Final = Library("onnxruntime", "ONNX Runtime", "onnxruntime")
ONNX_EXTENSIONS: Final = Library("onnxruntime_extensions", "ONNX Runtime Extensions", "onnxruntime-extensions")
LITERT: Final = Library("ai_edge_litert", "LiteRT", "ai-edge-litert")
QUANTIZER: Final = Library("ai_edge_quantizer", "AI Edge Quantizer", "ai-edge-quantizer")
OPENVINO: Final = Library("openvino", "OpenVINO", "openvino")
