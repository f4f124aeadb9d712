"""The pooling bench: exact, and equal to the programs that it prints."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstudio.learning.benches.pictures.source import PictureSource, load_pixels
from cnnstudio.learning.benches.pooling.arithmetic import (
    enlarge,
    mean_error,
    measure_robustness,
    pool,
    shift_right,
)
from cnnstudio.learning.benches.pooling.code import pooling_code
from cnnstudio.learning.benches.pooling.settings import PoolingSettings, read_settings
from tests.learning.benches.running import code_of, random_pooling, run_code


@pytest.mark.parametrize("seed", range(20))
def test_every_window_keeps_its_maximum_and_its_mean(seed):
    settings = random_pooling(np.random.default_rng(seed))
    pooled = pool(load_pixels(settings.source), settings)
    for position in range(pooled.positions):
        place = divmod(position, pooled.columns.positions)
        for channel in range(pooled.channels):
            values = [int(value) for value in pooled.patch(position)[..., channel].ravel()]
            assert pooled.maximum[(*place, channel)] == max(values)
            assert pooled.average[(*place, channel)] == sum(values) / len(values)


@pytest.mark.parametrize("label", ["NumPy", "OpenCV"])
def test_the_printed_programs_agree_to_the_last_digit_on_200_settings(label):
    rng = np.random.default_rng(15)
    compared = 0
    while compared < 200:
        settings = random_pooling(rng)
        pooled = pool(load_pixels(settings.source), settings)
        if pooled.positions:
            result = run_code(code_of(pooling_code(pooled), label))
            shown = (pooled.maximum, pooled.average, pooled.global_maximum, pooled.global_average)
            assert all(np.array_equal(one, other) for one, other in zip(result, shown, strict=True)), settings
            compared += 1


def test_pooling_bears_a_shift_better_than_the_picture_itself():
    pooled = pool(load_pixels(PictureSource(sample="digit")), PoolingSettings(size=4, stride=4))
    curves = measure_robustness(pooled).curves
    assert all(curve[0] == 0 for curve in curves.values())
    assert curves["average"][1] < curves["nothing"][1]
    assert curves["global"][2] < 0.01, "a digit amid black only moves"


def test_a_shift_repeats_the_edge():
    pixels = np.arange(6).reshape(2, 3, 1)
    assert shift_right(pixels, 2)[..., 0].tolist() == [[0, 0, 0], [3, 3, 3]]
    assert np.array_equal(shift_right(pixels, 0), pixels)


def test_what_is_lost_is_measured_on_the_enlarged_picture():
    source = PictureSource(kind="matrix", matrix=(((1, 3), (5, 7)),))
    pooled = pool(load_pixels(source), PoolingSettings(source=source))
    assert enlarge(pooled, "max")[..., 0].tolist() == [[7, 7], [7, 7]]
    assert mean_error(pooled, "max") == 3
    assert mean_error(pooled, "average") == 2


def test_what_is_impossible_is_left_out():
    assert read_settings({"size": 99, "stride": "x", "shift": -3, "padding": "full"}) == PoolingSettings(size=8, shift=0)
