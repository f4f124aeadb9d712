"""The scatter plot: labels, mouse and keys."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import Qt

from cnnstudio.gui.widgets.scatter import Point, ScatterChart, best_points

PLACES = [(1, 68), (2.3, 71.3), (3.0, 75.6), (3.3, 70.4), (3.4, 75.1), (4.0, 77.1), (4.3, 74.4), (5.9, 78.7), (6.6, 79.1),
          (6.9, 79.8), (7.0, 75.0), (7.8, 80.1), (8.8, 80.5), (10.8, 81.6), (12.9, 82.0), (17.7, 82.9), (20.3, 83.9),
          (20.9, 79.0), (28.5, 83.6), (41, 84.0), (53, 85.3), (118, 85.7), (196, 86.3), (348, 86.7)]


@pytest.fixture
def chart(qtbot):
    widget = ScatterChart("Bases", "size", "accuracy", str, str)
    qtbot.addWidget(widget)
    widget.show_points([Point(f"p{number}", x * 1e6, y, f"EfficientNetV2-{number}", f"tip {number}", number % 2 == 0)
                        for number, (x, y) in enumerate(PLACES)])
    widget.resize(420, 420)
    widget.show()
    return widget


def test_the_best_points_are_those_that_none_surpasses():
    points = [Point(name, x, y, name, "") for name, x, y in (("a", 1, 5), ("b", 2, 4), ("c", 2, 6), ("d", 3, 6), ("e", 9, 7))]
    assert [point.id for point in best_points(points)] == ["a", "c", "e"]


@pytest.mark.parametrize("size", [(260, 180), (340, 300), (420, 420), (900, 600), (1400, 300)])
@pytest.mark.parametrize("selected", ["", "p4", "p17", "p23"])
def test_labels_cover_neither_points_nor_each_other(chart, size, selected):
    chart.resize(*size)
    chart.select(selected)
    labels = chart.labels()
    assert selected in {point.id for point, _rect in labels} | {""}
    for (_one, first), (_other, second) in itertools.combinations(labels, 2):
        assert not first.intersects(second)
    for point, rect in labels:
        assert chart.rect().toRectF().contains(rect)
        if point.id != selected:
            places = [chart.place_of(f"p{number}") for number in range(len(PLACES))]
            assert not any(rect.contains(place) for place in places)
    assert len(labels) >= 3


def test_a_large_plot_labels_all_of_the_best(chart):
    chart.resize(1000, 800)
    assert {point.id for point, _rect in chart.labels()} >= {point.id for point in best_points(chart._points)}


def test_a_click_chooses_the_nearest_point_and_a_double_click_opens_it(qtbot, chart):
    place = chart.place_of("p17").toPoint()
    with qtbot.waitSignal(chart.chosen) as chosen:
        qtbot.mouseClick(chart, Qt.MouseButton.LeftButton, pos=place)
    assert chosen.args == ["p17"] and chart.selected == "p17" and chart.accessibleDescription() == "tip 17"
    with qtbot.waitSignal(chart.opened) as opened:
        qtbot.mouseDClick(chart, Qt.MouseButton.LeftButton, pos=place)
    assert opened.args == ["p17"]


def test_every_point_is_reached_with_the_keys_and_a_faded_one_is_left_out(qtbot, chart):
    points = list(chart._points)
    points[3] = Point("p3", points[3].x, points[3].y, "faded", "", faded=True)
    chart.show_points(points)
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Up):
        chart.select("p0")
        reached = {"p0"}
        for _ in points:
            qtbot.keyClick(chart, key)
            reached.add(chart.selected)
        assert reached == {point.id for point in points} - {"p3"}
    with qtbot.waitSignal(chart.opened):
        qtbot.keyClick(chart, Qt.Key.Key_Return)


def test_it_paints_with_and_without_points(chart):
    first = chart.grab().toImage()
    chart.select("p17")
    assert chart.grab().toImage() != first
    chart.show_points([])
    assert not chart.labels() and not chart.grab().isNull()
