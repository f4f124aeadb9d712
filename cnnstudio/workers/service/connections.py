"""The connections of a service: bounded in number, and none of them is held open by a client that sends nothing.

uvicorn ends a connection that is idle between two requests, but waits without end for the rest of one that has begun.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from cnnstudio.core.text import language
from cnnstudio.workers.service.answers import refusal
from cnnstudio.workers.service.refusals import Refused, bad_request, busy

MOST_CONNECTIONS: Final = 500
HEADER_SECONDS: Final = 15
"""How long the head of a request may take."""
GRACE_SECONDS: Final = 5
"""How long a body may still come after its time is over: an answer that was sent meanwhile is read first."""


def protocol(upload_seconds: float) -> type[asyncio.Protocol]:
    """The class of connections whose bodies may take so long."""

    class Connection(H11Protocol):
        """A connection that is closed where its client is too slow."""

        _timer: asyncio.TimerHandle | None = None
        _timed = ""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if len(self.connections) > MOST_CONNECTIONS:
                self._refuse(busy())
                return
            self._arm("head", HEADER_SECONDS)

        def handle_events(self) -> None:
            super().handle_events()
            waiting = self._waits_for()
            if waiting != self._timed:
                self._disarm()
                if waiting:
                    self._arm(waiting, HEADER_SECONDS if waiting == "head" else upload_seconds + GRACE_SECONDS)

        def connection_lost(self, exc: Exception | None) -> None:
            self._disarm()
            super().connection_lost(exc)

        def send_400_response(self, msg: str) -> None:
            self._refuse(bad_request())

        def _waits_for(self) -> str:
            """What of a request has begun and is still to come: "head", "body" or nothing."""
            state = self.conn.their_state
            if state is h11.SEND_BODY:
                return "body"
            return "head" if state is h11.IDLE and self.conn.trailing_data[0] else ""

        def _arm(self, waiting: str, seconds: float) -> None:
            self._timed = waiting
            self._timer = self.loop.call_later(seconds, self.transport.abort)

        def _disarm(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
            self._timer, self._timed = None, ""

        def _refuse(self, refused: Refused) -> None:
            """Answer a request that was not understood, or not read, and close."""
            body = json.dumps(refusal(refused.problem, language()), ensure_ascii=False).encode()
            more: Any = "".join(f"{name}: {value}\r\n" for name, value in refused.headers.items())
            phrase = "Bad Request" if refused.status == 400 else "Service Unavailable"
            self.transport.write(f"HTTP/1.1 {refused.status} {phrase}\r\ncontent-type: application/json\r\n{more}"
                                 f"server: CNN Studio\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
                                 .encode() + body)
            self.transport.close()

    return Connection
