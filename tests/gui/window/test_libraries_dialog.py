"""Libraries are added and removed from a dialog: progress, cancel and the answer in the row of each."""

from __future__ import annotations

import threading

import pytest

from cnnstudio.core.events import Phase, Progress
from cnnstudio.core.libraries import Library
from cnnstudio.core.problems import Fix, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.gui.state.commands import ShowLibraries, command_of
from cnnstudio.gui.window import libraries_dialog
from cnnstudio.gui.window.libraries_dialog import LibrariesDialog, LibraryRow
from cnnstudio.workers import library_install
from tests.gui.driving import button, press, says, wait_idle
from tests.workers.test_libraries import add

SMALL = Library("cnnstudio_small", "Small", "small")


@pytest.fixture
def dialog(qtbot, session, monkeypatch) -> LibrariesDialog:
    monkeypatch.setattr(libraries_dialog, "known_libraries", lambda: {"small": SMALL})
    made = LibrariesDialog(session)
    qtbot.addWidget(made)
    made.show()
    return made


def row(dialog: LibrariesDialog) -> LibraryRow:
    return dialog._rows["small"]


def test_a_button_of_a_problem_opens_the_dialog():
    fix = Fix(action="install_library", label=Text("Install", "Instalar"), arguments={"library": "small"})
    assert command_of(fix) == ShowLibraries("small")


def test_enter_begins_no_download(dialog):
    """It presses the button that has the focus."""
    assert dialog.focusWidget() is button(dialog, "Close")


def test_it_is_added_with_progress_and_removed(qtbot, session, dialog, monkeypatch):
    go, announced = threading.Event(), []
    session.changed.connect(lambda change: announced.append(change.what))

    def install(identifier, on_event, _check):
        on_event(Phase(name="downloading", text=Text("Downloading", "Descargando")))
        on_event(Progress(done=1, total=4, unit="bytes"))
        go.wait(10)
        add(identifier, "cnnstudio_small")

    monkeypatch.setattr(library_install, "install_library", install)
    press(row(dialog), "Install")
    qtbot.waitUntil(lambda: row(dialog)._bar.value() == 250)
    assert says(row(dialog), "Downloading")
    assert button(row(dialog), "Cancel").isEnabled()
    go.set()
    wait_idle(qtbot, session)
    assert says(row(dialog), "Added: 5 B")
    assert frozenset({"libraries"}) in announced
    press(row(dialog), "Remove")
    wait_idle(qtbot, session)
    assert says(row(dialog), "Not installed")


def test_a_cancel_and_a_failure_are_answered_in_the_row(qtbot, session, dialog, monkeypatch):
    def install(_identifier, _on_event, check):
        while True:
            check()

    monkeypatch.setattr(library_install, "install_library", install)
    dialog.install("small")
    press(row(dialog), "Cancel")
    wait_idle(qtbot, session)
    assert says(row(dialog), "Not installed")

    def fail(*_arguments):
        raise ProblemError(error("offline", Text("No network.", "Sin red."), "machine"))

    monkeypatch.setattr(library_install, "install_library", fail)
    press(row(dialog), "Install")
    wait_idle(qtbot, session)
    assert says(row(dialog), "No network.")


def test_without_a_card_there_is_nothing_to_press(dialog):
    card = dialog._rows["gpu"]
    assert says(card, "No graphics card") is card._button.isHidden()
