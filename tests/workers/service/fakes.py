"""An engine without a child, and a client of the application in front of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from litestar.testing import TestClient

from cnnstudio.workers.service.api import Served, make_app
from cnnstudio.workers.service.measures import Measures
from cnnstudio.workers.service.settings import ServiceSettings
from tests.workers.service.children import MODEL, prediction


class FakeEngine:
    """Answers like the scripted children; `gate` holds it up, `error` is raised instead."""

    def __init__(self) -> None:
        self.phase = "ready"
        self.model = MODEL
        self.restarts = 0
        self.pid = None
        self.batches: list[int] = []
        self.batch = MODEL.batch
        self.gate: asyncio.Event | None = None
        self.error: Exception | None = None

    async def classify(self, uploads: Any) -> Any:
        self.batches.append(len(uploads))
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        return tuple(map(prediction, uploads))


@contextmanager
def client(engine: FakeEngine | None = None, run: str = "", **options: Any) -> Iterator[TestClient]:
    app = make_app(Served(engine or FakeEngine(), "some model", run), ServiceSettings(**options), Measures())
    with TestClient(app) as made:
        made.headers["host"] = "localhost:8000"
        yield made
