"""The addresses of the service, with an engine without a child."""

from __future__ import annotations

import json

import pytest

from cnnstudio.core.calibration import Rejection
from cnnstudio.core.jobs import Prediction, Ranked
from cnnstudio.core.problems import error
from cnnstudio.core.text import Text
from cnnstudio.workers.answer_format import json_line
from cnnstudio.workers.service import answers, openapi
from cnnstudio.workers.service.guard import PATHS
from cnnstudio.workers.service.refusals import interrupted
from cnnstudio.workers.service.settings import ServiceSettings
from tests.workers.service.children import MODEL, prediction
from tests.workers.service.fakes import FakeEngine, client

IMAGE = {"content-type": "image/png"}


def code_of(response):
    return response.json()["problem"]["code"]


@pytest.mark.parametrize("kind", ["image/png", "image/x-anything; charset=binary", "application/octet-stream",
                                  "application/x-www-form-urlencoded", None])
def test_a_picture_is_answered_as_predict_prints_it(kind):
    with client(run="r1") as service:
        response = service.post("/predict", params={"top": 2, "name": "a.png"}, content=b"abcd",
                                headers={} if kind is None else {"content-type": kind})
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert response.json() == {
        "path": "a.png", "label": "b", "probability": 0.7, "run": "r1",
        "top": [{"label": "b", "probability": 0.7}, {"label": "c", "probability": 0.2}]}


def test_the_line_is_the_one_of_the_command():
    for answer in (
            Prediction(request=1, path="ñ", top=(Ranked(label="a", probability=1 / 3),), not_sure=True, answer_set=("a", "b")),
            Prediction(request=1, path="x", problem=error("c", Text("no", "no"), "file"))):
        assert answers.answer_line(answer, "r", "en").decode() == json_line(answer, "r") + "\n"


def test_the_files_of_a_form_are_answered_line_by_line_in_their_order():
    with client() as service:
        response = service.post("/predict", files=[("file", ("a.png", b"1", "image/png")), ("other", ("ñ ü.png", b"broken")),
                                                   ("file", ("c.png", b"333"))])
    lines = [json.loads(line) for line in response.text.splitlines()]
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("application/x-ndjson")
    assert [line["path"] for line in lines] == ["a.png", "ñ ü.png", "c.png"]
    assert [line.get("label") for line in lines] == ["b", None, "a"]
    assert lines[1]["problem"] == {"code": "picture_corrupt", "text": "ñ ü.png: damaged"}


def test_a_form_without_any_answer_has_the_status_of_its_first_problem():
    with client() as service:
        response = service.post("/predict", files=[("file", ("a.png", b"broken")), ("file", ("b.png", b"broken"))])
    assert response.status_code == 422
    assert len(response.text.splitlines()) == 2


@pytest.mark.parametrize(("code", "status"), [
    ("picture_too_large", 413), ("picture_not_a_picture", 415), ("picture_truncated", 422), ("picture_empty_file", 422),
    ("not_answered", 500), ("answer_not_a_number", 500), ("picture_out_of_memory", 503)])
def test_the_status_says_whose_fault_it_is(code, status):
    problem = Prediction(request=1, path="a", problem=error(code, Text("a", "b"), "file"))
    answered = Prediction(request=1, path="a", top=(Ranked(label="a", probability=1.0),))
    assert answers.status_of((problem,)) == status
    assert answers.status_of((problem, answered)) == 200


@pytest.mark.parametrize(("request_of", "status", "code"), [
    (lambda service: service.post("/predict", content=b"a", headers={"content-type": "text/plain"}), 415, "unknown_type"),
    (lambda service: service.post("/predict", json={"a": "b"}), 415, "unknown_type"),
    (lambda service: service.post("/predict", params={"top": "x"}, content=b"a", headers=IMAGE), 400, "bad_query"),
    (lambda service: service.post("/predict", params={"top": "-1"}, content=b"a", headers=IMAGE), 400, "bad_query"),
    (lambda service: service.post("/predict", params={"top": "9" * 400}, content=b"a", headers=IMAGE), 400, "bad_query"),
    (lambda service: service.post("/predict", params={"name": "n" * 1001}, content=b"a", headers=IMAGE), 400, "bad_query"),
    (lambda service: service.post("/predict", content=b"x" * 101, headers=IMAGE), 413, "too_large"),
    (lambda service: service.post("/predict", content=iter([b"x" * 60, b"x" * 60]), headers=IMAGE), 413, "too_large"),
    (lambda service: service.post("/predict", content=b"--b\r\n\r\n", headers={
        "content-type": "multipart/form-data; boundary=b"}), 400, "bad_form"),
    (lambda service: service.post("/predict", content=b"a", headers={"content-type": "multipart/form-data"}), 400, "bad_form"),
    (lambda service: service.post("/predict", content=b"--b--\r\n", headers={
        "content-type": "multipart/form-data; boundary=b"}), 400, "no_files"),
    (lambda service: service.get("/predict"), 405, "wrong_method"),
    (lambda service: service.get("/nothing"), 404, "not_found"),
    (lambda service: service.get("/assets/..%2f..%2fsecret"), 404, "not_found"),
    (lambda service: service.get("/assets/secret"), 404, "not_found"),
])
def test_what_is_not_understood_is_refused_with_a_reason(request_of, status, code):
    with client(max_bytes=100) as service:
        response = request_of(service)
    assert (response.status_code, code_of(response)) == (status, code)


def test_too_many_files_are_refused():
    files = [("file", (f"{number}.png", b"1")) for number in range(3)]
    with client(max_files=2) as service:
        response = service.post("/predict", files=files)
        assert (response.status_code, code_of(response)) == (400, "too_many_files")
        assert service.post("/predict", files=files[:2]).status_code == 200


