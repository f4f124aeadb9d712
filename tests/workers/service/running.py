"""A real service with a scripted child, and plain sockets to it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from cnnstudio.core.service_jobs import ServeUploads
from cnnstudio.workers.service.service import Service, ServiceState
from cnnstudio.workers.service.settings import ServiceSettings
from cnnstudio.workers.supervisor import Supervisor

CHILDREN = "tests.workers.service.children"


class Watched:
    """A service with what it told."""

    def __init__(self, child: str, **options: Any) -> None:
        self.phases: list[str] = []
        self.deaths: list[tuple[str, int | None]] = []
        self._changed = threading.Condition()
        self.service = Service(
            ServeUploads(model="/nowhere/some model", max_pixels=1000), ServiceSettings(**{"port": 0} | options),
            on_change=self._on_change, on_death=lambda problem, code: self.deaths.append((problem.code, code)),
            supervise=lambda job, on_event: Supervisor(job, on_event, target=f"{CHILDREN}:{child}", stop_seconds=0.5))

    def _on_change(self, state: ServiceState) -> None:
        with self._changed:
            self.phases.append(state.phase)
            self._changed.notify_all()

    def wait_for(self, condition: Callable[[], bool], seconds: float = 30) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, seconds), self.phases

    def connect(self) -> socket.socket:
        parts = urlsplit(self.service.state.url)
        return socket.create_connection((parts.hostname, parts.port), timeout=20)

    def ask(self, content: bytes, more: str = "", *, then: bytes = b"") -> tuple[int, dict[str, Any]]:
        """The status and the answer for a picture, over a connection of its own; `then` follows the request."""
        with self.connect() as connection:
            connection.sendall(request(content, more) + then)
            return answer_of(connection)


def request(content: bytes, more: str = "", length: int | None = None) -> bytes:
    return (f"POST /predict?name=a HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\n{more}"
            f"Content-Length: {len(content) if length is None else length}\r\n\r\n").encode() + content


def answer_of(connection: socket.socket) -> tuple[int, dict[str, Any]]:
    """The next answer of a connection."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            raise EOFError(received)
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])}
    assert headers[b"server"] == b"CNN Studio"
    length = int(headers[b"content-length"])
    while len(body) < length:
        body += connection.recv(65536)
    assert len(body) == length
    return int(head.split()[1]), json.loads(body)


@contextmanager
def running(child: str = "answers", **options: Any) -> Iterator[Watched]:
    """A service that is ready; ended afterwards."""
    watched = Watched(child, **options)
    watched.service.start()
    try:
        watched.wait_for(lambda: "ready" in watched.phases)
        yield watched
    finally:
        watched.service.stop(at_once=True)
        assert watched.service.join(30)


