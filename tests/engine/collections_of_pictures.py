"""Small collections of drawn pictures, and the projects to train on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np

from cnnstudio.catalog.networks import network_builder
from cnnstudio.core.augmentation import AugmentationSpec
from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.item import Item, Step
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.project import Project
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.core.training import TrainingSpec, with_settings

replace = msgspec.structs.replace
CLASSES = ("dark", "light", "striped")


def draw(folder: Path, classes: tuple[str, ...] = CLASSES[:2], count: int = 20, size: int = 12) -> list[dict[str, Any]]:
    """`count` pictures a class: dark, light or striped ones with noise; answers manifest entries."""
    random = np.random.default_rng(7)
    entries = []
    for label, name in enumerate(classes):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            picture = random.integers(0, 100, (size, size, 3), np.uint8)
            if name == "light":
                picture += 120
            if name == "striped":
                picture[::2] += 150
            path = f"{name}/{number:03}.png"
            cv2.imwrite(str(folder / path), picture)
            split = ("train", "train", "train", "validation", "test")[number % 5]
            entries.append({"path": path, "label": label, "split": split})
    return entries


def write_manifest(path: Path, root: Path, entries: list[dict[str, Any]], classes: tuple[str, ...] = CLASSES[:2],
                   label_mode: str = "categorical") -> None:
    header = {"root": str(root), "class_names": classes, "label_mode": label_mode}
    path.write_text("".join(json.dumps(line) + "\n" for line in (header, *entries)))


def small_network(dropout: float = 0.0, batch_normalization: bool = False) -> NetworkSpec:
    drawing = network_builder()
    drawing.add("Input")
    drawing.add("Conv2D", filters=4, activation="relu")
    if batch_normalization:
        drawing.add("BatchNormalization")
    drawing.add("GlobalAveragePooling2D")
    if dropout:
        drawing.add("Dropout", rate=dropout)
    drawing.add("Output")
    return drawing.network("small")


def dense_network() -> NetworkSpec:
    """Two Dense layers without a bound on what passes between them: easy to make run away."""
    drawing = network_builder()
    drawing.add("Input")
    drawing.add("Flatten")
    drawing.add("Dense", units=8)
    drawing.add("Dense", units=8)
    drawing.add("Output")
    return drawing.network("dense")


def small_project(label_mode: str = "categorical", **training: Any) -> Project:
    """12 x 12 colour pictures, three epochs, Adam at 0.01, no callbacks unless given."""
    settings = {"epochs": 3, "batch_size": 5, "callbacks": (),
                "optimizer": Item(type="adam", params={"learning_rate": 0.01})} | training
    return Project(name="small", dataset=DatasetSpec(label_mode=label_mode),
                   recipe=RecipeSpec(height=12, width=12), network=small_network(),
                   training=with_settings(TrainingSpec(), **settings))


def augmented(project: Project) -> Project:
    steps = (Step(id="random_flip", type="random_flip", params={"mode": "horizontal"}),
             Step(id="random_rotation", type="random_rotation", params={"factor": 0.1}))
    return replace(project, augmentation=AugmentationSpec(steps=steps))
