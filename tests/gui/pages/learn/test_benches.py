"""The benches through what the user sees, by mouse and by keyboard."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QListWidget

from cnnstudio.datasets.index import Filter
from cnnstudio.gui.pages.learn.benches.convolution.trained_dialog import TrainedDialog
from cnnstudio.gui.pages.learn.drawing.compare_view import CompareView
from cnnstudio.gui.pages.learn.drawing.matrix import MatrixView
from cnnstudio.gui.pages.learn.drawing.playback import Playback
from cnnstudio.gui.state.commands import OpenPaths, OpenProject, ShowBench
from cnnstudio.learning.benches.pictures.source import START_MATRIX
from tests.gui.driving import button, choose, field, part, press, says, texts
from tests.learning.benches.models import write_model

MATRIX = {"kind": "matrix", "matrix": [[list(line) for line in START_MATRIX]]}


def show(window, bench, settings=None):
    window.perform(ShowBench(bench, settings or {}))
    return window.current.frame.view


def matrix(view, name):
    found = field(view, name)
    assert isinstance(found, MatrixView)
    return found


def type_number(view, text):
    """Type a number into the cell with the cursor, and go on with Enter."""
    QTest.keyClick(view, text[0])
    line = QApplication.focusWidget()
    QTest.keyClicks(line, text[1:])
    QTest.keyClick(line, Qt.Key.Key_Return)


# Convolution --------------------------------------------------------------------------------------


def test_the_sum_of_a_typed_matrix_is_written_out(window):
    view = show(window, "convolution", {"source": MATRIX, "filters": [{"preset": "sobel_x"}], "position": 0})
    written = field(view, "The sum written out").toPlainText()
    assert written == ("3·(−1) + 0·0 + 1·1 + 1·(−2) + 5·0 + 8·2 + 2·(−1) + 7·0 + 2·1 = 12")
    assert matrix(view, "Products").values.sum() == 12
    assert matrix(view, "Result").values[0, 0] == 12
    assert says(view, "⌊(6 − 3) / 1⌋ + 1 = 4")
    assert says(view, "(3·3·1 + 1)·1 = 10")


def test_a_weight_is_typed_with_the_keyboard_alone(window):
    view = show(window, "convolution", {"source": MATRIX, "filters": [{"preset": "identity"}], "position": 0})
    kernel = matrix(view, "Kernel")
    kernel.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(kernel, Qt.Key.Key_Down)
    QTest.keyClick(kernel, Qt.Key.Key_Right)
    type_number(kernel, "-2.5")
    assert kernel.values[1, 1] == -2.5
    assert matrix(view, "Result").values[0, 0] == -12.5
    assert kernel.cursor_cell == (2, 1)
    QTest.keyClick(kernel, "9")
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Escape)
    assert kernel.values[2, 1] == 0
    assert says(view, "Choose a cell of the kernel and type a number.")


def test_a_pixel_is_typed(window):
    view = show(window, "convolution", {"source": MATRIX, "filters": [{"preset": "identity"}], "padding": "same"})
    pixels = matrix(view, "Input")
    assert pixels.values.shape == (8, 8), "a row of zeros around"
    pixels.move_cursor(1, 1)
    pixels.setFocus()
    type_number(pixels, "99")
    assert matrix(view, "Result").values[0, 0] == 99


@pytest.mark.parametrize("stride", [1, 2])
def test_arrow_keys_move_the_window(window, stride):
    view = show(window, "convolution", {"source": MATRIX, "stride": stride, "position": 0})
    pixels = matrix(view, "Input")
    pixels.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(pixels, Qt.Key.Key_Right)
    QTest.keyClick(pixels, Qt.Key.Key_Down)
    across = 4 if stride == 1 else 2
    assert view.board.position == across + 1
    assert (pixels.window_cells.row, pixels.window_cells.column) == (stride, stride)


def test_the_window_is_dragged(window, qtbot):
    view = show(window, "convolution", {"source": MATRIX, "position": 0})
    pixels = matrix(view, "Input")
    qtbot.wait(50)
    start, end = (pixels.grid().cell(row, column).center().toPoint() for row, column in ((1, 1), (4, 3)))
    QTest.mousePress(pixels, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, start)
    for step in range(1, 11):
        way = (end - start) * (step / 10)
        QTest.mouseMove(pixels, start + way)
    QTest.mouseRelease(pixels, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, end)
    assert divmod(view.board.position, 4) == (3, 2)


def test_it_plays_to_the_end_while_the_result_grows(window, qtbot):
    view = show(window, "convolution", {"source": MATRIX, "position": 0, "speed": 120})
    result, playback = matrix(view, "Result"), view.findChild(Playback)
    assert result.shown == 1
    QTest.keyClick(playback, Qt.Key.Key_Space)
    assert button(view, "Pause").isVisible()
    qtbot.waitUntil(lambda: not playback.playing, timeout=5000)
    assert (view.board.position, result.shown) == (15, 16)
    press(view, "One step back")
    assert result.shown == 15
    field(view, "Result grows with the window").click()
    assert result.shown == 16


def test_a_bench_that_is_left_stands_still(window):
    view = show(window, "convolution", {"source": MATRIX})
    press(view, "Play")
    window.go("start")
    assert not view.findChild(Playback).playing


def test_convolution_is_compared_with_cross_correlation(window):
    view = show(window, "convolution", {"source": MATRIX, "filters": [{"preset": "sobel_x"}]})
    field(view, "Show both").click()
    assert says(view, "this kernel becomes its negative")
    choose(field(view, "Kind of sum"), "Convolution (mathematics)")
    assert says(view, "Kernel, turned by 180°")
    assert matrix(view, "Kernel").values[0].tolist() == [1, 0, -1]
    view.restore({**view.settings(), "filters": [{"preset": "blur"}]})
    assert says(view, "Both are equal")


def test_a_kernel_that_fits_nowhere_is_explained(window):
    view = show(window, "convolution", {"source": MATRIX, "size": 5, "dilation": 2, "filters": [{"preset": "blur"}]})
    assert says(view, "it fits nowhere")
    assert view.code() == ()
    press(view, "same")
    assert not says(view, "it fits nowhere")
    assert matrix(view, "Result").values.shape == (6, 6)


def test_several_channels_and_filters(window):
    view = show(window, "convolution", {"source": {"kind": "sample", "sample": "shapes", "side": 16, "channels": 3}})
    press(view, "Add a filter")
    assert says(view, "Result 14 × 14 × 2")
    press(view, "green")
    written = field(view, "The sum written out").toPlainText()
    assert [line.partition(":")[0] for line in written.splitlines()[:3]] == ["red", "green", "blue"]
    assert "/ " in written.splitlines()[-1], "the mean over the channels"
    strip = field(view, "Results of the filters")
    strip.setFocus()
    QTest.keyClick(strip, Qt.Key.Key_Left)
    assert view.settings()["filter"] == 0
    press(view, "Remove this filter")
    assert says(view, "Result 14 × 14 × 1")


def test_a_dropped_picture_is_used(window, qtbot, tmp_path):
    path = tmp_path / "ñ.png"
    path.write_bytes(cv2.imencode(".png", np.full((40, 20, 3), 77, np.uint8))[1].tobytes())
    view = show(window, "convolution", {"source": {"side": 20}})
    window.perform(OpenPaths((str(path),)))
    qtbot.waitUntil(lambda: says(view, "Input 20 × 10 × 1"), timeout=5000)
    assert (matrix(view, "Input").values == 77).all()


def test_a_damaged_picture_is_explained(window, qtbot, tmp_path):
    path = tmp_path / "broken.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    view = show(window, "pooling")
    window.perform(OpenPaths((str(path),)))
    qtbot.waitUntil(lambda: any("broken.png" in text and "PNG" in text for text in texts(view)), timeout=5000)


def test_a_picture_of_the_project(window, qtbot, project_folder):
    window.perform(OpenProject(str(project_folder)))
    qtbot.waitUntil(lambda: len(window.workspace.collection.ids(Filter())) == 40, timeout=10_000)
    view = show(window, "pooling", {"source": {"side": 12}})
    press(view, "Project…")
    pictures = window.findChildren(QListWidget)[-1]
    assert pictures.count() == 40
    pictures.setCurrentRow(3)
    press(pictures.window(), "Use this picture")
    qtbot.waitUntil(lambda: view.settings()["source"]["kind"] == "file", timeout=5000)
    qtbot.waitUntil(lambda: not len(window.session.jobs), timeout=5000)
    assert matrix(view, "Input").values.shape[1] == 12


def test_filters_of_a_trained_network(window, qtbot, tmp_path, monkeypatch):
    kernel = np.arange(18.0).reshape(3, 3, 1, 2) / 8
    path = write_model(tmp_path / "model.keras", [kernel], [np.asarray([1.0, 2.0])])
    view = show(window, "convolution")
    press(view, "From a trained layer…")
    dialog = part(window, TrainedDialog)
    assert says(dialog, "There is no trained network")
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([str(path)], ""))
    press(dialog, "Model file…")
    qtbot.waitUntil(lambda: button(dialog, "Use these filters").isEnabled(), timeout=5000)
    press(dialog, "Use these filters")
    assert [item["origin"] for item in view.settings()["filters"]] == ["convolution_1, 1", "convolution_1, 2"]
    assert np.array_equal(matrix(view, "Kernel").values, kernel[:, :, 0, 0])
    assert says(view, "Weights that a network learned: convolution_1, 1.")


# The others ---------------------------------------------------------------------------------------


def test_maximum_and_mean_are_written_out(window):
    view = show(window, "pooling", {"source": MATRIX, "position": 0})
    assert field(view, "Maximum and mean written out").toPlainText() == "max(3, 0, 1, 5) = 5\n(3 + 0 + 1 + 5) / 4 = 2.25"
    assert matrix(view, "Maximum").values[0].tolist() == [5, 9, 7]
    assert says(view, "Global pooling keeps one number")
    press(view, "What is lost")
    assert says(view, "9 of 36 numbers are left (25.0%)")
    press(view, "Shift")
    assert says(view, "Shifted by 1 px")


def test_a_shift_is_measured_by_the_slider(window):
    view = show(window, "pooling")
    slider = field(view, "Shift in pixels")
    slider.setFocus()
    QTest.keyClick(slider, Qt.Key.Key_Right)
    assert view.settings()["shift"] == 2
    assert says(view, "Shifted by 2 px")


def test_the_tangent_moves_along_the_curve(window):
    view = show(window, "activation", {"function": "sigmoid", "position": 60})
    point = field(view, "The value at z")
    assert "Sigmoid(0) = 0.5,  gradient 0.25" in point.toPlainText()
    press(view, "One step on")
    assert "Sigmoid(0.1)" in point.toPlainText()
    choose(field(view, "Function"), "ReLU")
    assert says(view, "of the results are zero")


def test_the_temperature_of_softmax(window):
    view = show(window, "activation", {"function": "softmax", "param": 1.0, "logits": [0.0, 0.0]})
    assert field(view, "The value at z").toPlainText().endswith("≈ 0.5")
    logits = matrix(view, "Numbers for softmax")
    logits.setFocus()
    type_number(logits, "2")
    assert view.settings()["logits"] == [2.0, 0.0]
    press(view, "One step back")
    assert view.settings()["param"] < 1


def test_operations_are_added_changed_moved_and_removed(window):
    view = show(window, "image_processing", {"steps": []})
    before = view.processed.after
    choose(field(view, "Add an operation"), "Median")
    choose(field(view, "Add an operation"), "Grey")
    assert view.processed.after.ndim == 2
    press(view, "Median")
    size = field(view, "Kernel size")
    size.setFocus()
    QTest.keyClick(size, Qt.Key.Key_Up)
    assert view.settings()["steps"][0]["values"] == {"ksize": 7}
    choose(field(view, "Add an operation"), "Normalise")
    choose(field(view, "Add an operation"), "Canny edges")
    assert says(view, "It needs whole numbers from 0 to 255")
    [item for item in view.findChildren(type(button(view, "Move up"))) if item.accessibleName() == "Move up"][-1].click()
    assert [step["operation"] for step in view.settings()["steps"]] == ["median", "gray", "canny", "normalize"]
    assert not says(view, "It needs whole numbers from 0 to 255")
    for _ in range(4):
        press(view, "Remove")
    assert np.array_equal(view.processed.after, before)


def test_the_slider_between_before_and_after_moves_by_keys(window):
    view = show(window, "image_processing")
    pictures = view.findChild(CompareView)
    pictures.setFocus()
    QTest.keyClick(pictures, Qt.Key.Key_Right)
    assert view.settings()["split"] == 0.52
    QTest.keyClick(pictures, Qt.Key.Key_Home)
    assert pictures.split == 0


def test_numbers_appear_where_one_zooms_in(window, qtbot):
    view = show(window, "convolution")
    pixels = matrix(view, "Input")
    qtbot.waitUntil(lambda: pixels.width() > 100, timeout=2000)
    pixels.grab()
    assert not pixels.readable
    pixels.setFocus()
    for _ in range(5):
        QTest.keyClick(pixels, Qt.Key.Key_Plus)
    pixels.grab()
    assert pixels.readable
    QTest.keyClick(pixels, Qt.Key.Key_0)
    pixels.grab()
    assert not pixels.readable


def test_a_slide_does_not_build_up_work(window, qtbot):
    """Positions between two frames are left out: the clock decides, not the number of frames."""
    view = show(window, "convolution", {"position": 0, "speed": 120})
    press(view, "Play")
    time.sleep(0.3)
    qtbot.waitUntil(lambda: view.board.position >= 30, timeout=2000)
    press(view, "Pause")


def test_tab_goes_through_the_board_and_then_its_controls(window):
    view = show(window, "convolution", {"source": MATRIX})
    names, widget = [], matrix(view, "Input")
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    while view.isAncestorOf(QApplication.focusWidget()) and QApplication.focusWidget() is not None and len(names) < 60:
        names.append(QApplication.focusWidget().accessibleName())
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
    reached = [name for name in ("Input", "Result", "Play", "Kernel", "The sum written out", "Picture", "Kernel size", "Stride",
                                 "Show both") if name in names]
    assert reached == sorted(reached, key=names.index), names
    assert reached[0] == "Input" and reached[-1] == "Show both" and len(reached) == 9, names
