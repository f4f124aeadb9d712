"""Every architecture of the gallery is in Keras what the catalog says."""

from __future__ import annotations

import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.templates import TEMPLATES
from cnnstudio.engine.building import build
from cnnstudio.network.new_project import Facts, new_project
from cnnstudio.network.shapes import report
from tests.engine.printed import same_as_printed

DEEP = {"vgg19", "resnet34", "resnet50", "resnet101", "resnet152", "inception_v3", "xception", "densenet121"}
"""Of the same parts as others here, or compared as bases: their building takes longer than it teaches."""


LARGE = {"efficientnet_b0", "mobilenet_v2", "mobilenet", "googlenet", "resnet18"}
"""Compared nightly."""


@pytest.mark.parametrize("template", [
    pytest.param(template, id=template.id, marks=pytest.mark.nightly if template.id in LARGE else ())
    for template in TEMPLATES if template.id not in DEEP])
def test_templates_agree_with_keras(template):
    """Shape, parameters and the printed script, at the smallest size that the architecture takes."""
    facts = Facts(classes=("a", "b", "c"), median_height=template.minimum_size, median_width=template.minimum_size)
    project = new_project("x", "/p", facts, template=template.id)
    context = context_of(project, 3, BUILT_IN)
    model = build(project.network, context).model
    found = report(project.network, context)
    assert model.count_params() == found.parameters
    same_as_printed(project.network, context, model)