@pytest.mark.parametrize(("accepted", "language"), [
    ("es", "es"), ("es-MX,es;q=0.9,en;q=0.8", "es"), ("en-GB,es;q=0.5", "en"), ("fr, es;q=0.2, en;q=0.1", "es"),
    ("fr", "en"), ("", "en"), ("es;q=0, en;q=x", "en"), (",;q=,=;", "en")])
def test_texts_are_in_the_language_of_the_request(accepted, language):
    with client() as service:
        response = service.post("/predict", content=b"a", headers={"content-type": "x", "accept-language": accepted})
    assert response.headers["content-language"] == language
    assert ("archivo" in response.json()["problem"]["text"]) is (language == "es")


def test_the_model_is_described():
    engine = FakeEngine()
    with client(engine, run="r1") as service:
        assert service.get("/model").json() == {
            "name": "some model", "run": "r1", "classes": ["a", "b", "c"], "digest": "0" * 64, "reject": None, "engine": "none",
            "device": "CPU: none", "input": {"height": 8, "width": 9, "color_mode": "rgb"}}
        engine.model = type(MODEL)(**{name: getattr(MODEL, name) for name in MODEL.__struct_fields__} | {
            "rejection": Rejection(kind="confidence", level=0.8, threshold=0.8)})
        assert service.get("/model").json()["reject"] == {"kind": "confidence", "level": 0.8, "threshold": 0.8}
        engine.model = None
        assert service.get("/model").status_code == 503


def test_while_the_model_is_loaded_pictures_are_refused_for_a_while():
    engine = FakeEngine()
    with client(engine) as service:
        assert (service.get("/health").status_code, service.get("/health").json()) == (200, {"status": "ready"})
        engine.phase = "restarting"
        assert (service.get("/health").status_code, service.get("/health").json()) == (503, {"status": "restarting"})
        response = service.post("/predict", content=b"a", headers=IMAGE)
    assert (response.status_code, code_of(response)) == (503, "not_ready")
    assert int(response.headers["retry-after"]) > 0


def test_an_engine_that_ends_is_told_and_a_fault_of_the_program_shows_nothing():
    engine = FakeEngine()
    with client(engine) as service:
        engine.error = interrupted()
        response = service.post("/predict", content=b"a", headers=IMAGE)
        assert (response.status_code, code_of(response), "retry-after" in response.headers) == (503, "interrupted", True)
        engine.error = RuntimeError("/a/secret/path")
        response = service.post("/predict", content=b"a", headers=IMAGE)
        assert (response.status_code, code_of(response)) == (500, "unexpected")
        assert "secret" not in response.text
        engine.error = None
        assert service.post("/predict", content=b"a", headers=IMAGE).status_code == 200


def test_a_full_queue_refuses_and_says_when_to_come_again():
    with client(max_waiting=2) as service:
        response = service.post("/predict", files=[("file", (f"{number}.png", b"1")) for number in range(3)])
    assert (response.status_code, code_of(response), response.headers["retry-after"]) == (503, "busy", "2")


def test_what_happens_is_counted():
    with client() as service:
        service.post("/predict", content=b"a", headers=IMAGE)
        service.post("/predict", content=b"broken", headers=IMAGE)
        service.get("/x/y")
        response = service.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    for line in ('cnnstudio_requests_total{path="/predict",status="200"} 1.0',
                 'cnnstudio_requests_total{path="other",status="404"} 1.0',
                 'cnnstudio_pictures_total{outcome="answered"} 1.0', 'cnnstudio_pictures_total{outcome="picture_corrupt"} 1.0',
                 "cnnstudio_batch_pictures_count 2.0", "cnnstudio_model_ready 1.0", "cnnstudio_waiting_pictures 0.0",
                 "cnnstudio_held_bytes 0.0"):
        assert line in response.text, line


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_pages_are_whole_and_need_nothing_from_elsewhere(language):
    with client() as service:
        for path in ("/", "/docs"):
            response = service.get(path, headers={"accept-language": language})
            assert response.status_code == 200
            assert f'<html lang="{language}">' in response.text
            assert "://" not in response.text.replace("http://HOST:PORT", "")
            assert "script-src 'self'" in response.headers["content-security-policy"]
            assert "<script>" not in response.text and "style=" not in response.text
        for name in ("service.css", "service.js", "cnnstudio.svg", "Inter-Regular.otf", "Inter-SemiBold.otf"):
            assert service.get(f"/assets/{name}").status_code == 200


def test_the_description_covers_the_addresses_and_both_languages():
    english, spanish = (openapi.openapi_schema(ServiceSettings(token="t" * 20), language) for language in ("en", "es"))
    assert set(english["paths"]) == set(PATHS) - {"/", "/docs", "/docs/openapi.json"}

    def texts(part):
        if isinstance(part, dict):
            yield from (value for name, value in part.items() if name in ("description", "summary") and isinstance(value, str))
        for value in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            yield from texts(value)

    pairs = list(zip(texts(english), texts(spanish), strict=True))
    assert len(pairs) > 30
    assert [pair for pair in pairs if pair[0] == pair[1]] == []


def test_every_answer_has_the_shape_that_is_described():
    import msgspec

    for upload in (b"a", b"broken"):
        from cnnstudio.core.service_jobs import Upload

        line = answers.answer_line(prediction(Upload(name="a", data=upload)), "r", "en")
        assert isinstance(msgspec.json.decode(line, type=answers.PictureAnswer), answers.PictureAnswer)
