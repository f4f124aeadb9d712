"""A calibrated run: Predict, Evaluate, its bundle and every export answer the same."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import keras
import msgspec
import numpy as np
import pytest

from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.core.calibration import Calibration, Rejection
from cnnstudio.core.events import Finished, Notice
from cnnstudio.core.export_jobs import Export, Exported
from cnnstudio.core.jobs import Evaluate, Evaluated, PictureResult, Prediction, Ready
from cnnstudio.core.problems import ProblemError
from cnnstudio.engine import inference, model_card, models
from cnnstudio.engine.evaluation import evaluate
from cnnstudio.engine.exporting.folding import fold_temperature
from cnnstudio.engine.exporting.job import export
from cnnstudio.engine.exporting.request import keras_probabilities
from cnnstudio.engine.exporting.verifying import resolve
from cnnstudio.evaluation.answers import read_answers
from cnnstudio.workers import answer_format
from cnnstudio.workers.runs.calibration import calibrated_answers, keep_calibration, kept_answers, model_digest
from cnnstudio.workers.runs.folder import RunFolder
from tests.engine.answers_material import ask, job
from tests.engine.collections_of_pictures import CLASSES, small_project, write_manifest
from tests.engine.conftest import Recorder


@pytest.fixture
def calibrated(trained, tmp_path):
    """The trained run in a project of its own, with a temperature and conformal sets."""
    run, pictures = trained
    folder = tmp_path / "project" / "runs" / "one"
    shutil.copytree(run.folder, folder)
    own = RunFolder(folder)
    set_calibration(own, 2.5, Rejection(kind="conformal", level=0.1, threshold=0.3))
    return own, pictures


def set_calibration(run, temperature, rejection=None):
    keep_calibration(run, Calibration(temperature=temperature, rejection=rejection, model=model_digest(run.model_path)))


def evaluated(calibrated, split="test"):
    run, _pictures = calibrated
    recorder = Recorder()
    last = evaluate(job(Evaluate, calibrated, manifest=str(run.manifest_path), split=split, table=str(run.table_path(split))),
                    recorder)
    assert isinstance(last, Finished)
    return recorder


def rows(run, split="test"):
    return [msgspec.json.decode(line, type=PictureResult) for line in run.table_path(split).read_bytes().splitlines()]


@pytest.mark.parametrize("engine", ["litert", "keras"])
def test_prediction_equals_evaluation_bit_for_bit(calibrated, engine, monkeypatch):
    run, pictures = calibrated
    if engine == "keras":
        monkeypatch.setattr(inference, "may_convert", lambda: False)
    recorder = evaluated(calibrated, "all")
    event = recorder.of(Evaluated)[0]
    assert (event.engine, event.temperature) == (engine, 2.5)
    answers = calibrated_answers(run, "all")
    paths = [pictures / path for path in answers.paths]
    # All at once, and one by one: a single picture is computed by all cores together.
    together = ask(calibrated, *paths).of(Prediction)
    alone = [ask(calibrated, path).of(Prediction)[0] for path in paths[::17]]
    numbers = [*range(len(paths)), *range(0, len(paths), 17)]
    for number, answer in zip(numbers, [*together, *alone], strict=True):
        found = {item.label: item.probability for item in answer.top}
        assert [found[name] for name in CLASSES] == answers.probabilities[number].tolist()
    for row, answer in zip(rows(run, "all"), together, strict=True):
        assert (CLASSES[row.predicted], row.probability) == (answer.top[0].label, answer.top[0].probability)


def test_a_picture_has_the_same_bits_alone_and_in_a_batch_of_any_size():
    """By Keras itself: kernels for one picture add up in another order than those for many."""
    keras.utils.set_random_seed(3)
    model = keras.Sequential([
        keras.Input((32, 32, 3)), keras.layers.Conv2D(6, 5, activation="tanh"), keras.layers.AveragePooling2D(2),
        keras.layers.Conv2D(16, 5, activation="tanh"), keras.layers.AveragePooling2D(2), keras.layers.Flatten(),
        keras.layers.Dense(120, activation="tanh"), keras.layers.Dense(84, activation="tanh"),
        keras.layers.Dense(10, activation="softmax")])
    pictures = np.random.default_rng(0).integers(0, 256, (16, 32, 32, 3)).astype(np.uint8)
    engine = inference.KerasEngine(model)
    whole = engine.predict(pictures)
    for size in (1, 2, 3, 5, 8, 15):
        for begin in range(0, 16, size):
            part = engine.predict(pictures[begin:begin + size])
            assert (part == whole[begin:begin + size]).all(), (size, begin)


def test_the_table_follows_the_calibration_and_the_answers_do_not(calibrated):
    run, _pictures = calibrated
    evaluated(calibrated)
    raw, before = kept_answers(run, "test"), rows(run)
    keep_calibration(run, None)
    assert not run.calibration_path.exists()
    assert (read_answers(run.answers_path("test")).probabilities == raw.probabilities).all()
    after = rows(run)
    assert [row.predicted for row in after] == [row.predicted for row in before]
    assert all(one.probability > other.probability for one, other in zip(after, before, strict=True))
    assert [row.probability for row in after] == raw.probabilities.max(axis=1).tolist()
    assert run.evaluation("test").temperature == 1.0
    set_calibration(run, 2.5)
    assert rows(run) == before and run.evaluation("test").temperature == 2.5


def test_the_server_says_not_sure(calibrated):
    run, pictures = calibrated
    for event in ask(calibrated, *sorted((pictures / "dark").iterdir()), top=1).of(Prediction):
        answer = answer_format.as_dictionary(event)
        assert list(answer) == ["path", "label", "probability", "top", "not_sure", "set"]
        assert answer["not_sure"] == (len(answer["set"]) != 1)
    set_calibration(run, 1.0, Rejection(kind="confidence", level=0.9999999, threshold=0.9999999))
    recorder = ask(calibrated, pictures / "dark/000.png")
    event, = recorder.of(Prediction)
    assert event.not_sure is True and event.answer_set is None
    assert recorder.of(Ready)[0].rejection.level == 0.9999999, "what the window needs to say why"
    assert "not sure: " in answer_format.text_line(event)
    set_calibration(run, 3.0)
    event, = ask(calibrated, pictures / "dark/000.png").of(Prediction)
    assert event.not_sure is None
    assert "not_sure" not in answer_format.as_dictionary(event)


def outputs_of(entry, target, pictures):
    """What the export itself answers, before whatever temperature its card asks for."""
    opened = resolve(entry.opener)(target)
    return dataclasses.replace(opened, card=msgspec.structs.replace(opened.card, calibration=None)).answers(pictures)


ANSWERING = [entry for entry in EXPORTERS if not entry.is_document and entry.backend != "torch"]


@pytest.mark.keras
@pytest.mark.parametrize("entry", ANSWERING, ids=[entry.id for entry in ANSWERING])
def test_every_export_answers_as_predict_does(calibrated, entry, tmp_path):
    if entry.absent_libraries():
        pytest.skip(f"{entry.absent_libraries()[0].name} is not installed")
    _run, pictures = calibrated
    paths = sorted(pictures.rglob("*.png"))[::3]
    wanted = [answer_format.as_dictionary(event) for event in ask(calibrated, *paths).of(Prediction)]
    table = np.asarray([[item["probability"] for name in CLASSES for item in answer["top"] if item["label"] == name]
                        for answer in wanted])
    assert {answer["not_sure"] for answer in wanted} == {False, True}
    target = tmp_path / f"export{entry.suffix}"
    recorder = Recorder()
    engine = "litert" if entry.id == "bundle" else ""
    assert isinstance(export(job(Export, calibrated, format=entry.id, path=str(target), engine=engine), recorder), Finished)
    assert recorder.of(Exported)[0].check.max_abs_difference <= entry.tolerance
    if entry.temperature_inside:
        np.testing.assert_allclose(outputs_of(entry, target, paths), table, atol=entry.tolerance + 1e-6)
    card = resolve(entry.opener)(target).card
    assert card.class_names == CLASSES and card.calibration.rejection.kind == "conformal"
    assert card.calibration.inside == entry.temperature_inside
    if entry.id == "bundle":
        for mine, theirs in zip(run_bundle(target, paths), wanted, strict=True):
            assert (mine["label"], mine["not_sure"], mine["set"]) == (theirs["label"], theirs["not_sure"], theirs["set"])
            assert mine["probability"] == pytest.approx(theirs["probability"], abs=1e-5)
    if entry.as_model and entry.precision == "float32":
        again = [answer_format.as_dictionary(event) for event in ask(calibrated, *paths, model=target).of(Prediction)]
        for mine, theirs in zip(again, wanted, strict=True):
            assert (mine["label"], mine["not_sure"], mine["set"]) == (theirs["label"], theirs["not_sure"], theirs["set"])
            assert mine["probability"] == pytest.approx(theirs["probability"], abs=1e-5)



def run_bundle(folder: Path, paths) -> list[dict]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([sys.executable, "-I", folder / "predict.py", *map(str, paths), "--json"], capture_output=True,
                          text=True, check=True, timeout=200, env=environment | {"LANG": "C.UTF-8"})
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_calibration_of_an_earlier_model_is_not_used(calibrated):
    run, pictures = calibrated
    with zipfile.ZipFile(run.model_path, "a") as archive:
        archive.writestr("more", b"trained further")
    recorder = ask(calibrated, pictures / "dark/000.png")
    assert recorder.of(Prediction)[0].not_sure is None
    assert [notice.problem.code for notice in recorder.of(Notice)] == ["outdated_calibration"]
    assert evaluated(calibrated).of(Evaluated)[0].temperature == 1.0


@pytest.mark.parametrize("data", [b"", b"{", b'{"temperature": 0}', b'{"temperature": -1}', b'{"temperature": "x"}',
                                  b'{"rejection": {"kind": "guess", "level": 0.1, "threshold": 0.5}}'])
def test_a_damaged_calibration_is_told_and_not_passed_over(calibrated, data):
    run, pictures = calibrated
    run.calibration_path.write_bytes(data)
    with pytest.raises(ProblemError) as raised:
        ask(calibrated, pictures / "dark/000.png")
    assert raised.value.problems[0].code == "damaged_calibration"
    keep_calibration(run, None)
    assert ask(calibrated, pictures / "dark/000.png").of(Prediction)[0].top


def network(*layers, height=6):
    model = keras.Sequential([keras.Input((height, height, 3)), *layers])
    for weight in (weight for weight in model.weights if weight.name in ("kernel", "bias")):
        weight.assign(np.random.default_rng(1).normal(size=weight.shape) * 0.001)
    return model


def loaded_of(model, temperature, label_mode="categorical"):
    recipe = small_project().recipe
    count = 2 if label_mode == "binary" else model.output_shape[-1]
    card = model_card.Card(recipe=recipe, class_names=tuple(map(str, range(count))), label_mode=label_mode,
                       calibration=Calibration(temperature=temperature))
    return models.Loaded(model, card, Path("model.keras"))


L = keras.layers
FOLDED = {
    "dense": lambda: (network(L.Flatten(), L.Dense(4, activation="softmax")), "categorical"),
    "sigmoid": lambda: (network(L.Flatten(), L.Dense(1, activation="sigmoid")), "binary"),
    "softmax layer": lambda: (network(L.Flatten(), L.Dense(4), L.Softmax()), "categorical"),
    "activation layer": lambda: (network(L.Flatten(), L.Dense(4), L.Dropout(0.5), L.Activation("softmax")), "categorical"),
    "convolution": lambda: (network(L.Conv2D(4, 3), L.GlobalAveragePooling2D(), L.Softmax()), "categorical"),
}
NOT_FOLDED = {
    "unit between": lambda: (network(L.Flatten(), L.Dense(4), L.LayerNormalization(), L.Softmax()), "categorical"),
    "no kernel": lambda: (network(L.GlobalAveragePooling2D(), L.Softmax()), "categorical"),
}


@pytest.mark.parametrize("name", [*FOLDED, *NOT_FOLDED])
def test_the_temperature_goes_into_the_weights_where_the_network_allows_it(name):
    model, label_mode = (FOLDED | NOT_FOLDED)[name]()
    loaded = loaded_of(model, 1.7, label_mode)
    pixels = np.random.default_rng(0).integers(0, 256, (8, 6, 6, 3), np.uint8)
    plain = msgspec.structs.replace(loaded.card, calibration=None)
    wanted = keras_probabilities(model, loaded.card, pixels)
    assert np.abs(wanted - keras_probabilities(model, plain, pixels)).max() > 0.01
    folded = fold_temperature(loaded, pixels, wanted, 1e-5)
    assert folded.card.calibration.inside == (name in FOLDED)
    np.testing.assert_allclose(keras_probabilities(folded.model, folded.card, pixels), wanted, atol=1e-5)
    if name in NOT_FOLDED:
        assert folded is loaded


def test_a_saturated_unit_keeps_its_temperature_beside_the_weights():
    """A sigmoid of 40 is 1 in float32: its logit is lost in the answers but not in the weights, so that they would differ."""
    model = network(L.Flatten(), L.Dense(1, activation="sigmoid"))
    model.weights[-1].assign([60.0])
    model.weights[0].assign(np.zeros(model.weights[0].shape))
    loaded = loaded_of(model, 8.0, "binary")
    pixels = np.zeros((2, 6, 6, 3), np.uint8)
    wanted = keras_probabilities(model, loaded.card, pixels)
    assert not fold_temperature(loaded, pixels, wanted, 1e-5).card.calibration.inside
    np.testing.assert_allclose(keras_probabilities(model, loaded.card, pixels), wanted)


def test_answers_that_are_no_numbers_are_told(trained, tmp_path):
    """A network that divides 0 by 0 for a black picture: that one has no answer, the others have theirs."""
    run, pictures = trained
    folder = tmp_path / "project" / "runs" / "nan"
    shutil.copytree(run.folder, folder)
    own = RunFolder(folder)
    card = model_card.read_card(run.model_path)

    def save(value):
        model = models.load(run.model_path).model
        model.weights[-1].assign(np.full(model.weights[-1].shape, value, np.float32))
        models.save_model(model, own.model_path, card)

    save(np.nan)
    recorder = ask((own, pictures), pictures / "dark/000.png")
    assert recorder.of(Prediction)[0].problem.code == "answer_not_a_number"
    with pytest.raises(ProblemError) as raised:
        evaluated((own, pictures))
    assert raised.value.problems[0].code == "answers_not_numbers"


def test_some_answers_that_are_no_numbers_are_left_out(calibrated, monkeypatch):
    predict = inference.LiteRTEngine.predict

    def spoiled(self, batch):
        found = predict(self, batch)
        found[0] = np.nan
        return found

    monkeypatch.setattr(inference.LiteRTEngine, "predict", spoiled)
    recorder = evaluated(calibrated)
    event, = recorder.of(Evaluated)
    notice, = recorder.of(Notice)
    assert (event.images, event.skipped) == (11, 1)
    assert notice.problem.code == "answers_not_numbers" and "1 of 12" in notice.problem.text.en
    assert len(kept_answers(calibrated[0], "test")) == 11


def test_several_outputs_are_refused_with_a_card_too(trained, tmp_path):
    run, _pictures = trained
    inputs = keras.Input((12, 12, 3))
    flat = L.Flatten()(inputs)
    model = keras.Model(inputs, [L.Dense(3, activation="softmax")(flat), L.Dense(2)(flat)])
    models.save_model(model, tmp_path / "two.keras", model_card.read_card(run.model_path))
    with pytest.raises(ProblemError) as raised:
        models.load(tmp_path / "two.keras")
    assert raised.value.problems[0].code == "several_outputs"


def test_pictures_without_labels_and_classes_of_others_are_told(trained, tmp_path):
    _run, pictures = trained
    table = str(tmp_path / "t.jsonl")
    entry = {"path": "dark/000.png", "label": -1, "split": "new"}
    write_manifest(tmp_path / "m.jsonl", pictures, [entry], CLASSES)
    for label, code in ((-1, "unlabelled"), (0, "other_classes")):
        write_manifest(tmp_path / "m.jsonl", pictures, [entry | {"label": label}], ("house",))
        with pytest.raises(ProblemError) as raised:
            evaluate(job(Evaluate, trained, manifest=str(tmp_path / "m.jsonl"), split="", table=table), Recorder())
        assert raised.value.problems[0].code == code
