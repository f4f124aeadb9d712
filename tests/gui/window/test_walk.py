"""A walk through the window: what a newcomer clicks, and what the window answers."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent
from PySide6.QtWidgets import QApplication, QFileDialog

from cnnstudio.core import edits
from cnnstudio.core.text import Text, language
from cnnstudio.datasets.opening import create_project
from cnnstudio.gui.pages import file_dialogs
from cnnstudio.gui.state.changes import Step
from cnnstudio.gui.state.commands import OpenProject, ShowHelp
from cnnstudio.gui.state.judge import report_moved
from cnnstudio.gui.widgets.class_list import ClassList
from cnnstudio.gui.widgets.grid import PictureGrid
from cnnstudio.gui.widgets.inputs import SearchBox
from cnnstudio.gui.window.guide.dialog import GuideDialog
from cnnstudio.gui.window.notices import Toast
from cnnstudio.gui.window.rail import Rail
from cnnstudio.gui.window.steps import Steps
from tests.gui.driving import button, click, open_project, part, parts, says


def toasts(window) -> list[str]:
    return [toast.accessibleName() for toast in window.findChildren(Toast) if not toast.isHidden()]


def set_height(value):
    return lambda project: edits.set_field(project, "recipe", "height", value)


def test_a_page_that_needs_a_project_is_pale_and_says_so(qtbot, window, project_folder):
    rail = part(window, Rail)
    network = button(rail, "Network")
    assert not network.available
    click(network)
    assert window.current.id == "start"
    assert any("Network needs a project" in text for text in toasts(window))
    assert says(window, "only what you delete yourself goes to the trash")
    open_project(qtbot, window, project_folder)
    assert network.available
    assert not any("needs a project" in text for text in toasts(window))


@pytest.fixture
def opened(qtbot, window, project_folder):
    return open_project(qtbot, window, project_folder)


def test_the_filters_of_one_project_do_not_act_on_the_next(qtbot, window, opened, pictures_folder, tmp_path):
    page = opened
    part(page, ClassList).chosen.emit("cat", False)
    assert len(part(page, PictureGrid).ids) == 20
    folder = next(box for box in page.filters.panel.findChildren(SearchBox))
    folder.setText("cat")
    folder.editingFinished.emit()
    other = tmp_path / "other"
    _project, index = create_project(other, pictures_folder, template="lenet5")
    index.close()
    window.perform(OpenProject(str(other)))
    qtbot.waitUntil(lambda: window.session.folder == other and not len(window.session.jobs), timeout=20_000)
    page = window.current
    assert len(part(page, PictureGrid).ids) == 40
    assert folder.text() == ""
    folder.editingFinished.emit()
    assert len(part(page, PictureGrid).ids) == 40
    assert page.state.get("folder") is None


@pytest.mark.usefixtures("opened")
def test_undo_shows_what_it_did_where_it_is_seen_and_has_a_history(window):
    session = window.session
    for value in (40, 44):
        session.edit(set_height(value), Text(f"Height {value}", f"Altura {value}"))
    steps = part(window, Steps)
    menu = steps.menu()
    assert [action.text() for action in menu.actions()] == ["Now", "Height 44", "Height 40"]
    button(steps, "Undo").click()
    assert window.current.id == "prepare"
    assert toasts(window) == ["Undone: Height 44"]
    window.go("data")
    steps.menu().actions()[2].trigger()
    assert window.current.id == "prepare"
    assert toasts(window) == ["Undone: Height 40"]
    assert session.project.recipe.height not in (40, 44)
    assert not button(steps, "Undo").isEnabled()
    steps.menu().actions()[0].trigger()
    assert session.project.recipe.height == 44
    assert toasts(window) == ["Redone: Height 44"]


@pytest.mark.usefixtures("opened")
def test_a_step_names_the_parts_that_it_changed(window):
    steps: list[Step] = []
    window.session.stepped.connect(steps.append)
    window.session.edit(set_height(41), Text("Height", "Altura"))
    window.session.undo()
    assert (steps[0].direction, steps[0].what) == ("undo", frozenset({"recipe"}))


def test_keys_give_classes_and_the_list_shows_them(qtbot, window, opened):
    grid = part(opened, PictureGrid)
    classes = part(opened, ClassList)
    assert classes._keys == {"cat": "1", "dog": "2"}
    window.workspace.classes.set_key("dog", "d")
    assert classes._keys == {"cat": "1", "dog": "d"}
    grid.selection.select_only(0)
    qtbot.keyClick(grid, Qt.Key.Key_D)
    assert window.workspace.counts.class_counts() == {"cat": 19, "dog": 21}
    window.workspace.classes.rename("dog", "hound")
    assert classes._keys["hound"] == "d"


@pytest.mark.usefixtures("opened")
def test_what_is_dragged_over_a_page_lights_up_and_says_what_a_drop_does(window, pictures_folder):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(pictures_folder))])

    def enter():
        QApplication.sendEvent(window, QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, mime,
                                                       Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier))

    light = window._drop_light
    enter()
    assert light.isVisible()
    assert light.text == "Add to the pictures"
    assert light.size() == window.pages.centre.size()
    QApplication.sendEvent(window, QDragLeaveEvent())
    assert not light.isVisible()
    window.go("predict")
    enter()
    assert window._drop_light.text == "Classify"


def test_the_language_is_a_menu_and_the_selection_stays(qtbot, window, opened):
    part(opened, PictureGrid).select_ids(list(part(opened, PictureGrid).ids)[3:6])
    chosen = part(opened, PictureGrid).selected_ids()
    choice = button(window.status, "English")
    choice.click()
    assert language() == "en", "one click changes nothing yet"
    menu = choice._menu
    assert [action.text() for action in menu.actions()] == ["English", "Español"]
    menu.actions()[1].trigger()
    menu.close()
    qtbot.waitUntil(lambda: window.current is not opened)
    assert language() == "es"
    assert part(window.current, PictureGrid).selected_ids() == chosen
    window.session.set_setting("language", "en")


@pytest.mark.usefixtures("opened")
def test_the_guide_opens_at_the_section_of_the_page(window):
    for page, section in (("data", "Pictures"), ("train", "Train"), ("start", "Start"), ("export", "Export"),
                          ("predict", "Predict")):
        window.go(page)
        window.perform(ShowHelp())
        dialog = window.findChildren(GuideDialog)[-1]
        assert dialog.section == section
        assert dialog.isVisible() and not dialog.isModal()
        dialog.close()


@pytest.mark.usefixtures("opened")
def test_a_file_is_saved_where_the_user_knows_and_the_window_says_so(window, monkeypatch, tmp_path):
    asked = []

    def answer(_parent, _title, start, _kinds):
        asked.append(start)
        return str(tmp_path / "table.csv"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    session = window.session
    path = file_dialogs.ask_save_path(session, window, "Save", "predictions.csv", "CSV (*.csv)")
    assert asked == [str(session.folder / "predictions.csv")]
    file_dialogs.report_saved(session, path)
    assert toasts(window) == [f"Saved as {tmp_path / 'table.csv'}"]
    assert "Show in its folder" in [child.text() for toast in window.findChildren(Toast) for child in parts(toast, type(
        button(toast, "Close")))]
    file_dialogs.ask_save_path(session, window, "Save", "other.csv", "CSV (*.csv)")
    assert asked[1] == str(tmp_path / "other.csv")


@pytest.mark.usefixtures("opened")
def test_pictures_that_change_their_split_are_reported(window):
    report_moved(window.session, 0)
    assert toasts(window) == []
    report_moved(window.session, 12)
    assert toasts(window) == ["12 pictures were moved to another split: duplicates and bursts are kept in the same split."]


@pytest.mark.usefixtures("opened")
def test_the_status_bar_says_saved_by_itself(qtbot, window):
    window.session.edit(set_height(48), Text("Height", "Altura"))
    assert window.status._saved.text() == "○ Saving…"
    qtbot.waitUntil(lambda: window.status._saved.text() == "● Saved")
