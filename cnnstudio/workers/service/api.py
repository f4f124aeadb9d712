"""The addresses of the service: a Litestar application behind the guard.

It knows the engine by a protocol alone, so that it is tested without a child.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final, NamedTuple, Protocol

import msgspec
from litestar import Litestar, Request, Response, get, post
from litestar.exceptions import HTTPException, MethodNotAllowedException, ValidationException
from litestar.params import FromPath, QueryParameter

from cnnstudio.core.jobs import Prediction
from cnnstudio.core.service_jobs import ServedModel, Upload
from cnnstudio.workers.service import pages
from cnnstudio.workers.service.answers import Health, Phase, answer_line, model_card, refusal, status_of
from cnnstudio.workers.service.batching import Answerer, Batcher
from cnnstudio.workers.service.guard import App, Guard
from cnnstudio.workers.service.languages import chosen_language
from cnnstudio.workers.service.measures import CONTENT_TYPE, Measures, process_memory
from cnnstudio.workers.service.openapi import MOST_TOP, NAME, openapi_schema
from cnnstudio.workers.service.refusals import (
    Refused,
    bad_query,
    not_found,
    not_ready,
    unexpected,
    wrong_method,
)
from cnnstudio.workers.service.settings import ServiceSettings
from cnnstudio.workers.service.uploads import FORM, Disconnected, Memory, read_files

LINES: Final = "application/x-ndjson"
JSON: Final = "application/json"


class ServedEngine(Answerer, Protocol):
    """What the service asks of an engine besides answers."""

    @property
    def phase(self) -> Phase: ...

    @property
    def model(self) -> ServedModel | None: ...

    @property
    def restarts(self) -> int: ...

    @property
    def pid(self) -> int | None: ...


class Served(NamedTuple):
    """What is served: an engine, and the name and the run of its model ("" where it is none)."""

    engine: ServedEngine
    name: str
    run: str = ""


Top = Annotated[int, QueryParameter(ge=0, le=MOST_TOP)]
Name = Annotated[str, QueryParameter(max_length=1000)]


class Api:
    """The handlers of one service, with what they share."""

    def __init__(self, served: Served, settings: ServiceSettings, measures: Measures) -> None:
        self._served, self._settings, self._measures = served, settings, measures
        self._memory = Memory(settings.max_held_bytes)
        self._batcher = Batcher(served.engine, settings.max_waiting, settings.max_batch, measures.batches.observe)
        engine = served.engine
        measures.watch(waiting=lambda: self._batcher.waiting, held=lambda: self._memory.held,
                       ready=lambda: float(engine.phase == "ready"), restarts=lambda: engine.restarts,
                       memory=lambda: process_memory(engine.pid))

    async def start(self) -> None:
        self._batcher.start()

    async def stop(self) -> None:
        await self._batcher.stop()

    async def predict(self, request: Request[Any, Any, Any], top: int, name: str) -> Response[bytes]:
        """Classify the pictures of a request."""
        if self._served.engine.phase != "ready":
            # Before anything is read: a client that waits for 100 Continue sends no picture in vain.
            raise not_ready()
        language = _language(request)
        content_type = request.headers.get("content-type", "")
        with self._memory.hold() as hold:
            files = await read_files(content_type, _length(request), _body(request), name, self._settings, hold)
            begin = time.monotonic()
            predictions = await self._batcher.answer(
                [Upload(name=file.name, data=file.data, top=top) for file in files])
        self._count(predictions, time.monotonic() - begin)
        lines = b"".join(answer_line(prediction, self._served.run, language) for prediction in predictions)
        is_form = content_type.strip().lower().startswith(FORM)
        return Response(lines, status_code=status_of(predictions), media_type=LINES if is_form else JSON,
                        headers={"content-language": language})

    def _count(self, predictions: tuple[Prediction, ...], seconds: float) -> None:
        self._measures.seconds.observe(seconds)
        for prediction in predictions:
            problem = prediction.problem
            self._measures.pictures.labels("answered" if problem is None else problem.code).inc()

    def health(self) -> Response[bytes]:
        """Whether the model takes pictures."""
        phase = self._served.engine.phase
        return _json(Health(phase), status=200 if phase == "ready" else 503)

    def model(self) -> Response[bytes]:
        """The model that answers."""
        if self._served.engine.model is None:
            raise not_ready()
        return _json(model_card(self._served.engine.model, self._served.name, self._served.run))

    def metrics(self) -> Response[bytes]:
        """What was counted and measured."""
        return Response(self._measures.text(), headers={"content-type": CONTENT_TYPE})

    def schema(self, language: str) -> dict[str, Any]:
        """The description of all addresses."""
        return openapi_schema(self._settings, language)


def make_app(served: Served, settings: ServiceSettings, measures: Measures) -> App:
    """The whole application, guarded. Its lifespan starts and ends the queue in front of the engine."""
    api = Api(served, settings, measures)

    @post("/predict", status_code=200)
    async def predict(request: Request[Any, Any, Any], top: Top = 5, name: Name = NAME) -> Response[bytes]:
        return await api.predict(request, top, name)

    @get("/health", sync_to_thread=False)
    def health() -> Response[bytes]:
        return api.health()

    @get("/model", sync_to_thread=False)
    def model() -> Response[bytes]:
        return api.model()

    @get("/metrics", sync_to_thread=False)
    def metrics() -> Response[bytes]:
        return api.metrics()

    @get("/docs/openapi.json", sync_to_thread=False)
    def schema(request: Request[Any, Any, Any]) -> Response[bytes]:
        return _json(api.schema(_language(request)))

    @get("/docs", sync_to_thread=False)
    def docs(request: Request[Any, Any, Any]) -> Response[bytes]:
        language = _language(request)
        return _page(pages.docs_page(api.schema(language), language), language)

    @get("/", sync_to_thread=False)
    def page(request: Request[Any, Any, Any]) -> Response[bytes]:
        language = _language(request)
        return _page(pages.main_page(language, bool(settings.token), settings), language)

    @get("/assets/{name:str}", sync_to_thread=False)
    def asset(name: FromPath[str]) -> Response[bytes]:
        found = pages.asset(name)
        if found is None:
            raise not_found()
        return Response(found.content, headers={"content-type": found.type, "cache-control": "max-age=3600"})

    app = Litestar(
        [predict, health, model, metrics, schema, docs, page, asset], openapi_config=None, debug=False,
        logging_config=None, request_max_body_size=None, on_startup=[api.start], on_shutdown=[api.stop],
        exception_handlers={Refused: _refused, Disconnected: _disconnected, HTTPException: _http_error,
                            Exception: _unexpected})
    return Guard(app, settings, measures)  # type: ignore[arg-type]


def _language(request: Request[Any, Any, Any]) -> str:
    return chosen_language(request.headers.get("accept-language", ""))


def _length(request: Request[Any, Any, Any]) -> int | None:
    length = request.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdigit() else None


async def _body(request: Request[Any, Any, Any]) -> AsyncIterator[bytes]:
    """The body in pieces. Raises Disconnected where it breaks off."""
    while True:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        if message["type"] == "http.request":
            if message["body"]:
                yield message["body"]
            if not message.get("more_body", False):
                return


def _json(value: Any, status: int = 200) -> Response[bytes]:
    return Response(msgspec.json.encode(value), status_code=status, media_type=JSON)


def _page(content: bytes, language: str) -> Response[bytes]:
    return Response(content, headers={"content-type": "text/html; charset=utf-8", "content-language": language})


def _refused(request: Request[Any, Any, Any], refused: Refused) -> Response[bytes]:
    language = _language(request)
    response = _json(refusal(refused.problem, language), refused.status)
    response.headers.update({"content-language": language, **refused.headers})
    return response


def _disconnected(_request: Request[Any, Any, Any], _reason: Disconnected) -> Response[bytes]:
    # Nobody reads it; the status is counted as what nginx made of it.
    return Response(b"", status_code=499, media_type=JSON)


def _http_error(request: Request[Any, Any, Any], http_error: HTTPException) -> Response[bytes]:
    if isinstance(http_error, ValidationException):
        found = http_error.extra if isinstance(http_error.extra, list) else []
        return _refused(request, bad_query(", ".join(str(item.get("key", "?")) for item in found) or "?"))
    if isinstance(http_error, MethodNotAllowedException):
        allowed = {name.lower(): value for name, value in (http_error.headers or {}).items()}.get("allow", "")
        return _refused(request, wrong_method(allowed))
    if http_error.status_code == 404:
        return _refused(request, not_found())
    if http_error.status_code < 500:
        return _refused(request, bad_query("?"))
    return _unexpected(request, http_error)


def _unexpected(request: Request[Any, Any, Any], exception: Exception) -> Response[bytes]:
    logging.getLogger(__name__).error("a request to %s failed", request.url.path, exc_info=exception)
    return _refused(request, unexpected())


