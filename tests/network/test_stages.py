"""What stands between the stages of a training and their beginning."""

from __future__ import annotations

import msgspec
import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.schedules import SCHEDULES, learning_rate_of, schedule_values
from cnnstudio.catalog.training import CALLBACKS
from cnnstudio.core import stage_edits
from cnnstudio.core.item import Item, Step
from cnnstudio.core.problems import blocking
from cnnstudio.core.training import Stage, TrainingSpec, with_settings
from cnnstudio.network.checks import check_training
from cnnstudio.network.fixes import apply_fix
from cnnstudio.network.new_project import Facts, new_project

PROJECT = new_project("x", "/pictures", Facts(classes=("a", "b")))
replace = msgspec.structs.replace


def with_last(**settings):
    return replace(PROJECT, training=with_settings(PROJECT.training, **settings))


def codes(project):
    return [problem.code for problem in check_training(project, BUILT_IN)]


def test_a_new_project_has_no_problems():
    assert codes(PROJECT) == []
    assert codes(stage_edits.add_stage(PROJECT)) == []


def test_a_schedule_and_plateau_are_refused_together_and_each_fix_mends_it():
    project = with_last(schedule=Item(type="CosineDecay"))
    (problem,) = check_training(project, BUILT_IN)
    assert problem.code == "schedule_and_plateau"
    assert problem.blocks
    for fix in problem.fixes:
        assert codes(apply_fix(project, fix)) == []
    off = tuple(replace(step, enabled=False) for step in project.training.last_stage.callbacks)
    assert codes(with_last(schedule=Item(type="CosineDecay"), callbacks=off)) == []


@pytest.mark.parametrize(("settings", "code", "node", "field"), [
    ({"optimizer": Item(type="newer")}, "unknown_optimizer", None, "optimizer"),
    ({"optimizer": Item(type="adam", params={"learning_rate": -1})}, "value", "optimizer", "learning_rate"),
    ({"schedule": Item(type="newer")}, "unknown_schedule", None, "schedule"),
    ({"schedule": Item(type="CosineDecay", params={"alpha": 3}), "callbacks": ()}, "value", "schedule", "alpha"),
    ({"schedule": Item(type="PiecewiseConstantDecay", params={"boundaries": (5, 5)}), "callbacks": ()}, "value", "schedule",
     "boundaries"),
    ({"schedule": Item(type="PiecewiseConstantDecay", params={"values": (0.1, 0.2)}), "callbacks": ()}, "value", "schedule",
     "values"),
    ({"trainable_from": "no such block"}, "unknown_block", None, "trainable_from"),
    ({"epochs": 0}, "value", None, "epochs")])
def test_problems_are_located_in_the_stage(settings, code, node, field):
    (problem,) = check_training(with_last(**settings), BUILT_IN)
    assert (problem.code, problem.where.node, problem.where.field) == (code, node, field)
    several = stage_edits.move_stage(stage_edits.duplicate_stage(with_last(**settings), "stage_1"), "stage_2", 0)
    mended = stage_edits.with_stages(several, (replace(PROJECT.training.stages[0], id="other"), several.training.stages[1]))
    (problem,) = check_training(mended, BUILT_IN)
    assert problem.where.node == ("stage_1" if node is None else f"stage_1.{node}")
    assert problem.text.en and problem.text.es
    for fix in problem.fixes:
        assert codes(apply_fix(mended, fix)) == []


def test_stages_without_an_id_of_their_own_and_none_at_all():
    twice = stage_edits.with_stages(PROJECT, (Stage(id="a"), Stage(id="a")))
    assert codes(twice) == ["stage_twice"]
    none = stage_edits.with_stages(PROJECT, ())
    (problem,) = blocking(check_training(none, BUILT_IN))
    assert codes(apply_fix(none, problem.fixes[0])) == []


def test_steps_that_are_left_open_are_those_of_the_stage_or_of_an_epoch():
    assert schedule_values(Item(type="CosineDecay"), 200, 20)["decay_steps"] == 200
    assert schedule_values(Item(type="CosineDecay", params={"warmup_steps": 30}), 200, 20)["decay_steps"] == 170
    assert schedule_values(Item(type="ExponentialDecay"), 200, 20)["decay_steps"] == 20
    assert schedule_values(Item(type="CosineDecay", params={"decay_steps": 7}), 200, 20)["decay_steps"] == 7
    assert learning_rate_of(Stage(id="x"), 0.5, 20) == 0.5
    call = learning_rate_of(Stage(id="x", epochs=2, schedule=Item(type="CosineDecay", params={"alpha": 0.5})), 0.5, 20)
    assert call.code({}) == ("keras.optimizers.schedules.CosineDecay(initial_learning_rate=0.001, decay_steps=40, alpha=0.5)")


def test_every_schedule_has_both_languages_and_allowed_defaults():
    assert len(SCHEDULES) == 7
    for entry in SCHEDULES:
        assert entry.label.en and entry.label.es and entry.help.en and entry.help.es
        for param in entry.params:
            assert param.error_text(param.default) is None, (entry.id, param.name)
            assert param.help.en and param.help.es


def test_settings_go_to_the_last_stage():
    training = with_settings(TrainingSpec(stages=(Stage(id="a", epochs=1), Stage(id="b", epochs=2))), epochs=7, seed=3)
    assert ([stage.epochs for stage in training.stages], training.seed) == ([1, 7], 3)


@pytest.mark.parametrize("line", ["none", "dense"])
def test_a_freeze_line_without_a_base_says_that_it_changes_nothing(line):
    project = new_project("x", "/pictures", Facts(classes=("a", "b")), template="small_cnn")
    project = replace(project, training=with_settings(project.training, trainable_from=line))
    (problem,) = [problem for problem in check_training(project, BUILT_IN) if problem.code == "nothing_to_freeze"]
    assert not problem.blocks
    (fix,) = problem.fixes
    assert codes(apply_fix(project, fix)) == []


@pytest.mark.parametrize("kind", [entry.id for entry in CALLBACKS if entry.role])
@pytest.mark.parametrize("name", ["../../x", "a/b", "a\\b", "C:x", "*", "", "x" * 300])
def test_files_of_callbacks_stay_in_the_run(kind, name):
    assert codes(with_last(callbacks=(Step(id=name, type=kind),))) == ["callback_id"]


def test_two_callbacks_of_one_stage_have_two_ids():
    step = Step(id="keep", type="ModelCheckpoint")
    assert codes(with_last(callbacks=(step, step))) == ["callback_twice"]
