"""Fixtures for all tests: an isolated home, English, and the shared pictures where they exist."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cnnstudio.core.text import set_language

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(autouse=True)
def isolated(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's own settings, cache or projects; every test starts in English."""
    home = tmp_path_factory.mktemp("home")
    for name in ("CACHE", "CONFIG", "DATA", "LIBRARIES", "LOGS", "PROJECTS"):
        monkeypatch.setenv(f"CNNSTUDIO_{name}", str(home / name.lower()))
    set_language("en")


@pytest.fixture
def shared_data() -> Path:
    """The folder of real pictures beside the checkout; the test is skipped where there is none."""
    if not SHARED.is_dir():
        pytest.skip("the shared real pictures are not beside this checkout")
    return SHARED
