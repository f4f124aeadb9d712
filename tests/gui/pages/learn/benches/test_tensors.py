"""The tensors bench in the window."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt

from cnnstudio.core.text import set_language
from cnnstudio.gui.pages.learn.benches.tensors.shape_editor import ShapeEditor
from cnnstudio.gui.pages.learn.benches.tensors.tensor_view import TensorView
from cnnstudio.gui.widgets.code_editor import CodeEditor
from cnnstudio.learning.benches.tensors.operations import run_program, to_tensor_settings
from tests.gui.driving import choose, field, parts, press, says


def tensors(view) -> dict[str, TensorView]:
    return {tensor.accessibleName()[0]: tensor for tensor in parts(view, TensorView)}


def test_a_value_is_followed_through_a_reshape(qtbot, open_bench) -> None:
    view = open_bench("tensors")
    choose(field(view, "Operation"), "Reshape")
    shown = tensors(view)
    at = shown["b"].cell_rect((2, 3)).center().toPoint()
    qtbot.mouseMove(shown["b"], QPoint(1, 1))
    qtbot.mouseMove(shown["b"], at)
    assert shown["a"].marked == {(1, 0, 3)} and says(view, "b[2, 3] = 15, from a[1, 0, 3]")
    qtbot.keyClick(shown["a"], Qt.Key.Key_End)
    assert shown["b"].marked == {(3, 5)}
    qtbot.keyClick(shown["a"], Qt.Key.Key_Up)
    assert shown["b"].marked == {(3, 1)}


def test_what_does_not_fit_is_said_with_the_error_of_numpy(open_bench) -> None:
    view = open_bench("tensors")
    choose(field(view, "Operation"), "Reshape")
    target = field(view, "New shape, axis 1")
    target.setText("5")
    target.editingFinished.emit()
    assert says(view, "24 values do not fit into 4 × 5")
    code, printed = (editor.toPlainText() for editor in parts(view, CodeEditor))
    assert "reshape((4, 5))" in code and printed.startswith("ValueError: cannot reshape")


def test_broadcasting_is_told_axis_by_axis(qtbot, open_bench) -> None:
    view = open_bench("tensors")
    choose(field(view, "Operation"), "Broadcasting")
    choose(field(view, "Examples"), "Each row with each column")
    assert list(view.settings()["shape"]) == [4, 1]
    assert says(view, "repeated 5 times") and says(view, "repeated 4 times")
    shown = tensors(view)
    qtbot.keyClick(shown["c"], Qt.Key.Key_Home)
    assert shown["b"].marked == {(row, 0) for row in range(4)} and says(view, "used 4 times")
    choose(field(view, "Examples"), "Does not fit")
    assert says(view, "neither is 1")
    printed = parts(view, CodeEditor)[1].toPlainText()
    assert "".join(run_program(to_tensor_settings(view.settings()))) == printed


def test_channels_go_to_the_front_and_back(open_bench) -> None:
    view = open_bench("tensors")
    choose(field(view, "Operation"), "Channels")
    first = view.settings()["shape"]
    press(view, "To the end")
    assert list(view.settings()["shape"]) == [first[2], first[0], first[1]]
    press(view, "To the front")
    assert list(view.settings()["shape"]) == list(first)


def test_a_tensor_too_large_to_be_shown_is_refused(open_bench) -> None:
    view = open_bench("tensors")
    editor = parts(view, ShapeEditor)[0]
    editor.edited.emit((12, 12, 12))
    assert says(view, "larger tensor") and list(view.settings()["shape"]) == [2, 3, 4]
    press(editor, "One axis fewer")
    assert list(view.settings()["shape"]) == [3, 4] and not says(view, "larger tensor")


def test_it_is_restored_and_told_in_spanish(open_bench) -> None:
    set_language("es")
    view = open_bench("tensors")
    view.restore({"operation": "transpose", "shape": [2, 3], "axes": [1, 0]})
    assert says(view, "Los ejes cambian de sitio") and view.code()[0].source.count("transpose((1, 0))") == 1
