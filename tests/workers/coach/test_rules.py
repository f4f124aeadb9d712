"""Every advice is given first where its evidence is there, and none where a run is healthy."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from cnnstudio.core.training import with_settings
from cnnstudio.core.trial_jobs import LayerState, StepCost
from cnnstudio.network.fixes import apply_fix
from cnnstudio.workers.coach.evidence import Leak
from cnnstudio.workers.coach.judge import RULES, judge
from cnnstudio.workers.coach.outcomes import FIGURES
from tests.workers.coach.cases import evidence, falling, inspected, project, with_curves


def _with_training(found, **settings):
    return replace(found, project=replace(found.project, training=replace(found.project.training, **settings)))


def overfitting():
    found = with_curves(evidence(), val_loss=(1.0, 0.8, 0.7, 0.75, 0.8, 0.9, 1.0, 1.1))
    return replace(found, inspected=inspected(train_accuracy=0.99, validation_accuracy=0.72))


def underfitting():
    poor = falling(2.2, 1.6)
    return replace(with_curves(evidence(), loss=poor, val_loss=poor), inspected=inspected(
        train_accuracy=0.42, train_loss=1.6, validation_accuracy=0.41, validation_loss=1.6, certain=0.0))


def rate_too_high():
    jumpy = (9.0, 2.4, 2.5, 2.38, 2.6, 2.4, 2.5, 2.45)
    return replace(with_curves(evidence(), loss=jumpy), first_losses=(2.3, 40.0, 9.0), inspected=inspected(
        train_accuracy=0.1, train_loss=2.4, validation_accuracy=0.1, certain=0.0,
        layers=(LayerState(node="f6", units=84, dead=84, activation="relu"),)))


def rate_too_low():
    slow = tuple(2.32 - 0.004 * number for number in range(10))
    return replace(with_curves(evidence(), loss=slow, val_loss=slow), inspected=inspected(
        train_accuracy=0.15, train_loss=2.28, validation_accuracy=0.15, certain=0.0))


def plateau():
    stuck = (1.6, 1.1, 0.9, 0.82, 0.78, 0.8, 0.76, 0.79, 0.75, 0.8, 0.77, 0.79, 0.76, 0.8)
    found = with_curves(evidence(), loss=stuck, val_loss=stuck, learning_rate=(0.01,) * len(stuck))
    return _with_callbacks(replace(found, inspected=inspected(train_accuracy=0.76, train_loss=0.78, validation_accuracy=0.75)))


def _with_callbacks(found, steps=()):
    return replace(found, project=replace(found.project, training=with_settings(found.project.training, callbacks=steps)))


def class_imbalance():
    counts = (400,) * 8 + (20, 20)
    return replace(evidence(), counts=evidence().counts | {"train": counts}, inspected=inspected(
        recalls=(0.97,) * 8 + (0.4, 0.5), supports=(80,) * 8 + (10, 10)))


def small_validation():
    found = with_curves(evidence(), val_accuracy=(0.7, 0.8, 0.75, 0.85, 0.8, 0.85, 0.8, 0.85))
    return replace(found, counts=found.counts | {"validation": (2,) * 10}, inspected=inspected(
        validation_pictures=20, validation_accuracy=0.85))


def leakage():
    return replace(evidence(), leaks=(Leak(split="validation", leaked=200, pictures=600),))


def dead_units():
    flat = (2.31, 2.305, 2.304, 2.303, 2.303, 2.303)
    return replace(with_curves(evidence(), loss=flat, val_loss=flat), first_losses=(2.32,), inspected=inspected(
        train_accuracy=0.1, train_loss=2.303, validation_accuracy=0.1, certain=0.0,
        layers=(LayerState(node="c1", units=6, dead=6), LayerState(node="f6", units=84, dead=80, activation="relu"))))


def saturated_output():
    found = replace(with_curves(evidence(), loss=(30.0, 8.0, 5.0, 3.0)), first_losses=(90.0,), inspected=inspected(
        train_accuracy=0.85, train_loss=3.0, validation_accuracy=0.8, certain=0.9, certain_right=0.82, pixel_scale=80.0))
    return replace(found, project=replace(found.project, recipe=replace(found.project.recipe, normalization="none")))


def unstable_batch_norm():
    found = replace(evidence(), project=project("small_cnn"), inspected=inspected(
        train_accuracy=0.6, validation_accuracy=0.58, train_loss=1.1, batch_noise=0.6, batch_gap=0.25))
    return _with_training(found, batch_size=2)


def harmful_augmentation():
    return replace(evidence(), inspected=inspected(
        train_accuracy=0.9, augmented_accuracy=0.5, train_loss=0.4,
        steps=(StepCost(step="random_rotation", type="random_rotation", accuracy=0.88),
               StepCost(step="random_zoom", type="random_zoom", accuracy=0.5))))


def unfit_base():
    found = replace(evidence(), project=project("", "efficientnet_lite0"), inspected=inspected(
        train_accuracy=0.6, train_loss=1.1, validation_accuracy=0.45, certain=0.05))
    return replace(found, project=replace(found.project, recipe=replace(found.project.recipe, height=32, width=32)))


CASES = (overfitting, underfitting, rate_too_high, rate_too_low, plateau, class_imbalance, small_validation, leakage,
         dead_units, saturated_output, unstable_batch_norm, harmful_augmentation, unfit_base)


def test_there_is_a_case_of_every_rule():
    assert {case.__name__ for case in CASES} == set(RULES.ids())
    assert {rule.promise for rule in RULES} == set(FIGURES)
    assert {other for rule in RULES for other in rule.explains} <= set(RULES.ids())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_each_fault_is_named_first(case):
    told = judge(case())
    assert told[0].advice == case.__name__
    assert [advice.confidence for advice in told] == sorted((advice.confidence for advice in told), reverse=True)
    for advice in told:
        assert 0 < advice.confidence < 1
        assert advice.evidence
        assert "{" not in advice.text.en + advice.text.es
        assert advice.text.en != advice.text.es


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_the_change_is_one_edit_of_the_project(case):
    found = case()
    advice = judge(found)[0]
    if case is leakage:
        assert advice.fix is None, "duplicates are kept together already: only the pictures can be changed"
        return
    changed = apply_fix(found.project, advice.fix)
    assert changed != found.project


def test_a_healthy_run_is_met_with_silence():
    assert judge(evidence()) == ()
    assert judge(replace(evidence(), inspected=None)) == ()
    assert judge(replace(evidence(), curves={}, inspected=None)) == (), "nothing is known"


def test_a_short_healthy_run_is_met_with_silence():
    short = with_curves(evidence(), **{name: values[:2] for name, values in evidence().curves.items()})
    assert judge(short) == ()


def test_a_validation_loss_that_ran_away_is_told_though_the_training_loss_ends_at_0():
    run = replace(with_curves(evidence(), loss=(9.0, 4.5, 2.1, 0.0), val_loss=(0.0, 28.6, 24.1, 20.2)),
                  first_losses=(0.7, 9.0))
    told = next(each for each in judge(run) if each.advice == "rate_too_high")
    assert told.change == {"training.optimizer.learning_rate": 0.0001}
    assert "20.20" in told.text.en and "20.20" not in told.text.es


def test_a_loss_that_was_no_number_is_told_first():
    told = judge(replace(evidence(), curves={}, inspected=None, diverged=3))
    assert told[0].advice == "rate_too_high"
    assert told[0].change == {"training.optimizer.learning_rate": 0.0001}
    assert "3" in told[0].text.en


def test_a_gap_that_may_be_luck_is_no_overfitting():
    """Of twenty pictures three more may be wrong."""
    seen = inspected(train_accuracy=0.95, validation_accuracy=0.85, validation_pictures=20)
    found = replace(evidence(), inspected=seen)
    assert "overfitting" not in {advice.advice for advice in judge(found)}


def test_large_batches_are_steady():
    found = _with_training(unstable_batch_norm(), batch_size=32)
    steady = replace(found, inspected=replace(found.inspected, batch_gap=0.1))
    assert "unstable_batch_norm" not in {advice.advice for advice in judge(steady)}
    assert judge(found)[0].advice == "unstable_batch_norm", "averages that are wrong are wrong with any batch"


def test_augmentation_after_which_nothing_is_left_is_told_although_nothing_was_learned():
    flat = tuple(2.3 - 0.004 * number for number in range(10))
    seen = inspected(train_accuracy=0.2, train_loss=2.2, validation_accuracy=0.2, certain=0.0,
                     augmented_accuracy=0.15, linear=0.8,
                     steps=(StepCost(step="random_zoom", type="random_zoom", accuracy=0.19, linear=0.7),
                            StepCost(step="shift", type="random_translation", accuracy=0.15, linear=0.2)))
    told = judge(replace(with_curves(evidence(), loss=flat, val_loss=flat), inspected=seen))
    assert [advice.advice for advice in told] == ["harmful_augmentation"]
    assert told[0].change == {"augmentation.shift": False}


def test_dead_units_of_a_network_that_fits_its_pictures_do_no_harm():
    seen = inspected(layers=(LayerState(node="f6", units=84, dead=80, activation="relu"),))
    assert judge(replace(evidence(), inspected=seen)) == ()


def test_augmentation_that_is_learned_does_not_harm():
    seen = inspected(augmented_accuracy=0.95, steps=(StepCost(step="random_zoom", type="random_zoom", accuracy=0.94),))
    assert judge(replace(evidence(), inspected=seen)) == ()


def test_a_few_leaked_pictures_of_many_are_left_to_the_audit():
    assert judge(replace(evidence(), leaks=(Leak(split="test", leaked=2, pictures=750),))) == ()


def test_what_overfits_gets_more_variety_then_more_dropout():
    found = overfitting()
    assert next(iter(judge(found)[0].change)).startswith("training.optimizer"), "LeNet-5 has augmentation and no dropout"
    plain = replace(found, project=replace(found.project, augmentation=type(found.project.augmentation)()))
    assert "augmentation.steps" in judge(plain)[0].change
    dropped = replace(found, project=project("small_cnn"))
    assert list(judge(dropped)[0].change.values()) == [0.5]
