"""Pictures that come as bytes: the answers of `predict`, whatever they are computed with."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from cnnstudio.core.events import Notice, Stopped
from cnnstudio.core.jobs import Answered, Prediction
from cnnstudio.core.service_jobs import ClassifyUploads, ServedModel, ServeUploads, Upload, UploadsClassified
from cnnstudio.engine import inference, models
from cnnstudio.engine.upload_server import serve_uploads
from cnnstudio.workers.answer_format import as_dictionary
from tests.engine.answers_material import ask
from tests.engine.conftest import Recorder


def serve(trained, *batches, max_pixels=10_000, model=None):
    """The answers for these batches of (name, content), served in this process."""
    left = len(batches)

    def act(link, event):
        nonlocal left
        if isinstance(event, ServedModel):
            for number, batch in enumerate(batches):
                link.command(ClassifyUploads(request=number, uploads=tuple(
                    Upload(name=name, data=data, top=0) for name, data in batch)))
        elif isinstance(event, UploadsClassified):
            left -= 1
        if not left and not isinstance(event, Answered):
            link.request_stop()

    run, pictures = trained
    recorder = Recorder(act)
    job = ServeUploads(model=str(model or run.folder), max_pixels=max_pixels, cache=str(pictures.parent / "cache"))
    assert isinstance(serve_uploads(job, recorder), Stopped)
    answers = {event.request: event.predictions for event in recorder.of(UploadsClassified)}
    return recorder, [answers[number] for number in range(len(batches))]


@pytest.mark.parametrize("keras_alone", [False, True], ids=["litert", "keras"])
def test_a_picture_has_the_answer_of_predict_bit_for_bit_in_any_company(trained, monkeypatch, keras_alone):
    if keras_alone:
        monkeypatch.setattr(inference, "may_convert", lambda: False)
    _run, pictures = trained
    paths = sorted(pictures.rglob("*.png"))[:23]
    expected = {answer.path: answer.top for answer in ask(trained, *paths).of(Prediction)}
    contents = [(str(path), path.read_bytes()) for path in paths]
    batches = [contents[:1], contents[1:3], contents[3:6], contents[6:11], contents, contents[::-1]]
    recorder, answers = serve(trained, *batches)
    (model,) = recorder.of(ServedModel)
    assert model.engine == ("keras" if keras_alone else "litert")
    for batch, found in zip(batches, answers, strict=True):
        assert [answer.path for answer in found] == [name for name, _ in batch]
        assert [answer.top for answer in found] == [expected[name] for name, _ in batch]


def test_the_model_is_described(trained):
    run, _pictures = trained
    recorder, _ = serve(trained, [])
    (model,) = recorder.of(ServedModel)
    card = models.read_card(run.model_path)
    assert (model.class_names, model.height, model.width, model.color_mode) == (
        card.class_names, card.recipe.height, card.recipe.width, card.recipe.color_mode)
    assert len(model.digest) == 64 and model.batch >= 1 and model.rejection is None


def test_what_is_no_picture_costs_nobody_else_an_answer(trained):
    _run, pictures = trained
    good = next(pictures.rglob("*.png")).read_bytes()
    batch = [("a.png", good), ("empty", b""), ("note.txt", b"no picture"), ("cut.png", good[:-30]), ("b.png", good)]
    _, (answers,) = serve(trained, batch)
    assert [answer.problem and answer.problem.code for answer in answers] == [
        None, "picture_empty_file", "picture_not_a_picture", "picture_truncated", None]
    assert answers[0].top == answers[4].top
    assert as_dictionary(answers[2], "es")["problem"]["text"].startswith("note.txt: El archivo no es")


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded(trained, monkeypatch):
    _run, pictures = trained
    good = next(pictures.rglob("*.png")).read_bytes()
    monkeypatch.setattr("cnnstudio.engine.upload_server.prepare", lambda *_: pytest.fail("decoded"))
    _, ((answer,),) = serve(trained, [("a.png", good)], max_pixels=100)
    assert answer.problem.code == "picture_too_large" and "100" in answer.problem.text.en


@pytest.mark.parametrize("where", ["prepare", "predict"])
def test_a_fault_of_a_library_is_told_without_its_words(trained, monkeypatch, where):
    def fails(*_arguments):
        raise RuntimeError("/a/secret/path")

    _run, pictures = trained
    good = next(pictures.rglob("*.png")).read_bytes()
    if where == "prepare":
        monkeypatch.setattr("cnnstudio.engine.upload_server.prepare", fails)
    else:
        monkeypatch.setattr("cnnstudio.engine.prediction_server.Server._of", fails)
    _, (answers,) = serve(trained, [("a.png", good), ("b.png", good)])
    assert [answer.problem.code for answer in answers] == ["not_answered"] * 2
    assert "secret" not in answers[0].problem.text.en


def test_samples_that_are_not_numbers_are_told_once(trained):
    picture = np.full((32, 32), 0.5, np.float32)
    picture[:3, :5] = np.nan
    content = cv2.imencode(".tiff", picture)[1].tobytes()
    recorder, _ = serve(trained, [("b.tif", content), ("a.tif", content)])
    (notice,) = [event.problem for event in recorder.of(Notice)]
    assert notice.facts == {"not_numbers": {"pictures": 2, "samples": 30, "example": "a.tif"}}


def test_values_that_are_no_numbers_are_told(trained, monkeypatch):
    _run, pictures = trained
    good = next(pictures.rglob("*.png")).read_bytes()
    monkeypatch.setattr("cnnstudio.engine.prediction_server.Server._of",
                        lambda _self, pictures: np.full((len(pictures), 3), np.nan, np.float32))
    _, ((answer,),) = serve(trained, [("a.png", good)])
    assert answer.problem.code == "answer_not_a_number"
