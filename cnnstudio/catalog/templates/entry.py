"""The type of an entry in the gallery of architectures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import msgspec

from cnnstudio.catalog.bases.builder import BaseBuilder
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.text import Text


class Publication(msgspec.Struct, frozen=True):
    """The published number of parameters, for three channels, `size` pixels a side and 1,000 classes.

    `counted` is "all" where the moving statistics of batch normalisation are among them (Keras counts
    so), and "trainable" where they are not (torchvision).
    """

    parameters: int
    size: int
    counted: Literal["all", "trainable"]
    source: str


KERAS = "https://keras.io/api/applications/"
TORCHVISION = "https://docs.pytorch.org/vision/stable/models.html"


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """An architecture that opens as an editable graph and ends in an Output that follows the classes.

    `help` is a sentence, `about` a paragraph. `recipe` and `training` are the fields of the specs it was
    made for; `adapts` says that the size of the pictures may follow the collection, down to `minimum_size`.
    """

    id: str
    label: Text
    help: Text
    about: Text
    source: str
    year: int
    network: Callable[[], NetworkSpec]
    recipe: dict[str, Any] = {}
    training: dict[str, Any] = {}
    adapts: bool = False
    minimum_size: int = 16
    published: Publication | None = None


def with_classifier(builder: BaseBuilder, origin: str, dropout: float = 0.0) -> NetworkSpec:
    """The network with a mean over each feature map and the output behind it.

    Batch normalisation follows with momentum 0.9: Keras's 0.99 needs hundreds of steps, and a small
    collection has few in an epoch.
    """
    builder.block = ""
    builder.add("GlobalAveragePooling2D", id="avg_pool")
    if dropout:
        builder.add("Dropout", id="top_dropout", rate=dropout)
    builder.add("Output", id="output")
    network = builder.network(origin)
    nodes = tuple(
        msgspec.structs.replace(node, params={**node.params, "momentum": 0.9})
        if node.type == "BatchNormalization" else node for node in network.nodes)
    return msgspec.structs.replace(network, nodes=nodes)
