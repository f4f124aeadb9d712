"""The Network page of an open project."""

from __future__ import annotations

import pytest

from cnnstudio.gui.state.commands import OpenProject


@pytest.fixture
def page(qtbot, window, project_folder):
    window.perform(OpenProject(str(project_folder)))
    qtbot.waitUntil(lambda: window.session.is_open and not len(window.session.jobs), timeout=20_000)
    assert window.go("network")
    return window.current
