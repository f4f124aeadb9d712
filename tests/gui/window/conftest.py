"""A window with an open project."""

from __future__ import annotations

import pytest

from cnnstudio.gui.state.commands import OpenProject


@pytest.fixture
def opened(qtbot, window, project_folder):
    with qtbot.waitSignal(window.session.jobs.ended):
        window.perform(OpenProject(str(project_folder)))
    return window
