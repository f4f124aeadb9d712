"""The window goes on with what it has when its program is replaced, and says so once."""

from __future__ import annotations

import shutil
import sys

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from cnnstudio.core import installation
from cnnstudio.core.places import resource
from cnnstudio.gui.look import icons
from cnnstudio.gui.window.notices import install_exception_hook
from cnnstudio.gui.window.replacement import ReplacementNotice


@pytest.mark.usefixtures("qapp")
def test_icons_are_read_before_an_upgrade_can_take_them_away(tmp_path, monkeypatch):
    shutil.copytree(resource("icons"), tmp_path / "icons")
    monkeypatch.setattr(icons, "resource", tmp_path.joinpath)
    icons._drawings.cache_clear()
    icons._renderer.cache_clear()
    icons.pixmap("check")
    shutil.rmtree(tmp_path / "icons")
    try:
        assert not icons.pixmap("close").isNull()
    finally:
        icons._drawings.cache_clear()
        icons._renderer.cache_clear()


def test_it_is_told_once_when_the_window_is_active_again(session, monkeypatch):
    problems: list[str] = []
    session.problem_reported.connect(lambda problem: problems.append(problem.code))
    notice = ReplacementNotice(session)
    notice._on_state_changed(Qt.ApplicationState.ApplicationActive)
    assert problems == []
    monkeypatch.setattr(installation, "_AT_START", (0, 0, 0))
    for state in (Qt.ApplicationState.ApplicationInactive, Qt.ApplicationState.ApplicationActive) * 2:
        QGuiApplication.instance().applicationStateChanged.emit(state)
    assert problems == ["program_replaced"]


@pytest.mark.parametrize(("stamp", "code", "times"), [((0, 0, 0), "program_replaced", 1), (None, "unexpected", 2)])
def test_errors_after_an_upgrade_are_told_once_with_the_remedy(qapp, monkeypatch, capsys, stamp, code, times):
    monkeypatch.setattr(installation, "_AT_START", stamp or installation._stamp())
    shown: list[str] = []
    remove = install_exception_hook(lambda problem: shown.append(problem.code))
    try:
        for _ in range(2):
            try:
                raise FileNotFoundError("icons/gone.svg")
            except FileNotFoundError:
                sys.excepthook(*sys.exc_info())
        qapp.processEvents()
    finally:
        remove()
    assert shown == [code] * times
    capsys.readouterr()
