"""Exports are verified in this process, except where the child itself is tested: it would import Keras each time."""

from __future__ import annotations

import pytest

from tests.engine.conftest import answer_here


@pytest.fixture(autouse=True, scope="package")
def all_verified_here():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cnnstudio.engine.exporting.job.answer_in_child", answer_here)
        yield


@pytest.fixture
def verified_in_child(monkeypatch):
    from cnnstudio.engine.exporting import checking

    monkeypatch.setattr("cnnstudio.engine.exporting.job.answer_in_child", checking.answer_in_child)
