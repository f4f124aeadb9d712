"""Exports are verified in this process, except where the child itself is tested: it would import Keras each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnnstudio.core.export_jobs import Verified
from cnnstudio.engine.exporting import verifying


def answer_here(entry, path, pictures, _job, _link):
    """As `checking.answer_in_child`, without a child."""
    opened = verifying.resolve(entry.opener)(Path(path))
    return opened.answers(pictures), Verified(runtime=opened.runtime, latency_ms=1.0, latency_p95_ms=2.0, memory_bytes=3)


@pytest.fixture(autouse=True, scope="package")
def verified_here():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cnnstudio.engine.exporting.job.answer_in_child", answer_here)
        yield


@pytest.fixture
def verified_in_child(monkeypatch):
    from cnnstudio.engine.exporting import checking

    monkeypatch.setattr("cnnstudio.engine.exporting.job.answer_in_child", checking.answer_in_child)
