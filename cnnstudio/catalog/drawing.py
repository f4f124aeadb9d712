"""Drawing a network in code, for templates and bases."""

from __future__ import annotations

from typing import Any

from cnnstudio.core.graph import unique_id
from cnnstudio.core.network import Edge, NetworkSpec, Node

SHORT = {
    "Conv2D": "conv", "DepthwiseConv2D": "depthwise_conv", "SeparableConv2D": "separable_conv",
    "Conv2DTranspose": "transposed_conv", "MaxPooling2D": "max_pooling", "AveragePooling2D": "average_pooling",
    "GlobalAveragePooling2D": "global_average_pooling", "GlobalMaxPooling2D": "global_max_pooling",
    "AdaptiveAveragePooling2D": "adaptive_average_pooling", "AdaptiveMaxPooling2D": "adaptive_max_pooling",
    "BatchNormalization": "batch_normalization", "LayerNormalization": "layer_normalization",
    "GroupNormalization": "group_normalization", "RMSNormalization": "rms_normalization",
    "UnitNormalization": "unit_normalization", "LeakyReLU": "leaky_relu", "SpatialDropout2D": "spatial_dropout",
    "GaussianDropout": "gaussian_dropout", "AlphaDropout": "alpha_dropout", "GaussianNoise": "gaussian_noise",
    "ActivityRegularization": "activity_regularization", "ZeroPadding2D": "zero_padding", "Cropping2D": "cropping",
    "UpSampling2D": "up_sampling", "RepeatVector": "repeat_vector", "MultiHeadAttention": "attention",
    "PretrainedBase": "base",
}
"""First part of the ids of new layers, by type."""


def id_for(type: str) -> str:
    """The id a new layer of that type gets, before it is made unique."""
    return SHORT.get(type, type.lower())


class Drawing:
    """Collects layers; each is connected to the one before unless told otherwise."""

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._edges: list[Edge] = []
        self.last: str | None = None

    def add(self, type: str, *after: str, id: str | None = None, **params: Any) -> str:
        """Add a layer after `after` (the last one added by default); answers its id."""
        identifier = unique_id(id or id_for(type), self._nodes)
        sources = after or ((self.last,) if self.last is not None else ())
        self._nodes[identifier] = Node(id=identifier, type=type, params=params)
        self._edges += [Edge(source=source, target=identifier, port=port) for port, source in enumerate(sources)]
        self.last = identifier
        return identifier

    def network(self, origin: str = "") -> NetworkSpec:
        return NetworkSpec(nodes=tuple(self._nodes.values()), edges=tuple(self._edges), origin=origin)
