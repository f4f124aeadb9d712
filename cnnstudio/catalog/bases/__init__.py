"""The registry of pretrained bases: one file for each family. Layers are built on first use."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.bases import (
    convnext,
    densenet,
    efficientnet,
    efficientnet_lite0,
    efficientnet_v2,
    inception_resnet_v2,
    inception_v3,
    mobilenet,
    mobilenet_v2,
    mobilenet_v3,
    nasnet,
    resnet,
    resnet_v2,
    vgg,
    xception,
)
from cnnstudio.catalog.bases.entry import Base, Weights, last_layers
from cnnstudio.core.registry import Registry

BASES: Final[Registry[Base]] = Registry("base", (
    *efficientnet_lite0.BASES, *mobilenet.BASES, *mobilenet_v2.BASES, *mobilenet_v3.BASES, *efficientnet.BASES,
    *efficientnet_v2.BASES, *convnext.BASES, *densenet.BASES, *resnet.BASES, *resnet_v2.BASES, *inception_v3.BASES,
    *xception.BASES, *inception_resnet_v2.BASES, *nasnet.BASES, *vgg.BASES,
))

FEATURED: Final = ("efficientnet_lite0", "mobilenet_v3_large", "efficientnetv2b0", "resnet50", "densenet121",
                   "convnext_tiny", "vgg16")
"""The bases that a new project proposes; the gallery has all."""

__all__ = ["BASES", "FEATURED", "Base", "Weights", "last_layers"]
