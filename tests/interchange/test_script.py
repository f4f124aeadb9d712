"""Training scripts as projects: what is taken over, what is not, each with its line."""

from __future__ import annotations

import json

import pytest

from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.context import context_of
from cnnstudio.core.item import Item
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.project import Project
from cnnstudio.interchange.printing.settings_comment import read_settings_comment
from cnnstudio.interchange.script.apply import with_script, with_script_data
from cnnstudio.interchange.script.model import Script
from cnnstudio.interchange.script.reader import read_script
from cnnstudio.network.new_project import Facts, new_project
from cnnstudio.workers.printed_scripts import script_text
from tests.interchange.course_scripts import KERAS, SCRIPTS, TORCH, TRANSFER

CLASSES = ("cat", "dog")


@pytest.fixture
def read(tmp_path):
    """Reads the text of a script as a file."""
    def script(text: str, name: str = "train.py") -> Script:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return read_script(tmp_path / name)

    return script


def project_of(script: Script, pictures: int = 80) -> Project:
    project = with_script_data(Project(name="x"), script)
    return with_script(project, script, context_of(project, 2, BUILT_IN), CLASSES, pictures)


def lines(items) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for item in items:
        found.setdefault(item.line, []).append(item.text.en)
    return found


def test_the_course_s_keras_script(read):
    script = read(KERAS)
    assert script.folders == ("pictures",)
    project = project_of(script)
    splits = project.dataset.splits
    assert (splits.train, splits.validation, splits.test, splits.seed) == (0.75, 0.25, 0, 123)
    assert project.dataset.label_mode == "int"
    assert project.recipe.shape == (32, 32, 3)
    assert (project.recipe.interpolation, project.recipe.fit, project.recipe.normalization) == (
        "bilinear", "stretch", "zero_one")
    assert [(step.type, step.params) for step in project.augmentation.steps] == [
        ("random_flip", {"mode": "horizontal"}), ("random_rotation", {"factor": 0.1}), ("random_zoom", {"height_factor": 0.1}),
        ("random_translation", {"height_factor": 0.1, "width_factor": 0.1, "fill_mode": "nearest"})]
    assert [node.type for node in project.network.nodes] == [
        "Input", "Conv2D", "MaxPooling2D", "Conv2D", "MaxPooling2D", "Dropout", "Flatten", "Dense", "Output"]
    training = project.training
    (stage,) = training.stages
    assert (stage.epochs, training.batch_size, stage.optimizer) == (4, 8, Item(type="adam", params={"learning_rate": 0.002}))
    assert [(step.type, step.params) for step in stage.callbacks] == [
        ("EarlyStopping", {"monitor": "val_loss", "patience": 3, "restore_best_weights": True})]
    assert (training.class_weight, training.class_weights) == ("custom", {"cat": 1.0, "dog": 2.0})
    assert lines(script.left) == {27: ["RandomCrop(30, 30) was not taken over: its size is in pixels; the program crops a "
                                       "share of the picture"]}
    assert "epochs=4 → training.stages.1.epochs" in lines(script.taken)[45]


def test_stages_of_a_transfer_learning(read):
    script = read(TRANSFER)
    project = project_of(script)
    base = next(node for node in project.network.nodes if node.type == "PretrainedBase")
    assert base.params["base"] == "mobilenet_v2"
    first, second = project.training.stages
    assert (first.epochs, first.trainable_from, first.schedule) == (2, "none", None)
    # `epochs` of the second fit counts those of the first.
    assert (second.epochs, second.trainable_from) == (3, "Conv_1")
    assert second.optimizer.type == "rmsprop"
    assert second.schedule == Item(type="CosineDecay", params={"initial_learning_rate": 1e-05, "decay_steps": 100})
    assert project.dataset.label_mode == "categorical"
    assert (project.dataset.splits.train, project.dataset.splits.validation) == (0.8, 0.2)
    assert project.recipe.normalization == "base"
    assert [step.type for step in project.augmentation.steps] == [
        "random_rotation", "random_translation", "random_zoom", "random_flip"]
    assert project.augmentation.steps[0].params == {"factor": 0.1, "fill_mode": "nearest"}
    (left,) = script.left
    assert left.line == 7
    assert "the base scales the pictures itself" in left.text.en


