"""From a trained run: evaluation, the warm server, exports, and what opens them."""

from __future__ import annotations

import cv2
import keras
import msgspec
import numpy as np
import pytest

from cnnstudio.core.events import Finished, Notice
from cnnstudio.core.jobs import Answered, Evaluate, Evaluated, PictureResult, Prediction, Ready
from cnnstudio.core.problems import ProblemError
from cnnstudio.engine import answer_batches, inference, models
from cnnstudio.engine.evaluation import evaluate
from cnnstudio.evaluation.answers import Answers, measures, picture_results, read_answers
from tests.engine.answers_material import ask, job, keras_answers
from tests.engine.collections_of_pictures import CLASSES, write_manifest
from tests.engine.conftest import Recorder


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
    kept = read_answers(run.answers_path("test"))
    assert kept.paths == tuple(row.path for row in rows) and kept.class_names == CLASSES
    np.testing.assert_allclose(kept.probabilities, wanted, atol=1e-5)


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
    chances = np.asarray([[0.8, 0.2, 0], [0.4, 0.6, 0], [0.5, 0.5, 0], [0.1, 0.9, 0]], np.float32)
    answers = Answers(tuple("abcd"), np.asarray([0, 0, 1, 1]), chances, ("no", "yes", "never"))
    rows = picture_results(answers)
    assert [row.predicted for row in rows] == [0, 1, 0, 1]
    assert rows[1].loss == pytest.approx(-np.log(0.4))
    found = measures(answers, [row.loss for row in rows])
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

    for batch, given in answer_batches.answer_batches(batches(), lambda batch: iter([np.ones(2)] * len(batch))):
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
    monkeypatch.setattr(answer_batches, "_BEGUN", 1)
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
