"""Every architecture of the gallery and every base can be explained."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.explanations import EXPLANATIONS
from cnnstudio.catalog.templates import TEMPLATES
from cnnstudio.core.project import Project
from cnnstudio.engine.building import build
from cnnstudio.engine.explaining.cams import gradcam
from cnnstudio.engine.explaining.receptive import effective_field, theoretical_box
from cnnstudio.network.new_project import Facts, new_project, with_base
from tests.engine.explaining.models import scores_of

QUICK = {"small_cnn", "lenet5", "resnet18", "googlenet", "mobilenet_v2"}
QUICK_BASES = {"efficientnet_lite0"}


def explained(project):
    context = context_of(project, 3, BUILT_IN)
    model = build(project.network, context, weights=False).model
    scores = scores_of(model)
    picture = np.random.default_rng(0).integers(0, 256, context_shape(project)).astype(np.float32)
    outputs = scores.outputs_of(picture[None])
    np.testing.assert_allclose(scores.probabilities(outputs), np.asarray(model(picture[None], training=False)), atol=1e-5)
    layer = scores.network.default_layer()
    assert layer is not None
    for label in range(3):
        assert np.isfinite(gradcam(scores, picture, label, layer.name, {})).all()
    early = [item for item in scores.network.layers if item.maps][:5][-1]
    position = (early.shape[0] // 2, early.shape[1] // 2)
    rows, columns = np.nonzero(effective_field(scores, picture, early, position, None))
    top, left, high, wide = theoretical_box(scores.network, early, position)
    if len(rows):
        assert top <= rows.min() <= rows.max() < top + high, early
        assert left <= columns.min() <= columns.max() < left + wide, early
    return layer


def context_shape(project):
    return (project.recipe.height, project.recipe.width, project.recipe.channels)


@pytest.mark.parametrize("template", [
    pytest.param(template, id=template.id, marks=() if template.id in QUICK else pytest.mark.nightly)
    for template in TEMPLATES])
def test_templates_are_explained(template):
    facts = Facts(classes=("a", "b", "c"), median_height=template.minimum_size, median_width=template.minimum_size)
    explained(new_project("x", "/p", facts, template=template.id))


@pytest.mark.parametrize("base", [
    pytest.param(base, id=base.id, marks=() if base.id in QUICK_BASES else pytest.mark.nightly) for base in BASES])
def test_bases_are_explained_within(base):
    layer = explained(with_base(Project(), base))
    assert "/" in layer.name, "a layer of the base"


def test_the_methods_are_all_those_of_the_registry():
    assert {entry.id for entry in EXPLANATIONS if entry.needs_maps} == {"gradcam", "gradcampp", "hirescam"}
