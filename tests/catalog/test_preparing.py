"""What is said about a recipe and an augmentation before anything is trained."""

from __future__ import annotations

import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.context import context_of
from cnnstudio.core import edits
from cnnstudio.core.recipe import statistics_key
from cnnstudio.interchange.printing.keras.network import keras_code
from cnnstudio.network.checks import check_augmentation, check_recipe
from cnnstudio.network.fixes import apply_fix
from cnnstudio.network.normalization import rescaling
from cnnstudio.network.starting import Facts, new_project

COUNTS = {"cat": {"train": 40, "test": 3}, "dog": {"train": 60}}


def project(label_mode="categorical", *types):
    made = new_project("x", "/p", Facts(classes=("cat", "dog", "cow")), template="small_cnn")
    made = edits.set_field(made, "dataset", "label_mode", label_mode)
    made = edits.with_steps(made, "augmentation", ())
    for kind in types:
        made = edits.add_step(made, "augmentation", kind)
    return made


def found(classes, *types, label_mode="categorical"):
    return [(each.code, each.where.node) for each in check_augmentation(project(label_mode, *types), classes)]


@pytest.mark.parametrize(("classes", "kind", "flagged"), [
    (tuple("0123456789"), "random_flip", True), (tuple("abc"), "random_flip", True),
    (tuple("0123456789"), "random_rotation", False), (tuple("0123456789"), "random_hue", False),
    (("red_car", "BlueCar"), "random_hue", True), (("coche rojo", "coche azul"), "random_grayscale", True),
    (("manzana_roja", "manzana_verde"), "random_color_jitter", True), (("Marrón", "negro"), "solarization", True),
    (("red_car", "BlueCar"), "random_flip", False), (("red fox", "wolf"), "random_hue", False),
    (("reddish", "greenland"), "random_hue", False),
    (("arrow_left", "arrow_right"), "random_flip", True), (("izquierda", "derecha"), "random_flip", True),
    (("cat", "dog"), "random_flip", False), (("cat", "dog"), "random_hue", False),
])
def test_names_of_classes_tell_what_may_change_them(classes, kind, flagged):
    assert (("changes_class", kind) in found(classes, kind)) == flagged


def test_a_large_turn_of_digits_is_flagged():
    made = edits.set_step_param(project("categorical", "random_rotation"), "augmentation", "random_rotation", "factor", 0.5)
    problems = check_augmentation(made, tuple("0123456789"))
    assert [each.code for each in problems] == ["changes_class"]
    assert check_augmentation(apply_fix(made, problems[0].fixes[0]), tuple("0123456789")) == ()


@pytest.mark.parametrize("kind", ["mix_up", "cut_mix"])
def test_mixing_needs_labels_that_can_be_shares(kind):
    made = project("int", kind)
    problems = check_augmentation(made, ("cat", "dog", "cow"))
    assert [(each.code, each.blocks) for each in problems] == [("mix_needs_shares", True)]
    for fix in problems[0].fixes:
        assert check_augmentation(apply_fix(made, fix), ("cat", "dog", "cow")) == ()
    assert [each[0] for each in found(("cat", "dog"), kind, label_mode="binary")] == ["mixed_binary"]


def test_changes_of_colour_do_nothing_to_grey_pictures():
    made = edits.set_field(project("categorical", "random_hue", "random_brightness"), "recipe", "color_mode", "grayscale")
    assert [(each.code, each.where.node) for each in check_augmentation(made, ())] == [("needs_color", "random_hue")]


def measured(made):
    made = edits.set_field(made, "recipe", "mean", (100.0, 110.0, 120.0))
    made = edits.set_field(made, "recipe", "deviation", (50.0, 0.0, 25.0))
    return edits.set_field(made, "recipe", "measured", statistics_key(made.recipe, made.dataset, 100))


def test_standardising_needs_a_measurement_that_is_not_stale():
    made = edits.set_field(project(), "recipe", "normalization", "standardize")

    def codes(each, counts=COUNTS):
        return [(problem.code, problem.blocks, problem.fixes[0].action) for problem in check_recipe(each, counts)]

    assert codes(made) == [("not_measured", True, "measure_statistics")]
    assert rescaling(context_of(made, 3, BUILT_IN)) is None
    assert "not measured yet" in keras_code(made.network, context_of(made, 3, BUILT_IN))
    good = measured(made)
    assert codes(good) == []
    for other in (edits.set_field(good, "recipe", "width", 48), edits.add_step(good, "recipe", "canny"),
                  edits.set_field(good, "dataset.splits", "seed", 99)):
        assert codes(other) == [("stale_statistics", False, "measure_statistics")]
    assert codes(good, {"cat": {"train": 40}})[0][0] == "stale_statistics"
    assert codes(edits.set_field(good, "recipe", "color_mode", "grayscale"))[0][0] == "not_measured"
    assert codes(edits.set_field(good, "recipe", "interpolation", "area"))[0][0] == "stale_statistics"


def test_standardising_is_one_layer_in_the_code():
    made = measured(edits.set_field(project(), "recipe", "normalization", "standardize"))
    layer = rescaling(context_of(made, 3, BUILT_IN))
    assert layer.arguments({}) == {"scale": (0.02, 1.0, 0.04), "offset": (-2.0, -110.0, -4.8)}
    code = keras_code(made.network, context_of(made, 3, BUILT_IN))
    assert 'Rescaling(scale=(0.02, 1.0, 0.04), offset=(-2.0, -110.0, -4.8), name="normalization")' in code
