"""The names of the bins of an accuracy by a property."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstudio.catalog.properties import PROPERTIES
from cnnstudio.evaluation.by_property import PropertyBin
from cnnstudio.workers.property_texts import bin_label


def make_range(low, high):
    return PropertyBin(kind="range", members=np.arange(2), right=1, confidence=0.5, low=low, high=high)


@pytest.mark.parametrize(("identifier", "low", "high", "text"), [
    ("bytes", 281, 305, "0.27 – 0.30 KB"), ("bytes", 20480, 40960, "20.0 – 40.0 KB"),
    ("brightness", 0.101, 0.104, "10.1 – 10.4%"), ("brightness", 0.04, 0.11, "4 – 11%"),
    ("side", 28, 28, "28 px"), ("bytes", 300, 300, "0.3 KB")])
def test_a_range_has_the_decimals_that_tell_its_ends_apart(identifier, low, high, text):
    assert bin_label(PROPERTIES[identifier], make_range(low, high)).replace("\u202f", " ") == text
