"""The Prepare page of an open project."""

from __future__ import annotations

import pytest


@pytest.fixture
def page(qtbot, window, project_folder):
    with qtbot.waitSignal(window.session.jobs.ended):
        assert window.session.open(project_folder)
    assert window.go("prepare")
    prepare = window.current
    qtbot.waitUntil(lambda: len(prepare.preview.mosaic.images) == 16 and prepare.preview.strip.titles != [])
    return prepare
