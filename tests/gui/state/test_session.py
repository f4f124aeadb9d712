"""The session: edits, undo, saving, autosave, recovery, locks, settings."""

from __future__ import annotations

import pytest

from cnnstudio.core import edits, files
from cnnstudio.core.files import AUTOSAVE_FILE, read_project
from cnnstudio.core.lock import ProjectLock
from cnnstudio.core.problems import Fix, ProblemError, error
from cnnstudio.core.settings import load_settings
from cnnstudio.core.text import Text
from cnnstudio.datasets.index import Filter
from cnnstudio.gui.state.commands import DrawSplits, ShowPage

LABEL = Text("Height", "Alto")


def set_height(value):
    return lambda project: edits.set_field(project, "recipe", "height", value)


@pytest.fixture
def opened(qtbot, workspace, project_folder):
    session = workspace.session
    with qtbot.waitSignal(session.jobs.ended):
        assert session.open(project_folder)
    assert workspace.counts.total == 40
    return session


def test_edits_say_what_changed_and_can_be_undone(opened):
    heard = []
    opened.changed.connect(heard.append)
    before = opened.project.recipe.height
    assert opened.edit(set_height(99), LABEL)
    assert heard[-1].of("recipe")
    assert not heard[-1].of("network", "training", "dataset")
    opened.undo()
    assert opened.project.recipe.height == before
    opened.redo()
    assert opened.project.recipe.height == 99


def test_a_drag_is_one_step_until_it_is_sealed(opened):
    before = opened.project.recipe.height
    for value in (70, 71, 72):
        opened.edit(set_height(value), LABEL, "recipe.height")
    opened.seal()
    opened.edit(set_height(80), LABEL, "recipe.height")
    opened.undo()
    assert opened.project.recipe.height == 72
    opened.undo()
    assert opened.project.recipe.height == before


def test_every_edit_is_saved_by_itself_and_a_drag_stays_one_step(qtbot, opened, project_folder):
    before = opened.project.recipe.height
    opened.edit(set_height(77), LABEL, "recipe.height")
    assert opened.dirty
    qtbot.waitUntil(lambda: not opened.dirty)
    assert read_project(project_folder).recipe.height == 77
    opened.edit(set_height(78), LABEL, "recipe.height")
    opened.undo()
    assert opened.project.recipe.height == before


def test_a_save_that_keeps_failing_is_reported_once_and_tried_again(qtbot, opened, project_folder, monkeypatch):
    def full(*_):
        raise ProblemError(error("no_space", Text("full", "lleno"), "file"))

    noticed = []
    opened.problem_reported.connect(lambda problem: noticed.append(problem.code))
    with monkeypatch.context() as patch:
        patch.setattr(files, "write_project", full)
        opened.edit(set_height(55), LABEL)
        qtbot.waitUntil(lambda: opened.save_failed)
        opened.edit(set_height(56), LABEL)
        opened._autosave.timeout.emit()
    assert noticed == ["no_space"]
    assert opened.dirty
    opened._autosave.timeout.emit()
    assert not opened.save_failed
    assert read_project(project_folder).recipe.height == 56


def test_work_that_a_crash_left_is_offered_and_taken_over(session, project_folder):
    lost = set_height(123)(read_project(project_folder))
    (project_folder / AUTOSAVE_FILE).write_bytes(files.encode_project(lost))
    noticed = []
    session.problem_reported.connect(noticed.append)
    session.open(project_folder)
    assert [problem.code for problem in noticed] == ["unsaved_work"]
    assert session.project.recipe.height != 123
    session.restore_autosave()
    assert session.project.recipe.height == 123
    session.undo()
    assert session.project.recipe.height != 123


def test_a_project_that_another_holds_is_refused(session, project_folder):
    lock = ProjectLock(project_folder)
    assert lock.acquire() is None
    noticed = []
    session.problem_reported.connect(noticed.append)
    assert not session.open(project_folder)
    assert noticed[0].code == "project_in_use"
    assert not session.is_open
    lock.release()


@pytest.mark.parametrize("content", [b"{", b'{"format": 99}', b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_a_notice_and_stays(session, project_folder, content):
    path = project_folder / files.PROJECT_FILE
    path.write_bytes(content)
    noticed = []
    session.problem_reported.connect(noticed.append)
    assert not session.open(project_folder)
    assert noticed[0].code in ("damaged_project", "newer_format")
    assert path.read_bytes() == content


def test_a_failed_save_loses_nothing(opened, monkeypatch):
    def full(*_):
        raise ProblemError(error("no_space", Text("full", "lleno"), "file"))

    noticed = []
    opened.problem_reported.connect(noticed.append)
    opened.edit(set_height(55), LABEL)
    monkeypatch.setattr(files, "write_project", full)
    assert not opened.save_now()
    assert noticed[0].code == "no_space"
    assert opened.dirty
    assert opened.project.recipe.height == 55


def test_relabelling_shares_the_undo_list(workspace, opened):
    counts = workspace.counts
    identifier = next(iter(workspace.collection.ids(Filter(classes=("cat",)))))
    opened.edit(set_height(61), LABEL)
    assert workspace.decisions.relabel([identifier], "dog")
    assert counts.class_counts() == {"cat": 19, "dog": 21}
    opened.undo()
    assert counts.class_counts() == {"cat": 20, "dog": 20}
    assert opened.project.recipe.height == 61
    opened.redo()
    assert counts.class_counts() == {"cat": 19, "dog": 21}


def test_other_shares_divide_again(qtbot, workspace, opened):
    opened.edit(lambda project: edits.set_field(project, "dataset.splits", "test", 0.5), LABEL)
    qtbot.waitUntil(lambda: workspace.counts.split_counts()["test"] > 10)
    assert sum(workspace.counts.split_counts().values()) == 40


def test_a_folder_that_vanished_keeps_its_pictures_and_offers_a_fix(qtbot, workspace, opened, pictures_folder):
    check_now = workspace.checks.check_now
    moved = pictures_folder.rename(pictures_folder.with_name("moved"))
    workspace.scanner.scan()
    problem = next(problem for problem in check_now() if problem.code == "source_missing")
    assert problem.fixes[0].action == "choose_folder"
    assert workspace.counts.total == 40
    opened.edit(lambda project: edits.set_field(project, "dataset", "source", str(moved)), LABEL)
    qtbot.waitUntil(lambda: not len(opened.jobs))
    assert not any(problem.code == "source_missing" for problem in check_now())


def test_settings_are_kept(session):
    session.set_setting("theme", "dark")
    session.remember("panels", (200, 0, 300))
    settings = load_settings()
    assert settings.theme == "dark"
    assert tuple(settings.layout["panels"]) == (200, 0, 300)


def test_a_fix_edits_the_project_or_becomes_a_command(opened):
    opened.apply(Fix(action="set_field", label=LABEL, arguments={"spec": "training", "field": "epochs", "value": 3}))
    assert opened.project.training.epochs == 3
    requested, noticed = [], []
    opened.command_requested.connect(requested.append)
    opened.problem_reported.connect(noticed.append)
    opened.apply(Fix(action="open_page", label=LABEL, arguments={"page": "train"}))
    opened.apply(Fix(action="draw_splits", label=LABEL, arguments={"classes": ["a", "b"]}))
    assert requested == [ShowPage("train"), DrawSplits(("a", "b"))]
    assert not noticed
    for wrong in (Fix(action="no_such", label=LABEL), Fix(action="open_page", label=LABEL, arguments={"page": 3})):
        opened.apply(wrong)
    assert len(requested) == 2
    assert [problem.code for problem in noticed] == ["unknown_fix", "unknown_fix"]
