"""Networks built in code with the names that the layers' entries give to new nodes."""

from __future__ import annotations

from cnnstudio.catalog.builder import NetworkBuilder
from cnnstudio.catalog.layers import id_stem


def network_builder() -> NetworkBuilder:
    """An empty builder whose layers are called as the window calls new ones: conv, conv_1, dense, ..."""
    return NetworkBuilder(id_stem)
