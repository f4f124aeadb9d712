"""The axes of the plot of accuracy against cost."""

from __future__ import annotations

import pytest

from cnnstudio.gui.pages.export.pareto_card import share_ticks


@pytest.mark.parametrize(("floor", "shares"), [
    (0.95, [1.0, 0.99, 0.98, 0.97, 0.96, 0.95]), (0.9, [1.0, 0.98, 0.96, 0.94, 0.92, 0.9]), (0.85, [1.0, 0.95, 0.9, 0.85]),
    (0.0, [1.0, 0.8, 0.6, 0.4, 0.2, 0.0])])
def test_shares_stand_where_their_labels_say(floor, shares):
    assert share_ticks(floor) == pytest.approx(shares)
