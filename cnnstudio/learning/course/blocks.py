"""The page of a lesson in parts: running text, code, a bench, a task.

A page is Markdown. A fence ```bench ID``` embeds a bench; what it encloses is JSON, the settings that the bench is shown with.
A fence ```task ID``` stands where a task of the lesson is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from cnnstudio.core.foreign_files import decode_json

_FENCE: Final = re.compile(r"^```(\w+)?(?:[ \t]+([\w-]+))?[ \t]*\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)


class Prose(msgspec.Struct, frozen=True):
    """Running text, as Markdown."""

    text: str


class Source(msgspec.Struct, frozen=True):
    """Code to read and to copy."""

    text: str
    language: str = ""


class EmbeddedBench(msgspec.Struct, frozen=True):
    """A bench with the settings that the text speaks about. `place` is its number on the page, from 0."""

    bench: str
    settings: dict[str, Any]
    place: int = 0


class TaskPlace(msgspec.Struct, frozen=True):
    """Where a task stands in the text."""

    task: str


Block = Prose | Source | EmbeddedBench | TaskPlace


def page_blocks(text: str) -> tuple[Block, ...]:
    """The parts of a page in their order. Raises ValueError for a fence that is none of these, or settings that are no JSON
    object."""
    return tuple(_blocks(text))


def _blocks(text: str) -> Iterator[Block]:
    end, benches = 0, 0
    for match in _FENCE.finditer(text):
        yield from _prose(text[end:match.start()])
        end = match.end()
        kind, name, inside = match[1] or "", match[2] or "", match[3]
        if kind == "bench" and name:
            settings = decode_json(inside.strip() or "{}")
            if not isinstance(settings, dict):
                raise ValueError(f"the settings of the bench {name} are no JSON object")
            yield EmbeddedBench(name, settings, benches)
            benches += 1
        elif kind == "task" and name:
            yield TaskPlace(name)
        elif not name:
            yield Source(inside.rstrip("\n"), kind)
        else:
            raise ValueError(f"a fence of the kind {kind} has no name")
    rest = text[end:]
    if "```" in rest:
        raise ValueError("a fence is not closed")
    yield from _prose(rest)


def _prose(text: str) -> Iterator[Prose]:
    if text.strip():
        yield Prose(text.strip())
