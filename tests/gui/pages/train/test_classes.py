"""The classes of a run in the window: other names, one more, and what that cost the others."""

from __future__ import annotations

import msgspec
import pytest
from PySide6.QtWidgets import QMenu, QWidget

from cnnstudio.core.events import Finished, Stopped
from cnnstudio.core.jobs import ClassesAdded
from cnnstudio.core.text import set_language
from cnnstudio.datasets.opening import create_project
from cnnstudio.gui.pages.train.classes.adding import AddClassDialog
from cnnstudio.gui.pages.train.classes.change_card import ClassChangeCard
from cnnstudio.gui.pages.train.classes.commands import ClassCommands
from cnnstudio.gui.pages.train.classes.rename import RenameDialog
from cnnstudio.gui.pages.train.runs.table import RunsTable
from cnnstudio.gui.state.jobs import ChildJob
from cnnstudio.workers.runs.classes import RunClass, run_classes
from cnnstudio.workers.runs.folder import list_runs
from cnnstudio.workers.runs.origin import RunOrigin, write_origin
from tests.datasets.test_decisions import picture
from tests.gui import driving
from tests.gui.pages.train.recorded_runs import recorded

CLASSES = [RunClass(name="cat", trained="cat", pictures={}), RunClass(name="Hund", trained="dog", pictures={})]


@pytest.fixture
def project_folder(tmp_path, pictures_folder):
    """A project with a pretrained base: no model has to be read to add a class."""
    folder = tmp_path / "project"
    _created, index = create_project(folder, pictures_folder, base="efficientnet_lite0")
    index.close()
    return folder


@pytest.fixture
def run(page):
    made = recorded(page, Finished(run="r", metrics={"epoch": 3}))
    made.model_path.write_bytes(b"a model")
    page.session.announce("runs")
    return made


def names(run):
    return [item.name for item in run_classes(run)]


def dialog_of(kind):
    from PySide6.QtWidgets import QApplication

    return next(widget for widget in QApplication.topLevelWidgets() if isinstance(widget, kind) and widget.isVisible())


def choose(page, run, label):
    """What the menu of the run offers under that label."""
    summary = next(item for item in list_runs(run.project_folder) if item.id == run.id)
    menu = driving.part(page, RunsTable).run_menu(summary)
    action = next(action for action in menu.actions() if action.text() == label)
    action.trigger()
    menu.deleteLater()


# Renaming ------------------------------------------------------------------------------------------


def test_bad_names_are_told_as_they_are_typed(qtbot):
    dialog = RenameDialog("a run", CLASSES)
    qtbot.addWidget(dialog)
    dialog.show()
    assert not dialog.save.isEnabled()
    dialog.fields[0].setText("Hund")
    assert not dialog.save.isEnabled() and driving.says(dialog, "Two classes cannot both be called Hund.")
    dialog.fields[0].setText("")
    assert driving.says(dialog, "A class needs a name.")
    dialog.fields[0].setText(" Katze ")
    assert dialog.save.isEnabled() and dialog.changes == {"cat": "Katze"}
    assert not driving.says(dialog, "A class needs a name.")


def test_the_names_of_the_training_are_offered_where_they_are_others(qtbot):
    dialog = RenameDialog("a run", CLASSES)
    qtbot.addWidget(dialog)
    dialog.show()
    driving.press(dialog, "As trained")
    assert dialog.changes == {"Hund": "dog"}
    plain = RenameDialog("a run", CLASSES[:1])
    qtbot.addWidget(plain)
    plain.show()
    assert not any(button.text() == "As trained" for button in driving.parts(plain, QWidget) if hasattr(button, "text"))


def test_classes_are_renamed_and_undo_gives_the_names_back(page, run):
    heard = []
    page.session.changed.connect(lambda change: heard.append(change.what))
    before = names(run)
    choose(page, run, "Rename classes…")
    dialog = dialog_of(RenameDialog)
    driving.write(dialog, f"New name of {before[0]}", "Katze")
    driving.press(dialog, "Rename")
    assert names(run) == ["Katze", *before[1:]]
    # Evaluate shows a run anew for the one, Predict loads its model anew for the other.
    assert {"runs", "calibration"} <= set().union(*heard)
    page.session.undo()
    assert names(run) == before
    page.session.redo()
    assert names(run) == ["Katze", *before[1:]]


def test_a_run_without_a_model_has_no_classes_to_rename(page, run):
    commands = ClassCommands(page.workspace, driving.root(page))
    (summary,) = list_runs(run.project_folder)
    for runs, wanted in (((summary,), 2), ((summary, summary), 0), ((msgspec.structs.replace(summary, has_model=False),), 0),
                         ((msgspec.structs.replace(summary, state="running"),), 0)):
        menu = QMenu()
        commands.add_actions(menu, runs)
        assert sum(bool(action.text()) for action in menu.actions()) == wanted


# Adding --------------------------------------------------------------------------------------------


