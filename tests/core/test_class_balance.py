"""Weights and numbers of draws that even out classes of different sizes."""

from __future__ import annotations

import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.params import params_of
from cnnstudio.core.class_balance import class_weights, drawn_counts, shown_pictures
from cnnstudio.core.keys import get_value, set_value
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.training import TrainingSpec
from cnnstudio.network.checks import check_training
from cnnstudio.network.fixes import apply_fix
from cnnstudio.network.loss_checks import check_class_weights
from cnnstudio.network.new_project import Facts, new_project

NAMES = ("a", "b", "c")


def test_balanced_weights_by_strength():
    assert class_weights(TrainingSpec(), NAMES, (6, 2, 0)) is None
    whole = class_weights(TrainingSpec(class_weight="balanced"), NAMES, (6, 2, 0))
    assert whole == pytest.approx((8 / 12, 8 / 4, 0.0))
    half = class_weights(TrainingSpec(class_weight="balanced", class_weight_strength=0.5), NAMES, (6, 2, 0))
    assert half[1] / half[0] == pytest.approx(3 ** 0.5)
    assert (6 * half[0] + 2 * half[1]) / 8 == pytest.approx(1.0)
    none = class_weights(TrainingSpec(class_weight="balanced", class_weight_strength=0.0), NAMES, (6, 2, 0))
    assert none[:2] == pytest.approx((1.0, 1.0))


def test_weights_by_hand_and_by_key():
    project = set_value(new_project("x", "/p", Facts(classes=NAMES)), "training.class_weight", "custom", params_of)
    project = set_value(project, "training.class_weights.a.b", "2.5", params_of)
    project = set_value(project, "training.class_weights.b", "3", params_of)
    assert get_value(project, "training.class_weights", params_of) == {"a.b": 2.5, "b": 3.0}
    assert class_weights(project.training, NAMES, (1, 1, 1)) == (1.0, 3.0, 1.0)
    (problem,) = check_class_weights(project, NAMES)
    assert (problem.code, problem.blocks) == ("weight_without_class", False)
    assert check_class_weights(apply_fix(project, problem.fixes[0]), NAMES) == ()
    with pytest.raises(ProblemError):
        set_value(project, "training.class_weights.b", "much", params_of)
    wrong = set_value(project, "training.class_weights.b", "-1", params_of)
    (problem,) = check_training(wrong, BUILT_IN)
    assert (problem.code, problem.where.node, problem.where.field) == ("value", "class_weights", "b")
    assert check_training(apply_fix(wrong, problem.fixes[0]), BUILT_IN) == ()


def test_how_many_pictures_an_epoch_shows():
    assert drawn_counts((100, 25, 1, 0), 0.0) == (100, 25, 1, 0)
    assert drawn_counts((100, 25, 1, 0), 0.5) == (100, 50, 10, 0)
    assert drawn_counts((100, 25, 1, 0), 1.0) == (100, 100, 100, 0)
    assert shown_pictures({"a": {"train": 9, "test": 5}, "b": {"train": 1}}, ("a", "b", "c"), 1.0) == 18