def test_the_course_s_pytorch_script(read):
    script = read(TORCH)
    project = project_of(script, pictures=80)
    assert project.recipe.shape == (32, 32, 3)
    assert project.recipe.normalization == "minus_one_one"
    assert (project.dataset.splits.train, project.dataset.splits.validation) == (0.75, 0.25)
    (stage,) = project.training.stages
    assert (stage.epochs, project.training.batch_size, project.training.seed) == (5, 8, 7)
    assert stage.optimizer == Item(type="sgd", params={"learning_rate": 0.01, "momentum": 0.9})
    # Two epochs of ten batches.
    assert stage.schedule == Item(type="ExponentialDecay", params={
        "initial_learning_rate": 0.01, "decay_rate": 0.5, "staircase": True, "decay_steps": 20})
    assert stage.callbacks == ()
    steps = {step.type: step.params for step in project.augmentation.steps}
    assert steps["random_flip"] == {"mode": "horizontal"}
    assert steps["random_rotation"] == {"factor": 0.05, "fill_mode": "constant", "fill_value": 0.0}
    assert steps["random_color_jitter"]["brightness_factor"] == (-0.2, 0.2)
    assert [node.type for node in project.network.nodes][-1] == "Output"
    assert lines(script.left) == {15: ["AutoAugment() was not taken over: there is nothing like it here"]}


TRANSFORMS = '''
import torch
from torch import nn
from torchvision import datasets, transforms as T
data = datasets.ImageFolder("data/train", T.Compose([{transforms}, T.ToTensor()]))
held = datasets.ImageFolder("data/val")
model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
'''


@pytest.mark.parametrize(("transforms", "expected"), [
    ("T.RandomHorizontalFlip(0.25)", [("random_flip", {"mode": "horizontal", "probability": 0.5})]),
    ("T.RandomRotation((0, 90), fill=255)", [
        ("random_rotation", {"factor": (0.0, 0.25), "fill_mode": "constant", "fill_value": 255.0})]),
    ("T.RandomAffine(0, translate=(0.1, 0.2), scale=(0.8, 1.25))", [
        ("random_translation", {"height_factor": 0.2, "width_factor": 0.1, "fill_mode": "constant", "fill_value": 0.0}),
        ("random_zoom", {"height_factor": (-0.2, 0.25), "fill_mode": "constant", "fill_value": 0.0})]),
    ("T.RandomResizedCrop(64, scale=(0.25, 1))", [("random_crop", {"scale": (0.5, 1.0)})]),
    ("T.Resize((32, 32)), T.RandomCrop(32, padding=4)", [("random_translation", {
        "height_factor": 0.125, "width_factor": 0.125, "fill_mode": "constant", "fill_value": 0.0})]),
    ("T.Resize(80), T.RandomCrop(64)", [("random_crop", {"scale": (0.8, 0.8)})]),
    ("T.ColorJitter(saturation=(0.5, 1), hue=0.1)", [("random_color_jitter", {
        "brightness_factor": None, "contrast_factor": None, "saturation_factor": (0.333333333, 0.5),
        "hue_factor": (0.0, 0.2)})]),
    ("T.RandomApply([T.GaussianBlur(5, (0.1, 1))], p=0.3)", [
        ("random_gaussian_blur", {"kernel_size": 5, "sigma": (0.1, 1.0), "probability": 0.3})]),
    ("T.RandomGrayscale(0.1), T.RandomErasing(0.25, value='random')", [
        ("random_grayscale", {"probability": 0.1}),
        ("random_erasing", {"scale": (0.02, 0.33), "fill_value": None, "probability": 0.25})]),
    ("T.RandomHorizontalFlip(0.9), T.RandAugment(), T.Lambda(f)", []),
])
def test_ranges_of_torchvision_are_converted(read, transforms, expected):
    script = read(TRANSFORMS.format(transforms=transforms))
    assert [(step.type, step.params) for step in script.augmentation] == expected
    assert script.folders == ("data",)
    assert script.dataset["split_folders"] == {"train": "train", "validation": "val", "test": ""}
    if not expected:
        assert len(lines(script.left)[5]) == 3


def test_a_centre_crop_and_means_of_imagenet(read):
    text = TRANSFORMS.format(transforms="T.Resize(256), T.CenterCrop(224), T.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, "
                                        "0.225])")
    project = project_of(read(text))
    recipe = project.recipe
    assert (recipe.height, recipe.width, recipe.fit, recipe.crop, recipe.crop_share) == (224, 224, "crop", "share", 0.875)
    assert recipe.normalization == "none"
    rescaling = project.network.nodes[1]
    assert rescaling.type == "Rescaling"
    assert rescaling.params["scale"][0] == pytest.approx(1 / (255 * 0.229))
    assert rescaling.params["offset"][2] == pytest.approx(-0.406 / 0.225)


