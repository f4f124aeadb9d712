"""The image processing bench: the programs that it prints give the same pixels."""

from __future__ import annotations

import numpy as np
import pytest

from cnnstudio.learning.benches.image_processing.operations import OPERATIONS
from cnnstudio.learning.benches.image_processing.processing import as_shown, histogram, process, processing_code
from cnnstudio.learning.benches.image_processing.settings import ProcessingSettings, Step, check_settings, read_settings
from cnnstudio.learning.benches.pictures.source import PictureSource, load_pixels
from tests.learning.benches.running import code_of, random_processing, run_code


@pytest.mark.parametrize("label", ["OpenCV", "NumPy"])
def test_the_printed_programs_give_the_same_pixels_on_200_settings(label, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(35)
    compared, met = 0, set()
    while compared < 200:
        settings = random_processing(rng, 1 if label == "NumPy" else 4)
        processed = process(load_pixels(settings.source), settings)
        codes = processing_code(processed)
        if label in [code.label for code in codes]:
            code = code_of(codes, label)
            for name, content in code.files:
                (tmp_path / name).write_bytes(content)
            result = run_code(code)
            assert result.dtype == processed.after.dtype
            assert np.array_equal(result, processed.after), settings
            met |= {step.operation for step in settings.steps}
            compared += 1
    assert met == ({entry.id for entry in OPERATIONS} if label == "OpenCV" else
                   {"resize", "gray", "normalize", "equalize", "median", "translation"})


def test_a_step_that_needs_whole_numbers_is_left_out_behind_normalise():
    settings = check_settings(ProcessingSettings(steps=(Step(operation="normalize"), Step(operation="canny"))))
    processed = process(load_pixels(settings.source), settings)
    assert processed.skipped == (1,)
    assert processed.after.max() <= 1
    assert "Canny" not in processing_code(processed)[0].source


def test_a_step_that_is_off_changes_nothing():
    settings = check_settings(ProcessingSettings(steps=(Step(operation="median", on=False),)))
    processed = process(load_pixels(settings.source), settings)
    assert np.array_equal(processed.before, processed.after)


def test_the_histogram_counts_every_pixel_of_every_channel():
    pixels = load_pixels(PictureSource(sample="shapes", side=40, channels=3)).astype(np.uint8)
    counts = histogram(pixels)
    assert counts.shape == (3, 256)
    assert counts.sum() == pixels.size
    assert counts[2, pixels[0, 0, 2]] == np.count_nonzero(pixels[..., 2] == pixels[0, 0, 2])


def test_numbers_that_are_no_pixels_are_spread_for_the_eye():
    assert as_shown(np.asarray([[-1.0, 0.0, 1.0]])).tolist() == [[0, 128, 255]]


def test_the_median_removes_specks_that_the_gaussian_blur_smears():
    clean = load_pixels(PictureSource(sample="landscape", side=200, channels=3)).astype(float)
    errors = {}
    for name in ("median", "gaussian"):
        settings = check_settings(ProcessingSettings(source=PictureSource(sample="speckled", side=200, channels=3),
                                                     steps=(Step(operation=name, values={"ksize": 3}),)))
        errors[name] = np.abs(process(load_pixels(settings.source), settings).after - clean).mean()
    assert errors["median"] < 0.6 * errors["gaussian"]


def test_what_is_impossible_is_left_out():
    read = read_settings({"steps": [{"operation": "median", "values": {"ksize": 4}}, {"operation": "unknown"}], "chosen": 9})
    assert read.steps == (Step(operation="median", values={"ksize": 5}),)
    assert read.chosen == 0
