"""Every step of the recipe and every augmentation, from the picture to the exported bundle."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

from cnnstudio.catalog.context import Context
from cnnstudio.catalog.steps import AUGMENTATIONS, RECIPE_STEPS
from cnnstudio.core.augmentation import AugmentationSpec
from cnnstudio.core.events import Epoch, Finished
from cnnstudio.core.export_jobs import Export, Exported
from cnnstudio.core.item import Step
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.engine import model_card, models
from cnnstudio.engine.building import build
from cnnstudio.engine.exporting.job import export
from tests.engine.collections_of_pictures import replace, small_network, small_project
from tests.engine.conftest import Recorder

MEAN, DEVIATION = (100.0, 110.0, 120.0), (50.0, 40.0, 25.0)
STANDARDIZED = Context(height=12, width=12, channels=3, class_count=2, normalization="standardize", mean=MEAN,
                       deviation=DEVIATION)


def test_standardising_is_in_the_model_and_survives_saving(tmp_path):
    built = build(small_network(), STANDARDIZED)
    pictures = np.random.default_rng(0).integers(0, 255, (4, 12, 12, 3)).astype(np.float32)
    inside = keras.Model(built.model.inputs, built.tensors["input"])
    np.testing.assert_allclose(inside.predict_on_batch(pictures), (pictures - MEAN) / DEVIATION, atol=1e-5)
    card = model_card.Card(recipe=RecipeSpec(height=12, width=12, normalization="standardize", mean=MEAN,
                                         deviation=DEVIATION), class_names=("a", "b"), label_mode="categorical")
    models.save_model(built.model, tmp_path / "m.keras", card)
    again = models.load(tmp_path / "m.keras")
    assert again.card.recipe.mean == MEAN
    np.testing.assert_allclose(again.model.predict_on_batch(pictures), built.model.predict_on_batch(pictures), atol=1e-6)


def test_nothing_is_built_before_it_was_measured():
    with pytest.raises(ProblemError) as refused:
        build(small_network(), replace(STANDARDIZED, mean=()))
    assert refused.value.problems[0].code == "not_measured"


def everything():
    """A project with all steps and all augmentations at once, cropped and standardised."""
    recipe = RecipeSpec(
        height=12, width=12, crop="share", crop_share=0.9, interpolation="linear_exact", normalization="standardize",
        mean=MEAN, deviation=DEVIATION,
        steps=tuple(Step(id=entry.id, type=entry.id, enabled=entry.id != "canny") for entry in RECIPE_STEPS))
    augmentation = AugmentationSpec(steps=tuple(
        Step(id=entry.id, type=entry.id, params={"probability": 0.1}) for entry in AUGMENTATIONS))
    return replace(small_project(epochs=2), recipe=recipe, augmentation=augmentation)


@pytest.mark.keras
@pytest.mark.usefixtures("verified_here")
def test_all_of_them_train_and_the_bundle_answers_the_same(new_run, train_run, tmp_path):
    run = new_run(everything())
    last, recorder = train_run(run)
    assert isinstance(last, Finished)
    assert [event.epoch for event in recorder.of(Epoch)] == [1, 2]
    told = Recorder()
    # The bundle prepares pictures in the same way for every engine; this one starts at once.
    export(Export(run_folder=str(run.folder), cache=str(tmp_path / "cache"), format="bundle", engine="litert",
                  path=str(tmp_path / "bundle"), samples=3), told)
    check = told.of(Exported)[0].check
    assert check.top1_agreement == 1.0
    assert check.max_abs_difference <= 1e-5
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([sys.executable, "-I", tmp_path / "bundle" / "predict.py", tmp_path / "bundle" / "samples",
                           "--json", "--top", "0"], capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    wanted = json.loads((tmp_path / "bundle" / "samples.json").read_text())
    assert len(answers) == len(wanted) == 3
    for answer, sample in zip(answers, wanted, strict=True):
        found = {each["label"]: each["probability"] for each in answer["top"]}
        for name, chance in sample["probabilities"].items():
            assert found[name] == pytest.approx(chance, abs=2e-5)


@pytest.mark.parametrize("mode", ["categorical", "binary"])
def test_mixed_pictures_train_and_whole_numbers_as_labels_are_refused(new_run, train_run, mode):
    steps = (Step(id="m", type="mix_up", params={"alpha": 0.4}), Step(id="c", type="cut_mix"))
    project = replace(small_project(mode, epochs=12), augmentation=AugmentationSpec(steps=steps))
    last, _recorder = train_run(new_run(project))
    assert last.metrics["val_accuracy"] == 1.0
    if mode == "categorical":
        with pytest.raises(ProblemError) as refused:
            train_run(new_run(replace(project, dataset=replace(project.dataset, label_mode="int"))))
        assert refused.value.problems[0].code == "mix_needs_shares"
