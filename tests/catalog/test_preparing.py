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
from cnnstudio.network.new_project import Facts, new_project
from cnnstudio.network.normalization import rescaling

COUNTS = {"cat": {"train": 40, "test": 3}, "dog": {"train": 60}}


def project(label_mode="categorical", *types):
    result = new_project("x", "/p", Facts(classes=("cat", "dog", "cow")), template="small_cnn")
    result = edits.set_field(result, "dataset", "label_mode", label_mode)
    result = edits.with_steps(result, "augmentation", ())
    for kind in types:
        result = edits.add_step(result, "augmentation", kind)
    return result


def problem_locations(classes, *types, label_mode="categorical"):
    return [(problem.code, problem.where.node) for problem in check_augmentation(project(label_mode, *types), classes)]


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
    assert (("changes_class", kind) in problem_locations(classes, kind)) == flagged


def test_a_large_turn_of_digits_is_flagged():
    edited = edits.set_step_param(project("categorical", "random_rotation"), "augmentation", "random_rotation", "factor", 0.5)
    problems = check_augmentation(edited, tuple("0123456789"))
    assert [problem.code for problem in problems] == ["changes_class"]
    assert check_augmentation(apply_fix(edited, problems[0].fixes[0]), tuple("0123456789")) == ()


@pytest.mark.parametrize("kind", ["mix_up", "cut_mix"])
def test_mixing_needs_labels_that_can_be_shares(kind):
    mixing = project("int", kind)
    problems = check_augmentation(mixing, ("cat", "dog", "cow"))
    assert [(item.code, item.blocks) for item in problems] == [("mix_needs_shares", True)]
    for fix in problems[0].fixes:
        assert check_augmentation(apply_fix(mixing, fix), ("cat", "dog", "cow")) == ()
    assert [item[0] for item in problem_locations(("cat", "dog"), kind, label_mode="binary")] == ["mixed_binary"]


def test_changes_of_colour_do_nothing_to_grey_pictures():
    grey = edits.set_field(project("categorical", "random_hue", "random_brightness"), "recipe", "color_mode", "grayscale")
    assert [(problem.code, problem.where.node) for problem in check_augmentation(grey, ())] == [("needs_color", "random_hue")]


def measured(standardized):
    standardized = edits.set_field(standardized, "recipe", "mean", (100.0, 110.0, 120.0))
    standardized = edits.set_field(standardized, "recipe", "deviation", (50.0, 0.0, 25.0))
    return edits.set_field(standardized, "recipe", "measured", statistics_key(standardized.recipe, standardized.dataset, 100))


def test_standardising_needs_a_measurement_that_is_not_stale():
    unmeasured = edits.set_field(project(), "recipe", "normalization", "standardize")

    def codes(checked, counts=COUNTS):
        return [(problem.code, problem.blocks, problem.fixes[0].action) for problem in check_recipe(checked, counts)]

    assert codes(unmeasured) == [("not_measured", True, "measure_statistics")]
    assert rescaling(context_of(unmeasured, 3, BUILT_IN)) is None
    assert "not measured yet" in keras_code(unmeasured.network, context_of(unmeasured, 3, BUILT_IN))
    good = measured(unmeasured)
    assert codes(good) == []
    for other in (edits.set_field(good, "recipe", "width", 48), edits.add_step(good, "recipe", "canny"),
                  edits.set_field(good, "dataset.splits", "seed", 99)):
        assert codes(other) == [("stale_statistics", False, "measure_statistics")]
    assert codes(good, {"cat": {"train": 40}})[0][0] == "stale_statistics"
    assert codes(edits.set_field(good, "recipe", "color_mode", "grayscale"))[0][0] == "not_measured"
    assert codes(edits.set_field(good, "recipe", "interpolation", "area"))[0][0] == "stale_statistics"


def test_standardising_is_one_layer_in_the_code():
    standardized = measured(edits.set_field(project(), "recipe", "normalization", "standardize"))
    layer = rescaling(context_of(standardized, 3, BUILT_IN))
    assert layer.arguments({}) == {"scale": (0.02, 1.0, 0.04), "offset": (-2.0, -110.0, -4.8)}
    code = keras_code(standardized.network, context_of(standardized, 3, BUILT_IN))
    assert 'Rescaling(scale=(0.02, 1.0, 0.04), offset=(-2.0, -110.0, -4.8), name="normalization")' in code
