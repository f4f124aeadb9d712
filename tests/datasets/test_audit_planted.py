"""Planted defects in real photos are found, and untouched photos raise hardly an alarm."""

from __future__ import annotations

from collections import Counter

from cnnstudio.core.audit import AuditSpec
from cnnstudio.core.dataset import DatasetSpec
from tests.datasets.audit_material import audited

from .planting import COUNTS, plant

FOUND_BY = {"exact": ("exact_duplicate",), "resized": ("near_duplicate",), "flipped": ("near_duplicate",),
            "blurred": ("blurry",), "darkened": ("dark",), "truncated": ("truncated",), "leaked": ("leakage",)}


LEAST = {"exact": 1.0, "resized": 0.95, "flipped": 0.9, "blurred": 0.95, "darkened": 0.95, "truncated": 1.0, "leaked": 1.0}


def test_planted_defects_in_photos_are_found(shared_data, tmp_path):
    target = tmp_path / "planted"
    planted = plant(shared_data / "cats_dogs", target, seed=3)
    assert {name: len(paths) for name, paths in planted.items()} == COUNTS
    index, result = audited(target, tmp_path, DatasetSpec(audit=AuditSpec(flips=True)))
    spoiled = {path for paths in planted.values() for path in paths}
    for name, kinds in FOUND_BY.items():
        reported = {path for kind in kinds for item in result[kind] for path in (item.path, *item.others)}
        assert len(reported & set(planted[name])) >= LEAST[name] * len(planted[name]), name
    false = Counter(item.kind for them in result.values() for item in them if not spoiled & {item.path, *item.others})
    assert sum(false.values()) <= 2, false
    index.close()


def test_untouched_photos_raise_hardly_an_alarm(shared_data, tmp_path):
    index, result = audited(shared_data / "cats_dogs", tmp_path, DatasetSpec(audit=AuditSpec(flips=True)))
    assert sum(len(them) for them in result.values()) <= 1
    index.close()
