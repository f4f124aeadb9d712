"""Evaluations of different pictures, labels or classes are not put side by side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cnnstudio.evaluation.likeness import unlike_problems
from tests.evaluation.material import draw


def test_equal_pictures_may_stand_side_by_side_in_any_order():
    first = draw(np.random.default_rng(1), 20, 3)
    turned = first.select(np.arange(19, -1, -1))
    # The classes of the other model are in another order.
    other = replace(turned, class_names=("c2", "c1", "c0"), labels=2 - turned.labels)
    assert unlike_problems([first, turned, other]) == ()


@pytest.mark.parametrize(("change", "reason"), [
    (lambda answers: replace(answers, class_names=("c0", "c1", "x")), "different classes"),
    (lambda answers: answers.select(np.arange(15)), "5 only by the first, 0 only by the second"),
    (lambda answers: replace(answers, labels=(answers.labels + 1) % 3), "labels of some pictures have changed"),
])
def test_unlike_evaluations_are_refused_with_the_reason(change, reason):
    first = draw(np.random.default_rng(1), 20, 3)
    other = replace(change(first), run="other")
    problem, = unlike_problems([first, other])
    assert problem.code == "unlike_evaluations"
    assert reason in problem.text.en and "run and other" in problem.text.en and "run y other" in problem.text.es
