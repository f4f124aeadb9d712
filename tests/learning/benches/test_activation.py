"""The activation bench: values, gradients, and the programs that it prints."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstudio.learning.benches.activation.arithmetic import activate
from cnnstudio.learning.benches.activation.code import activation_code
from cnnstudio.learning.benches.activation.functions import FUNCTIONS
from cnnstudio.learning.benches.activation.settings import ActivationSettings, read_settings
from cnnstudio.learning.benches.pictures.source import load_pixels
from tests.learning.benches.running import code_of, random_activation, run_code


@pytest.mark.parametrize("function", [entry for entry in FUNCTIONS if not entry.over_channels], ids=lambda entry: entry.id)
def test_the_gradient_is_the_slope(function):
    z = np.linspace(-5.95, 5.95, 400)
    p, step = max(function.default, function.least), 1e-6
    slope = (function.value(z + step, p) - function.value(z - step, p)) / (2 * step)
    assert np.allclose(function.gradient(z, p), slope, atol=1e-7)


def test_the_gradient_of_softmax_is_that_of_each_result_to_its_own_number():
    z, p, step = np.asarray([2.0, 1.0, -0.5]), 0.7, 1e-6
    for place in range(3):
        moved = z.copy()
        moved[place] += step
        slope = (FUNCTIONS["softmax"].value(moved, p) - FUNCTIONS["softmax"].value(z, p))[place] / step
        assert FUNCTIONS["softmax"].gradient(z, p)[place] == pytest.approx(slope, abs=1e-5)


def test_values_that_everybody_knows():
    z = np.asarray([-2.0, 0.0, 2.0])
    values = {entry.id: entry.value(z, entry.default) for entry in FUNCTIONS}
    assert values["relu"].tolist() == [0, 0, 2]
    assert values["leaky_relu"].tolist() == [-0.4, 0, 2]
    assert values["elu"][0] == pytest.approx(np.exp(-2) - 1)
    assert values["gelu"][2] == pytest.approx(1.9545, abs=1e-4)
    assert values["sigmoid"].tolist() == pytest.approx([0.1192, 0.5, 0.8808], abs=1e-4)
    assert values["softmax"].sum() == pytest.approx(1)
    assert np.abs(values["gelu"] - values["gelu_tanh"]).max() < 0.001


def test_temperature_sharpens_and_levels():
    z = np.asarray([2.0, 1.0, 0.0])
    softmax = FUNCTIONS["softmax"].value
    assert softmax(z, 0.1)[0] > 0.99
    assert np.ptp(softmax(z, 10.0)) < 0.07


@pytest.mark.parametrize("label", ["NumPy", "OpenCV"])
def test_the_printed_programs_agree_to_the_last_digit_on_200_settings(label):
    rng = np.random.default_rng(25)
    compared = 0
    while compared < 200:
        settings = random_activation(rng)
        activated = activate(load_pixels(settings.source), settings)
        codes = activation_code(activated)
        if label in [code.label for code in codes]:
            result = run_code(code_of(codes, label))
            assert result.dtype == np.float64
            assert np.array_equal(result, activated.result), settings
            compared += 1


def test_what_is_lost_is_counted():
    settings = ActivationSettings(function="relu", before="pixels", shift=-6.0, gain=1.0)
    activated = activate(load_pixels(settings.source), settings)
    assert activated.zeros == activated.saturated == 1


def test_what_is_impossible_is_left_out():
    read = read_settings({"function": "swish", "gain": 1000, "logits": [1], "param": "much"})
    assert (read.function, read.gain, read.logits) == ("relu", 20.0, (1.0, 0.0))
    assert read_settings({"function": "softmax"}).source.channels == 3
