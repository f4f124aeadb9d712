"""A parent that is killed: its search goes on, and no finished trial is lost. In large: `tests.sweeps.search_kills`."""

from __future__ import annotations

import sys

import pytest

from tests.sweeps.search_kills import sweep_search_kills
from tests.workers.search.children import SECONDS
from tests.workers.search.conftest import spec_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")


def test_two_kills_lose_nothing(begin, monkeypatch):
    monkeypatch.setenv(SECONDS, "0.06")
    search = begin(spec_of(trials=8, parallel=2, sampler="tpe", pruner="median"))
    command = [sys.executable, "-m", "tests.workers.search.session", str(search.folder)]
    result = sweep_search_kills(command, search, 2, earliest=0.3, latest=1.0, seed=2)
    assert result.right, result
    assert result.kills == 2 and result.trials == 8 and result.told >= 6
