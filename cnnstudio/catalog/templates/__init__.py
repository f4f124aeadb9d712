"""The registry of architectures that open as editable graphs: one file each."""

from __future__ import annotations

from typing import Final

from cnnstudio.catalog.templates import inception, lenet5, residual, small_cnn, vgg16
from cnnstudio.catalog.templates.entry import Template
from cnnstudio.core.registry import Registry

TEMPLATES: Final[Registry[Template]] = Registry("template", (
    lenet5.TEMPLATE, small_cnn.TEMPLATE, residual.TEMPLATE, inception.TEMPLATE, vgg16.TEMPLATE))

__all__ = ["TEMPLATES", "Template"]
