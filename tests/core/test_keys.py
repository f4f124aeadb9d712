"""Values by key, as the command line sets and shows them."""

from __future__ import annotations

import pytest

from cnnstudio.core import edits, keys, params, stage_edits
from cnnstudio.core.item import Item
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.project import PARAMS, Project
from cnnstudio.core.text import Text


def no_params(_item: Item):
    return (params.Float(name="learning_rate", default=0.1, minimum=0, label=Text("r", "r"), help=Text("h", "h")),
            params.Int(name="patience", default=0, label=Text("p", "p"), help=Text("h", "h")))


@pytest.mark.parametrize(("key", "word", "expected"), [
    ("training.epochs", "7", 7), ("training.optimizer.learning_rate", "0.01", 0.01), ("recipe.color_mode", "grayscale",
                                                                                      "grayscale"),
    ("training.early_stopping.patience", "9", 9), ("training.early_stopping.enabled", "false", False),
    ("dataset.class_names", "dog,cat", ("dog", "cat")), ("recipe.background", "#0000ff", (0, 0, 255)),
    ("dataset.splits.train", "0.5", 0.5)])
def test_keys_set_and_get(key, word, expected):
    changed = keys.set_value(Project(), key, word, no_params)
    assert keys.get_value(changed, key, no_params) == expected


@pytest.mark.parametrize(("key", "word"), [
    ("training.epoch", "7"), ("training.epochs", "0"), ("training.epochs", "many"), ("nothing", "1"), ("", "1"),
    ("recipe.color_mode", "blue"), ("training.optimizer.rate", "1"), ("training", "1"), ("recipe.height.x", "1")])
def test_wrong_keys_and_values_are_problems(key, word):
    with pytest.raises(ProblemError):
        keys.set_value(Project(), key, word, no_params)


def two_stages() -> Project:
    project = edits.set_field(Project(), "training", "epochs", 5)
    return stage_edits.set_stage_field(stage_edits.add_stage(project), "stage_2", "epochs", 9)


@pytest.mark.parametrize(("key", "word", "expected", "others"), [
    ("training.epochs", "7", 7, ("training.stages.2.epochs", "training.stage_2.epochs", "training.stages.stage_2.epochs")),
    ("training.stages.1.epochs", "7", 7, ("training.stage_1.epochs",)),
    ("training.optimizer.learning_rate", "0.25", 0.25, ("training.stages.2.optimizer.learning_rate",)),
    ("training.early_stopping.patience", "8", 8, ("training.stages.2.callbacks.early_stopping.patience",
                                                  "training.callbacks.early_stopping.patience")),
    ("training.stages.1.early_stopping.enabled", "false", False, ("training.stage_1.EarlyStopping.enabled",)),
    ("training.trainable_from", "all", "all", ("training.stages.2.trainable_from",)),
    ("training.stages.2.schedule", "CosineDecay", Item(type="CosineDecay"), ("training.schedule",)),
    ("training.accumulation", "4", 4, ())])
def test_keys_of_stages(key, word, expected, others):
    before = two_stages()
    changed = keys.set_value(before, key, word, no_params)
    assert [keys.get_value(changed, other, no_params) for other in (key, *others)] == [expected] * (1 + len(others))
    wanted = 0 if ".1." in key or "stage_1" in key else 1
    for number, (old, new) in enumerate(zip(before.training.stages, changed.training.stages, strict=True)):
        assert (old == new) == (number != wanted or key == "training.accumulation")


def test_a_schedule_is_set_and_taken_away_by_key():
    project = keys.set_value(Project(), "training.schedule", "ExponentialDecay", no_params)
    project = keys.set_value(project, "training.schedule.patience", "3", no_params)
    assert project.training.last_stage.schedule == Item(type="ExponentialDecay", params={"patience": 3})
    assert keys.set_value(project, "training.schedule", "none", no_params).training.last_stage.schedule is None


def test_what_is_shown_has_the_names_of_one_stage_too():
    plain = keys.to_plain(two_stages())["training"]
    assert (plain["epochs"], plain["optimizer"], plain["callbacks"]) == (
        9, plain["stages"][1]["optimizer"], plain["stages"][1]["callbacks"])
    assert plain["stages"][0]["epochs"] == 5
    assert keys.to_plain(Project())["training"]["epochs"] == 20
    for key in ("training.stages.3.epochs", "training.stages.0.epochs", "training.stages.1", "training.id",
                "training.stage_1.epoch"):
        with pytest.raises(ProblemError):
            keys.set_value(two_stages(), key, "1", no_params)


def test_edits_of_stages():
    project = two_stages()
    assert [stage.id for stage in project.training.stages] == ["stage_1", "stage_2"]
    project = stage_edits.duplicate_stage(project, "stage_1")
    assert [(stage.id, stage.epochs) for stage in project.training.stages] == [("stage_1", 5), ("stage_3", 5), ("stage_2", 9)]
    project = stage_edits.move_stage(project, "stage_2", 0)
    assert [stage.id for stage in project.training.stages] == ["stage_2", "stage_1", "stage_3"]
    project = edits.set_step_param(project, "training.stage_2", "early_stopping", "patience", 1)
    assert [stage.callbacks[0].params["patience"] for stage in project.training.stages] == [1, 5, 5]
    for stage in ("stage_1", "stage_2", "stage_3", "stage_3"):
        project = stage_edits.remove_stage(project, stage)
    assert [stage.id for stage in project.training.stages] == ["stage_3"]
    assert edits.steps_of(project, "training") == project.training.stages[0].callbacks


def test_a_parameter_that_was_never_set_has_its_default_and_is_named():
    assert keys.get_value(Project(), "training.optimizer.patience", no_params) == 0
    with pytest.raises(ProblemError) as reported:
        keys.get_value(Project(), "training.optimizer.rate", no_params)
    assert "learning_rate, patience" in reported.value.problems[0].text.en


def test_every_declared_key_can_be_set_to_its_default():
    for path, declared in PARAMS.items():
        for param in declared:
            value = param.default
            name = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
            place = "training.stages.1" if path == "training.stages" else path
            project = keys.set_value(Project(), f"{place}.{param.name}", name, no_params)
            assert keys.get_value(project, f"{place}.{param.name}", no_params) == value
