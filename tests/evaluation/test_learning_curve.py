"""The fit of a learning curve, and what it expects of more pictures."""

import numpy as np
import pytest

from cnnstudio.evaluation.learning_curve import Measured, curve, curve_band, expected_gain

SIZES = (50, 100, 200, 400, 800)


def _points(law, of=1000, random=None):
    points = []
    for size in SIZES:
        error = law(size)
        wrong = round(of * error) if random is None else int(random.binomial(of, error))
        points.append(Measured(pictures=size, right=of - wrong, of=of))
    return points


@pytest.mark.parametrize(("floor", "scale", "power"), [(0.0, 2.0, 0.5), (0.05, 3.0, 0.7), (0.1, 0.6, 0.2)])
def test_a_power_law_is_found_again(floor, scale, power):
    def law(size):
        return floor + scale * size ** -power

    points = _points(law, of=1_000_000)
    gain = expected_gain(points)
    assert gain.pictures == 1600
    assert gain.accuracy == pytest.approx(1 - law(1600), abs=0.003)
    assert gain.gain == pytest.approx(law(800) - law(1600), abs=0.003)
    assert np.allclose(curve(points, SIZES), [1 - law(size) for size in SIZES], atol=0.003)


def test_a_curve_that_is_flat_expects_nothing():
    gain = expected_gain(_points(lambda size: 0.1 if size > 60 else 0.3))
    assert 0 <= gain.gain < 0.01
    assert gain.interval[0] <= gain.gain <= gain.interval[1]


def test_everything_right_is_no_error_and_no_warning():
    gain = expected_gain([Measured(pictures=size, right=40, of=40) for size in SIZES])
    assert gain.accuracy == 1.0
    assert gain.gain == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("points", [(), SIZES[:3], (50, 50, 50, 50)])
def test_too_few_sizes_say_nothing(points):
    assert expected_gain([Measured(pictures=size, right=5, of=10) for size in points]) is None


def test_a_class_without_pictures_says_nothing():
    assert expected_gain([Measured(pictures=size, right=0, of=0) for size in SIZES]) is None


def test_the_band_holds_the_true_gain_as_often_as_it_says():
    """Simulated: at least 93 of 100 (it is rather too wide, since the curve is smooth)."""
    def law(size):
        return 0.05 + 2.0 * size ** -0.5

    random, held = np.random.default_rng(11), 0
    true = law(800) - law(1600)
    for number in range(100):
        low, high = expected_gain(_points(law, 300, random), seed=number).interval
        held += low <= true <= high
    assert held >= 93


def test_the_band_holds_the_curve_and_narrows_with_more_pictures_to_measure_on():
    few, many = (_points(lambda size: 2.0 * size ** -0.5, of=of) for of in (50, 5000))
    widths = []
    for points in (few, many):
        band = curve_band(points, SIZES)
        fitted = curve(points, SIZES)
        assert all(low - 0.02 <= value <= high + 0.02 for value, (low, high) in zip(fitted, band, strict=True))
        widths.append(max(high - low for low, high in band))
    assert widths[1] < widths[0] / 3


@pytest.mark.filterwarnings("error")
def test_a_share_without_pictures_of_a_class_says_nothing():
    points = _points(lambda size: 2.0 * size ** -0.5)
    assert expected_gain([Measured(pictures=0, right=0, of=1000), *points]) == expected_gain(points)
