"""The keys of classes: by their number, by their name where all are numbers, and those that the user chose."""

from __future__ import annotations

import pytest

from cnnstudio.core.class_keys import class_keys, is_key, with_key


def test_digits_have_their_own_keys_and_others_are_counted():
    assert class_keys([str(digit) for digit in range(10)]) == {str(digit): str(digit) for digit in range(10)}
    assert class_keys(["cat", "dog"]) == {"cat": "1", "dog": "2"}
    assert class_keys(["0", "cat"]) == {"0": "1", "cat": "2"}
    assert class_keys([f"class {number}" for number in range(12)])["class 11"] == "12"
    assert "2024" not in class_keys(["2024", "2025"]).values()


def test_a_chosen_key_is_taken_from_the_class_that_had_it():
    assert class_keys(["cat", "dog", "cow"], [("cow", "1")]) == {"dog": "2", "cow": "1"}
    assert class_keys(["cat", "dog"], [("dog", "d"), ("gone", "x")]) == {"cat": "1", "dog": "d"}


def test_choosing_a_key_replaces_and_taking_it_back_removes():
    chosen = with_key((), "cat", "c")
    assert with_key(chosen, "dog", "c") == (("dog", "c"),)
    assert with_key(chosen, "cat", "") == ()


@pytest.mark.parametrize(("text", "good"), [("7", True), ("12", True), ("q", True), ("ñ", True), ("", False), ("ab", False),
                                           ("1234", False), ("+", False)])
def test_what_can_be_a_key(text, good):
    assert is_key(text) is good
