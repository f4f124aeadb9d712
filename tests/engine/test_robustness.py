"""Which augmentation turns pictures of which class into something else, measured on a trained model."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstudio.core.events import Finished, Progress
from cnnstudio.core.item import Step
from cnnstudio.core.jobs import AugmentationMeasured, Changed, MeasureAugmentation
from cnnstudio.engine.robustness import compare, measure_augmentation
from cnnstudio.workers.job_setup import augmentation_job
from tests.engine.collections_of_pictures import small_project
from tests.engine.conftest import Recorder

STEPS = (
    Step(id="flip", type="random_flip", params={"probability": 0.0}, enabled=False),
    Step(id="darker", type="random_brightness", params={"factor": (-0.6, -0.5)}),
    Step(id="mixed", type="mix_up"),
)


def test_a_comparison_by_hand():
    labels = np.asarray([0, 0, 1, 1, 1])
    plain = np.asarray([0, 1, 1, 1, 1])
    changed = np.asarray([[0, 0, 1, 2, 2], [1, 0, 2, 1, 0]])
    first, second = compare(STEPS[0], labels, plain, changed, ("six", "nine", "two", "never"))
    assert (first.class_name, first.pictures, first.draws, first.plain, first.changed) == ("six", 2, 2, 0.5, 0.75)
    assert (first.called, first.called_share) == ("nine", 0.25)
    assert (second.plain, second.changed, second.called, second.called_share) == (1.0, pytest.approx(1 / 3), "two", 0.5)


@pytest.mark.parametrize(("plain", "changed", "pictures", "clear"), [
    (0.9, 0.5, 50, True), (0.9, 0.5, 4, False), (0.9, 0.88, 5000, False), (0.5, 0.9, 50, False),
    (1.0, 0.0, 3, True), (1.0, 0.0, 2, False)])
def test_only_more_than_chance_is_clear(plain, changed, pictures, clear):
    row = Changed(step="a", type="b", class_name="c", pictures=pictures, draws=3, plain=plain, changed=changed)
    assert row.clear is clear


def test_darker_light_pictures_are_called_dark(new_run, train_run, tmp_path):
    run = new_run(small_project(epochs=12))
    train_run(run)
    job = augmentation_job(run, STEPS)
    assert isinstance(job, MeasureAugmentation)
    assert [step.id for step in job.steps] == ["flip", "darker"]
    assert job.split == "validation"
    job = MeasureAugmentation(run_folder=job.run_folder, steps=job.steps, split=job.split, cache=str(tmp_path / "cache"))
    recorder = Recorder()
    assert isinstance(measure_augmentation(job, recorder), Finished)
    event = recorder.of(AugmentationMeasured)[0]
    assert run.augmentation() == event
    rows = {(row.step, row.class_name): row for row in event.rows}
    assert set(rows) == {(step, name) for step in ("flip", "darker") for name in ("dark", "light")}
    worst = event.rows[0]
    assert (worst.step, worst.class_name, worst.called) == ("darker", "light", "dark")
    assert worst.plain == 1.0
    assert worst.changed < 0.3
    assert worst.clear
    # A step is measured at full probability, whether it is on or off.
    assert rows["flip", "dark"].changed >= 0.9
    assert [row.changed - row.plain for row in event.rows] == sorted(row.changed - row.plain for row in event.rows)
    last = recorder.of(Progress)[-1]
    assert last.done == last.total
