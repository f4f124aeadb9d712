"""The pictures of a request: its body is read bounded in size, time and memory, whole or as the files of a form."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final, NamedTuple

from multipart import MultipartError, ParserLimitReached, PushMultipartParser, parse_options_header

from cnnstudio.workers.service.refusals import (
    bad_form,
    busy,
    no_files,
    too_large,
    too_many_files,
    too_slow,
    unknown_type,
)
from cnnstudio.workers.service.settings import ServiceSettings

FORM: Final = "multipart/form-data"
_RAW: Final = ("application/octet-stream", "application/x-www-form-urlencoded", "")
"""Types of a body that is one picture. The second is what curl --data-binary says unless it is told otherwise."""


class File(NamedTuple):
    """A picture as it was sent, with its name."""

    name: str
    data: bytes


class Disconnected(Exception):
    """The client is gone before its request was complete: nobody reads an answer."""


class Memory:
    """How many bytes of requests are held at the moment, of at most `limit`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.held = 0

    def hold(self) -> Hold:
        """A part of it, for one request."""
        return Hold(self)

    def take(self, count: int) -> None:
        """Raises Refused (busy) where there is no room for so many more."""
        if self.held + count > self._limit:
            raise busy()
        self.held += count

    def give_back(self, count: int) -> None:
        self.held -= count


class Hold:
    """What one request holds; given back when the block ends."""

    def __init__(self, memory: Memory) -> None:
        self._memory, self.size = memory, 0

    def __enter__(self) -> Hold:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._memory.give_back(self.size)

    def take(self, count: int) -> None:
        self._memory.take(count)
        self.size += count


Receive = Callable[[], "asyncio.Future[dict[str, object]]"]
Body = AsyncIterator[bytes]


async def read_files(content_type: str, length: int | None, body: Body, name: str, settings: ServiceSettings, hold: Hold
                     ) -> list[File]:
    """The pictures of a request whose body comes in pieces, at least one.

    `name` is that of the picture where it is the whole body. Raises Refused for any other type, a damaged form, and a body that
    is too large, too slow or finds no room.
    """
    kind, options = parse_options_header(content_type)
    if kind != FORM and kind not in _RAW and not kind.startswith("image/"):
        raise unknown_type()
    if length is not None and length > settings.max_bytes:
        raise too_large(settings)
    pieces = _bounded(body, settings, hold)
    try:
        async with asyncio.timeout(settings.upload_seconds):
            if kind == FORM:
                return await _form(pieces, options.get("boundary", ""), settings)
            return [File(name, b"".join([piece async for piece in pieces]))]
    except TimeoutError:
        raise too_slow(settings) from None


async def _bounded(body: Body, settings: ServiceSettings, hold: Hold) -> Body:
    async for piece in body:
        if hold.size + len(piece) > settings.max_bytes:
            raise too_large(settings)
        hold.take(len(piece))
        if piece:
            yield piece


async def _form(body: Body, boundary: str, settings: ServiceSettings) -> list[File]:
    names: list[str] = []
    contents: list[list[bytes]] = []
    try:
        # Not strict: that refuses what comes in very small pieces.
        with PushMultipartParser(boundary, max_segment_count=settings.max_files) as parser:
            async for piece in body:
                for part in parser.parse(piece):
                    if part is None:
                        continue
                    if isinstance(part, bytes | bytearray):
                        contents[-1].append(bytes(part))
                    else:
                        names.append(part.filename or part.name or "")
                        contents.append([])
    except ParserLimitReached:
        raise (too_many_files(settings) if len(names) >= settings.max_files else bad_form()) from None
    except (MultipartError, LookupError, UnicodeError):
        raise bad_form() from None
    if not names:
        raise no_files()
    return [File(name, b"".join(parts)) for name, parts in zip(names, contents, strict=True)]
