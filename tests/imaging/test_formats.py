"""Formats that Pillow, pi-heif and tifffile bring, and how they are recognised."""

from __future__ import annotations

import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from cnnstudio.imaging.decode import decode, read_picture
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.formats import FORMATS, SUFFIXES, recognise
from cnnstudio.imaging.headers import read_header
from tests.imaging.pictures import saved, scene, with_alpha

ROOT = Path(__file__).resolve().parents[2]
HEIC = ROOT / "tests" / "data" / "scene.heic"
"""`scene()` as a phone would store it, by heif-enc."""


def tiff(samples: np.ndarray, **options: Any) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, samples, **options)
    return buffer.getvalue()


def test_heic_is_read() -> None:
    picture = read_picture(HEIC).astype(int)
    assert np.abs(picture - np.asarray(scene())).mean() < 1


def test_heic_without_its_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from cnnstudio.imaging.formats import pillow

    monkeypatch.setitem(sys.modules, "pi_heif", None)
    monkeypatch.setattr(pillow, "_opened", set())
    with pytest.raises(PictureError) as caught:
        read_picture(HEIC)
    assert (caught.value.code, caught.value.values["detail"]) == ("unsupported", "library")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
@pytest.mark.parametrize("compression", [None, "tga_rle"])
def test_tga(mode: str, compression: str | None) -> None:
    picture = with_alpha(scene()) if mode == "RGBA" else scene().convert(mode)
    data = saved(picture, "TGA", compression=compression) if compression else saved(picture, "TGA")
    header = read_header(data)
    assert (header.format, header.width, header.height) == ("TGA", *scene().size)
    assert np.array_equal(decode(data, channels=4), np.asarray(picture.convert("RGBA")))


def test_ico_is_its_largest_picture() -> None:
    data = saved(with_alpha(scene(64, 64)), "ICO", sizes=[(16, 16), (48, 48), (32, 32)])
    assert decode(data, channels=4).shape == (48, 48, 4)


def test_lab_becomes_the_colours_it_means() -> None:
    srgb, lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    stored = ImageCms.applyTransform(scene(), ImageCms.buildTransform(srgb, lab, "RGB", "LAB"))
    assert stored is not None
    picture = decode(saved(stored, "TIFF"))
    # Lab of 8 bits holds fewer colours than sRGB: most come back within a few levels.
    assert np.abs(picture.astype(int) - np.asarray(scene())).mean() < 3


@pytest.mark.parametrize("options", [{}, {"compression": "zlib"}, {"tile": (16, 16)},
                                     {"predictor": True, "compression": "zlib"}],
                         ids=["plain", "zlib", "tiles", "predictor"])
@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_deep_colours_of_tiff_are_rounded_not_cut(options: dict[str, Any], planes: str) -> None:
    samples = np.random.default_rng(1).integers(0, 65536, (30, 40, 3), np.uint16)
    stored = samples if planes == "contig" else samples.transpose(2, 0, 1)
    data = tiff(stored, photometric="rgb", planarconfig=planes, **options)
    assert read_header(data).bit_depth == 16
    assert np.array_equal(decode(data), np.rint(samples / 257).astype(np.uint8))


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
def test_floating_point_of_tiff(kind: str) -> None:
    samples = np.linspace(0, 1, 48, dtype=kind).reshape(6, 8)
    picture = decode(tiff(samples, photometric="minisblack"), channels=1)[..., 0]
    assert np.array_equal(picture, np.floor(samples.astype(np.float64) * 255 + 0.5).astype(np.uint8))
    assert read_header(tiff(samples)).sample_kind == "float"


def test_deep_colours_that_tifffile_cannot_unpack_are_read_with_eight_bits() -> None:
    """LZW needs a library more; refusing it as damaged would be wrong."""
    samples = np.random.default_rng(1).integers(0, 65536, (30, 40, 3), np.uint16)
    done, data = cv2.imencode(".tif", samples, [cv2.IMWRITE_TIFF_COMPRESSION, 5])
    assert done
    assert np.array_equal(decode(data.tobytes()), samples[..., ::-1] >> 8)


