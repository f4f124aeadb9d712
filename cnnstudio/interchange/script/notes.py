"""Collects what of a script is taken over and what is not, in the order of its lines."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text
from cnnstudio.interchange.python_source.source import Source
from cnnstudio.interchange.python_source.values import CallValue, Class, Function, Name, Unknown
from cnnstudio.interchange.script.model import Area, ScriptItem

_TAKEN: Final = Text("{what} → {where}", "{what} → {where}")
_LEFT: Final = Text("{what} was not taken over: {why}", "{what} no se tomó: {why}")
UNKNOWN: Final = Text("only running the code tells its value", "su valor solo se sabe al ejecutar el código")
NOTHING_LIKE_IT: Final = Text("there is nothing like it here", "aquí no hay nada igual")


class Notes:
    """The items of one script."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._items: list[ScriptItem] = []

    def take(self, line: int, area: Area, what: Text | str, where: Text | str, note: Text | None = None) -> None:
        """A setting that was taken over, with what differs there."""
        text = _TAKEN.fill(what=what, where=where)
        if note is not None:
            text = Text("{text} ({note})", "{text} ({note})").fill(text=text, note=note)
        self._add(line, area, text, True)

    def leave(self, line: int, area: Area, what: Text | str, why: Text) -> None:
        """A setting that was not taken over, and why."""
        self._add(line, area, _LEFT.fill(what=what, why=why), False)

    def tell(self, line: int, area: Area, text: Text, taken: bool) -> None:
        """What the reader of the network says."""
        self._add(line, area, text, taken)

    def add_problem(self, problem: Problem, area: Area, taken: bool) -> None:
        """A remark of the reader of the network, which names its line already."""
        line = problem.where.line or 0
        self._items.append(ScriptItem(line=line, place=Text("", ""), area=area, text=problem.text, taken=taken))

    def _add(self, line: int, area: Area, text: Text, taken: bool) -> None:
        place = self._source.location(line) if line else Text("", "")
        self._items.append(ScriptItem(line=line, place=place, area=area, text=text, taken=taken))

    def items(self) -> tuple[ScriptItem, ...]:
        """All items by their lines, each once."""
        seen: dict[tuple[int, str, bool], ScriptItem] = {}
        for item in self._items:
            seen.setdefault((item.line, item.text.en, item.taken), item)
        return tuple(sorted(seen.values(), key=lambda item: item.line))


def spell(value: Any, depth: int = 0) -> str:
    """A value of a script as short code."""
    if isinstance(value, Unknown):
        return "…"
    if isinstance(value, CallValue):
        short = value.path.rpartition(".")[2]
        return f"{short}(…)" if depth else f"{short}({spell_arguments(value.arguments, value.keywords)})"
    if isinstance(value, Name):
        return value.path.rpartition(".")[2]
    if isinstance(value, Function | Class):
        return value.name
    if isinstance(value, tuple | list):
        inner = ", ".join(spell(item, depth + 1) for item in value[:6]) + (", …" if len(value) > 6 else "")
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{spell(key, 1)}: {spell(item, 1)}" for key, item in list(value.items())[:4]) + "}"
    return repr(value)[:80] if isinstance(value, str | int | float | bool | None) else "…"


def spell_arguments(arguments: list[Any], keywords: dict[str, Any]) -> str:
    """The arguments of a call as short code."""
    parts = [spell(item, 1) for item in arguments] + [f"{name}={spell(item, 1)}" for name, item in keywords.items()]
    text = ", ".join(parts)
    return text if len(text) <= 100 else text[:99] + "…"


def rounded(value: float) -> float:
    """A number that was computed, without the noise of its last digits."""
    return float(f"{value:.9g}")


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


