"""The drawing of the learning rate over the plan."""

from __future__ import annotations

import pytest

from cnnstudio.core.item import Item
from cnnstudio.core.training import Stage, TrainingSpec
from cnnstudio.gui.pages.train.settings.rate_curve import RateCurve, plan_rates


def test_every_stage_is_drawn_with_its_own_rates(qtbot):
    training = TrainingSpec(stages=(
        Stage(id="a", epochs=2, optimizer=Item(type="adam", params={"learning_rate": 0.1})),
        Stage(id="b", epochs=3, schedule=Item(type="OneCycle", params={"max_learning_rate": 0.05}))))
    head, cycle = plan_rates(training, 10)
    assert {rate for _epoch, rate in head} == {0.1}
    assert (head[0][0], cycle[0][0]) == (0.0, 2.0)
    assert cycle[0][1] == pytest.approx(0.002)
    assert max(rate for _epoch, rate in cycle) == pytest.approx(0.05)
    assert cycle[-1][0] < 5.0 and cycle[-1][1] < 0.001
    drawing = RateCurve()
    qtbot.addWidget(drawing)
    drawing.show_plan(training, 10)
    assert not drawing.isHidden()
    assert drawing.curves == [head, cycle]
    assert not drawing.grab().isNull()
    drawing.show_plan(TrainingSpec(), 10)
    assert drawing.isHidden(), "one number needs no drawing"


def test_values_that_make_no_sense_are_not_drawn():
    wrong = Stage(id="a", epochs=2, schedule=Item(type="PiecewiseConstantDecay", params={"boundaries": (1,), "values": ()}))
    assert plan_rates(TrainingSpec(stages=(wrong,)), 4) == [[]]
