"""Texts and numbers in the languages of the program."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstudio.core.display import format_count, format_percent, with_unit
from cnnstudio.core.text import Text, format_metrics, format_number, normalize_number, set_language, tr


def test_numbers_are_written_as_in_the_language():
    reported = Text("{score:.2f} of {n:,}, {share:.1%}, {plain}", "{score:.2f} de {n:,}, {share:.1%}, {plain}").fill(
        score=0.25, n=1234567, share=0.975, plain=0.5)
    assert reported.en == "0.25 of 1,234,567, 97.5%, 0.5"
    assert reported.es == "0,25 de 1\u202f234\u202f567, 97,5\u202f%, 0.5", "what is not formatted is a value, not a figure"
    assert Text("{name}", "{name}").fill(name="a.b,c").es == "a.b,c"
    assert tr("{x:.1f}", "{x:.1f}", x=0.5) == format_number(0.5, ".1f") == "0.5"
    set_language("es")
    assert tr("{x:.1f}", "{x:.1f}", x=0.5) == format_number(0.5, ".1f") == "0,5"
    assert tr("{x:>6} {y!r} {z[0]}", "{x:>6} {y!r} {z[0]}", x="a.b", y=0.5, z=("1.0",)) == "   a.b 0.5 1.0"


def test_numbers_of_numpy_are_numbers():
    assert Text("{x:.2f}", "{x:.2f}").fill(x=np.float32(0.25)).es == "0,25"
    assert Text("{x:,}", "{x:,}").fill(x=np.int64(12345)).es == "12\u202f345"


@pytest.mark.parametrize(("written", "en", "es"), [
    (lambda: format_count(999), "999", "999"), (lambda: format_count(1234), "1,234", "1234"),
    (lambda: format_count(-12345), "-12,345", "-12\u202f345"), (lambda: format_percent(0.975), "97.5%", "97,5\u202f%"),
    (lambda: format_percent(1, 0), "100%", "100\u202f%"), (lambda: with_unit("36", "%"), "36%", "36\u202f%"),
    (lambda: with_unit("36", "°"), "36°", "36°"), (lambda: with_unit("5", "px"), "5\u202fpx", "5\u202fpx"),
    (lambda: tr("{n:,} at {share:.0%}", "{n:,} al {share:.0%}", n=4321, share=0.5), "4,321 at 50%", "4321 al 50\u202f%"),
])
def test_counts_and_shares_are_written_as_each_language_does_in_window_and_terminal(written, en, es):
    assert written() == en
    set_language("es")
    assert written() == es


def test_measured_values_never_vanish_in_rounding():
    values = {"loss": 0.057771, "learning_rate": 1e-5, "val_accuracy": 0.0, "epoch": 37.0}
    assert format_metrics(values) == "loss 0.0578  learning_rate 1e-05  val_accuracy 0.0000  epoch 37"
    set_language("es")
    assert format_metrics(values) == "loss 0,0578  learning_rate 1e-05  val_accuracy 0,0000  epoch 37"


@pytest.mark.parametrize(("typed", "read"), [
    ("0,5", "0.5"), ("-0.5", "-0.5"), ("1e-6", "1e-6"), ("1,5e-3", "1.5e-3"), ("", ""), ("many", "many"), ("1.234", "1.234"),
    ("1.234,5", "1234.5"), ("1,234.5", "1234.5"), ("1.234.567", "1234567"), ("-1,234,567.", "-1234567."),
    (" 1\u202f234,5\u00a0", "1234.5")])
def test_a_number_is_read_in_either_spelling(typed, read):
    assert normalize_number(typed) == read


@pytest.mark.parametrize("typed", ["1.2,3.4", "1,2,3", "1.234,5,6", "12.34,5", "1..2"])
def test_what_is_no_number_in_any_spelling_stays_none(typed):
    with pytest.raises(ValueError, match="could not convert"):
        float(normalize_number(typed))
