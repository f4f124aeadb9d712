"""The model of a run whose classes were renamed: the file stays as it is, and what reads or copies it has the new names."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cnnstudio.core.jobs import Evaluate, Evaluated, Ready
from cnnstudio.engine import conversion, models, run_models
from cnnstudio.engine.evaluation import evaluate
from cnnstudio.engine.model_card import read_card
from cnnstudio.engine.training.beginning import same_classes
from cnnstudio.workers.runs.classes import rename_classes
from cnnstudio.workers.runs.folder import RunFolder
from tests.engine.answers_material import ask
from tests.engine.conftest import Recorder

NAMES = ("night", "day", "striped")


@pytest.fixture
def renamed(tmp_path, trained):
    """A copy of the trained run, in a project of its own."""
    run, pictures = trained
    shutil.copytree(run.folder, tmp_path / "runs" / run.id)
    copy = RunFolder(tmp_path / "runs" / run.id)
    rename_classes(copy, {"dark": "night", "light": "day"})
    return copy, pictures


def test_the_file_stays_and_is_read_with_the_new_names(renamed, trained):
    run, _pictures = renamed
    assert conversion.file_digest(run.model_path) == conversion.file_digest(trained[0].model_path)
    assert read_card(run.model_path).class_names == run_models.load(run.folder).card.class_names == NAMES
    assert models.load(run.model_path).card.class_names == NAMES


def test_a_copy_has_the_new_names_inside(renamed, tmp_path):
    models.copy_model(models.load(renamed[0].folder), tmp_path / "copy.keras")
    assert read_card(tmp_path / "copy.keras").class_names == NAMES


def test_answers_and_evaluations_have_the_new_names(renamed):
    run, pictures = renamed
    recorder = ask(renamed, pictures / "dark" / "000.png")
    assert recorder.of(Ready)[0].class_names == NAMES
    link = Recorder()
    evaluate(Evaluate(run_folder=str(run.folder), manifest=str(run.manifest_path), split="test",
                      table=str(run.table_path("test")), cache=str(Path(pictures).parent / "cache")), link)
    (told,) = link.of(Evaluated)
    assert tuple(row.name for row in told.classes) == NAMES
    assert told.images == sum(row.support for row in told.classes) > 0


def test_weights_know_their_classes_by_either_name(renamed):
    folder = renamed[0].folder
    assert same_classes(folder, NAMES, NAMES)
    assert same_classes(folder, NAMES, ("dark", "light", "striped"))
    assert not same_classes(folder, NAMES, ("light", "dark", "striped"))
