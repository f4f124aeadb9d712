"""The colours of Python source: a string is a string on every one of its lines."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QTextDocument

from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.code_editor import Python

pytestmark = pytest.mark.usefixtures("qapp")
TOKENS = ("ok", "dim", "accent", "warn")


def colored(text: str) -> list[str]:
    """For every line of code the letters of its colours: o string, d comment, a keyword, w number, . none."""
    document = QTextDocument()
    highlighter = Python(document)
    document.setPlainText(text)
    highlighter.rehighlight()
    names = {theme.color(token).name(): token[0] for token in TOKENS}
    lines = []
    block = document.firstBlock()
    while block.isValid():
        line = ["."] * block.length()
        for span in block.layout().formats():
            line[span.start:span.start + span.length] = names[span.format.foreground().color().name()] * span.length
        lines.append("".join(line[:-1]))
        block = block.next()
    return lines


@pytest.mark.parametrize(("text", "colors"), [
    ('x = "a # b"  # it\'s', ["....ooooooo..dddddd"]),
    ('"""Two\nlines: for 3"""\nx = 1', ["oooooo", "ooooooooooooooo", "....w"]),
    ("'''one''' + 2", ["ooooooooo...w"]),
    ('def f():\n    """Says "hi".\n\n    """\n    return f"{x}"',
     ["aaa.....", "....ooooooooooooo", "", "ooooooo", "....aaaaaa.oooooo"]),
    ("for4 = 1e-3 + x1", [".......wwww....."]),
    ('x = "never closed\nif y: pass', ["....ooooooooooooo", "aa....aaaa"]),
    ('x = "a\\\\"  # b', ["....ooooo..ddd"]),
])
def test_every_line_of_a_string_has_its_color(text, colors):
    assert colored(text) == colors


def test_a_string_that_is_closed_by_an_edit_ends_there():
    document = QTextDocument('"""open\nx = 1')
    highlighter = Python(document)
    highlighter.rehighlight()
    second = document.firstBlock().next()
    string = theme.color("ok").name()
    assert [span.format.foreground().color().name() for span in second.layout().formats()] == [string]
    document.setPlainText('"""open"""\nx = 1')
    highlighter.rehighlight()
    second = document.firstBlock().next()
    assert [span.format.foreground().color().name() for span in second.layout().formats()] == [theme.color("warn").name()]
