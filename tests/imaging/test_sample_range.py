"""Which number of a deep picture is black and which is white."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from PIL import Image

from cnnstudio.imaging.decode import decode
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.header import Header
from cnnstudio.imaging.prepare import prepare, sample_range_of
from cnnstudio.imaging.sample_range import SampleRange, to_uint8
from tests.imaging.pictures import saved
from tests.imaging.test_formats import tiff

TWELVE = np.arange(4096, dtype=np.uint16).reshape(64, 64)
"""Twelve significant bits, as a microscope writes them into sixteen."""


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_twelve_bits_in_sixteen(form: str) -> None:
    data = saved(Image.fromarray(TWELVE), form)
    assert decode(data, channels=1).max() == 16  # nearly black, as the type's whole range says
    bright = decode(data, channels=1, sample_range=SampleRange("bits", bits=12))[..., 0]
    assert np.array_equal(bright, np.floor(TWELVE / 4095 * 255 + 0.5).astype(np.uint8))


def test_a_window_is_clipped_at_its_ends() -> None:
    data = tiff(np.array([[280.0, 290.0, 300.0, 310.0, np.nan]], np.float32))
    with pytest.raises(PictureError) as caught:
        decode(data)
    assert caught.value.values["detail"] == "range"
    picture = decode(data, channels=1, sample_range=SampleRange("window", low=290.0, high=300.0))
    assert picture[0, :, 0].tolist() == [0, 0, 255, 255, 0]


def test_percentiles_are_those_of_the_picture() -> None:
    samples = np.arange(1000, 1100, dtype=np.uint16).reshape(10, 10)
    samples[0, 0], samples[9, 9] = 0, 60000
    whole = to_uint8(samples, Header("TIFF", 10, 10, 16, 1, "gray"), SampleRange("picture", low=0, high=100))
    assert (whole.min(), whole.max()) == (0, 255)
    low, high = np.percentile(samples, (5, 95))
    cut = to_uint8(samples, Header("TIFF", 10, 10, 16, 1, "gray"), SampleRange("picture", low=5, high=95))
    assert np.array_equal(cut, np.floor(np.clip((samples - low) / (high - low), 0, 1) * 255 + 0.5).astype(np.uint8))


def test_a_flat_picture_has_no_range() -> None:
    flat = np.full((3, 4), 700, np.uint16)
    assert not to_uint8(flat, Header("TIFF", 4, 3, 16, 1, "gray"), SampleRange("picture", low=0, high=100)).any()


def test_a_few_bright_spots_on_a_plain_ground_are_seen() -> None:
    """Both percentiles are the ground; the spots must not vanish with it."""
    samples = np.full((50, 50), 100, np.uint16)
    samples[7, 7] = 5000
    picture = to_uint8(samples, Header("TIFF", 50, 50, 16, 1, "gray"), SampleRange("picture", low=1, high=99))
    assert picture[7, 7] == 255
    assert picture[0, 0] == 0


def test_alpha_keeps_the_range_of_its_type() -> None:
    samples = np.zeros((1, 2, 4), np.uint16)
    samples[..., :3], samples[..., 3] = 4095, (0, 65535)
    picture = to_uint8(samples, Header("PNG", 2, 1, 16, 4, "rgba"), SampleRange("bits", bits=12))
    assert picture[0].tolist() == [[255, 255, 255, 0], [255, 255, 255, 255]]


def test_the_recipe_says_which() -> None:
    data = saved(Image.fromarray(TWELVE), "PNG")
    plain = {"height": 64, "width": 64, "color_mode": "grayscale", "fit": "stretch", "steps": []}
    assert prepare(data, plain, {}).max() == 16
    assert prepare(data, {**plain, "sample_range": "bits", "significant_bits": 12}, {}).max() == 255
    assert prepare(data, {**plain, "sample_range": "collection", "sample_low": 0, "sample_high": 8190}, {}).max() == 128
    assert sample_range_of({}) == SampleRange()


@settings(max_examples=100, deadline=None)
@given(samples=arrays.arrays(st.sampled_from([np.uint16, np.uint32, np.int32, np.float32, np.float64]), (3, 5),
                             elements=None),
       mode=st.sampled_from(["bits", "picture", "window"]), bits=st.integers(1, 32), ends=st.tuples(
           st.floats(0, 100), st.floats(0, 100)))
def test_any_samples_and_any_range_give_a_picture(samples: np.ndarray, mode: str, bits: int, ends: tuple[float, float]) -> None:
    kind = {"u": "unsigned", "i": "signed", "f": "float"}[samples.dtype.kind]
    header = Header("TIFF", 5, 3, samples.dtype.itemsize * 8, 1, "gray", sample_kind=kind)
    try:
        picture = to_uint8(samples, header, SampleRange(mode, bits=bits, low=min(ends), high=max(ends)))
    except PictureError:
        assert kind == "float"
        return
    assert (picture.dtype, picture.shape) == (np.uint8, (3, 5))
