"""The printed tf.data code runs as it stands and gives the pictures that the program gives."""

from __future__ import annotations

import runpy

import numpy as np
import pytest
import tensorflow as tf

from cnnstudio.catalog.pixels import prepare_file
from cnnstudio.catalog.steps import AUGMENTATIONS, RECIPE_STEPS
from cnnstudio.core.augmentation import AugmentationSpec
from cnnstudio.core.item import Step
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.interchange.printing.keras.pipeline import operations, pipeline_code
from tests.engine.collections_of_pictures import CLASSES, draw, replace, small_project, write_manifest

RECIPES = {
    "plain": RecipeSpec(height=12, width=12),
    "cropped": RecipeSpec(height=9, width=14, crop="share", crop_share=0.7, fit="pad", background=(10, 200, 30)),
    "grey": RecipeSpec(height=16, width=8, color_mode="grayscale", crop="box", crop_box=(1, 2, 9, 0), fit="crop",
                       steps=(Step(id="a", type="equalize"), Step(id="b", type="canny"))),
    "padded": RecipeSpec(height=16, width=8, color_mode="grayscale", fit="pad", background=(255, 0, 0),
                         interpolation="lanczos4"),
    "rgba": RecipeSpec(height=10, width=10, color_mode="rgba", interpolation="nearest_opencv"),
    "steps": RecipeSpec(height=12, width=13, interpolation="linear_exact", steps=tuple(
        Step(id=entry.id, type=entry.id) for entry in RECIPE_STEPS)),
}


@pytest.fixture
def listed(tmp_path):
    """A folder with the pictures and their list, and the entries of the list."""
    entries = draw(tmp_path / "pictures ñ", CLASSES, 10)
    write_manifest(tmp_path / "manifest.jsonl", tmp_path / "pictures ñ", entries, CLASSES)
    return tmp_path, entries


def run(project, folder, monkeypatch):
    """What the printed script leaves behind."""
    monkeypatch.chdir(folder)
    (folder / "pipeline.py").write_text(pipeline_code(project, 3, 18), encoding="utf-8")
    return runpy.run_path(str(folder / "pipeline.py"))


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES.keys())
def test_the_batches_are_ours(listed, monkeypatch, recipe):
    folder, entries = listed
    project = replace(small_project(), recipe=recipe)
    found = run(project, folder, monkeypatch)
    ours = {entry["path"]: prepare_file(folder / "pictures ñ" / entry["path"], recipe.as_dictionary())
            for entry in entries}
    wanted = [entry for entry in entries if entry["split"] == "validation"]
    pictures, labels = (np.concatenate(each) for each in zip(*found["validation"].as_numpy_iterator(), strict=True))
    np.testing.assert_array_equal(pictures, np.stack([ours[entry["path"]] for entry in wanted]))
    np.testing.assert_array_equal(labels, np.eye(3)[[entry["label"] for entry in wanted]])
    trained = [picture.tobytes() for batch, _ in found["train"].as_numpy_iterator() for picture in batch]
    assert sorted(trained) == sorted(ours[entry["path"]].tobytes() for entry in entries if entry["split"] == "train")


@pytest.mark.parametrize(("mode", "steps"), [
    *((mode, steps) for mode in ("int", "binary", "categorical") for steps in ((), ("random_flip",))),
    ("binary", ("random_flip", "mix_up")), ("categorical", ("cut_mix",))])
def test_what_is_said_to_flow_is_what_flows(listed, monkeypatch, mode, steps):
    folder, _entries = listed
    project = replace(small_project(mode), augmentation=AugmentationSpec(
        steps=tuple(Step(id=each, type=each) for each in steps)))
    found = run(project, folder, monkeypatch)
    chain = operations(project, 3, 18)
    for each, spec in zip(chain[-1].out, found["train"].element_spec, strict=True):
        assert each.shape == tuple(spec.shape)
        assert each.dtype == spec.dtype.name
    for each, spec in zip(next(op for op in chain if op.id == "cache").out,
                          tf.data.Dataset.from_tensor_slices(found["listed"]("train")).map(found["load"]).element_spec,
                          strict=True):
        assert (each.shape, each.dtype) == (tuple(spec.shape), spec.dtype.name)
    assert len(list(found["train"])) == 4


@pytest.mark.parametrize(("channels", "probability"), [
    ("rgb", 0.5), ("grayscale", 1.0), *(pytest.param(*case, marks=pytest.mark.nightly) for case in (
        ("rgb", 1.0), ("grayscale", 0.5), ("rgba", 1.0), ("rgba", 0.5)))])
def test_every_augmentation_has_code_that_runs(listed, monkeypatch, channels, probability):
    folder, _entries = listed
    steps = tuple(Step(id=entry.id, type=entry.id, params={"probability": probability}) for entry in AUGMENTATIONS)
    project = replace(small_project(), augmentation=AugmentationSpec(steps=steps),
                      recipe=RecipeSpec(height=12, width=12, color_mode=channels))
    found = run(project, folder, monkeypatch)
    pictures, labels = next(iter(found["train"]))
    assert pictures.shape == (5, 12, 12, project.recipe.channels)
    assert pictures.dtype == tf.uint8
    np.testing.assert_allclose(np.sum(labels, axis=1), 1.0, atol=1e-5)
