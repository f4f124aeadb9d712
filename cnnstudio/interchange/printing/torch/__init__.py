"""The network as PyTorch source: one row for each layer of the catalog."""

from __future__ import annotations

from typing import Final

from cnnstudio.core.registry import Registry
from cnnstudio.interchange.printing.torch import activations, values, windows
from cnnstudio.interchange.printing.torch.entry import Fixed, Part, TorchLayer, Weight, Written

TORCH_LAYERS: Final[Registry[TorchLayer]] = Registry("PyTorch layer", (
    *windows.LAYERS, *activations.LAYERS, *values.LAYERS))
"""Every layer of LAYERS but Input, which is the picture itself, and PretrainedBase, which is printed as a class."""

__all__ = ["TORCH_LAYERS", "Fixed", "Part", "TorchLayer", "Weight", "Written"]
