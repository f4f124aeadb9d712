"""From a trained run: evaluation, the warm server, exports, and what opens them."""

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
from cnnstudio.core.commands import Predict
from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.events import Finished, Notice, Stopped
from cnnstudio.core.files import write_project
from cnnstudio.core.jobs import Answered, Evaluate, Evaluated, Export, Exported, PictureResult, Prediction, Ready, Serve
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.project import Project
from cnnstudio.core.registry import Registry
from cnnstudio.engine import bundle, inference, models, prediction_server
from cnnstudio.engine.evaluation import evaluate, measures, results
from cnnstudio.engine.export import export
from cnnstudio.engine.prediction_server import serve
from cnnstudio.engine.sources import source_file
from cnnstudio.workers import answer_format
from cnnstudio.workers.runs import create_run
from tests.engine.collections_of_pictures import CLASSES, draw, small_project, write_manifest
from tests.engine.conftest import Recorder


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A trained run of three classes, and the folder of its pictures."""
    from cnnstudio.core.jobs import Train
    from cnnstudio.engine.training.job import train

    folder = tmp_path_factory.mktemp("trained")
    entries = draw(folder / "pictures", CLASSES, 20)
    run = create_run(folder, small_project(epochs=12), lambda path: write_manifest(
        path, folder / "pictures", entries, CLASSES))
    train(Train(run_folder=str(run.folder), cache=str(folder / "cache")), Recorder())
    return run, folder / "pictures"


def job(kind, trained, **fields):
    run, pictures = trained
    return kind(run_folder=str(run.folder), cache=str(pictures.parent / "cache"), **fields)


def ask(trained, *paths, model=None, top=0):
    """Serve one request in this process."""
    recorder = Recorder(lambda link, event: link.command(Predict(request=3, paths=tuple(map(str, paths)), top=top))
                        if isinstance(event, Ready) else link.request_stop() if isinstance(event, Answered) else None)
    run, pictures = trained
    last = serve(Serve(model=str(model or run.folder), cache=str(pictures.parent / "cache")), recorder)
    assert isinstance(last, Stopped)
    return recorder


def keras_answers(run, paths):
    model = keras.saving.load_model(run.model_path)
    pixels = np.stack([cv2.imread(str(path))[..., ::-1] for path in paths]).astype(np.float32)
    return np.asarray(model.predict_on_batch(pixels))


def test_an_evaluation_agrees_with_keras(trained):
    run, pictures = trained
    recorder = Recorder()
    table = run.table_path("test")
    last = evaluate(job(Evaluate, trained, manifest=str(run.manifest_path), split="test", table=str(table)), recorder)
    event = recorder.of(Evaluated)[0]
    assert isinstance(last, Finished)
    assert run.evaluation("test").accuracy == event.accuracy
    rows = [msgspec.json.decode(line, type=PictureResult) for line in table.read_bytes().splitlines()]
    assert len(rows) == event.images == 12
    wanted = keras_answers(run, [pictures / row.path for row in rows])
    labels = np.asarray([row.label for row in rows])
    model = keras.saving.load_model(run.model_path)
    pixels = np.stack([cv2.imread(str(pictures / row.path))[..., ::-1] for row in rows]).astype(np.float32)
    loss, accuracy = model.evaluate(pixels, np.eye(3)[labels], verbose=0)
    assert event.loss == pytest.approx(loss, abs=1e-5)
    assert event.accuracy == pytest.approx(accuracy)
    np.testing.assert_allclose([row.probability for row in rows], wanted.max(axis=1), atol=1e-5)
    assert [row.predicted for row in rows] == wanted.argmax(axis=1).tolist()
    assert np.asarray(event.confusion).sum() == 12
    assert [each.support for each in event.classes] == [4, 4, 4]


def test_classes_in_another_order_are_matched_by_name(trained, tmp_path):
    _run, pictures = trained
    entries = [{"path": f"{name}/000.png", "label": label, "split": "new"}
               for label, name in enumerate(("striped", "unknown", "dark")) if name != "unknown"]
    entries[1]["label"] = 2
    write_manifest(tmp_path / "m.jsonl", pictures, entries, ("striped", "unknown", "dark"))
    recorder = Recorder()
    evaluate(job(Evaluate, trained, manifest=str(tmp_path / "m.jsonl"), split="", table=str(tmp_path / "t.jsonl")),
             recorder)
    assert [each.support for each in recorder.of(Evaluated)[0].classes] == [1, 0, 1]


def test_measures_by_hand():
    chances = np.asarray([[0.8, 0.2], [0.4, 0.6], [0.5, 0.5], [0.1, 0.9]])
    labels = np.asarray([0, 0, 1, 1])
    rows = results(list("abcd"), labels, chances, "binary")
    assert [row.predicted for row in rows] == [0, 1, 0, 1]
    assert rows[1].loss == pytest.approx(-np.log(0.4))
    found = measures(labels, np.asarray([0, 1, 0, 1]), ("no", "yes", "never"), [row.loss for row in rows])
    assert found["confusion"] == ((1, 1, 0), (1, 1, 0), (0, 0, 0))
    first, _second, never = found["classes"]
    assert (first.precision, first.recall, first.f1, first.support) == (0.5, 0.5, 0.5, 2)
    assert (never.precision, never.recall, never.f1, never.support) == (0.0, 0.0, 0.0, 0)
    assert found["accuracy"] == 0.5


def test_the_server_answers_as_keras_does(trained):
    run, pictures = trained
    paths = sorted(pictures.rglob("*.png"))
    recorder = ask(trained, *paths)
    found = recorder.of(Prediction)
    assert [event.path for event in found] == [str(path) for path in paths]
    assert {event.request for event in found} == {3}
    for event, wanted in zip(found, keras_answers(run, paths), strict=True):
        chances = [each.probability for each in event.top]
        assert chances == sorted(chances, reverse=True)
        by_name = {each.label: each.probability for each in event.top}
        np.testing.assert_allclose([by_name[name] for name in CLASSES], wanted, atol=1e-5)
    answered = recorder.of(Answered)[0]
    assert answered.pictures == 60
    assert answered.engine == recorder.of(Ready)[0].engine


def test_what_is_no_picture_gets_a_problem_and_the_others_their_answer(trained, tmp_path):
    _run, pictures = trained
    (tmp_path / "broken.png").write_bytes(b"no picture")
    recorder = ask(trained, tmp_path / "broken.png", pictures / "light/000.png", tmp_path / "missing.png", top=1)
    first, second, third = recorder.of(Prediction)
    assert first.problem.code == "picture_not_a_picture"
    assert second.top[0].label == "light"
    assert len(second.top) == 1
    assert third.problem.code == "cannot_read"


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


@pytest.mark.keras
def test_the_bundle_prints_the_lines_of_the_program(trained, exported, tmp_path):
    """Run by another Python process that cannot find the program."""
    _run, pictures = trained
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    paths = [str(tmp_path / "broken.jpg"), str(pictures / "dark")]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([sys.executable, "-I", exported / "bundle ñ" / "predict.py", *paths, "--json", "--top", "2"],
                          capture_output=True, text=True, cwd=tmp_path, check=True, timeout=200,
                          env=environment | {"LANG": "C.UTF-8"})
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
def test_the_bundle_tells_by_its_exit_code_when_nothing_could_be_read(exported, tmp_path):
    done = subprocess.run([sys.executable, "-I", exported / "bundle ñ" / "predict.py", str(tmp_path / "gone.jpg")],
                          capture_output=True, text=True, cwd=tmp_path, check=False, timeout=200)
    assert done.returncode == 2
    assert "gone.jpg" in done.stdout


def without_numbers(folder):
    """A picture of floating point that holds three samples without a value, and its path."""
    samples = np.full((16, 16, 3), 0.5, np.float32)
    samples[0, 0] = np.nan, np.inf, -np.inf
    path = folder / "nan.tif"
    tifffile.imwrite(path, samples, photometric="rgb")
    return path


def test_samples_that_are_not_numbers_are_told_once(trained, tmp_path):
    path = without_numbers(tmp_path)
    recorder = ask(trained, path, trained[1] / "dark")
    assert recorder.of(Prediction)[0].problem is None
    problem, = (notice.problem for notice in recorder.of(Notice))
    assert problem.code == "not_numbers" and "nan.tif" in problem.text.en and ": 3." in problem.text.en


@pytest.mark.keras
def test_the_bundle_tells_samples_that_are_not_numbers(exported, tmp_path):
    done = subprocess.run([sys.executable, "-I", exported / "bundle ñ" / "predict.py", str(without_numbers(tmp_path))],
                          capture_output=True, text=True, cwd=tmp_path, check=False, timeout=200)
    assert done.returncode == 0
    assert "nan.tif: 3 samples are not numbers (NaN) or infinite" in done.stderr


def test_the_bundle_is_complete_and_its_samples_are_right(trained, exported):
    folder = exported / "bundle ñ"
    assert {path.name for path in folder.iterdir()} == {
        "model.keras", "recipe.json", "classes.json", "pixels", "predict.py", "README.txt", "samples", "samples.json",
        "check.json"}
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
    assert {path.name for path in target.iterdir()} == {"network.py", "weights.npz", "recipe.json", "check.json"}
    assert json.loads((target / "recipe.json").read_text())["class_names"] == list(CLASSES)
    assert "import cnnstudio" not in (target / "network.py").read_text()


def test_the_run_as_keras_source_answers_the_same(trained, tmp_path):
    target = tmp_path / "código"
    recorder = Recorder()
    assert isinstance(export(job(Export, trained, format="keras_source", path=str(target)), recorder), Finished)
    check = recorder.of(Exported)[0].check
    assert (check.images, check.top1_agreement) == (60, 1.0)
    assert check.max_abs_difference <= 1e-5
    assert {path.name for path in target.iterdir()} == {"network.py", "weights.npz", "recipe.json", "check.json"}
    assert "cnnstudio" not in (target / "network.py").read_text()


def test_without_pytorch_the_export_says_so_and_leaves_nothing(trained, tmp_path, monkeypatch):
    monkeypatch.setattr("cnnstudio.catalog.exporters.is_available", lambda _library: False)
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
    monkeypatch.setattr("cnnstudio.engine.export.EXPORTERS", Registry("exporter", entries))
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
        assert models.read_card(tmp_path / "c.keras").unchecked
        assert not models.read_card(tmp_path / "b.keras").unchecked
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


def save(model, path):
    model.save(path)
    return path


def test_a_foreign_model_with_known_layers_is_served(trained, tmp_path):
    model = keras.Sequential([keras.Input((12, 12, 3)), keras.layers.Flatten(),
                              keras.layers.Dense(4, activation="softmax")])
    recorder = ask(trained, trained[1] / "dark/000.png", model=save(model, tmp_path / "foreign.keras"))
    assert recorder.of(Ready)[0].class_names == ("0", "1", "2", "3")


@pytest.mark.parametrize("damage", ["lambda", "truncated", "not a zip", "missing", "no classifier"])
def test_models_that_are_not_opened(tmp_path, damage):
    path = tmp_path / "model.keras"
    layers = [keras.Input((12, 12, 3)), keras.layers.Flatten(), keras.layers.Dense(2, activation="softmax")]
    if damage == "lambda":
        layers.insert(1, keras.layers.Lambda(lambda x: x * 2))
    if damage == "no classifier":
        layers = layers[:1]
        layers.append(keras.layers.Conv2D(2, 3))
    save(keras.Sequential(layers), path)
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:2000])
    elif damage == "not a zip":
        path.write_bytes(b"nothing")
    elif damage == "missing":
        path.unlink()
    with pytest.raises(ProblemError) as problem:
        models.load(path)
    codes = {"lambda": "unsafe_model", "missing": "no_model", "no classifier": "not_a_classifier"}
    assert problem.value.problems[0].code == codes.get(damage, "damaged_model")


def test_the_first_of_some_dropped_pictures_is_answered_before_the_others_are_read():
    told = []

    def batches():
        for size in (1, 3, 3):
            told.append(f"read {size}")
            yield [("path", np.zeros((2, 2, 3), np.uint8))] * size

    for batch, given in prediction_server._answer_batches(batches(), lambda batch: iter([np.ones(2)] * len(batch))):
        told.append(f"answered {len(list(given))} of {len(batch)}")
    assert told == ["read 1", "answered 1 of 1", "read 3", "read 3", "answered 3 of 3", "answered 3 of 3"]


def test_numbers_that_cannot_be_kept_are_told_with_a_warning(trained, tmp_path):
    run, _pictures = trained
    place = tmp_path / "t.jsonl"
    place.mkdir()
    recorder = Recorder()
    last = evaluate(job(Evaluate, trained, manifest=str(run.manifest_path), split="test", table=str(place)), recorder)
    assert isinstance(last, Finished)
    (event,) = recorder.of(Evaluated)
    assert event.images == 12
    assert not event.table
    (notice,) = recorder.of(Notice)
    assert notice.problem.code == "evaluation_not_kept"
    assert notice.problem.severity == "warning"
    assert str(place) in notice.problem.text.es


def test_a_batch_that_fails_costs_that_batch_alone(trained, monkeypatch):
    """Its pictures are named; those before and after it have their answers, in their order."""
    run, pictures = trained
    paths = sorted(path for path in pictures.rglob("*.png"))[:50]
    batches = []
    predict = inference.LiteRTEngine.predict

    def failing(self, batch):
        batches.append(len(batch))
        if len(batches) == 3:  # the first is the blank picture that warms the engine
            raise RuntimeError("internal data\nsecond line")
        return predict(self, batch)

    monkeypatch.setattr(inference, "BATCH", 4)
    monkeypatch.setattr(inference, "_PIECE", 2)
    engine = inference.engine_for(models.load(run.folder).model, None, pictures.parent / "cache")
    monkeypatch.setattr(inference.LiteRTEngine, "predict", failing)
    monkeypatch.setattr(inference, "engine_for", lambda *_arguments, **_options: engine)
    monkeypatch.setattr(prediction_server, "_BEGUN", 1)
    recorder = ask(trained, *paths)
    answers = recorder.of(Prediction)
    assert [answer.path for answer in answers] == [str(path) for path in paths]
    failed = [answer for answer in answers if answer.problem is not None]
    assert 0 < len(failed) == batches[2] < len(paths)
    assert {answer.problem.code for answer in failed} == {"not_answered"}
    assert "internal data" in failed[0].problem.text.en
    assert "second line" not in failed[0].problem.text.en
    assert all(answer.top for answer in answers if answer.problem is None)


def test_a_folder_with_one_readable_picture_a_batch_is_answered_to_its_end(trained, tmp_path):
    """Batches of one picture go to the interpreter that all threads share."""
    _run, pictures = trained
    good = sorted(pictures.rglob("*.png"))
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    paths = [path for number, path in enumerate(good[:40]) for path in [path, *[bad] * 70]]
    answers = ask(trained, *paths).of(Prediction)
    assert len(answers) == len(paths)
    assert [answer.path for answer in answers if answer.problem is None] == [str(path) for path in good[:40]]
