"""The bar of the splits: its borders are dragged and moved by keys, and it is still where folders decide."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from cnnstudio.gui.widgets.split_bar import SplitBar

COUNTS = {"train": 70, "validation": 15, "test": 15}


@pytest.fixture
def bar(qtbot):
    widget = SplitBar()
    qtbot.addWidget(widget)
    widget.resize(400, widget.height())
    widget.show()
    widget.seen = []
    widget.settles = []
    widget.settled.connect(lambda: widget.settles.append(1))
    show(widget, (0.7, 0.15, 0.15))
    return widget


def show(bar, shares, counts=None, named=(), folds=0):
    """Show shares, and follow the bar as the page does."""
    def follow(*wanted):
        bar.seen.append(wanted)
        bar.show_shares(dict(zip(COUNTS, wanted, strict=True)), counts or COUNTS, named, folds)

    if bar.property("followed"):
        bar.shares_changed.disconnect()
    bar.setProperty("followed", True)
    bar.shares_changed.connect(follow)
    bar.show_shares(dict(zip(COUNTS, shares, strict=True)), counts or COUNTS, named, folds)


def drag(border, pixels):
    def send(kind, moved, button=Qt.MouseButton.NoButton):
        # The border follows the mouse: the mouse is where the border was pressed, and so many pixels on.
        place = QPointF(border.parentWidget().mapToGlobal(start + QPointF(moved, 0)))
        QApplication.sendEvent(border, QMouseEvent(kind, border.mapFromGlobal(place), place, button,
                                                   Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier))

    start = QPointF(border.geometry().center())
    send(QEvent.Type.MouseButtonPress, 0, Qt.MouseButton.LeftButton)
    for part in range(1, 5):
        send(QEvent.Type.MouseMove, pixels * part / 4)
    send(QEvent.Type.MouseButtonRelease, pixels, Qt.MouseButton.LeftButton)


def test_a_border_is_dragged_in_whole_per_cents(bar):
    drag(bar.borders[0], 20)
    assert bar.seen[-1] == (0.75, 0.1, 0.15)
    assert bar.settles == [1]
    drag(bar.borders[1], -40)
    assert bar.seen[-1] == (0.75, 0.0, 0.25)


def test_keys_move_a_border_by_one_and_by_five(bar):
    first, second = bar.borders
    QTest.keyClick(first, Qt.Key.Key_Left)
    assert bar.seen[-1] == (0.69, 0.16, 0.15)
    QTest.keyClick(second, Qt.Key.Key_PageUp)
    assert bar.seen[-1] == (0.69, 0.21, 0.1)
    assert bar.settles == [1, 1]
    assert "69" in first.accessibleName()


def test_the_borders_are_reached_by_tab(bar):
    bar.borders[0].setFocus()
    QTest.keyClick(bar.borders[0], Qt.Key.Key_Tab)
    assert bar.borders[1].hasFocus()


def test_training_keeps_something_and_no_segment_becomes_negative(bar):
    drag(bar.borders[0], -1000)
    assert bar.seen[-1] == (0.01, 0.84, 0.15)
    drag(bar.borders[1], 1000)
    assert bar.seen[-1] == (0.01, 0.99, 0.0)


@pytest.mark.parametrize("shares", [(1.0, 0.0, 0.0), (0.5, 0.0, 0.5), (0.85, 0.15, 0.0)])
def test_a_segment_of_no_size_can_be_opened_again(bar, shares):
    show(bar, shares)
    first, second = bar.borders
    assert not first.geometry().intersects(second.geometry())
    assert bar.rect().contains(first.geometry())
    assert bar.rect().contains(second.geometry())
    drag(first, -40)
    assert bar.seen[-1][1] == pytest.approx(shares[1] + 0.1)


def test_shares_that_do_not_add_up_to_one_are_drawn_as_parts_of_the_whole(bar):
    show(bar, (0.8, 0.4, 0.4))
    assert bar.fractions == pytest.approx({"train": 0.5, "validation": 0.25, "test": 0.25})
    QTest.keyClick(bar.borders[0], Qt.Key.Key_Right)
    assert bar.seen[-1] == (0.51, 0.24, 0.25)


def test_where_folders_name_both_the_real_counts_are_shown_and_nothing_moves(bar):
    show(bar, (0.7, 0.15, 0.15), {"train": 60, "validation": 20, "test": 20}, ("train", "validation", "test"))
    assert bar.fractions == pytest.approx({"train": 0.6, "validation": 0.2, "test": 0.2})
    assert not any(border.isVisible() for border in bar.borders)
    assert bar.reason in bar.toolTip()
    assert bar.reason


def test_where_folders_name_the_test_only_the_rest_is_shared_out(bar):
    show(bar, (0.7, 0.15, 0.15), {"train": 40, "validation": 10, "test": 50}, ("test",))
    first, second = bar.borders
    assert first.isVisible()
    assert not second.isVisible()
    drag(first, -20)
    train, validation, test = bar.seen[-1]
    # 20 of 400 pixels are a tenth of the half that is shared out.
    assert train / (train + validation) == pytest.approx(0.7 / 0.85 - 0.1, abs=0.006)
    assert test == 0.15


def test_where_folders_name_the_validation_it_moves_along(bar):
    show(bar, (0.8, 0.1, 0.2), {"train": 64, "validation": 20, "test": 16}, ("validation",))
    first, second = bar.borders
    assert not first.isVisible()
    QTest.keyClick(second, Qt.Key.Key_Left)
    train, validation, test = bar.seen[-1]
    assert (train, test) == (0.79, 0.21)
    assert validation == 0.1


def test_folds_decide_the_validation_and_the_test_can_be_moved(bar):
    show(bar, (0.6, 0.2, 0.2), folds=4)
    assert bar.fractions == pytest.approx({"train": 0.6, "validation": 0.2, "test": 0.2})
    first, second = bar.borders
    assert not first.isVisible()
    QTest.keyClick(second, Qt.Key.Key_PageDown)
    train, validation, test = bar.seen[-1]
    assert test == 0.25
    assert train / validation == pytest.approx(3, rel=0.01)
