"""Samples, predictors, planes, tiles and compressions of TIFF."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from cnnstudio.imaging.decode import decode
from cnnstudio.imaging.errors import PictureError

from .pictures import (
    saved,
    scene,
)


def _tiff(samples: np.ndarray, bits: int, kind: int) -> bytes:
    import struct
    height, width = samples.shape
    body = samples.tobytes()
    tags = [(256, 4, width), (257, 4, height), (258, 3, bits), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1),
            (278, 4, height), (279, 4, len(body)), (339, 3, kind)]
    entries = b"".join(struct.pack("<HHI", tag, form, 1) + struct.pack("<I" if form == 4 else "<Hxx", value)
                       for tag, form, value in tags)
    return (b"II*\0" + struct.pack("<I", 8 + len(body)) + body + struct.pack("<H", len(tags)) + entries + bytes(4))


def test_unusual_samples_of_tiff() -> None:
    signed = np.array([[-32768, 0, 32767]], "<i2")
    assert decode(_tiff(signed, 16, 2), channels=1)[0, :, 0].tolist() == [0, 128, 255]
    unit = np.array([[0.0, 0.5, 1.0, np.nan]], "<f4")
    assert decode(_tiff(unit, 32, 3), channels=1)[0, :, 0].tolist() == [0, 128, 255, 0]
    bytes_ = np.array([[0.0, 100.4, 255.0]], "<f8")
    assert decode(_tiff(bytes_, 64, 3), channels=1)[0, :, 0].tolist() == [0, 100, 255]
    long = np.array([[0, 1 << 31, (1 << 32) - 1]], "<u4")
    assert decode(_tiff(long, 32, 1), channels=1)[0, :, 0].tolist() == [0, 128, 255]
    with pytest.raises(PictureError) as caught:
        decode(_tiff(np.array([[0.0, 9000.0]], "<f4"), 32, 3))
    assert caught.value.values["detail"] == "range"


def test_predictor_of_floating_point() -> None:
    import zlib
    values = np.linspace(0, 1, 12, dtype=np.float32).reshape(2, 6)
    planes = values.astype(">f4").view(np.uint8).reshape(2, 6, 4).transpose(0, 2, 1).reshape(2, 24)
    differences = np.diff(planes, axis=1, prepend=np.zeros((2, 1), np.uint8)).astype(np.uint8)
    packed = np.frombuffer(zlib.compress(differences.tobytes()), np.uint8)[None]
    data = bytearray(_tiff(packed, 32, 3))
    start = data.index(b"\0\1\4\0\1\0\0\0")  # from ImageWidth on, twelve bytes an entry
    for entry, value in ((0, 6), (1, 2), (3, 8), (7, 2)):
        data[start + 12 * entry + 8:start + 12 * entry + 10] = bytes([value, 0])
    data[start + 12 * 6:start + 12 * 6 + 10] = b"\x3d\1\3\0\1\0\0\0\3\0"  # in place of SamplesPerPixel
    wanted = np.rint(values * 255).astype(np.uint8)
    assert np.array_equal(decode(bytes(data), channels=1)[..., 0], wanted)


@pytest.mark.parametrize("order", ["<", ">"])
def test_planes_and_tiles_of_tiff(order: str) -> None:
    """Pillow writes neither planes apart nor tiles."""
    import struct
    picture = np.asarray(scene(40, 30))
    pieces = []
    for plane in range(3):
        padded = np.zeros((32, 48), np.uint16)
        padded[:30, :40] = picture[..., plane].astype(np.uint16) * 257
        pieces += [padded[top:top + 16, left:left + 16].astype(order + "u2").tobytes()
                   for top in (0, 16) for left in (0, 16, 32)]
    offsets = [8 + 512 * index for index in range(18)]
    body = b"".join(pieces)
    tables = 8 + len(body)
    extra = struct.pack(order + "18I", *offsets) + struct.pack(order + "18I", *[512] * 18)
    extra += struct.pack(order + "3H", 16, 16, 16)
    tags = [(256, 4, 1, 40), (257, 4, 1, 30), (258, 3, 3, tables + 144), (259, 3, 1, 1), (262, 3, 1, 2), (277, 3, 1, 3),
            (284, 3, 1, 2), (322, 4, 1, 16), (323, 4, 1, 16), (324, 4, 18, tables), (325, 4, 18, tables + 72)]
    entries = b""
    for tag, kind, count, value in tags:
        short = kind == 3 and count == 1
        entries += struct.pack(order + "HHI", tag, kind, count) + struct.pack(order + ("Hxx" if short else "I"), value)
    data = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", tables + len(extra)) + body + extra
    data += struct.pack(order + "H", len(tags)) + entries + bytes(4)
    assert np.array_equal(decode(data), picture)


def test_twelve_bits() -> None:
    packed = np.frombuffer(bytes([0xFF, 0xF0, 0x00, 0x80, 0x08, 0x00]), np.uint8).reshape(1, 6)
    data = bytearray(_tiff(packed, 12, 1))
    data[data.index(b"\0\1\4\0\1\0\0\0") + 8] = 4  # four samples in the six bytes
    assert decode(bytes(data), channels=1)[0, :, 0].tolist() == [255, 0, 128, 128]


def test_lzw_of_long_and_short_blocks() -> None:
    """Against Pillow's own encoder, over several table resets."""
    rng = np.random.default_rng(5)
    for levels, size in ((2, 400), (200, 300), (1, 900)):
        values = rng.integers(0, levels, (size, size), dtype=np.uint8)
        assert np.array_equal(decode(saved(Image.fromarray(values), "GIF"), channels=1)[..., 0], values)
