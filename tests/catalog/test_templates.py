"""Every architecture of the gallery: published numbers, sizes that follow the pictures, and no problem at the start."""

from __future__ import annotations

import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.templates import TEMPLATES
from cnnstudio.network.checks import check_project
from cnnstudio.network.new_project import Facts, new_project
from cnnstudio.network.shapes import report

COUNTS = {"train": 50, "validation": 10, "test": 10}
PUBLISHED = [template for template in TEMPLATES if template.published is not None]


@pytest.mark.parametrize("template", list(TEMPLATES), ids=lambda template: template.id)
@pytest.mark.parametrize("classes", [("cat", "dog"), ("a", "b", "c")])
def test_templates_start_without_problems(template, classes):
    project = new_project("x", "/pictures", Facts(classes=classes), template=template.id)
    counts = dict.fromkeys(classes, COUNTS)
    assert [problem for problem in check_project(project, classes, counts, BUILT_IN) if problem.blocks] == []
    assert project.dataset.label_mode == ("binary" if len(classes) == 2 else "categorical")


@pytest.mark.parametrize("template", PUBLISHED, ids=lambda template: template.id)
def test_a_template_has_the_published_number_of_parameters(template):
    """Three channels, the published size, 1,000 classes: equal to the unit."""
    published = template.published
    context = Context(height=published.size, width=published.size, channels=3, class_count=1000)
    result = report(template.network(), context)
    assert (result.trainable if published.counted == "trainable" else result.parameters) == published.parameters


def test_lenet5_has_the_number_of_parameters_that_every_textbook_gives():
    result = report(TEMPLATES["lenet5"].network(), Context(height=28, width=28, channels=1, class_count=10))
    assert result.parameters == 61_706


def test_every_published_architecture_of_the_field_is_there():
    """Those that neither Keras nor torchvision nor the paper counts are LeNet-5, U-Net's encoder and our own."""
    assert {template.id for template in PUBLISHED} == {
        "alexnet", "vgg16", "vgg19", "googlenet", "inception_v3", "resnet18", "resnet34", "resnet50", "resnet101",
        "resnet152", "mobilenet", "mobilenet_v2", "efficientnet_b0", "densenet121", "xception"}
    assert set(TEMPLATES.ids()) - {template.id for template in PUBLISHED} == {
        "small_cnn", "medium_cnn", "residual", "inception", "lenet5", "unet_encoder"}


@pytest.mark.parametrize("template", list(TEMPLATES), ids=lambda template: template.id)
def test_an_architecture_takes_small_pictures_down_to_its_smallest_size(template):
    """The recipe follows small pictures, but never below what the network can halve."""
    facts = Facts(classes=("a", "b", "c"), median_height=20, median_width=24)
    project = new_project("x", "/pictures", facts, template=template.id)
    if template.adapts:
        assert (project.recipe.height, project.recipe.width) == (max(20, template.minimum_size),
                                                                 max(24, template.minimum_size))
    problems = check_project(project, facts.classes, dict.fromkeys(facts.classes, COUNTS), BUILT_IN)
    assert [problem for problem in problems if problem.blocks] == []


def test_every_template_has_a_sentence_and_a_paragraph_in_both_languages():
    for template in TEMPLATES:
        for text in (template.help, template.about):
            assert text.en and text.es and text.en != text.es, template.id
        assert len(template.about.en) > 2 * len(template.help.en), template.id
        assert template.source.startswith("https://"), template.id
