"""The splits on the Data page: the bar, its number fields and the counts agree, and a drag is one step to undo."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from cnnstudio.gui.pages.data import side
from cnnstudio.gui.pages.data.side import DataSide
from cnnstudio.gui.state.commands import OpenProject
from cnnstudio.gui.widgets.form import Form
from tests.gui.driving import part, parts, press


@pytest.fixture
def page(qtbot, window, project_folder):
    window.perform(OpenProject(str(project_folder)))
    window.go("data")
    qtbot.waitUntil(lambda: not len(window.session.jobs), timeout=20_000)
    return window.current


def test_a_class_that_exists_is_not_passed_over_in_silence(page, monkeypatch):
    reported = []
    page.session.problem_reported.connect(reported.append)
    monkeypatch.setattr(side.QInputDialog, "getText", lambda *_texts: (" cat ", True))
    press(page, "New class")
    assert [problem.text.en for problem in reported] == ["There is already a class cat."]
    monkeypatch.setattr(side.QInputDialog, "getText", lambda *_texts: ("owl", True))
    press(page, "New class")
    assert "owl" in page.session.project.dataset.class_names
    assert len(reported) == 1


def shares(page):
    splits = page.session.project.dataset.splits
    return splits.train, splits.validation, splits.test


def split_form(page):
    return next(form for form in part(page, DataSide).findChildren(Form) if "stratified" in form.values)


def test_a_moved_border_divides_the_pictures_and_is_one_step(qtbot, page):
    side, session = part(page, DataSide), page.session
    border = side.split_bar.borders[0]
    steps = len(session.steps("undo"))
    for _ in range(10):
        QTest.keyPress(border, Qt.Key.Key_Left)
    QTest.keyRelease(border, Qt.Key.Key_Left)
    assert shares(page) == (0.6, 0.25, 0.15)
    assert len(session.steps("undo")) == steps + 1
    form = split_form(page)
    assert (form.values["train"], form.values["validation"]) == (0.6, 0.25)
    qtbot.waitUntil(lambda: not len(session.jobs) and page.workspace.counts.split_counts()["train"] == 24)
    QTest.keyClick(border, Qt.Key.Key_Left)
    assert len(session.steps("undo")) == steps + 2
    session.undo(2)
    assert shares(page) == (0.7, 0.15, 0.15)
    assert side.split_bar.fractions["train"] == pytest.approx(0.7)
    qtbot.waitUntil(lambda: not len(session.jobs) and page.workspace.counts.split_counts()["train"] == 28)


def test_a_typed_share_moves_the_bar(page):
    split_form(page).value_changed.emit("test", 0.15 + 0.85)
    assert part(page, DataSide).split_bar.fractions["test"] == pytest.approx(1 / 1.85)


def test_split_folders_are_shown_as_they_are(qtbot, window, tmp_path, pictures_folder):
    from cnnstudio.datasets.opening import create_project

    for split, first in (("train", 0), ("val", 10), ("test", 14)):
        for name in ("cat", "dog"):
            folder = tmp_path / "divided" / split / name
            folder.mkdir(parents=True)
            last = {"train": 10, "val": 14, "test": 20}[split]
            for number in range(first, last):
                (folder / f"{number}.png").write_bytes((pictures_folder / name / f"{name}{number:02d}.png").read_bytes())
    _created, index = create_project(tmp_path / "other", tmp_path / "divided", template="lenet5")
    index.close()
    window.perform(OpenProject(str(tmp_path / "other")))
    window.go("data")
    qtbot.waitUntil(lambda: not len(window.session.jobs), timeout=20_000)
    bar = part(window.current, DataSide).split_bar
    assert bar.fractions == pytest.approx({"train": 0.5, "validation": 0.2, "test": 0.3})
    assert not parts(bar, type(bar.borders[0]))
    assert bar.reason in bar.toolTip()
