"""Handwritten digits: a part of those that come along."""

from __future__ import annotations

from functools import partial
from typing import Final

from cnnstudio.core.text import Text
from cnnstudio.datasets.sample import LICENCE, write_digits
from cnnstudio.learning.course.data.entry import DataSet

_ABOUT: Final = Text("{n:,} handwritten digits of the MNIST database, {each} of each, 28 × 28 pixels, white on black.",
                     "{n:,} dígitos manuscritos de la base de datos MNIST, {each} de cada uno, de 28 × 28 píxeles, en blanco "
                     "sobre negro.")


def _digits(identifier: str, title: Text, each: int) -> DataSet:
    return DataSet(id=identifier, title=title, about=_ABOUT.fill(n=10 * each, each=each), licence=LICENCE, pictures=10 * each,
                   write=partial(write_digits, per_digit=each))


DIGITS: Final = _digits("digits", Text("Handwritten digits", "Dígitos manuscritos"), 500)
SOME_DIGITS: Final = _digits("digits_some", Text("1,000 handwritten digits", "1000 dígitos manuscritos"), 100)
FEW_DIGITS: Final = _digits("digits_few", Text("200 handwritten digits", "200 dígitos manuscritos"), 20)
