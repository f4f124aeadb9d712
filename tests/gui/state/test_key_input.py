"""Typed keys of classes: at once where no longer key begins so, else after the next digit or a moment."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QObject

from cnnstudio.gui.state.key_input import KeyInput

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def keys():
    owner = QObject()
    chosen: list[str] = []
    table = {f"class {number}": str(number) for number in range(1, 13)} | {"letter": "q"}
    del table["class 7"]
    entry = KeyInput(lambda: table, owner)
    entry.chosen.connect(chosen.append)
    yield entry, chosen
    entry.clear()


def test_a_key_that_begins_no_other_acts_at_once(keys):
    entry, chosen = keys
    entry.press("2")
    entry.press("Q")
    assert chosen == ["class 2", "letter"]


def test_two_digits_are_one_key(keys):
    entry, chosen = keys
    typed: list[str] = []
    entry.typed.connect(typed.append)
    entry.press("1")
    assert (chosen, typed) == ([], ["1"])
    entry.press("2")
    assert chosen == ["class 12"]
    assert typed[-1] == ""


def test_one_digit_alone_is_its_class_after_a_moment(keys, qtbot):
    entry, chosen = keys
    entry.press("1")
    qtbot.waitUntil(lambda: chosen == ["class 1"])


def test_what_is_no_key_changes_nothing(keys):
    entry, chosen = keys
    entry.press("1")
    entry.press("7")
    entry.press("z")
    assert chosen == []
