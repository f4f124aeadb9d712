"""The benchmark of a backend: figures, and numbers that do not depend on chance."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstudio.core.jobs import Benchmark, Benchmarked
from cnnstudio.engine.benchmark import benchmark
from tests.engine.conftest import Recorder


def measured():
    recorder = Recorder()
    benchmark(Benchmark(seconds=0.05), recorder)
    (found,) = recorder.of(Benchmarked)
    return found


def test_two_measurements_have_the_same_numbers():
    first, second = measured(), measured()
    assert first.training > 0 and first.prediction > 0
    assert len(first.outputs) == 16 * 10
    np.testing.assert_allclose(first.outputs, second.outputs, atol=1e-6)
    np.testing.assert_allclose(first.step, second.step, atol=1e-6)
    assert np.abs(first.outputs).max() > 0.1, "not all zeros"


def test_it_can_be_stopped():
    from cnnstudio.core.commands import Stop
    from cnnstudio.workers.link import StopRequested

    recorder = Recorder()
    recorder.command(Stop())
    with pytest.raises(StopRequested):
        benchmark(Benchmark(seconds=60), recorder)
