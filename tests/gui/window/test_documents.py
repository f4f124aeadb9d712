"""Documents that the desktop hands to the program that runs."""

from __future__ import annotations

from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication

from cnnstudio.app import DocumentOpener
from cnnstudio.gui.state.commands import OpenPaths


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
