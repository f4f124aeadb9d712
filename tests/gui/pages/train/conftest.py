"""The Train page of an open project."""

from __future__ import annotations

import pytest


@pytest.fixture
def page(qtbot, window, project_folder):
    assert window.session.open(project_folder)
    qtbot.waitUntil(lambda: window.session.is_open and not len(window.session.jobs), timeout=20_000)
    assert window.go("train")
    return window.current
