"""Damaged, cut and random files are refused or whole, and never read in silence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from cnnstudio.imaging.decode import decode
from cnnstudio.imaging.errors import PictureError
from tests.imaging.pictures import all_variants, whole_files

from .pictures import (
    expected,
    png_chunk,
    saved,
    scene,
)

VARIANTS = dict(all_variants())


@pytest.mark.parametrize("form", sorted(whole_files()))
def test_a_cut_file_is_refused_or_whole(form: str) -> None:
    data = whole_files()[form]
    whole = decode(data)
    rng = np.random.default_rng(4)
    ends = {0, 1, 5, 20, len(data) - 1, len(data) - 2, len(data) - 10}
    for cut in sorted(ends | set(rng.integers(0, len(data), 40).tolist())):
        try:
            picture = decode(data[:cut])
        except PictureError:
            continue
        assert np.array_equal(picture, whole), f"{form} cut at {cut} of {len(data)}"


def test_a_jpeg_that_ends_early_with_an_end_marker_is_refused() -> None:
    for picture, share in ((scene(200, 150), 0.5), (scene(200, 150), 0.9), (scene(200, 150).convert("L"), 0.6),
                           (scene(200, 150).convert("CMYK"), 0.6)):
        data = saved(picture, "JPEG", quality=90)
        with pytest.raises(PictureError) as caught:
            decode(data[:int(len(data) * share)] + b"\xff\xd9")
        assert caught.value.code == "truncated"


def test_a_jpeg_with_a_marker_in_its_midst_is_refused() -> None:
    """libjpeg stops there and paints the rest grey."""
    data = saved(scene(200, 150), "JPEG")
    start = data.index(b"\xff\xda")
    middle = (start + len(data)) // 2
    for stray in (b"\xff\xe5\0\4\0\0", b"\xff\xe5\xff\0", b"\xff\xd9"):
        with pytest.raises(PictureError):
            decode(data[:middle] + stray + data[middle:])


def test_a_picture_that_lost_its_orientation_is_refused() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    for form in ("WEBP", "PNG"):
        data = saved(scene(), form, exif=exif)
        with pytest.raises(PictureError):
            decode(data[:data.index(b"EXIF" if form == "WEBP" else b"eXIf") - 4])


def test_a_jpeg_with_restarts_missing_is_refused() -> None:
    data = saved(scene(200, 150), "JPEG", restart_marker_rows=1)
    first, second = data.index(b"\xff\xd3"), data.index(b"\xff\xd5")
    with pytest.raises(PictureError):
        decode(data[:first] + data[second:])


def test_a_jpeg_that_lacks_only_its_end_marker_is_read() -> None:
    data = saved(scene(), "JPEG")
    assert np.array_equal(decode(data[:-2]), decode(data))


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP", "PPM", "TIFF"])
def test_junk_after_a_picture_is_no_matter(form: str) -> None:
    data = whole_files()[form]
    assert np.array_equal(decode(data + b"\0\xff\xd9 junk" * 30), decode(data))


def test_a_wrong_checksum_is_refused() -> None:
    data = bytearray(whole_files()["PNG"])
    data[60] ^= 1
    with pytest.raises(PictureError) as caught:
        decode(bytes(data))
    assert caught.value.code == "corrupt"


def test_a_damaged_text_chunk_is_no_matter() -> None:
    plain = saved(scene(), "PNG")
    chunk = bytearray(png_chunk(b"tEXt", b"Comment\0hello"))
    chunk[-1] ^= 1
    assert np.array_equal(decode(plain[:33] + bytes(chunk) + plain[33:]), decode(plain))


@pytest.mark.parametrize("compression", ["tiff_adobe_deflate", "jpeg", "tiff_lzw"])
def test_damage_within_a_strip_is_never_silent(compression: str) -> None:
    """OpenCV gives a half-painted picture here."""
    data = bytearray(saved(scene(300, 200), "TIFF", compression=compression, tiffinfo={278: 200}))
    middle = len(data) // 2
    data[middle:middle + 40] = bytes(40)
    try:
        picture = decode(bytes(data))
    except PictureError:
        return
    reference = expected(bytes(data))
    assert np.abs(picture.astype(int) - reference).max() <= 2


def test_size_is_checked_before_decoding() -> None:
    import struct
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0))
    with pytest.raises(PictureError) as caught:
        decode(b"\x89PNG\r\n\x1a\n" + head + png_chunk(b"IDAT", b"") + png_chunk(b"IEND", b""))
    assert caught.value.code == "too_large"
    assert "100000" in caught.value.text("es")
    with pytest.raises(PictureError):
        decode(whole_files()["JPEG"], maximum_pixels=100)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_no_bytes_raise_anything_but_picture_errors(choice: st.DataObject) -> None:
    data = bytearray(VARIANTS[choice.draw(st.sampled_from(sorted(VARIANTS)))])
    for _ in range(choice.draw(st.integers(1, 6))):
        place = choice.draw(st.integers(0, min(len(data) - 1, 400) if choice.draw(st.booleans()) else len(data) - 1))
        data[place] = choice.draw(st.integers(0, 255))
    if choice.draw(st.booleans()):
        del data[choice.draw(st.integers(0, len(data))):]
    try:
        picture = decode(bytes(data), channels=choice.draw(st.sampled_from([1, 3, 4, None])), maximum_pixels=4_000_000)
    except PictureError:
        return
    assert picture.dtype == np.uint8
    assert picture.ndim == 3


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"II*\0", b"MM\0*", b"P5\n",
                        b"P7\n", b"RIFF\x40\0\0\0WEBP", b"\0\0\0\x18ftypavif", b"\xff\x4f\xff\x51",
                        b"\0\0\0\x0cjP  \r\n\x87\n"]), st.binary(max_size=200))
def test_no_beginning_raises_anything_but_picture_errors(start: bytes, rest: bytes) -> None:
    try:
        decode(start + rest, maximum_pixels=4_000_000)
    except PictureError:
        return
