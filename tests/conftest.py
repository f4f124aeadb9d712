"""Fixtures for all tests: an isolated home, English, and the shared pictures where they exist."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import pytest

from cnnstudio.core.text import set_language

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Threads of OpenBLAS and OpenMP wait for each other in loops: beside other processes on the same cores, small matrices took
# fifty times as much processor time as with one thread. TensorFlow has threads of its own, and keeps them.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"
_number = itertools.count()


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the homes of all tests."""
    return tmp_path_factory.mktemp("homes")


@pytest.fixture(autouse=True)
def isolated(homes: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's own settings, cache or projects; every test starts in English."""
    # Not by `mktemp` for each, which reads the names of all earlier ones to find a free one.
    (home := homes / str(next(_number))).mkdir(parents=True)
    for name in ("CACHE", "CONFIG", "DATA", "LIBRARIES", "LOGS", "PROJECTS"):
        monkeypatch.setenv(f"CNNSTUDIO_{name}", str(home / name.lower()))
    set_language("en")


@pytest.fixture
def shared_data() -> Path:
    """The folder of real pictures beside the checkout; the test is skipped where there is none."""
    if not SHARED.is_dir():
        pytest.skip("the shared real pictures are not beside this checkout")
    return SHARED
