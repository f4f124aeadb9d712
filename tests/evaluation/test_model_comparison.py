"""Two models on the same pictures."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstudio.evaluation.model_comparison import Comparer


def test_models_with_other_classes_are_compared_by_name():
    comparer = Comparer(("cat", "dog"), ("dog", "bird", "cat"))
    comparer.add("a", np.array([0.75, 0.25]), np.array([0.25, 0.0, 0.75]))
    comparer.add("b", np.array([0.5, 0.5]), np.array([0.25, 0.75, 0.0]))
    comparer.add("c", None, np.array([1.0, 0.0, 0.0]))
    done = comparer.result()
    assert [picture.difference for picture in done.pictures] == [0.0, 0.75]
    assert (done.changes, done.agreement, done.unanswered) == (1, 0.5, 1)
    assert done.mean_difference == pytest.approx(0.375)
    assert done.largest_difference.path == "b"
    assert done.counts == ((0, 1, 1), (0, 0, 0))
    assert [picture.path for picture in done.by_difference()] == ["b", "a"]
    assert [picture.path for picture in done.by_difference(only_changes=True)] == ["b"]


def test_without_pictures_nothing_is_claimed():
    done = Comparer(("a",), ("a",)).result()
    assert done.agreement is done.mean_difference is done.largest_difference is None
