"""The printed scripts learn as well as the program: the same pictures, splits and settings, three seeds."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import cv2
import numpy as np
import pytest

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.networks import network_builder
from cnnstudio.catalog.pixels import prepare_file
from cnnstudio.core.augmentation import AugmentationSpec
from cnnstudio.core.edits import set_node_param
from cnnstudio.core.item import Item, Step
from cnnstudio.core.network import BASE
from cnnstudio.core.training import with_settings
from cnnstudio.engine import models
from cnnstudio.network.new_project import with_base
from cnnstudio.workers.printed_scripts import write_script
from tests.engine.collections_of_pictures import replace, small_project, write_manifest

NAMES = ("across", "down", "both")
SEEDS = (1, 2, 3)
SIZE = 24


def draw_stripes(folder):
    """Faint stripes under noise: a network that learns is right often, none always."""
    random, entries = np.random.default_rng(11), []
    rows, columns = np.mgrid[:SIZE, :SIZE]
    for label, name in enumerate(NAMES):
        (folder / name).mkdir(parents=True)
        for number in range(120 if name != "both" else 80):
            phase, wave = random.uniform(0, 2 * np.pi), 2 * np.pi / random.uniform(5, 7)
            across, down = np.sin(rows * wave + phase), np.sin(columns * wave + phase)
            stripes = {"across": across, "down": down, "both": (across + down) / 2}[name]
            picture = 128 + 20 * stripes[..., None] + random.normal(0, 52, (SIZE, SIZE, 3))
            cv2.imwrite(str(folder / name / f"{number:03}.png"), np.clip(picture, 0, 255).astype(np.uint8))
            split = ("train", "train", "train", "validation", "test", "test")[number % 6]
            entries.append({"path": f"{name}/{number:03}.png", "label": label, "split": split})
    return entries


def network():
    drawing = network_builder()
    drawing.add("Input")
    for filters in (12, 24):
        drawing.add("Conv2D", filters=filters, padding="same", use_bias=False)
        drawing.add("BatchNormalization", momentum=0.8)
        drawing.add("ReLU")
        drawing.add("MaxPooling2D")
    drawing.add("GlobalAveragePooling2D")
    drawing.add("Output")
    return drawing.network("stripes")


def steps(*kinds):
    return AugmentationSpec(steps=tuple(Step(id=kind, type=kind, params=params) for kind, params in kinds))


def make(case, seed):
    stopping = Step(id="early", type="EarlyStopping", params={"patience": 6, "restore_best_weights": True})
    project = small_project(epochs=20, batch_size=16, seed=seed, callbacks=(stopping,))
    project = replace(project, network=network(), recipe=replace(project.recipe, height=SIZE, width=SIZE))
    if case == "augmented":
        return replace(project, augmentation=steps(
            ("random_flip", {"mode": "horizontal_and_vertical"}), ("random_translation", {}),
            ("random_zoom", {"height_factor": 0.1}), ("random_brightness", {"factor": 0.1})))
    if case == "mixed":
        # With a rate of 0.01 two trainings of the same script differ by as much as twenty points.
        slower = with_settings(project.training, epochs=30, optimizer=Item(type="adam", params={"learning_rate": 0.003}))
        return replace(project, augmentation=steps(("mix_up", {})), training=slower)
    if case == "weighted":
        training = with_settings(project.training, class_weight="balanced", optimizer=Item(
            type="sgd", params={"learning_rate": 0.05, "momentum": 0.9, "weight_decay": 0.001}))
        blurred = replace(project.recipe, steps=(Step(id="blur", type="gaussian_blur"),))
        return replace(project, training=training, recipe=blurred)
    if case.startswith("base"):
        based = with_base(project, BASES["efficientnet_lite0"])
        based = replace(based, recipe=replace(based.recipe, height=64, width=64),
                        training=with_settings(project.training, epochs=10))
        if case == "base augmented":
            # What changes in every epoch is not kept as features: the whole base answers again.
            return replace(based, augmentation=steps(("random_flip", {"mode": "horizontal_and_vertical"}),
                                                     ("random_translation", {})))
        if case == "base tuned":
            node = next(node.id for node in based.network.nodes if node.type == BASE)
            slower = with_settings(based.training, epochs=6, optimizer=Item(type="adam", params={"learning_rate": 0.0003}))
            return replace(set_node_param(based, node, "trainable_from", "block15"), training=slower)
        return based
    return project


def right_answers(run, root, rows):
    """How many test pictures the model of a run answers rightly."""
    loaded = models.load(run.folder)
    tested = [row for row in rows if row["split"] == "test"]
    pixels = np.stack([prepare_file(root / row["path"], loaded.card.recipe.as_dictionary()) for row in tested])
    return int((loaded.model.predict(pixels, verbose=0).argmax(axis=1) == [row["label"] for row in tested]).sum()), len(tested)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("case", ["plain", "augmented", "mixed", "weighted", "base", "base augmented",
                                  "base tuned"])
def test_the_scripts_reach_the_accuracy_of_the_program(case, new_run, train_run, tmp_path):
    pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
    root = tmp_path / "stripes"
    entries = draw_stripes(root)
    right: dict[str, list[float]] = {"program": [], "keras": [], "torch": []}
    count = 0
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "TF_CPP_MIN_LOG_LEVEL": "3"}
    for seed in SEEDS:
        project = make(case, seed)
        train_run(run := new_run(project, entries, root, NAMES))
        hits, count = right_answers(run, root, entries)
        right["program"].append(hits / count)
        context = context_of(project, len(NAMES), BUILT_IN)
        training = sum(entry["split"] == "train" for entry in entries)
        for framework in ("keras", "torch"):
            script = tmp_path / f"{framework}_{seed}.py"
            written = write_script(script, framework, project, context, training,
                                   lambda path: write_manifest(path, root, entries, NAMES))
            assert written.problems == ()
            done = subprocess.run([sys.executable, script], check=False, cwd=tmp_path, env=environment,
                                  capture_output=True, text=True)
            answer = re.search(r"test:.*?accuracy'?:? ([0-9.]+)", done.stdout)
            assert answer is not None, done.stderr[-2000:]
            right[framework].append(float(answer.group(1)))
    wanted = float(np.mean(right["program"]))
    assert wanted > 0.6, right
    for framework in ("keras", "torch"):
        # Three times the deviation of the difference: of two shares, or of what the seeds show, if that is more.
        shares = 2 * max(wanted * (1 - wanted), 0.05) / count
        seen = float(np.var(right["program"], ddof=1) + np.var(right[framework], ddof=1))
        margin = 3 * (max(shares, seen) / len(SEEDS)) ** 0.5
        assert abs(float(np.mean(right[framework])) - wanted) <= margin, (margin, right)
