"""The sweeps in small; in large they are nightly, and `python -m tests.sweeps` prints the figures."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cnnstudio.workers.runs import RunFolder
from tests.sweeps import GOOD, __main__, make_project
from tests.sweeps.flips import sweep_flips
from tests.sweeps.hostile import sweep_hostile
from tests.sweeps.kills import sweep_kills
from tests.sweeps.writes import sweep_writes

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pipes, devices and signals")


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return make_project(tmp_path)


def test_flips(run):
    for name, counts in sweep_flips(run, 100).items():
        assert not counts["traceback"]
        assert name == "project.cnnstudio" or set(counts) <= set(GOOD), (name, counts)


def test_writes_that_fail(run):
    counts = sweep_writes(run.project_folder, __main__.CHANGING[:3])
    assert set(counts) <= set(GOOD) and counts.total() > 20


def test_hostile_files(run):
    kinds = ("no UTF-8", "nested", "pipe", "zero device", "elsewhere", "trigger", "view")
    counts = sweep_hostile(run, __main__.READING[:3], kinds)
    assert set(counts) <= set(GOOD) and counts.total() > 100


def test_kills(run):
    assert set(sweep_kills(run.project_folder, 4)) == {"right"}


@pytest.mark.nightly
def test_everything_in_large():
    assert __main__.main() == 0
