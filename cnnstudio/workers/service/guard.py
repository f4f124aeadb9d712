"""What every request passes before the service looks at it: host, origin, token; and the headers of every answer.

Without a token the service is for this computer alone, and a page of another site must not reach it through the browser of
its user: neither by a name that its owner lets point to 127.0.0.1 (the header Host tells), nor by a form or script (the
header Origin tells).
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from cnnstudio.workers.service.answers import refusal
from cnnstudio.workers.service.languages import chosen_language
from cnnstudio.workers.service.measures import Measures
from cnnstudio.workers.service.refusals import Refused, foreign_origin, no_token, unknown_host
from cnnstudio.workers.service.settings import ServiceSettings

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

PATHS: Final = ("/", "/docs", "/docs/openapi.json", "/health", "/metrics", "/model", "/predict")
"""The addresses of the service; they are counted by name, all others together."""
_OPEN: Final = ("/", "/docs", "/docs/openapi.json", "/health")
ASSETS: Final = "/assets/"
_LOOPBACK: Final = ("localhost", "127.0.0.1", "[::1]")
_PAGE_POLICY: Final = ("default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' blob:; "
                       "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'")


class Guard:
    """An ASGI application in front of another one."""

    def __init__(self, app: App, settings: ServiceSettings, measures: Measures) -> None:
        self._app, self._settings, self._measures = app, settings, measures
        self._token = settings.token.encode()
        host = settings.host.lower()
        self._hosts = {*_LOOPBACK, f"[{host}]" if ":" in host else host}

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = _headers(scope)
        origin = headers.get("origin", "")
        path = str(scope["path"])

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *self._more_headers(origin, path)]
                self._measures.requests.labels(path if path in PATHS else "other", str(message["status"])).inc()
            await send(message)

        try:
            self._check(scope, headers, origin, path)
        except Refused as refused:
            await send_refusal(answer, refused, headers.get("accept-language", ""))
            return
        if scope["method"] == "OPTIONS" and origin in self._settings.allow_origins:
            await _send(answer, 204, {"access-control-allow-methods": "GET, POST", "access-control-max-age": "600",
                                      "access-control-allow-headers": "Authorization, Content-Type"}, b"")
            return
        await self._app(scope, receive, answer)

    def _check(self, scope: MutableMapping[str, Any], headers: dict[str, str], origin: str, path: str) -> None:
        """Raises Refused."""
        host = headers.get("host", "").lower()
        if not self._token and _without_port(host) not in self._hosts:
            raise unknown_host()
        if origin and origin not in self._settings.allow_origins and origin.lower().partition("://")[2] != host:
            raise foreign_origin()
        is_preflight = scope["method"] == "OPTIONS" and bool(origin)
        if self._token and not is_preflight and path not in _OPEN and not path.startswith(ASSETS):
            kind, _, given = headers.get("authorization", "").partition(" ")
            if kind.lower() != "bearer" or not secrets.compare_digest(given.strip().encode("utf-8", "replace"), self._token):
                raise no_token()

    def _more_headers(self, origin: str, path: str) -> list[tuple[bytes, bytes]]:
        headers = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "x-frame-options": "DENY",
                   "content-security-policy": _PAGE_POLICY, "cross-origin-opener-policy": "same-origin"}
        if not path.startswith(ASSETS):
            headers["cache-control"] = "no-store"
        if origin in self._settings.allow_origins:
            headers |= {"access-control-allow-origin": origin, "access-control-expose-headers": "Retry-After",
                        "vary": "Origin, Accept-Language"}
        else:
            headers |= {"cross-origin-resource-policy": "same-origin", "vary": "Accept-Language"}
        return [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]


def _headers(scope: MutableMapping[str, Any]) -> dict[str, str]:
    """By name; of several with one name the last."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


async def send_refusal(send: Send, refused: Refused, accepted: str) -> None:
    """Answer with a refusal in the language of the request."""
    language = chosen_language(accepted)
    body = json.dumps(refusal(refused.problem, language), ensure_ascii=False).encode("utf-8", "replace")
    await _send(send, refused.status, {"content-type": "application/json", "content-language": language,
                                       **refused.headers}, body)


async def _send(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status,
                "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()] + (
                    [] if status == 204 else [(b"content-length", str(len(body)).encode())])})
    await send({"type": "http.response.body", "body": body})
