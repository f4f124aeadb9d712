"""What is done with the answers: pictures in folders by class, and a second model."""

from __future__ import annotations

import pytest

from cnnstudio.gui.pages.predict.compare_dialog import CompareDialog
from cnnstudio.gui.pages.predict.results import ResultsView
from cnnstudio.gui.pages.predict.sort_dialog import SortDialog
from cnnstudio.gui.pages.predict.table import AnswerTable
from tests.gui.driving import button, field, part, press, rows, says
from tests.gui.pages.predict.test_predict import answered, opened, page  # noqa: F401


@pytest.fixture
def many(qtbot, page, pictures_folder):  # noqa: F811
    (pictures_folder / "dog" / "broken.png").write_bytes(b"nothing")
    page.take_paths([str(pictures_folder)])
    answered(qtbot, page, 41)
    return page


def opened_dialog(qtbot, window, kind):
    qtbot.waitUntil(lambda: bool(window.findChildren(kind)))
    return window.findChildren(kind)[-1]


def test_pictures_are_sorted_after_a_plan_and_taken_back(qtbot, many, opened, tmp_path):  # noqa: F811
    many.answers[0].corrected = "dog"
    part(many, ResultsView).sort_requested.emit(many.answers)
    dialog = opened_dialog(qtbot, opened, SortDialog)
    target = tmp_path / "sorted"
    field(dialog, "Into the folder").setText(str(target))
    qtbot.waitUntil(lambda: [row[:2] for row in rows(dialog.table)] == [["dog", "21"], ["cat", "19"]])
    assert not target.exists() and says(dialog, "Without an answer: 1 picture")
    press(dialog, "Copy 40 pictures")
    qtbot.waitUntil(lambda: says(dialog, "Copied into"), timeout=20_000)
    assert len(list(target.rglob("*.png"))) == 40
    qtbot.waitUntil(lambda: any("Undo the last sort" in text for text in [dialog._undo.text()]) and dialog._undo.isVisible())
    dialog._undo.click()
    qtbot.waitUntil(lambda: says(dialog, "Copies removed: 40."), timeout=20_000)
    assert not target.exists()
    dialog.reject()
    qtbot.waitUntil(lambda: {job.kind for job in many.session.jobs} <= {"serve"})


def test_a_second_model_is_compared_and_the_first_stays(qtbot, many, opened, tmp_path):  # noqa: F811
    other = tmp_path / "other.keras"
    other.write_bytes(b"another model")
    server = many.server._job
    part(many, ResultsView).compare_requested.emit()
    dialog = opened_dialog(qtbot, opened, CompareDialog)
    assert not button(dialog, "Compare").isEnabled()
    dialog.take(str(other))
    press(dialog, "Compare")
    qtbot.waitUntil(lambda: dialog.result_found is not None, timeout=20_000)
    assert says(dialog, "100.0%") and says(dialog, "of 40 pictures")
    assert dialog.result_found.unanswered == 1
    assert rows(dialog.pairs) == [["cat", "cat", "20"], ["dog", "dog", "20"]]
    assert dialog.pictures.model().rowCount() == 40, "without another answer all are shown"
    dialog.pairs.selectRow(1)
    assert dialog.pictures.model().rowCount() == 20
    qtbot.waitUntil(lambda: many.session.jobs.of_kind("compare-models") is None)
    assert many.server._job is server
    qtbot.waitUntil(lambda: many.session.jobs.of_kind("compare-picture") is None)
    dialog.reject()


def test_a_second_model_that_cannot_be_loaded_is_told(qtbot, many, opened, tmp_path):  # noqa: F811
    bad = tmp_path / "bad.keras"
    bad.write_bytes(b"nothing")
    part(many, ResultsView).compare_requested.emit()
    dialog = opened_dialog(qtbot, opened, CompareDialog)
    dialog.take(str(bad))
    press(dialog, "Compare")
    qtbot.waitUntil(lambda: says(dialog, "This model is damaged."), timeout=20_000)
    assert dialog.result_found is None
    dialog.reject()


def test_with_little_memory_the_first_model_makes_room_and_comes_back(qtbot, many, opened, tmp_path, monkeypatch):  # noqa: F811
    monkeypatch.setattr("cnnstudio.workers.memory.available_memory", lambda: 0)
    other = tmp_path / "other.keras"
    other.write_bytes(b"another model")
    server = many.server._job
    part(many, ResultsView).compare_requested.emit()
    dialog = opened_dialog(qtbot, opened, CompareDialog)
    dialog.take(str(other))
    press(dialog, "Compare")
    qtbot.waitUntil(lambda: dialog.result_found is not None, timeout=20_000)
    assert many.server._job is not server
    qtbot.waitUntil(lambda: many.server.ready is not None, timeout=20_000)
    dialog.reject()
    qtbot.waitUntil(lambda: many.session.jobs.of_kind("compare-picture") is None)
    assert part(many, AnswerTable).model().rowCount() == 41
