"""How many trials fit: by the forecast, by what trials took, by what is free, and by the memory of a graphics card."""

from __future__ import annotations

import pytest

from cnnstudio.core.events import GpuLoad, Resources
from cnnstudio.core.trial_jobs import Forecasted, Measured
from cnnstudio.workers.search import capacity
from cnnstudio.workers.search.capacity import Capacity

GB = 1_000_000_000


def forecast(memory_mb, gpu_memory_mb=None):
    return Forecasted(stages=(), seconds_per_epoch=1, total_seconds=1, start_seconds=0, end_seconds=0, memory_mb=memory_mb,
                      disk_mb=1, checkpoints_mb=1, model_mb=1, cache_mb=1, gpu_memory_mb=gpu_memory_mb)


@pytest.fixture
def computer(monkeypatch):
    """A computer with some free memory, whose processes take what `taken` says."""
    facts = {"free": 8 * GB, "taken": {}, "cards": ()}
    monkeypatch.setattr(capacity, "available_memory", lambda: facts["free"])
    monkeypatch.setattr(capacity, "process_memory", lambda pid: facts["taken"].get(pid, 0))
    monkeypatch.setattr(capacity, "gpu_loads", lambda: facts["cards"])
    return facts


def test_the_first_trial_always_may(computer):
    computer["free"] = 0
    assert Capacity(forecast(9_000)).allows_another([])


def test_what_runs_still_grows_to_what_one_needs(computer):
    needs = Capacity(forecast(2_000))
    assert needs.need == pytest.approx(2.3 * GB)
    # 7.2 GB may be taken, of which each that just began will take 2.3.
    assert needs.allows_another([1]) and needs.allows_another([1, 2]) and not needs.allows_another([1, 2, 3])
    computer["taken"] = {1: 2 * GB, 2: 2 * GB, 3: 2 * GB}
    assert needs.allows_another([1, 2, 3])
    assert not needs.allows_another([1, 2, 3, None, None])


@pytest.mark.usefixtures("computer")
def test_it_learns_what_trials_take():
    needs = Capacity()
    assert needs.allows_another([1, 2])
    needs.learn(Resources(cpu=0.5, memory_mb=3_000))
    needs.learn(Measured(memory_mb=2_500, disk_mb=1))
    assert needs.need == pytest.approx(3.45 * GB) and needs.allows_another([1]) and not needs.allows_another([1, 2])


def test_a_card_must_have_room(computer):
    computer["cards"] = (GpuLoad(name="card", load=0.5, memory_mb=6_000, memory_total_mb=8_000),)
    assert Capacity(forecast(500)).allows_another([1])
    assert Capacity(forecast(500, 1_000)).allows_another([1])
    assert not Capacity(forecast(500, 1_800)).allows_another([1])
    assert Capacity(forecast(500, 1_800), gpu=False).allows_another([1])
