"""Patterns of files and folders to ignore, written as in a .gitignore file."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import msgspec

from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text


class _Rule(msgspec.Struct, frozen=True):
    matches: re.Pattern[str]
    folders_only: bool
    negated: bool


def make_matcher(patterns: Sequence[str]) -> Callable[[str, bool], bool] | None:
    """A function of a path relative to the collection, with "/", and whether it is a folder; None without patterns.

    `*`, `?` and `[a-z]` stay inside one name, `**` crosses folders; a pattern with a "/" before its end begins at the
    collection's folder, one that ends with "/" is for folders alone, and "!" takes back what an earlier pattern ignored.
    Capitals do not matter. Raises ProblemError for a pattern that cannot be understood.
    """
    rules = [_make_rule(pattern.strip()) for pattern in patterns if pattern.strip() and not pattern.lstrip().startswith("#")]
    if not rules:
        return None

    def is_ignored(path: str, is_folder: bool) -> bool:
        ignored = False
        for rule in rules:
            if rule.negated == ignored and (is_folder or not rule.folders_only) and rule.matches.fullmatch(path):
                ignored = not rule.negated
        return ignored

    return is_ignored


def _make_rule(pattern: str) -> _Rule:
    negated = pattern.startswith("!")
    body = pattern[1:] if negated else pattern.removeprefix("\\")
    folders_only = body.endswith("/")
    body = body.rstrip("/")
    anchored = "/" in body
    expression = _translate(body.lstrip("/"))
    try:
        compiled = re.compile(expression if anchored else f"(?:.*/)?{expression}", re.IGNORECASE | re.DOTALL)
    except re.error as err:
        text = Text("The pattern {pattern} for ignoring files is not valid. Write it as in a .gitignore file.",
                    "El patrón {pattern} para ignorar archivos no es válido. Escríbalo como en un archivo .gitignore.")
        raise ProblemError(error("bad_pattern", text.fill(pattern=pattern), "dataset", field="ignore")) from err
    return _Rule(compiled, folders_only, negated)


def _translate(body: str) -> str:
    result, place = "", 0
    while place < len(body):
        sign = body[place]
        if body.startswith("**/", place):
            result, place = result + "(?:.*/)?", place + 3
        elif body.startswith("**", place):
            result, place = result + ".*", place + 2
        elif sign == "*":
            result, place = result + "[^/]*", place + 1
        elif sign == "?":
            result, place = result + "[^/]", place + 1
        elif sign == "[" and (end := body.find("]", place + 2)) > 0:
            inside = body[place + 1:end].replace("\\", r"\\").replace("[", r"\[")
            result += f"[^{inside[1:]}]" if inside.startswith("!") else f"[{inside}]"
            place = end + 1
        else:
            result, place = result + re.escape(sign), place + 1
    return result
