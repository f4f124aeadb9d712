"""The model of `docs/scale.md`: its formula for an epoch against the simulation, and its tables against the document."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import scale_model
from tests.benchmarks.scale_model import epoch_seconds, load, spread
from tests.benchmarks.scale_simulation import Epoch

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "scale.md"
MB, GB = 1e6, 1e9


@pytest.mark.parametrize("hosts", [1, 2, 8, 32])
@pytest.mark.parametrize(("storage", "link"), [(1 * GB, 1.2 * GB), (10 * GB, 1.2 * GB), (40 * GB, 3 * GB),
                                               (0.2 * GB, 0.1 * GB)])
@pytest.mark.parametrize("compute", [0.02, 0.3, 2.0])
def test_the_formula_of_an_epoch_agrees_with_the_simulation(hosts, storage, link, compute):
    facts = {"hosts": hosts, "shards": 60, "shard_bytes": 150 * MB, "compute": compute, "storage": storage, "link": link}
    assert epoch_seconds(**facts) == pytest.approx(Epoch(**facts).seconds(), rel=0.03)


@pytest.mark.parametrize("hosts", [2, 8, 32])
def test_the_slowest_host_of_every_step_counts(hosts):
    facts = {"hosts": hosts, "shards": 200, "shard_bytes": 150 * MB, "compute": 1.0, "storage": 100 * GB, "link": 3 * GB,
             "jitter": 0.1, "reduce": 0.05}
    played = sum(Epoch(**facts, seed=seed).seconds() for seed in range(4)) / 4
    assert epoch_seconds(**facts) == pytest.approx(played, rel=0.03)
    assert played > 1.03 * Epoch(**{**facts, "jitter": 0.0}).seconds(), "the deviation matters"


def test_twice_the_pictures_take_twice_the_room_and_at_least_twice_the_time():
    one, two = (load(count, scale_model.PHOTOS, scale_model.LAB) for count in (1_000_000, 2_000_000))
    assert (two.index, two.files, two.store) == (2 * one.index, 2 * one.files, 2 * one.store)
    assert two.scanning == pytest.approx(2 * one.scanning) and two.pairing > 2 * one.pairing


def test_more_hosts_help_until_the_storage_is_the_limit():
    def epoch(hosts: int) -> float:
        return load(10 ** 8, scale_model.PHOTOS, scale_model.cluster(hosts)).epoch

    assert epoch(1) > epoch(4) > epoch(16)
    assert epoch(256) == pytest.approx(epoch(512)), "both wait for the storage"
    assert spread(1, 0.2) == 1.0 < spread(4, 0.2) < spread(64, 0.2)


def test_the_tables_of_the_document_are_those_of_the_model():
    text = DOCUMENT.read_text("utf-8")
    for table in scale_model.tables():
        assert table in text, f"write it anew: python -m tests.benchmarks.scale_model\n{table}"
