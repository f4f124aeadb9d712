"""The Search page of a project with pictures, and searches that are over."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cnnstudio.core.files import read_project
from cnnstudio.core.search import SearchSpec
from cnnstudio.datasets.manifest import Header, write_manifest
from cnnstudio.gui.pages.search.page import SearchPage
from cnnstudio.workers.search.folder import SearchFolder
from tests.gui.driving import open_project
from tests.workers.search.studies import finished_search, spec_of

TARGET = "tests.workers.search.children:trains"


@pytest.fixture
def searched(project_folder: Path) -> Callable[..., SearchFolder]:
    """Makes a search of the project that is over: `searched(spec)`."""
    def make(spec: SearchSpec | None = None) -> SearchFolder:
        search = finished_search(project_folder, read_project(project_folder), spec or spec_of(trials=24))
        write_manifest(search.manifest_path(), Header(root="", class_names=("cat", "dog"), label_mode="categorical"), [])
        return search

    return make


@pytest.fixture
def open_page(qtbot, window, project_folder: Path) -> Callable[[], SearchPage]:
    """Opens the project on the page, once everything is read."""
    def opened() -> SearchPage:
        page = open_project(qtbot, window, project_folder, "search")
        assert isinstance(page, SearchPage)
        window.workspace.searcher.target = TARGET
        qtbot.waitUntil(lambda: not len(window.session.jobs) and not page._soon.isActive(), timeout=20_000)
        return page

    return opened
