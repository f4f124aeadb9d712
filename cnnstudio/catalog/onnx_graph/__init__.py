"""ONNX models as editable graphs: read as data, without their weights, and never run."""

from cnnstudio.catalog.onnx_graph.reading import read_onnx

__all__ = ["read_onnx"]
