"""What the benches show is what Keras computes, within the rounding of float32."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstudio.learning.benches.activation.arithmetic import activate
from cnnstudio.learning.benches.activation.code import activation_code
from cnnstudio.learning.benches.convolution.arithmetic import convolve
from cnnstudio.learning.benches.convolution.code import convolution_code
from cnnstudio.learning.benches.image_processing.processing import process, processing_code
from cnnstudio.learning.benches.image_processing.settings import ProcessingSettings, Step, check_settings
from cnnstudio.learning.benches.pictures.source import load_pixels
from cnnstudio.learning.benches.pooling.arithmetic import pool
from cnnstudio.learning.benches.pooling.code import pooling_code
from tests.learning.benches.running import (
    code_of,
    random_activation,
    random_convolution,
    random_pooling,
    run_code,
)

ROUNDING = float(np.finfo(np.float32).eps)
CASES = pytest.mark.parametrize("cases", [50, pytest.param(200, marks=pytest.mark.nightly)])


@CASES
def test_convolutions_are_those_of_keras(cases):
    rng = np.random.default_rng(55)
    compared = 0
    while compared < cases:
        settings = random_convolution(rng)
        convolved = convolve(load_pixels(settings.source), settings)
        if not convolved.positions:
            continue
        result = run_code(code_of(convolution_code(convolved), "Keras"))
        assert result.shape == convolved.result.shape
        # What float32 may lose grows with the terms of the sum, not with the sum.
        terms = np.asarray([np.abs(kernel.values).sum() / kernel.divisor + abs(kernel.bias) for kernel in convolved.kernels])
        limit = 4 * ROUNDING * max(1.0, float(np.abs(convolved.pixels).max())) * np.maximum(terms, 1.0)
        assert (np.abs(result - convolved.result) <= limit).all(), settings
        compared += 1


@CASES
def test_poolings_are_those_of_keras(cases):
    rng = np.random.default_rng(65)
    compared = 0
    while compared < cases:
        settings = random_pooling(rng)
        pooled = pool(load_pixels(settings.source), settings)
        if not pooled.positions:
            continue
        maximum, average, global_maximum, global_average = run_code(code_of(pooling_code(pooled), "Keras"))
        assert np.array_equal(maximum, pooled.maximum), settings
        assert np.array_equal(global_maximum, pooled.global_maximum)
        assert np.allclose(average, pooled.average, rtol=4 * ROUNDING, atol=4 * ROUNDING * 255), settings
        assert np.allclose(global_average, pooled.global_average, rtol=16 * ROUNDING, atol=16 * ROUNDING * 255)
        compared += 1


@CASES
def test_activations_are_those_of_keras(cases):
    rng = np.random.default_rng(75)
    for _ in range(cases):
        settings = random_activation(rng)
        activated = activate(load_pixels(settings.source), settings)
        result = run_code(code_of(activation_code(activated), "Keras"))
        scale = max(1.0, float(np.abs(activated.z).max())) / max(min(settings.param or 1.0, 1.0), 0.05)
        assert np.abs(result - activated.result).max() <= 8 * ROUNDING * scale, settings


def test_scaling_is_that_of_keras(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for mode in ("unit", "signed"):
        settings = check_settings(ProcessingSettings(steps=(Step(operation="normalize", values={"mode": mode}),)))
        processed = process(load_pixels(settings.source), settings)
        code = code_of(processing_code(processed), "Keras")
        for name, content in code.files:
            (tmp_path / name).write_bytes(content)
        assert np.allclose(run_code(code), processed.after, rtol=0, atol=4 * ROUNDING)