@pytest.fixture
def foxes(tmp_path):
    for number in range(6):
        picture(tmp_path / "fox" / f"{number}.png", 500 + number)
    return tmp_path / "fox"


def opened(page, run):
    choose(page, run, "Add a class…")
    return dialog_of(AddClassDialog)


def test_the_pictures_are_counted_and_what_is_wrong_is_told(qtbot, page, run, foxes, tmp_path):
    dialog = opened(page, run)
    assert driving.says(dialog, "Choose the folder with the pictures of the new class.")
    (tmp_path / "empty").mkdir()
    dialog.set_folder(tmp_path / "empty")
    qtbot.waitUntil(lambda: driving.says(dialog, "There are no pictures in"))
    assert not dialog.start.isEnabled()
    dialog.set_folder(foxes)
    qtbot.waitUntil(dialog.start.isEnabled)
    assert dialog.name.text() == "fox" and driving.says(dialog, "6 pictures of fox, besides")
    driving.write(dialog, "Name of the class", names(run)[0])
    qtbot.waitUntil(lambda: driving.says(dialog, "already"))
    assert not dialog.start.isEnabled()
    driving.write(dialog, "Name of the class", "")
    assert driving.says(dialog, "The class needs a name.")
    driving.write(dialog, "Name of the class", "vulpes")
    qtbot.waitUntil(dialog.start.isEnabled)
    driving.choose(dialog.learns, "Also the last layers")
    assert driving.says(dialog, "a hundredth of the rate")
    assert (dialog.wanted.name, dialog.wanted.folder, dialog.wanted.last_layers) == ("vulpes", foxes, True)
    dialog.reject()


def test_the_run_is_trained_and_undo_takes_the_class_out_of_the_project(qtbot, page, run, foxes, monkeypatch):
    monkeypatch.setattr(ChildJob, "start", lambda _job: None)
    session = page.session
    before = session.project
    dialog = opened(page, run)
    dialog.set_folder(foxes)
    qtbot.waitUntil(dialog.start.isEnabled)
    driving.press(dialog, "Train")
    qtbot.waitUntil(lambda: session.jobs.of_kind("train") is not None, timeout=20_000)
    new = next(item for item in list_runs(session.folder) if item.id != run.id)
    assert (new.origin.parent, new.origin.added) == (run.id, ("fox",))
    assert session.project.dataset.class_names[-1] == "fox"
    for job in session.jobs:
        job._finish(Stopped(time=4.0))
    session.undo()
    assert session.project.dataset == before.dataset


def test_a_class_that_the_project_has_is_offered(qtbot, page, run):
    dialog = AddClassDialog(page.session, run, "a run", [("fox", 30)], driving.root(page))
    qtbot.addWidget(dialog)
    dialog.open()
    driving.choose(driving.field(dialog, "Pictures"), "fox (30 pictures of this project)")
    qtbot.waitUntil(dialog.start.isEnabled)
    assert (dialog.wanted.name, dialog.wanted.folder) == ("fox", None)
    assert driving.says(dialog, "30 pictures of fox")
    dialog.reject()


def test_what_cannot_be_added_is_told(qtbot, page, run, foxes):
    from cnnstudio.workers.runs.adding import NewClass

    told = []
    page.session.problem_reported.connect(told.append)
    before = page.session.project
    page.workspace.launcher.start_with_class(run, NewClass(name=names(run)[0], folder=foxes))
    qtbot.waitUntil(lambda: bool(told))
    assert told[0].code == "class_exists"
    assert page.session.project is before and len(list_runs(page.session.folder)) == 1


# What it cost --------------------------------------------------------------------------------------


CHANGE = ClassesAdded(parent="p", names=("fox",), split="test", earlier=100, right_before=98, right_after=96, only_before=3,
                      only_after=1, taken=2, new=10, right_new=9)


@pytest.mark.parametrize(("language", "words"), [
    ("en", ("The model now also knows fox", "98.0% (98 of 100; 95% interval 93.0% to 99.4%)", "within chance")),
    ("es", ("El modelo ahora también conoce fox", "98,0\u202f% (98 de 100", "la explica el azar"))])
def test_the_card_tells_the_accuracy_before_and_after(qtbot, language, words):
    set_language(language)
    card = ClassChangeCard()
    qtbot.addWidget(card)
    card.show_change(CHANGE)
    for word in words:
        assert driving.says(card, word)
    card.show_change(None)
    assert card.isHidden()


def test_the_page_shows_the_card_of_the_run_on_screen(qtbot, page, run):
    assert not driving.says(page, "The model now also knows")
    write_origin(run.folder, RunOrigin(kind="weights", parent="p", added=("fox",)))
    other = recorded(page, Finished(run="r"), events=[CHANGE])
    write_origin(other.folder, RunOrigin(kind="weights", parent=run.id, added=("fox",)))
    page.session.chosen_run = other.id
    qtbot.waitUntil(lambda: driving.says(page, "The model now also knows fox"))
