"""What the sheet of explained pictures says below each."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

from cnnstudio.gui.pages.evaluate.explain.view import ExplainView
from cnnstudio.gui.pages.evaluate.results import Answer


def test_a_caption_has_two_lines_whatever_the_names_are(workspace):
    view = ExplainView(workspace, {})
    view.context = SimpleNamespace(class_names=("cat\nñ", "dog"))
    answer = Answer(Path("a\nb.png"), "a\nb.png", label=0, predicted=1, probability=0.75, loss=1.4)
    assert view._caption(answer).splitlines() == ["a\\nb.png", "cat\\nñ → dog 75.0%"]
    view.close_threads()
