"""A bench in a window of its own."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import QCoreApplication, QEvent

from cnnstudio.gui.pages.learn.bench_view import BenchView
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.learning.benches import BENCHES


@pytest.fixture
def open_bench(qtbot, workspace: Workspace) -> Iterator[Callable[[str], BenchView]]:
    """Opens a bench by its id."""
    opened: list[BenchView] = []

    def make(identifier: str) -> BenchView:
        module, _, name = BENCHES[identifier].view.partition(":")
        view = getattr(importlib.import_module(module), name)(workspace)
        view.resize(1100, 720)
        view.show()
        view.enter()
        opened.append(view)
        qtbot.waitExposed(view)
        return view

    yield make
    for view in opened:
        view.leave()
        view.close_bench()
        view.close()
        view.deleteLater()
        QCoreApplication.sendPostedEvents(view, QEvent.Type.DeferredDelete)
