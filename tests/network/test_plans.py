"""The rule for the plan of a training with a pretrained base, and what the last n layers of a base are."""

from __future__ import annotations

import msgspec
import pytest

from cnnstudio.catalog.bases import BASES, last_layers
from cnnstudio.catalog.bases.advice import FEW
from cnnstudio.catalog.bases.entry import keras_order
from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.plans import PLANS
from cnnstudio.core import edits
from cnnstudio.core.network import BASE
from cnnstudio.core.project import Project
from cnnstudio.core.training import with_settings
from cnnstudio.network.checks import check_training
from cnnstudio.network.freeze_line import freeze_line
from cnnstudio.network.new_project import Facts, new_project, with_base
from cnnstudio.network.plans import PER_CLASS, WEIGHTS_PER_PICTURE, follows, plan_advice, with_advised_plan, with_plan


def based(base="efficientnet_lite0", ends_at="all"):
    return with_base(Project(), BASES[base], ends_at)


def advice(pictures, classes, project=None):
    found = plan_advice(project or based(), BUILT_IN, pictures, classes)
    assert found is not None
    return found


def test_the_base_learns_from_two_thousand_pictures_on_and_fifty_of_a_class():
    assert advice(FEW - 1, 2).plan.id == "head"
    assert advice(FEW, 2).plan.id == "fine_tuning"
    assert advice(FEW, FEW // PER_CLASS).plan.id == "fine_tuning"
    assert advice(FEW, FEW // PER_CLASS + 1).plan.id == "head"
    assert "1,999" in advice(FEW - 1, 2).reason.en
    assert "1999" in advice(FEW - 1, 2).reason.es
    assert "48" in advice(FEW, FEW // PER_CLASS + 1).reason.es
    assert plan_advice(new_project("x", "/p", Facts(), template="lenet5"), BUILT_IN, 9000, 2) is None


@pytest.mark.parametrize("base", ["efficientnet_lite0", "vgg16", "resnet50", "convnext_large"])
def test_no_more_weights_learn_than_the_pictures_allow(base):
    project = based(base)
    line = freeze_line(BASES[base], BASES[base].size)
    for pictures in (FEW, 4000, 12_000, 60_000):
        found = advice(pictures, 2, project)
        weights = line.learning[line.blocks.index(found.line)]
        assert (0 < weights <= WEIGHTS_PER_PICTURE * pictures) == found.plan.learns, (pictures, found.line)
    assert advice(60_000, 2, project).plan.learns


def test_the_documented_case_fits_the_rule():
    assert advice(2000, 2, based("vgg16")).line == "block5"
    assert advice(2000, 2, based("resnet50")).plan.id == "head", "15 million weights for 2,000 pictures"


def test_the_stages_of_a_plan_keep_the_settings_of_the_first():
    project = based()
    project = msgspec.structs.replace(project, training=with_settings(project.training, epochs=7))
    found = advice(5000, 2, project)
    tuned = with_plan(project, PLANS["fine_tuning"], found.line)
    head, fine = tuned.training.stages
    assert (head.trainable_from, head.epochs, head.id) == ("none", 7, "stage_1")
    assert (fine.trainable_from, fine.id) == (found.line, "stage_2")
    assert fine.optimizer.params["learning_rate"] == pytest.approx(head.optimizer.params["learning_rate"] / 100)
    assert fine.callbacks == head.callbacks
    assert not [problem for problem in check_training(tuned, BUILT_IN) if problem.blocks]
    assert follows(tuned, BUILT_IN, PLANS["fine_tuning"], found.line)
    assert not follows(tuned, BUILT_IN, PLANS["head"], found.line)
    assert follows(project, BUILT_IN, PLANS["head"], found.line), "the network freezes the base"
    assert with_plan(tuned, PLANS["head"], found.line).training.stages == (head,)


def test_a_new_project_has_two_stages_where_the_rule_says_so():
    assert len(with_advised_plan(based(), BUILT_IN, 5000, 2).training.stages) == 2
    assert with_advised_plan(based(), BUILT_IN, 500, 2) == based()
    plain = new_project("x", "/p", Facts(), template="lenet5")
    assert with_advised_plan(plain, BUILT_IN, 5000, 2) == plain


@pytest.mark.parametrize(("text", "count"), [("last:20", 20), ("last:1", 1), ("last:0", None), ("last:", None),
                                             ("last:-3", None), ("last: 3", None), ("last:2.5", None), ("all", None)])
def test_what_names_last_layers(text, count):
    assert last_layers(text) == count


def test_the_last_layers_are_those_of_keras_without_normalisation():
    base = BASES["vgg16"]
    assert base.trainable_layers("last:3") == {"block5_conv2", "block5_conv3", "block5_pool"}
    base = BASES["efficientnet_lite0"]
    ordered = list(keras_order(base.graph()))
    for count in (1, 7, 20, 10_000):
        wanted = {node.id for node in ordered[-count:] if node.type != "BatchNormalization" and base.block_of(node.id)}
        assert base.trainable_layers(f"last:{count}") == wanted
    assert base.trainable_layers("last:10000") == base.trainable_layers("all")
    assert base.trainable_layers("no such block") == frozenset()
    short = base.trainable_layers("last:6", "block3")
    assert short
    assert {base.block_of(name) for name in short} == {"block3"}, "counted from the end of the base"


@pytest.mark.parametrize("base", ["efficientnet_lite0", "resnet50"])
def test_the_strip_counts_the_weights_of_the_last_layers(base):
    line = freeze_line(BASES[base], BASES[base].size)
    assert line.weights("last:10000") == line.learning[0]
    assert line.index("last:10000") == 0
    weights = [line.weights(f"last:{count}") for count in range(1, 60)]
    assert weights == sorted(weights)
    for count in range(1, 60):
        place = line.index(f"last:{count}")
        assert line.learning[place] >= line.weights(f"last:{count}") >= line.learning[min(place + 1, len(line.blocks))]


@pytest.mark.parametrize(("line", "code"), [
    ("last:20", None), ("last:0", "unknown_block"), ("last:x", "unknown_block"), ("last:999999", "unknown_block")])
def test_last_layers_are_checked_in_a_stage_and_in_the_network(line, code):
    project = based()
    staged = msgspec.structs.replace(project, training=with_settings(project.training, trainable_from=line))
    assert [problem.code for problem in check_training(staged, BUILT_IN)] == ([code] if code else [])
    node = next(node for node in project.network.nodes if node.type == BASE)
    from cnnstudio.catalog.context import context_of
    from cnnstudio.network.shapes import report

    changed = edits.set_node_param(project, node.id, "trainable_from", line)
    problems = report(changed.network, context_of(changed, 2, BUILT_IN)).problems
    assert [problem.code for problem in problems] == ([code] if code else [])
    for (problem,) in (check_training(staged, BUILT_IN), problems) if code else ():
        assert f"has {len(BASES['efficientnet_lite0'].graph().nodes)} layers" in problem.text.en


def test_more_last_layers_than_there_are_mean_all_as_in_keras():
    from cnnstudio.network.checks import check_network
    from cnnstudio.network.fixes import apply_fix

    project, base = based(), BASES["efficientnet_lite0"]
    layers = len(base.graph().nodes)
    node = next(node for node in project.network.nodes if node.type == BASE)
    for count, told in ((layers, False), (layers + 1, True), (9999, True)):
        line = f"last:{count}"
        staged = msgspec.structs.replace(project, training=with_settings(project.training, trainable_from=line))
        drawn = edits.set_node_param(project, node.id, "trainable_from", line)
        for changed, check in ((staged, lambda changed: check_training(changed, BUILT_IN)),
                               (drawn, lambda changed: check_network(changed, 2, BUILT_IN))):
            problems = check(changed)
            assert [(problem.code, problem.severity) for problem in problems] == [("more_than_all_layers", "info")] * told
            for problem in problems:
                assert f"only {layers} layers" in problem.text.en
                assert check(apply_fix(changed, problem.fixes[0])) == ()
    short = edits.set_node_param(edits.set_node_param(project, node.id, "ends_at", "block3"), node.id, "trainable_from",
                                 f"last:{layers}")
    assert [problem.code for problem in check_network(short, 2, BUILT_IN)] == ["more_than_all_layers"]


def test_a_rate_for_a_base_that_does_not_learn_is_told_with_a_fix():
    from cnnstudio.network.fixes import apply_fix

    project = based()
    slow = msgspec.structs.replace(project, training=with_settings(project.training, base_rate_factor=0.1))
    (problem,) = check_training(slow, BUILT_IN)
    assert (problem.code, problem.blocks, problem.where.field) == ("no_base_learns", False, "base_rate_factor")
    assert check_training(apply_fix(slow, problem.fixes[0]), BUILT_IN) == ()
    learns = msgspec.structs.replace(project, training=with_settings(project.training, base_rate_factor=0.1,
                                                                      trainable_from="last:30"))
    assert check_training(learns, BUILT_IN) == ()
    wrong = msgspec.structs.replace(project, training=with_settings(project.training, base_rate_factor=0.0))
    assert "value" in [problem.code for problem in check_training(wrong, BUILT_IN)]
