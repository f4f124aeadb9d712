"""From a trained run: exports of every kind, their bundles, and what opens them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile

import cv2
import keras
import msgspec
import numpy as np
import pytest
import tifffile

from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.events import Finished, Notice
from cnnstudio.core.export_jobs import Export, Exported
from cnnstudio.core.files import write_project
from cnnstudio.core.jobs import Evaluate, Evaluated, Prediction
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.project import Project
from cnnstudio.core.registry import Registry
from cnnstudio.engine import model_card
from cnnstudio.engine.evaluation import evaluate
from cnnstudio.engine.exporting import bundle
from cnnstudio.engine.exporting.job import export
from cnnstudio.engine.sources import source_file
from cnnstudio.workers import answer_format
from tests.engine.answers_material import ask, job, keras_answers
from tests.engine.collections_of_pictures import CLASSES
from tests.engine.conftest import Recorder


@pytest.fixture(scope="module")
def exported(trained, tmp_path_factory):
    """Both exports of the run."""
    folder = tmp_path_factory.mktemp("exported")
    for format, name in (("bundle", "bundle ñ"), ("keras", "alone.keras")):
        recorder = Recorder()
        assert isinstance(export(job(Export, trained, format=format, path=str(folder / name)), recorder), Finished)
        check = recorder.of(Exported)[0].check
        assert (check.images, check.top1_agreement) == (60, 1.0)
        assert check.max_abs_difference <= 1e-5
    return folder


def test_a_lone_file_opens_in_plain_keras_and_in_the_server(trained, exported):
    run, pictures = trained
    path = pictures / "striped/001.png"
    recorder = ask(trained, path, model=exported / "alone.keras", top=1)
    assert recorder.of(Prediction)[0].top[0].label == "striped"
    model = keras.saving.load_model(exported / "alone.keras")
    pixels = cv2.imread(str(path))[None, ..., ::-1].astype(np.float32)
    np.testing.assert_allclose(model.predict_on_batch(pixels), keras_answers(run, [path]), atol=1e-6)
    with zipfile.ZipFile(exported / "alone.keras") as archive:
        assert json.loads(archive.read("cnnstudio.json"))["class_names"] == list(CLASSES)


def without_numbers(folder):
    """A picture of floating point that holds three samples without a value, and its path."""
    samples = np.full((16, 16, 3), 0.5, np.float32)
    samples[0, 0] = np.nan, np.inf, -np.inf
    path = folder / "nan.tif"
    tifffile.imwrite(path, samples, photometric="rgb")
    return path


@pytest.mark.keras
def test_the_bundle_prints_the_lines_of_the_program(trained, exported, tmp_path):
    """Run by another Python process that cannot find the program."""
    _run, pictures = trained
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    paths = [str(tmp_path / "broken.jpg"), str(without_numbers(tmp_path)), str(pictures / "dark")]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([sys.executable, "-I", exported / "bundle ñ" / "predict.py", *paths, "--json", "--top", "2"],
                          capture_output=True, text=True, cwd=tmp_path, check=True, timeout=200,
                          env=environment | {"LANG": "C.UTF-8"})
    assert "nan.tif: 3 samples are not numbers (NaN) or infinite" in done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    wanted = [answer_format.as_dictionary(event)
              for event in ask(trained, *answer_format.pictures_of(paths)[0], top=2).of(Prediction)]
    assert [list(each) for each in found] == [list(each) for each in wanted]
    assert found[0] == wanted[0]
    for mine, theirs in zip(found[1:], wanted[1:], strict=True):
        assert (mine["path"], mine["label"]) == (theirs["path"], theirs["label"])
        assert mine["probability"] == pytest.approx(theirs["probability"], abs=1e-5)
        assert [each["label"] for each in mine["top"]] == [each["label"] for each in theirs["top"]]


@pytest.mark.keras
def test_the_bundle_tells_by_its_exit_code_when_nothing_could_be_read(trained, tmp_path):
    """The engine that starts at once, since predict.py is the same for all."""
    export(job(Export, trained, format="bundle", engine="litert", path=str(tmp_path / "bundle")), Recorder())
    done = subprocess.run([sys.executable, "-I", tmp_path / "bundle" / "predict.py", str(tmp_path / "gone.jpg")],
                          capture_output=True, text=True, cwd=tmp_path, check=False, timeout=200)
    assert done.returncode == 2
    assert "gone.jpg" in done.stdout


def test_samples_that_are_not_numbers_are_told_once(trained, tmp_path):
    path = without_numbers(tmp_path)
    recorder = ask(trained, path, trained[1] / "dark")
    assert recorder.of(Prediction)[0].problem is None
    problem, = (notice.problem for notice in recorder.of(Notice))
    assert problem.code == "not_numbers" and "nan.tif" in problem.text.en and ": 3." in problem.text.en


def test_the_bundle_is_complete_and_its_samples_are_right(trained, exported):
    folder = exported / "bundle ñ"
    assert {path.name for path in folder.iterdir()} == {
        "model.keras", "recipe.json", "classes.json", "pixels", "predict.py", "runtime.py", "answering.py", "README.txt",
        "requirements.txt", "samples", "samples.json", "check.json", "expected.json"}
    samples = json.loads((folder / "samples.json").read_text())
    assert len(samples) == 3
    recorder = ask(trained, *[folder / each["path"] for each in samples], model=folder)
    for event, wanted in zip(recorder.of(Prediction), samples, strict=True):
        assert {each.label: each.probability for each in event.top} == pytest.approx(wanted["probabilities"], abs=1e-5)
    for name in bundle.pixel_modules():
        ours = source_file(f"cnnstudio.imaging.{name}")
        copied = folder.joinpath("pixels", *name.split("."))
        copied = copied / "__init__.py" if ours.name == "__init__.py" else copied.with_suffix(".py")
        assert copied.read_bytes() == ours.read_bytes()


def test_the_run_as_pytorch_source_answers_the_same(trained, tmp_path):
    pytest.importorskip("torch", reason="PyTorch is not installed (pip install torch)")
    target = tmp_path / "señal"
    for _ in range(2):  # an earlier export of ours is replaced
        recorder = Recorder()
        assert isinstance(export(job(Export, trained, format="torch", path=str(target)), recorder), Finished)
        check = recorder.of(Exported)[0].check
        assert (check.images, check.top1_agreement) == (60, 1.0)
        assert check.max_abs_difference <= 1e-4
    assert {path.name for path in target.iterdir()} == {
        "network.py", "weights.npz", "recipe.json", "check.json", "expected.json"}
    assert json.loads((target / "recipe.json").read_text())["class_names"] == list(CLASSES)
    assert "import cnnstudio" not in (target / "network.py").read_text()


def test_the_run_as_keras_source_answers_the_same(trained, tmp_path):
    target = tmp_path / "código"
    recorder = Recorder()
    assert isinstance(export(job(Export, trained, format="keras_source", path=str(target)), recorder), Finished)
    check = recorder.of(Exported)[0].check
    assert (check.images, check.top1_agreement) == (60, 1.0)
    assert check.max_abs_difference <= 1e-5
    assert {path.name for path in target.iterdir()} == {
        "network.py", "weights.npz", "recipe.json", "check.json", "expected.json"}
    assert "cnnstudio" not in (target / "network.py").read_text()


def test_without_pytorch_the_export_says_so_and_leaves_nothing(trained, tmp_path, monkeypatch):
    monkeypatch.setattr("cnnstudio.catalog.exporters.entry.is_available", lambda _library: False)
    with pytest.raises(ProblemError) as problem:
        export(job(Export, trained, format="torch", path=str(tmp_path / "out")), Recorder())
    assert problem.value.problems[0].code == "torch_missing"
    assert "doctor --install torch" in problem.value.problems[0].text.en
    assert list(tmp_path.iterdir()) == []


def test_only_exports_of_ours_are_replaced(trained, exported, tmp_path):
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("precious")
    with pytest.raises(ProblemError) as problem:
        export(job(Export, trained, format="bundle", path=str(foreign)), Recorder())
    assert problem.value.problems[0].code == "target_exists"
    (tmp_path / "x.keras").write_text("precious")
    with pytest.raises(ProblemError):
        export(job(Export, trained, format="keras", path=str(tmp_path / "x.keras")), Recorder())
    again = tmp_path / "again"
    shutil.copytree(exported / "bundle ñ", again)
    (again / "left over").write_text("")
    export(job(Export, trained, format="bundle", path=str(again)), Recorder())
    assert not (again / "left over").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["again", "foreign", "x.keras"]


def test_an_export_that_differs_is_not_kept(trained, tmp_path, monkeypatch):
    entries = [msgspec.structs.replace(entry, tolerance=-1.0) for entry in EXPORTERS]
    monkeypatch.setattr("cnnstudio.engine.exporting.job.EXPORTERS", Registry("exporter", entries))
    with pytest.raises(ProblemError) as problem:
        export(job(Export, trained, format="bundle", path=str(tmp_path / "out")), Recorder())
    assert problem.value.problems[0].code == "export_differs"
    assert list(tmp_path.iterdir()) == []


def test_moved_other_and_no_pictures_to_check_an_export_on(trained, tmp_path):
    run, pictures = trained
    moved = pictures.with_name("moved")
    pictures.rename(moved)
    try:
        with pytest.raises(ProblemError) as problem:
            export(job(Export, trained, format="keras", path=str(tmp_path / "a.keras")), Recorder())
        assert problem.value.problems[0].code == "no_check_pictures"
        for data in (moved, moved / CLASSES[0]):
            recorder = Recorder()
            export(job(Export, trained, format="keras", path=str(tmp_path / "b.keras"), data=str(data)), recorder)
            assert recorder.of(Exported)[0].check.data == str(data)
            assert recorder.of(Exported)[0].check.images >= 20
        with pytest.raises(ProblemError, match="no readable pictures"):
            export(job(Export, trained, format="keras", path=str(tmp_path / "b.keras"), data=str(tmp_path)), Recorder())
        recorder = Recorder()
        export(job(Export, trained, format="keras", path=str(tmp_path / "c.keras"), unchecked=True), recorder)
        assert (recorder.of(Exported)[0].check.images, recorder.of(Exported)[0].check.unchecked) == (0, True)
        assert model_card.read_card(tmp_path / "c.keras").unchecked
        assert not model_card.read_card(tmp_path / "b.keras").unchecked
        export(job(Export, trained, format="bundle", path=str(tmp_path / "d"), unchecked=True), Recorder())
        assert json.loads((tmp_path / "d" / "check.json").read_text())["unchecked"]
        assert list((tmp_path / "d" / "samples").iterdir()) == []
        # The project knows where they are now.
        write_project(run.project_folder, Project(dataset=DatasetSpec(source="moved")))
        recorder = Recorder()
        export(job(Export, trained, format="keras", path=str(tmp_path / "e.keras")), recorder)
        assert recorder.of(Exported)[0].check.images == 60
        table = tmp_path / "table.jsonl"
        evaluate(job(Evaluate, trained, manifest=str(run.manifest_path), split="test", table=str(table)), recorder)
        assert recorder.of(Evaluated)[0].skipped == 0
    finally:
        moved.rename(pictures)
        (run.project_folder / "project.cnnstudio").unlink(missing_ok=True)


def test_unknown_formats_are_refused(trained, tmp_path):
    with pytest.raises(ProblemError) as problem:
        export(job(Export, trained, format="papyrus", path=str(tmp_path / "out")), Recorder())
    assert problem.value.problems[0].code == "unknown_format"
