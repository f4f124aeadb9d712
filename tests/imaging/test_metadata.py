"""EXIF tags are read, and nothing in a file makes the reader raise."""

from __future__ import annotations

import io

from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cnnstudio.imaging.metadata import read_metadata, taken_at


def photo() -> bytes:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Cámara ñ", "Model 1"
    exif.get_ifd(0x8769)[0x9003] = "2024:05:01 12:30:00"
    exif.get_ifd(0x8769)[0x829D] = 2.8
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4)).save(buffer, "JPEG", exif=exif)
    return buffer.getvalue()


def test_the_telling_tags_come_first():
    result = read_metadata(photo())
    assert [name for name, _value in result][:2] == ["Make", "Model"]
    assert dict(result)["DateTimeOriginal"] == "2024:05:01 12:30:00"
    assert dict(result)["FNumber"] == "2.8"
    assert taken_at(photo()) == "2024:05:01 12:30:00"


def test_a_picture_without_tags_has_none():
    buffer = io.BytesIO()
    Image.new("L", (3, 3)).save(buffer, "PNG")
    assert read_metadata(buffer.getvalue()) == []
    assert taken_at(b"") is None


@given(st.integers(0, 400), st.binary(max_size=40))
def test_damaged_tags_raise_nothing(place, junk):
    data = photo()
    assert isinstance(read_metadata(data[:place] + junk + data[place + len(junk):]), list)
