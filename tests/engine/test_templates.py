"""Every architecture of the gallery is in Keras what the catalog says."""

from __future__ import annotations

import pytest

from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.shapes import report
from cnnstudio.catalog.starting import Facts, new_project
from cnnstudio.catalog.templates import TEMPLATES
from cnnstudio.engine.building import build
from tests.engine.printed import same_as_printed


@pytest.mark.parametrize("template", [each for each in TEMPLATES.ids() if each != "vgg16"])
def test_templates_agree_with_keras(template):
    project = new_project("x", "/p", Facts(classes=("a", "b", "c")), template=template)
    context = context_of(project, 3)
    model = build(project.network, context).model
    found = report(project.network, context)
    assert model.count_params() == found.parameters
    same_as_printed(project.network, context, model)
