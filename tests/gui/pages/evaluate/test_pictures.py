"""The pictures of an evaluation: their orders, the confused pairs, and acting on a selection with undo."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog

from cnnstudio.datasets.index import Filter
from cnnstudio.gui.pages.evaluate.confusion import ConfusionView
from cnnstudio.gui.pages.evaluate.large import LargeView
from cnnstudio.gui.pages.evaluate.matrix_data import MatrixData
from cnnstudio.gui.pages.evaluate.orders import ORDERS
from cnnstudio.gui.pages.evaluate.pairs import Direction
from cnnstudio.gui.pages.evaluate.pictures import PicturesPanel
from cnnstudio.gui.pages.evaluate.results import read_results
from cnnstudio.workers.runs.folder import RunFolder
from tests.gui.driving import part, parts, press, says, texts
from tests.gui.pages.evaluate.answered import evaluate_with_answers
from tests.gui.pages.evaluate.test_evaluate import opened, settled, trained_run


@pytest.fixture
def run(project_folder) -> RunFolder:
    run = trained_run(project_folder)
    evaluate_with_answers(run)
    return run


@pytest.fixture
def page(qtbot, window, project_folder, run):
    assert run.evaluation("test") is not None
    return opened(qtbot, window, project_folder)


def classes_of(window, answers) -> list[str]:
    """The present classes of pictures in the collection."""
    collection = window.workspace.collection
    found = {picture.path: picture.class_name for picture in collection.rows(collection.ids_of(
        [answer.relative for answer in answers]))}
    return [found[answer.relative] for answer in answers]


def test_the_orders_show_what_they_say(run):
    results = read_results(run, "test")
    worst, uncertain, certain = (results.ordered(order) for order in ORDERS)
    assert not any(answer.right for answer in worst)
    assert [answer.loss for answer in worst] == sorted((answer.loss for answer in worst), reverse=True)
    assert len(uncertain) == len(results.answers)
    assert [answer.probability for answer in uncertain] == sorted(answer.probability for answer in uncertain)
    assert all(answer.right for answer in certain) and len(certain) == len(results.answers) - len(worst)
    assert [answer.probability for answer in certain] == sorted((answer.probability for answer in certain), reverse=True)


def test_keys_relabel_the_selection_and_undo_takes_it_back_here(qtbot, window, page):
    grid = part(page, PicturesPanel).grid
    grid.setFocus()
    qtbot.keyClick(grid, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    chosen = grid.selected()
    before = classes_of(window, chosen)
    assert len(chosen) == 2
    qtbot.keyClick(grid, Qt.Key.Key_2)
    qtbot.waitUntil(lambda: classes_of(window, chosen) == ["dog", "dog"])
    settled(qtbot, window)
    assert any("Class now: dog" in grid.answer_text(answer) for answer in chosen)
    window.session.undo()
    settled(qtbot, window)
    assert classes_of(window, chosen) == before
    assert window.current is page, "undo does not lead away from what it changed"


def test_delete_excludes_and_says_so(qtbot, window, page):
    grid = part(page, PicturesPanel).grid
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=grid.rect_of(0).center())
    (answer,) = grid.selected()
    qtbot.keyClick(grid, Qt.Key.Key_Delete)
    settled(qtbot, window)
    state = grid.state_of(answer)
    assert state is not None and state.excluded
    assert "Excluded" in grid.answer_text(answer)
    assert not grid.grab().isNull()


def test_a_selection_becomes_a_new_class(qtbot, window, page, monkeypatch):
    panel = part(page, PicturesPanel)
    qtbot.mouseClick(panel.grid.viewport(), Qt.MouseButton.LeftButton, pos=panel.grid.rect_of(0).center())
    chosen = panel.grid.selected()
    monkeypatch.setattr(QInputDialog, "getText", lambda *_arguments: (" horse ", True))
    panel._show_class_menu()
    from tests.gui.driving import open_menu

    menu = open_menu(page)
    next(action for action in menu.actions() if action.text() == "New class…").trigger()
    menu.close()
    settled(qtbot, window)
    assert classes_of(window, chosen) == ["horse"]
    assert "horse" in window.workspace.counts.all_class_names
    window.session.undo()
    settled(qtbot, window)
    assert "horse" not in window.workspace.counts.all_class_names


@pytest.mark.usefixtures("page")
def test_a_new_class_joins_classes_that_are_listed(qtbot, window):
    from cnnstudio.core.text import Text

    classes = window.workspace.classes
    assert classes.set_order(("dog", "cat"), Text("Order", "Orden"))
    settled(qtbot, window)
    (first, *_rest) = window.workspace.collection.ids(Filter())
    window.workspace.decisions.relabel([first], "horse")
    settled(qtbot, window)
    assert window.session.project.dataset.class_names == ("dog", "cat", "horse")
    window.session.undo()
    settled(qtbot, window)
    assert window.session.project.dataset.class_names == ("dog", "cat")


def test_enter_opens_a_picture_large_with_its_answers(qtbot, page):
    grid = part(page, PicturesPanel).grid
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=grid.rect_of(0).center())
    qtbot.keyClick(grid, Qt.Key.Key_Return)
    large = part(page, LargeView)
    assert large.isVisible()
    assert "predicted as" in " ".join(texts(large))
    assert len(large._bars.ranked) == 2
    first = large._words.text()
    large.stepped.emit(1)
    assert grid.selection.current == 1
    assert large._viewer._name.text() == grid.answers[1].relative
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=grid.rect_of(0).center())
    assert large._words.text() == first and large._viewer._name.text() == grid.answers[0].relative
    large.left.emit()
    assert not large.isVisible()


def test_another_list_after_a_selection_of_all_keeps_none(qtbot, page):
    panel = part(page, PicturesPanel)
    panel.order_chosen.emit("least_certain")
    qtbot.keyClick(panel.grid, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert panel.grid.selected() == panel.grid.answers
    panel.order_chosen.emit("worst")
    assert not panel.grid.selected() and len(panel.grid.answers) == 2


def test_the_pairs_show_both_directions_and_open_them(qtbot, page):
    press(page, "Confusion")
    view = part(page, ConfusionView)
    (pair,) = view.pairs.pairs
    sides = parts(page, Direction)
    assert len(sides) == 2
    counts = view.matrix.data.counts
    assert (pair.count, pair.back) == (counts[pair.label, pair.predicted], counts[pair.predicted, pair.label])
    full = next(side for side in sides if side._answers)
    qtbot.mouseClick(full, Qt.MouseButton.LeftButton)
    assert view.matrix.selected == full._cell
    assert says(part(page, PicturesPanel), "predicted as")


def test_the_matrix_shows_shares_and_an_order_by_confusion(page):
    names, counts = ("a", "b", "c", "d"), np.array([[5, 0, 5, 0], [0, 10, 0, 0], [4, 0, 6, 0], [0, 0, 0, 0]])
    press(page, "Confusion")
    matrix = part(page, ConfusionView).matrix
    matrix.show_matrix(names, [page._context.class_color(0)] * 4, counts)
    assert matrix.data.text(0, 2) == "5"
    matrix.set_mode("true")
    assert matrix.data.text(0, 2) == "50%" and matrix.data.text(3, 3) == "0"
    matrix.set_mode("predicted")
    assert matrix.data.text(2, 0) == "44%"
    matrix.set_order((0, 2, 1, 3))
    assert matrix.cell_at(matrix.rect_of(2, 0).center()) == (2, 0)
    assert matrix.rect_of(2, 0).top() < matrix.rect_of(1, 0).top()
    assert not matrix.grab().isNull()


def test_a_small_matrix_of_pixels_has_the_order_of_its_lines():
    from PySide6.QtGui import QColor

    data = MatrixData(("a", "b"), (QColor("red"), QColor("blue")), np.array([[3, 0], [1, 2]]), order=(1, 0))
    image = data.image()
    # The first line is class b: 2 of 3 right, 1 of 3 taken for a.
    shades = [[image.pixelColor(column, line).lightness() for column in range(2)] for line in range(2)]
    assert shades[0][0] < shades[0][1] < shades[1][0]
    assert shades[1][1] < shades[0][0]
