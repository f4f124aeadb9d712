"""The charts of the Data page."""

from __future__ import annotations

import pytest
from PIL import Image

from cnnstudio.datasets.opening import create_project
from cnnstudio.gui.pages.data.charts import DataCharts
from cnnstudio.gui.state.commands import OpenProject
from cnnstudio.gui.widgets.charts import HistogramChart
from tests.gui.driving import part, parts, press


@pytest.fixture
def page(qtbot, window, tmp_path):
    """The page with pictures of one size."""
    for number in range(6):
        path = tmp_path / "pictures" / ("cat" if number % 2 else "dog") / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (28, 28), (40 * number, 0, 0)).save(path)
    _created, index = create_project(tmp_path / "project", tmp_path / "pictures", template="lenet5")
    index.close()
    window.perform(OpenProject(str(tmp_path / "project")))
    window.go("data")
    qtbot.waitUntil(lambda: not len(window.session.jobs), timeout=20_000)
    return window.current


def test_a_value_that_all_pictures_share_is_one_bar_without_a_range(qtbot, page):
    press(page, "Charts")
    charts = part(page, DataCharts)
    qtbot.waitUntil(lambda: bool(charts.histograms) and not len(page.session.jobs))
    side = charts.histograms["side"]
    assert len(side.counts) == 1 and side.edges[0] == side.edges[1], "no picture is a pixel larger"
    chart = next(chart for chart in parts(page, HistogramChart) if chart.accessibleName() == "Longer side")
    bar = chart._rect(0)
    assert bar.width() < chart.width() / 2
    assert bar.center().x() == pytest.approx(chart.width() / 2)
    charts.range_chosen.emit("side", side.span(0, 0))
    qtbot.waitUntil(lambda: not len(page.session.jobs))
    assert len(page.views.grid.ids) == sum(side.counts), "the bar stands for all pictures"
