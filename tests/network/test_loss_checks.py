"""Which losses are refused, and what mends it."""

from __future__ import annotations

import msgspec
import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.training import LOSSES
from cnnstudio.core import edits
from cnnstudio.core.item import Item
from cnnstudio.network.checks import check_training
from cnnstudio.network.fixes import apply_fix
from cnnstudio.network.new_project import Facts, new_project

PROJECT = new_project("x", "/pictures", Facts(classes=("a", "b", "c")))


def with_loss(mode, loss):
    project = edits.set_field(PROJECT, "dataset", "label_mode", mode)
    return edits.set_field(project, "training", "loss", msgspec.to_builtins(loss))


@pytest.mark.parametrize("mode", ["binary", "categorical", "int"])
@pytest.mark.parametrize("entry", list(LOSSES), ids=lambda entry: entry.id)
def test_a_loss_for_other_labels_is_refused_and_every_fix_mends_it(entry, mode):
    project = with_loss(mode, Item(type=entry.id))
    problems = check_training(project, BUILT_IN)
    if entry.label_mode == mode:
        assert problems == ()
        return
    (problem,) = problems
    assert (problem.code, problem.where.field, problem.blocks) == ("wrong_loss", "loss", True)
    assert problem.fixes
    for fix in problem.fixes:
        assert check_training(apply_fix(project, fix), BUILT_IN) == ()


def test_an_unknown_loss_and_a_value_out_of_range_are_told():
    (problem,) = check_training(with_loss("int", Item(type="mse")), BUILT_IN)
    assert problem.code == "unknown_loss" and "categorical_focal_crossentropy" in problem.text.en
    assert check_training(apply_fix(with_loss("int", Item(type="mse")), problem.fixes[0]), BUILT_IN) == ()
    wrong = with_loss("categorical", Item(type="categorical_crossentropy", params={"label_smoothing": 1.5}))
    (problem,) = check_training(wrong, BUILT_IN)
    assert (problem.where.node, problem.where.field) == ("loss", "label_smoothing")
