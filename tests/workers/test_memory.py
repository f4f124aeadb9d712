"""The memory of the computer, of a container and of this process."""

from __future__ import annotations

import sys

import numpy as np
import psutil
import pytest

from cnnstudio.workers import memory


def test_free_memory_is_that_of_the_computer_or_of_the_container(tmp_path, monkeypatch):
    free = psutil.virtual_memory().available
    assert 0 < memory.available_memory() <= psutil.virtual_memory().total
    for name, text in (("memory.max", "1000000"), ("memory.current", "600000"),
                       ("memory.stat", "anon 1\ninactive_file 100000\nactive_file 50000")):
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.setattr(memory, "_own_groups", lambda: [tmp_path])
    assert memory.available_memory() == 550_000
    (tmp_path / "memory.max").write_text("max", "utf-8")
    monkeypatch.setattr(memory, "_CGROUPS", tmp_path)
    assert memory.available_memory() > free / 10


def test_a_container_of_the_first_version_is_asked_too(tmp_path, monkeypatch):
    own = tmp_path / "memory"
    own.mkdir()
    (own / "memory.limit_in_bytes").write_text("2000000", "utf-8")
    (own / "memory.usage_in_bytes").write_text("500000", "utf-8")
    monkeypatch.setattr(memory, "_CGROUPS", tmp_path)
    monkeypatch.setattr(memory, "_own_groups", lambda: [tmp_path])
    assert memory.available_memory() == 1_500_000
    (own / "memory.limit_in_bytes").write_text(str(sys.maxsize), "utf-8")
    assert memory.available_memory() > 2_000_000, "no limit"


def test_a_peak_is_seen_although_it_is_over():
    watch = memory.PeakWatch()
    before = memory.resident_memory()
    with watch.watching():
        block = np.ones(200 << 20, np.uint8)
        assert block.sum() > 0
        del block
    assert watch.peak - before > 150 << 20
    assert memory.peak_memory() >= watch.peak * 0.9


@pytest.mark.parametrize("name", ["available_memory", "resident_memory", "peak_memory"])
def test_numbers_are_bytes(name):
    assert getattr(memory, name)() > 1 << 20
