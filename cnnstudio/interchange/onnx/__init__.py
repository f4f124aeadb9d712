"""ONNX models as editable graphs: read as data, without their weights, and never run."""

from cnnstudio.interchange.onnx.reader import read_onnx

__all__ = ["read_onnx"]
