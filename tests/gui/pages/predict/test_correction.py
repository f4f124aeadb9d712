"""The right class by key, and the way back into the data."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage

from cnnstudio.gui.pages.predict.correction import CorrectionCard
from cnnstudio.gui.pages.predict.filters import FilterBar
from cnnstudio.gui.pages.predict.results import ResultsView
from cnnstudio.gui.pages.predict.table import AnswerTable
from tests.gui.driving import button, choose, field, part, press, rows, says
from tests.gui.pages.predict.test_predict import answered, opened, page  # noqa: F401


def new_pictures(folder: Path, count: int) -> list[str]:
    folder.mkdir()
    for number in range(count):
        image = QImage(30, 20, QImage.Format.Format_RGB32)
        image.fill(QColor(200, number * 10, 3))
        image.save(str(folder / f"new{number}.png"))
    return [str(path) for path in sorted(folder.iterdir())]


def still(qtbot, page) -> None:  # noqa: F811
    """Wait until nothing runs but the server."""
    qtbot.waitUntil(lambda: {job.kind for job in page.session.jobs} <= {"serve"}, timeout=20_000)


def classes(page) -> dict[str, tuple[str, str]]:  # noqa: F811
    collection = page.workspace.collection
    return {picture.name: (picture.class_name, picture.split)
            for picture in collection.rows(list(collection.index.ids())) if picture.name.startswith("new")}


def test_one_key_corrects_and_the_picture_goes_into_the_data(qtbot, page, tmp_path):  # noqa: F811
    (path,) = new_pictures(tmp_path / "new", 1)
    page.take_paths([path])
    answered(qtbot, page, 1)
    correction = part(page, CorrectionCard)
    assert says(correction, "Keys: 1 cat · 2 dog")
    qtbot.keyClick(part(page, ResultsView), Qt.Key.Key_2)
    assert page.answers[0].corrected == "dog"
    choose(field(correction, "Split of the pictures that are added"), "Test")
    press(correction, "Add to the data")
    qtbot.waitUntil(lambda: classes(page) == {"new0.png": ("dog", "test")}, timeout=20_000)
    still(qtbot, page)
    assert says(correction, "In the data of the project.")
    page.session.undo()
    qtbot.waitUntil(lambda: not classes(page), timeout=20_000)
    still(qtbot, page)
    page.session.redo()
    qtbot.waitUntil(lambda: classes(page) == {"new0.png": ("dog", "test")}, timeout=20_000)
    still(qtbot, page)


def test_a_selection_is_corrected_together_and_all_corrected_are_added(qtbot, page, tmp_path):  # noqa: F811
    page.take_paths(new_pictures(tmp_path / "new", 4))
    answered(qtbot, page, 4)
    table, correction = part(page, AnswerTable), part(page, CorrectionCard)
    table.selectRow(0)
    qtbot.keyClick(table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(table, Qt.Key.Key_2)
    assert [answer.corrected for answer in page.answers] == ["dog", "dog", "", ""]
    assert [row[2] for row in rows(table)] == ["cat → dog", "cat → dog", "cat", "cat"]
    table.selectRow(3)
    press(correction, "Add all that were corrected: 2 pictures")
    qtbot.waitUntil(lambda: {name: facts[0] for name, facts in classes(page).items()}
                    == {"new0.png": "dog", "new1.png": "dog"}, timeout=20_000)
    still(qtbot, page)
    bar = part(page, FilterBar)
    bar.show_state("corrected")
    assert [answer.name for answer in table.ordered.shown_rows()] == ["new0.png", "new1.png"]
    table.selectRow(0)
    press(correction, "Take back")
    assert page.answers[0].corrected == ""


def test_a_picture_that_the_data_has_is_told(qtbot, page, pictures_folder, tmp_path):  # noqa: F811
    copy = tmp_path / "copy.png"
    copy.write_bytes((pictures_folder / "cat" / "cat03.png").read_bytes())
    page.take_paths([str(copy)])
    answered(qtbot, page, 1)
    correction = part(page, CorrectionCard)
    correction.correct("dog")
    told = []
    page.session.problem_reported.connect(told.append)
    press(correction, "Add to the data")
    qtbot.waitUntil(lambda: bool(told), timeout=20_000)
    assert told[0].code == "already_there" and "cat/cat03.png" in str(told[0].text)
    still(qtbot, page)
    assert page.session.undo_label is None or "Add" not in str(page.session.undo_label)
    assert not button(correction, "Add to the data", hidden=True).isVisible()
