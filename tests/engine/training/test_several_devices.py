"""A training that two logical devices share is that of one device, but for what the user is told.

Every backend trains in a process of its own, which takes the processor apart into two devices.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROUNDING = 2e-6
"""Sums over two parts are rounded otherwise than one sum."""
ROOT = Path(__file__).parents[3]


def results_of(backend, folder, *more):
    if find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT), os.environ.get("PYTHONPATH", "")))}
    child = subprocess.run([sys.executable, "-m", "tests.engine.training.sharing_child", backend, str(folder), *more], cwd=ROOT,
                           env=environment, capture_output=True, text=True, timeout=500, check=False)
    assert child.returncode == 0, child.stderr[-3000:]
    print(results := json.loads((folder / "results.json").read_text()))
    return results


def is_equal(compared):
    return compared["weights"] < ROUNDING and compared["metrics"] < ROUNDING and compared["epochs"] > 0


def codes(compared):
    return [code for code in compared["codes"] if code.startswith("devices")]


@pytest.mark.keras
@pytest.mark.timeout(600)
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
@pytest.mark.parametrize("separate", [(), pytest.param(("even", "validation", "weighted", "normalized"),
                                                       marks=pytest.mark.nightly)], ids=["together", "separately"])
def test_two_devices_equal_one(backend, separate, tmp_path):
    """Weights of classes, batch normalisation and an uneven validation in one training; each alone, too, nightly."""
    results = results_of(backend, tmp_path, *(["all"] if separate else []))
    assert results["name"].startswith("CPU: 2 ×")
    for case in ("together", *separate):
        assert is_equal(results[case]) and codes(results[case]) == [], case
    # Resumed in the middle of an epoch, and looked into meanwhile.
    assert is_equal(results["resumed"])
    assert results["resumed"]["pictures"] == [3] * 2 and results["resumed"]["layers"] == 2
    if separate:
        assert is_equal(results["watched"])
        assert results["watched"]["pictures"] == [3] * 4 and results["watched"]["layers"] == 4
    assert results["gradients"] < ROUNDING
    assert (results["too_many"], results["few"]) == ("devices_too_many", "devices_uneven")
    if backend == "jax":
        # A last batch that cannot be divided is computed by both.
        for case in ("remainder", "accumulated", "clipped"):
            assert is_equal(results[case]) and codes(results[case]) == [], case
    else:
        assert codes(results["remainder"]) == ["devices_remainder"]
