"""The registry of architectures that open as editable graphs, by year within teaching and published ones."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.templates import (
    alexnet,
    applications,
    googlenet,
    inception,
    lenet5,
    plain,
    residual,
    resnet,
    unet,
    vgg,
)
from cnnstudio.catalog.templates.entry import Publication, Template
from cnnstudio.core.registry import Registry

TEMPLATES: Final[Registry[Template]] = Registry("template", (
    *plain.TEMPLATES, *residual.TEMPLATES, *inception.TEMPLATES, *lenet5.TEMPLATES, *alexnet.TEMPLATES,
    *vgg.TEMPLATES, *googlenet.TEMPLATES, *unet.TEMPLATES, *resnet.TEMPLATES, *applications.TEMPLATES))

FEATURED: Final = ("small_cnn", "medium_cnn", "lenet5", "residual", "inception", "resnet18", "mobilenet_v2", "vgg16")
"""The templates that a new project proposes; the gallery has all."""

__all__ = ["FEATURED", "TEMPLATES", "Publication", "Template"]
