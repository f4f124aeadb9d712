"""Documents that the desktop hands to the program that runs."""

from __future__ import annotations

from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication

from cnnstudio.app import DocumentOpener, opening_command
from cnnstudio.core.files import PROJECT_FILE
from cnnstudio.gui.state.commands import OpenPaths, OpenProject
from tests.gui.driving import says


def test_a_document_of_macos_is_opened(window, monkeypatch, tmp_path):
    performed = []
    monkeypatch.setattr(window, "perform", performed.append)
    opener = DocumentOpener(window)
    application = QApplication.instance()
    application.installEventFilter(opener)
    try:
        QApplication.sendEvent(application, QFileOpenEvent(str(tmp_path / "project.cnnstudio")))
    finally:
        application.removeEventFilter(opener)
    assert performed == [OpenPaths((str(tmp_path / "project.cnnstudio"),))]


def test_a_project_or_a_folder_of_pictures_can_be_named_on_the_command_line(project_folder, pictures_folder, tmp_path):
    assert opening_command(str(project_folder)) == OpenProject(str(project_folder))
    assert opening_command(str(project_folder / PROJECT_FILE)) == OpenProject(str(project_folder / PROJECT_FILE))
    assert opening_command(str(tmp_path / "nowhere")) == OpenProject(str(tmp_path / "nowhere"))
    assert opening_command(str(pictures_folder)) == OpenPaths((str(pictures_folder),))


def test_a_folder_of_pictures_on_the_command_line_becomes_a_new_project(window, pictures_folder):
    window.perform(opening_command(str(pictures_folder)))
    assert window.current.id == "start" and says(window.current, "New project")