def test_separate_folders_and_an_image_data_generator(read):
    text = '''
import os
from tensorflow import keras
from tensorflow.keras import layers
from tensorflow.keras.preprocessing.image import ImageDataGenerator
root = os.path.join("data", "cats")
augmented = ImageDataGenerator(rescale=1/255, shear_range=10, brightness_range=(0.8, 1.3), vertical_flip=True,
                               height_shift_range=8, featurewise_center=True)
plain = ImageDataGenerator(rescale=1/255)
train = augmented.flow_from_directory(os.path.join(root, "train"), (64, 48), class_mode="binary", batch_size=20)
val = plain.flow_from_directory(os.path.join(root, "val"), (64, 48), class_mode="binary")
model = keras.Sequential([keras.Input((64, 48, 3)), layers.Conv2D(4, 3), layers.Flatten(),
                          layers.Dense(1, activation="sigmoid")])
model.compile(loss="binary_crossentropy", optimizer="sgd", metrics=["acc", keras.metrics.AUC(), MyMetric()])
model.fit(train, steps_per_epoch=100, epochs=30, validation_data=val, callbacks=[keras.callbacks.LearningRateScheduler(f)])
'''
    script = read(text)
    project = project_of(script)
    assert script.folders == ("data/cats",)
    assert project.dataset.split_folders.validation == "val"
    assert project.dataset.label_mode == "binary"
    assert (project.recipe.height, project.recipe.width, project.recipe.normalization) == (64, 48, "zero_one")
    steps = {step.type: step.params for step in project.augmentation.steps}
    assert steps["random_shear"]["x_factor"] == (0.0, pytest.approx(0.173648178))
    assert steps["random_brightness"] == {"factor": (-0.2, 0.3)}
    assert steps["random_flip"] == {"mode": "vertical"}
    assert steps["random_translation"]["height_factor"] == 8 / 64
    assert [step.type for step in project.training.metrics] == ["accuracy", "auc"]
    left = " ".join(text for texts in lines(script.left).values() for text in texts)
    for word in ("featurewise_center", "steps_per_epoch", "LearningRateScheduler", "metrics: …"):
        assert word in left


def test_a_notebook_names_its_cells(tmp_path):
    cells = [{"cell_type": "code", "source": part} for part in (KERAS[:400].rpartition("\n")[0], KERAS[len(
        KERAS[:400].rpartition("\n")[0]) + 1:])]
    (tmp_path / "train.ipynb").write_text(json.dumps({"cells": cells}))
    script = read_script(tmp_path / "train.ipynb")
    assert all(item.place.en.startswith("Cell ") for item in script.items if item.line and str(item.place))
    assert any("epochs=4" in item.text.en for item in script.taken)


@pytest.mark.parametrize("framework", ["keras", "torch"])
@pytest.mark.parametrize("start", [{"template": "small_cnn"}, {"template": "resnet18"}, {"base": "efficientnet_lite0"}],
                         ids=str)
def test_what_the_program_prints_becomes_the_same_project(read, framework, start):
    project = new_project("x", "/p", Facts(classes=CLASSES), **start)
    project = project_with_settings(project)
    context = context_of(project, 2, BUILT_IN)
    code = script_text(framework, project, context, 80)
    script = read(code)
    back = with_script_data(Project(name="x"), script)
    back = with_script(back, script, context_of(back, 2, BUILT_IN), CLASSES, 80)
    assert (back.recipe, back.augmentation, back.training) == (project.recipe, project.augmentation, project.training)
    assert back.dataset.splits == project.dataset.splits
    assert len(back.network.nodes) == len(project.network.nodes)
    changed = code.replace("epochs=9", "epochs=11").replace("range(9)", "range(11)")
    if changed != code:
        assert read_settings_comment(changed)[1] is False
        again = read(changed)
        assert with_script(back, again, context, CLASSES, 80).training.stages[0].epochs == 11


def project_with_settings(project: Project) -> Project:
    import msgspec

    replace = msgspec.structs.replace
    stage = replace(project.training.last_stage, epochs=9, optimizer=Item(type="adamw", params={
        "learning_rate": 0.003, "weight_decay": 0.01}))
    splits = replace(project.dataset.splits, train=0.6, validation=0.4, test=0.0)
    return replace(project, training=replace(project.training, stages=(stage,), batch_size=12, seed=5),
                   dataset=replace(project.dataset, splits=splits),
                   recipe=replace(project.recipe, fit="pad", background=(0, 10, 20)))


@pytest.mark.parametrize("text", ["", "import torch\n", "print 'old'\n", "x = (" * 200, "import keras\nexec('x')\n",
                                  "# The settings of the project, for: cnnstudio new PROJECT --from this file\n#: {broken\n"])
def test_what_is_no_script_is_a_problem(read, text):
    with pytest.raises(ProblemError) as caught:
        read(text)
    assert caught.value.problems[0].where.path


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_item_is_told_in_both_languages(read, name):
    for item in read(SCRIPTS[name]).items:
        assert item.text.en
        assert item.text.es
        assert "{" not in item.text.es.replace("{0:", "")
