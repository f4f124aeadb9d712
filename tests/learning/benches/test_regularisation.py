"""The regularisation bench without Keras: sets, pictures, programs."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from cnnstudio.core.learning_jobs import Remedy, RemedyEpoch
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.core.text import set_language
from cnnstudio.datasets.opening import create_project
from cnnstudio.learning.benches.regularisation.code import program
from cnnstudio.learning.benches.regularisation.pictures import (
    digit_pictures,
    pictures_path,
    project_files,
    project_pictures,
    write_pictures,
)
from cnnstudio.learning.benches.regularisation.remedies import (
    REMEDY_PARAMS,
    SETS,
    Comparison,
    describe,
    gap,
    to_comparison,
)


def test_every_set_differs_in_what_it_says() -> None:
    for language in ("en", "es"):
        set_language(language)
        for entry in SETS:
            names = [describe(remedy) for remedy in entry.remedies]
            assert len(set(names)) == len(names) >= 2, entry.id
    set_language("en")
    assert {param.name for param in REMEDY_PARAMS} == set(Remedy.__struct_fields__)
    assert all(param.default == getattr(Remedy(), param.name) for param in REMEDY_PARAMS)


def test_the_digits_to_learn_are_not_those_to_check() -> None:
    pictures = digit_pictures(20, 30)
    assert pictures.x.shape == (200, 28, 28, 1) and pictures.val_x.shape == (300, 28, 28, 1)
    assert np.bincount(pictures.y).tolist() == [20] * 10
    learned = {picture.tobytes() for picture in pictures.x}
    assert not any(picture.tobytes() in learned for picture in pictures.val_x)


def test_the_same_pictures_have_the_same_file(tmp_path) -> None:
    one, other = digit_pictures(5), digit_pictures(10)
    assert pictures_path(one) == pictures_path(digit_pictures(5)) != pictures_path(other)
    with np.load(write_pictures(one, tmp_path / "new" / "p.npz")) as data:
        assert data["x"].tolist() == one.x.tolist() and data["val_y"].tolist() == one.val_y.tolist()


def test_the_pictures_of_a_project_are_those_of_its_splits(tmp_path) -> None:
    root = tmp_path / "pictures"
    for number, name in enumerate(("a", "b")):
        (root / name).mkdir(parents=True)
        for place in range(12):
            cv2.imwrite(str(root / name / f"{place}.png"), np.full((20, 24, 3), 40 + 90 * number + place, np.uint8))
    created, index = create_project(tmp_path / "project", root, template="lenet5")
    index.close()
    files = project_files(tmp_path / "project", created.project)
    assert len(files) == 24 and {split for _file, _label, split in files} >= {"train", "validation"}
    pictures = project_pictures(files, RecipeSpec(height=64, width=64), 5)
    assert np.bincount(pictures.y).tolist() == [5, 5] and pictures.x.shape[1:] == (32, 32, 3)
    with pytest.raises(ProblemError, match="two classes"):
        project_pictures([entry for entry in files if entry[1] == 0], RecipeSpec(), 5)
    with pytest.raises(ProblemError, match="two classes"):
        project_pictures([(Path("gone.png"), 0, "train")], RecipeSpec(), 5)


def test_the_programs_compile_and_have_what_they_say() -> None:
    source = program(Remedy(dropout=0.3, l1=0.01, l2=0.02, batch_normalization=True, augmentation=True, batch_size=4), "p.npz",
                     0.01, 7, 3)
    compile(source, "program", "exec")
    for part in ("Dropout(0.3)", "L1L2(0.01, 0.02)", "BatchNormalization", "RandomRotation", "batch_size=4", "range(7)",
                 "SEED = 3", "Adam(0.01)"):
        assert part in source
    plain = program(Remedy(), "p.npz", 0.001, 1, 1)
    assert not any(part in plain for part in ("Dropout", "regularizer", "BatchNormalization", "Random"))


def test_the_gap_is_that_of_the_last_epochs() -> None:
    def event(epoch: int, train: float, validation: float) -> RemedyEpoch:
        return RemedyEpoch(place=0, epoch=epoch, epochs=4, loss=0, val_loss=0, accuracy=train, val_accuracy=validation)

    assert gap([event(1, 0.1, 0.9), event(2, 0.9, 0.6), event(3, 0.9, 0.7), event(4, 1.0, 0.8)]) == pytest.approx(7 / 30)


def test_impossible_values_are_left_out() -> None:
    chosen = to_comparison({"remedies": [{"dropout": 4, "batch_size": 0}] * 9, "epochs": 3, "per_class": "x",
                            "learning_rate": 9, "pictures": "web"})
    assert chosen == Comparison(remedies=(Remedy(dropout=0.9, batch_size=1),) * 4, learning_rate=0.1)
