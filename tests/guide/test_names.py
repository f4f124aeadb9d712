"""What the guide sets in italics is what the window says: names of buttons, pages and fields."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import cnnstudio
from cnnstudio.core.guide import guide_folder

_ITALIC = re.compile(r"(?<![*\w])\*(?![*\s])([^*\n]+?)(?<!\s)\*(?!\*)|(?<![_\w])_(?![_\s])([^_\n]+?)_(?![_\w])")
OTHER_PROGRAMS = {
    # Teachable Machine; it has a Spanish window.
    "Webcam", "Upload", "Train Model", "Advanced", "Export Model",
    "Cámara web", "Subir", "Entrenar modelo", "Avanzado", "Exportar modelo",
    # Orange.
    "Import Images", "Image Embedding", "Logistic Regression", "Image Grid", "t-SNE", "Test and Score", "Confusion Matrix",
    # DIGITS.
    "Classify One", "Classify Many"}
"""Names in the windows of other programs, in "coming from" alone."""


@cache
def program_texts() -> tuple[frozenset[str], frozenset[str]]:
    """Every text of the program in English and in Spanish; of one that is filled in, what stands before the first field."""
    english, spanish = set(), set()
    for file in Path(cnnstudio.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            texts = [item.value for item in node.args[:2] if isinstance(item, ast.Constant) and isinstance(item.value, str)
                     ] if isinstance(node, ast.Call) else []
            if texts:
                english.add(texts[0])
                spanish.add(texts[-1])
    return frozenset(map(_shown, english)), frozenset(map(_shown, spanish))


def _shown(text: str) -> str:
    return text.partition("{")[0].rstrip(" :,·–(") if "{" in text else text


def italics(text: str) -> list[str]:
    """What is set in italics outside code."""
    prose = re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))
    return [found[1] or found[2] for found in _ITALIC.finditer(prose)]


@pytest.mark.parametrize("file", sorted(guide_folder().glob("*/*.md")), ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_names_in_italics_are_those_of_the_window(file: Path) -> None:
    known = program_texts()[("en", "es").index(file.parent.name)]
    if file.stem == "coming-from":
        known |= OTHER_PROGRAMS
    wrong = [name for name in italics(file.read_text("utf-8")) if not set(name.split(" > ")) <= known]
    assert not wrong


def test_what_is_in_italics_is_found() -> None:
    assert italics("Press *Go on…* or _Stop_, not `*code*`, **bold** or 2 * 3 * 4.\n```\n*x*\n```\n") == ["Go on…", "Stop"]
    english, spanish = program_texts()
    assert "Start training" in english and "Empezar a entrenar" in spanish and "Poetry" not in english
