"""What a scan did not take, patterns to ignore, folders of loose pictures, and the columns of lists, in the window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent

from cnnstudio.gui.pages.data.dialogs.add import open_add_pictures
from cnnstudio.gui.pages.data.dialogs.columns import ColumnsDialog, open_columns
from cnnstudio.gui.pages.data.dialogs.sources import SourcesList
from cnnstudio.gui.pages.data.left_out import LeftOutPanel, PatternEdit
from cnnstudio.gui.pages.start.list_columns import ListColumns
from cnnstudio.gui.pages.start.new_project import NewProjectForm
from cnnstudio.gui.state.commands import NewProject, OpenPaths
from cnnstudio.gui.widgets.class_list import ClassList
from cnnstudio.gui.widgets.inputs import Select
from tests.datasets.test_datasets import draw
from tests.gui.driving import button, choose, field, open_project, part, parts, press, texts, wait_idle


@pytest.fixture
def page(qtbot, window, project_folder, pictures_folder, tmp_path):
    """The Data page of a project with a linked folder and a note among its forty pictures."""
    draw(tmp_path / "elsewhere", "x.png", "y.png")
    (pictures_folder / "owl").symlink_to(tmp_path / "elsewhere")
    (pictures_folder / "cat" / "notes.txt").write_text("text")
    return open_project(qtbot, window, project_folder, "data")


def rescan(qtbot, window):
    window.workspace.scanner.scan()
    wait_idle(qtbot, window.session)


def test_linked_folders_are_offered_and_patterns_leave_files_out(qtbot, window, page, pictures_folder):
    rescan(qtbot, window)
    panel = part(page, LeftOutPanel)
    shown = " ".join(texts(panel))
    assert "owl" in shown and "notes.txt" in shown
    assert window.workspace.counts.total == 40
    press(panel, "Follow links")
    wait_idle(qtbot, window.session)
    assert window.workspace.counts.total == 42
    press(panel, "Files to ignore")
    edit = part(page, PatternEdit)
    edit.setPlainText("cat0*\n\n  owl/ ")
    edit.left.emit(edit.written)
    wait_idle(qtbot, window.session)
    assert window.session.project.dataset.ignore == ("cat0*", "owl/")
    assert window.workspace.counts.total == 40 - len(list((pictures_folder / "cat").glob("cat0*")))
    edit.left.emit(("[z-a]",))
    assert window.session.project.dataset.ignore == ("cat0*", "owl/")
    assert any("is not valid" in text for text in texts(panel))
    window.session.undo()
    wait_idle(qtbot, window.session)
    assert edit.written == ()


def drop(target, paths, position=QPoint(20, 10)):
    """Drop files on a widget as the system does."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    enter = QDragEnterEvent(position, Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton,
                            Qt.KeyboardModifier.NoModifier)
    target.dragEnterEvent(enter)
    assert enter.isAccepted()
    event = QDropEvent(QPointF(position), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton,
                       Qt.KeyboardModifier.NoModifier)
    target.dropEvent(event)


def test_a_loose_folder_that_is_dropped_on_a_class_belongs_to_it(qtbot, window, page, tmp_path):
    loose = draw(tmp_path / "more cats", "a.png", "b.png", "c.png")
    drop(part(page, ClassList), [loose])
    wait_idle(qtbot, window.session)
    dataset = window.session.project.dataset
    assert (dataset.joined, dataset.source_classes) == ((str(loose),), {str(loose): "cat"})
    assert window.workspace.counts.class_counts()["cat"] == 23
    assert "→ cat" in texts(part(page, SourcesList))
    window.session.undo()
    wait_idle(qtbot, window.session)
    assert window.workspace.counts.total == 40
    assert window.session.project.dataset.source_classes == {}


def test_with_one_class_shown_a_loose_folder_goes_into_it(qtbot, window, page, tmp_path):
    loose = draw(tmp_path / "more", "a.png", "b.png")
    page.state["classes"] = ("dog",)
    window.perform(OpenPaths((str(loose),)))
    wait_idle(qtbot, window.session)
    assert window.session.project.dataset.source_classes == {str(loose): "dog"}


@pytest.mark.usefixtures("page")
def test_the_dialog_asks_for_the_class_of_a_loose_folder_and_the_columns_of_a_list(qtbot, window, tmp_path):
    loose = draw(tmp_path / "Dog", "a.png", "b.png")
    draw(tmp_path / "listed", "1.png", "2.png", "3.png", "4.png")
    path = tmp_path / "listed" / "list.csv"
    path.write_text("file,room,state\n1.png,bath,old\n2.png,bath,new\n3.png,kitchen,old\n4.png,kitchen,new\n")
    dialog = open_add_pictures(window.workspace, None, [loose, path])
    qtbot.waitUntil(lambda: bool(parts(dialog, Select)), timeout=10_000)
    wait_idle(qtbot, window.session)
    assert parts(dialog, Select)[-1].value == "dog"
    assert not dialog.primary.isEnabled()
    press(dialog, "Choose columns…")
    columns = part(dialog, ColumnsDialog)
    assert not columns.use.isEnabled()
    choose(columns.classes, "state")
    qtbot.waitUntil(columns.use.isEnabled, timeout=10_000)
    assert any("4 pictures" in text and "old 2" in text for text in texts(columns))
    columns.use.click()
    qtbot.waitUntil(dialog.primary.isEnabled, timeout=10_000)
    dialog.primary.click()
    wait_idle(qtbot, window.session)
    dataset = window.session.project.dataset
    assert dataset.label_columns == ("state",)
    assert dataset.source_classes == {str(loose): "dog"}
    assert window.workspace.counts.class_counts() == {"cat": 20, "dog": 22, "old": 2, "new": 2}


def test_columns_of_zeros_and_ones_are_offered_together(qtbot, window, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text("image,cat,dog\n1.png,1,0\n2.png,0,1\n3.png,1,0\n")
    dialog = open_columns(window.session.jobs, path)
    qtbot.waitUntil(dialog.use.isEnabled, timeout=10_000)
    chosen = []
    dialog.columns_chosen.connect(lambda *columns: chosen.append(columns))
    dialog.use.click()
    assert chosen == [(("image",), ("cat", "dog"))]


def test_a_new_project_waits_for_the_columns_of_its_list(qtbot, window, tmp_path, monkeypatch):
    monkeypatch.setenv("CNNSTUDIO_CACHE", str(tmp_path / "cache"))
    draw(tmp_path, "1.png", "2.png", "3.png", "4.png")
    path = tmp_path / "list.csv"
    path.write_text("file,room,state\n1.png,bath,old\n2.png,bath,new\n3.png,kitchen,old\n4.png,kitchen,new\n")
    window.perform(NewProject(str(path)))
    form = part(window, NewProjectForm)
    wait_idle(qtbot, window.session)
    qtbot.waitUntil(lambda: not button(form, "Create project").isEnabled(), timeout=10_000)
    part(form, ListColumns)._on_chosen(Path(path), ("file",), ("state",))
    qtbot.waitUntil(button(form, "Create project").isEnabled, timeout=10_000)
    field(form, "Location").setText(str(tmp_path / "made"))
    field(form, "Location").textEdited.emit(str(tmp_path / "made"))
    press(form, "Create project")
    wait_idle(qtbot, window.session)
    assert window.session.project.dataset.label_columns == ("state",)
    assert set(window.workspace.counts.class_names) == {"new", "old"}
