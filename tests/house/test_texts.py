"""Texts that a user reads keep one vocabulary, one spelling and one form of numbers, in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import cnnstudio
from cnnstudio.gui.widgets.formatting import format_time_left

ROOT = Path(cnnstudio.__file__).parent
ENGLISH = {
    r"\b[Tt]wins?\b": "say duplicate or copy",
    r"(?<![.\w])[a-z]*(?:alization|alize[sd]?|imize[sd]?|ularize[sd]?|ognized?)\b(?!=)": "British spelling: -isation, -ise",
    r"[Mm]islabeled": "British spelling",
    r"[Ww]hole path": "a full path",
    r"crossentropy ": "cross-entropy",
    r"[0-9] x [0-9]": "a multiplication sign",
}
SPANISH = {
    r"\b[Gg]emelas?\b": "duplicada o copia",
    r"esviación típica": "desviación estándar",
    r"[0-9] x [0-9]": "signo de multiplicar",
    r"(?<!BY )(?<!SA )(?<!Apache )(?<![\w.:{])[0-9]+\.[0-9]+(?![\w.%])": "coma decimal",
}


def texts() -> Iterator[tuple[str, str, str]]:
    """Where a text stands, with its English and its Spanish."""
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and len(node.args) >= 2):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            first, second = node.args[:2]
            if name in ("Text", "tr") and isinstance(first, ast.Constant) and isinstance(second, ast.Constant):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", str(first.value), str(second.value)


def test_one_vocabulary_in_both_languages() -> None:
    found = list(texts())
    assert len(found) > 2500, "the texts are read from the source"
    wrong = []
    for where, english, spanish in found:
        for text, rules in ((english, ENGLISH), (spanish, SPANISH)):
            wrong += [f"{where}: {text!r}: {why}" for rule, why in rules.items()
                      if re.search(rule, text)]
    assert not wrong, "\n".join(wrong)


def test_less_than_a_second_is_no_figure() -> None:
    assert [format_time_left(seconds) for seconds in (0.0, 0.4, 1.2, 75)] == [
        "less than 1 s", "less than 1 s", "1 s", "1 min 15 s"]
