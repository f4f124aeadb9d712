"""The convolution bench: exact, and equal to the programs that it prints."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstudio.core.problems import ProblemError
from cnnstudio.learning.benches.convolution.arithmetic import convolve, make_side, other_way
from cnnstudio.learning.benches.convolution.code import convolution_code
from cnnstudio.learning.benches.convolution.kernels import KERNELS, TRAINED
from cnnstudio.learning.benches.convolution.settings import (
    ConvolutionSettings,
    Filter,
    edited_filter,
    filter_kernel,
    read_settings,
)
from cnnstudio.learning.benches.convolution.trained import read_layers, trained_filter
from cnnstudio.learning.benches.pictures.source import PictureSource, load_pixels, matrix_of
from tests.learning.benches.models import write_model
from tests.learning.benches.running import code_of, random_convolution, run_code


def by_hand(pixels: np.ndarray, settings: ConvolutionSettings) -> np.ndarray:
    """The sums in whole numbers of Python, one position after the other."""
    rows, columns = (make_side(length, settings.size, settings.stride, settings.dilation, settings.padding)
                     for length in pixels.shape[:2])
    result = np.zeros((rows.positions, columns.positions, len(settings.filters)))
    for number, item in enumerate(settings.filters):
        kernel = filter_kernel(item, settings.size, pixels.shape[2])
        weights = kernel.values[::-1, ::-1] if settings.flip else kernel.values
        for row in range(rows.positions):
            for column in range(columns.positions):
                total = 0
                for i in range(settings.size):
                    for j in range(settings.size):
                        y = row * settings.stride - rows.before + i * settings.dilation
                        x = column * settings.stride - columns.before + j * settings.dilation
                        if 0 <= y < pixels.shape[0] and 0 <= x < pixels.shape[1]:
                            total += sum(int(pixel) * int(weight) for pixel, weight in
                                         zip(pixels[y, x].tolist(), weights[i, j].tolist(), strict=True))
                result[row, column, number] = total / kernel.divisor + kernel.bias
    return result


@pytest.mark.parametrize("seed", range(25))
def test_the_sums_are_those_of_whole_numbers(seed):
    rng = np.random.default_rng(1000 + seed)
    settings = random_convolution(rng)
    pixels = load_pixels(settings.source)[:14, :14]
    assert np.array_equal(convolve(pixels, settings).result, by_hand(pixels, settings))


@pytest.mark.parametrize("label", ["NumPy", "OpenCV"])
def test_the_printed_programs_agree_to_the_last_digit_on_200_settings(label):
    rng = np.random.default_rng(5)
    compared = 0
    while compared < 200:
        settings = random_convolution(rng)
        convolved = convolve(load_pixels(settings.source), settings)
        if convolved.positions:
            result = run_code(code_of(convolution_code(convolved), label))
            assert result.dtype == np.float64
            assert np.array_equal(result, convolved.result), settings
            compared += 1


def test_weights_of_a_trained_layer_are_exact_too():
    rng = np.random.default_rng(6)
    values = tuple(tuple(map(tuple, plane.tolist())) for plane in rng.normal(0, 0.2, (3, 5, 5)).astype(np.float32))
    settings = ConvolutionSettings(source=PictureSource(sample="shapes", side=40, channels=3), size=5, dilation=2,
                                   filters=(Filter(preset=TRAINED, values=values, bias=0.123456),))
    convolved = convolve(load_pixels(settings.source), settings)
    for label in ("NumPy", "OpenCV"):
        assert np.array_equal(run_code(code_of(convolution_code(convolved), label)), convolved.result)


def test_same_padding_is_that_of_keras():
    assert make_side(28, 3, 2, 1, "same")[1:3] == (0, 1)
    assert make_side(28, 3, 1, 1, "same")[1:3] == (1, 1)
    assert make_side(28, 4, 1, 1, "same")[1:3] == (1, 2)
    assert make_side(7, 3, 1, 2, "same")[1:3] == (2, 2)


def test_a_kernel_larger_than_the_picture_has_no_position():
    settings = ConvolutionSettings(source=PictureSource(sample="edge"), size=11)
    assert convolve(load_pixels(settings.source), settings).positions == 0


def test_convolution_and_cross_correlation_differ_by_the_turned_kernel():
    settings = ConvolutionSettings(filters=(Filter(preset="sobel_x"), Filter(preset="blur")))
    convolved = convolve(load_pixels(settings.source), settings)
    turned = other_way(convolved)
    assert np.array_equal(turned.result[..., 0], -convolved.result[..., 0])
    assert np.array_equal(turned.result[..., 1], convolved.result[..., 1])


def test_the_presets_are_those_of_the_textbooks():
    assert KERNELS["sobel_x"].values(3).tolist() == [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    assert KERNELS["laplacian"].values(3).tolist() == [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
    assert KERNELS["sharpen"].values(3).tolist() == [[0, -1, 0], [-1, 5, -1], [0, -1, 0]]
    assert KERNELS["emboss"].values(3).tolist() == [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]
    assert KERNELS["gaussian"].values(3).tolist() == [[1, 2, 1], [2, 4, 2], [1, 2, 1]]
    for preset in KERNELS:
        for size in range(preset.least, 12):
            values = preset.values(size)
            assert values.shape == (size, size)
            assert np.array_equal(values, np.rint(values))
            total = values.sum() / preset.divisor(size)
            assert total == (0 if preset.id in ("edges", "sobel_x", "sobel_y", "laplacian") else 1), (preset.id, size)


def test_an_edited_cell_keeps_the_divisor_and_typed_decimals():
    kernel = filter_kernel(Filter(preset="blur"), 3, 1)
    edited = filter_kernel(edited_filter(kernel, 0, 2, 0, 0.25), 3, 1)
    assert edited.shown[0].tolist() == [[1], [1], [0.25]]
    assert edited.shown_divisor == 9
    assert np.array_equal(edited.values, np.rint(edited.values))


def test_what_is_impossible_is_left_out():
    read = read_settings({"size": 40, "stride": "two", "unknown": 1, "filters": [{"preset": "nonsense"}], "flip": True,
                          "source": {"kind": "matrix", "matrix": [[[1, 2], [3]]]}})
    assert (read.size, read.stride, read.flip) == (11, 1, True)
    assert read.filters == (Filter(preset="identity"),)
    assert load_pixels(read.source).shape == (6, 6, 1)


def test_a_typed_matrix_comes_back():
    pixels = np.asarray([[[1, -2], [3, 400]]])
    assert np.array_equal(load_pixels(PictureSource(kind="matrix", matrix=matrix_of(pixels), channels=2)), pixels)


def test_the_code_needs_nothing_of_this_program():
    source = PictureSource(sample="shapes", side=64, channels=3)
    convolved = convolve(load_pixels(source), ConvolutionSettings(source=source))
    assert "cnnstudio" not in convolution_code(convolved)[0].source
    assert all(len(line) <= 130 for code in convolution_code(convolved) for line in code.source.splitlines())


def test_kernels_of_a_trained_layer_are_read_from_its_file(tmp_path):
    rng = np.random.default_rng(8)
    kernels = [rng.normal(0, 0.3, (3, 3, 1, 4)), rng.normal(0, 0.3, (5, 5, 4, 2))]
    path = write_model(tmp_path / "model.keras", kernels, [np.arange(4.0), np.zeros(2)])
    first, second = read_layers(path)
    assert (first.name, first.channels, first.filters) == ("convolution_1", 1, 4)
    assert np.allclose(first.kernel, kernels[0], atol=1e-7)
    chosen = trained_filter(first, 2, 1)
    assert (chosen.preset, chosen.bias, chosen.origin) == (TRAINED, 2.0, "convolution_1, 3")
    assert np.allclose(filter_kernel(chosen, 3, 1).values[..., 0], kernels[0][:, :, 0, 2], atol=1e-7)
    part = trained_filter(second, 0, 1, first=3)
    assert np.allclose(filter_kernel(part, 5, 1).values[..., 0], kernels[1][:, :, 3, 0], atol=1e-7)


def test_a_file_that_is_no_model_is_a_problem(tmp_path):
    (tmp_path / "model.keras").write_bytes(b"no archive")
    with pytest.raises(ProblemError, match="damaged"):
        read_layers(tmp_path / "model.keras")