@pytest.mark.parametrize("kind", ["uint8", "uint16", "uint32", "int16"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_white_is_zero(kind: str, compression: str | None) -> None:
    limits = np.iinfo(kind)
    samples = np.array([[limits.min, limits.max]], kind)
    data = tiff(samples, photometric="miniswhite", compression=compression)
    assert decode(data, channels=1)[0, :, 0].tolist() == [255, 0]


def test_white_is_zero_where_pillow_reads_it() -> None:
    """As with LZW, which tifffile does not unpack."""
    from cnnstudio.imaging.formats import pillow

    samples = np.array([[0, 1000, 65535]], np.uint16)
    assert pillow.samples(tiff(samples, photometric="miniswhite"), "TIFF").tolist() == [[65535, 64535, 0]]


def test_deep_tiff_that_is_cut_off_is_refused() -> None:
    data = tiff(np.zeros((30, 40, 3), np.uint16), photometric="rgb")
    for cut in (len(data) - 1, len(data) // 2):
        with pytest.raises(PictureError) as caught:
            decode(data[:cut])
        assert caught.value.code == "truncated"


def test_every_usual_ending_belongs_to_one_format() -> None:
    endings = [suffix for entry in FORMATS for suffix in entry.suffixes]
    assert len(endings) == len(set(endings)) == len(SUFFIXES)


@pytest.mark.parametrize("data", [b"", b"\0" * 40, b"plain text, nothing else at all", b"\x93NUMPY" + bytes(60),
                                  b"\0\0\x08\x03\0\0\0\x0a" + bytes(40), b"PK\3\4" + bytes(40), b"ftyp" * 8,
                                  b"\0\1\0\0\0\0\0\0\0\0\0\0\x10\0\x10\0\x18\0" + bytes(40)])
def test_what_has_no_signature_is_no_tga(data: bytes) -> None:
    assert recognise(data) is None


def test_random_bytes_are_seldom_taken_for_a_tga() -> None:
    rng = np.random.default_rng(2)
    assert sum(recognise(rng.bytes(64)) is not None for _ in range(20_000)) <= 5


def test_pictures_of_all_formats_are_read_by_many_threads() -> None:
    forms = {"TIFF": {}, "GIF": {}, "BMP": {}, "WEBP": {"lossless": True}, "AVIF": {}, "JPEG2000": {}, "PPM": {}, "TGA": {}}
    files = [saved(scene(90 + 7 * number, 70), form, **options) for number in range(3) for form, options in forms.items()]
    alone = [decode(data) for data in files]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(decode, files * 5))
    assert all(np.array_equal(picture, alone[number % len(files)]) for number, picture in enumerate(together))


def test_eps_and_other_formats_are_never_opened() -> None:
    for form in ("EPS", "PDF", "PCX", "SGI"):
        with pytest.raises(PictureError) as caught:
            decode(saved(scene(), form))
        assert caught.value.code == "not_a_picture"


def test_the_endings_are_known_without_numpy_and_opencv() -> None:
    code = ("import sys; from cnnstudio.datasets.layout import is_picture;"
            "print(sorted({'numpy', 'cv2', 'PIL'} & set(sys.modules)))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"


def test_jpeg_and_png_do_not_import_pillow() -> None:
    """Starting and auditing photos must not wait for it."""
    code = ("import sys, pathlib; from cnnstudio.imaging.decode import decode;"
            "[decode(pathlib.Path(name).read_bytes()) for name in sys.argv[1:]]; print('PIL' in sys.modules)")
    folder = ROOT / "docs" / "screenshots"
    done = subprocess.run([sys.executable, "-c", code, str(next(folder.glob("*.png")))], capture_output=True, text=True,
                          check=True, cwd=ROOT)
    assert done.stdout.strip() == "False"


def test_a_frame_that_would_take_the_memory_is_refused_before_it_is_made() -> None:
    data = bytearray(saved(Image.new("P", (8, 8)), "GIF"))
    data[6:10] = b"\xff\xff\xff\xff"  # a screen of 65,535 x 65,535
    with pytest.raises(PictureError) as caught:
        decode(bytes(data))
    assert caught.value.code in ("too_large", "too_many_pixels")
