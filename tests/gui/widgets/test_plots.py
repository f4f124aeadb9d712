"""Plots of shares: where the mouse points, and what is read there; and parts that stand side by side where there is room."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QLabel

from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.plots import SharePlot, legend_html
from cnnstudio.gui.widgets.side_by_side import SideBySide


def place(plot: SharePlot, x: float, y: float) -> QPoint:
    box = plot.getPlotItem().getViewBox()
    return plot.mapFromScene(box.mapViewToScene(QPointF(x, y)))


def test_a_drag_points_and_ends(qtbot):
    plot = SharePlot("Curve", "x", "y", draggable=True, read=lambda x, y: f"{x:.1f} {y:.1f}")
    qtbot.addWidget(plot)
    plot.resize(400, 232)
    plot.show()
    pointed: list[tuple[float, float]] = []
    released: list[bool] = []
    plot.pointed.connect(lambda x, y: pointed.append((x, y)))
    plot.released.connect(lambda: released.append(True))
    view = plot.viewport()
    qtbot.mouseMove(view, place(plot, 0.5, 0.5))
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=place(plot, 0.25, 0.5))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=place(plot, 0.25, 0.5))
    assert pointed[-1] == (pytest.approx(0.25, abs=0.02), pytest.approx(0.5, abs=0.02)) and released == [True]
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=QPoint(1, 1))
    assert pointed[-1] == (0.0, 1.0), "beside the axes is at their end"


def test_a_plot_that_is_not_draggable_says_nothing(qtbot):
    plot = SharePlot("Curve", "x", "y")
    qtbot.addWidget(plot)
    plot.show()
    with qtbot.assertNotEmitted(plot.pointed):
        qtbot.mouseClick(plot.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(90, 90))


def test_a_line_of_the_legend_breaks_between_entries_only():
    assert "●&nbsp;own&nbsp;answers" in legend_html(((theme.color("text"), "●", "own answers"),))


def test_parts_stand_below_each_other_without_room(qtbot):
    first, second = QLabel("first"), QLabel("second")
    both = SideBySide(first, second, wide=300)
    qtbot.addWidget(both)
    both.resize(400, 100)
    both.show()
    qtbot.waitUntil(lambda: first.y() == second.y() and first.x() < second.x())
    both.resize(200, 100)
    qtbot.waitUntil(lambda: first.x() == second.x() and first.y() < second.y())
    assert both.minimumSizeHint().width() < 200, "it may become as narrow as its column"
