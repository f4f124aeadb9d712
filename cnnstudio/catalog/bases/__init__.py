"""The registry of pretrained bases: one file each."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.bases import efficientnet_lite0, mobilenet_v2, vgg16
from cnnstudio.catalog.bases.entry import Base, Weights
from cnnstudio.core.registry import Registry

BASES: Final[Registry[Base]] = Registry("base", (efficientnet_lite0.BASE, mobilenet_v2.BASE, vgg16.BASE))

__all__ = ["BASES", "Base", "Weights"]
