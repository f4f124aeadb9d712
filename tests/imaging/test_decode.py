"""The decoder against Pillow, on every odd picture that can be made here."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnnstudio.imaging.decode import decode, header_of, read_picture
from cnnstudio.imaging.errors import _DETAILS, _TEXTS, PictureError
from cnnstudio.imaging.headers import read_header, recognise
from tests.imaging.pictures import whole_files

from .pictures import (
    all_variants,
    bmp,
    expected,
    orientation_variants,
    png,
    png_chunk,
    saved,
    scene,
    with_alpha,
)

VARIANTS = dict(all_variants())
# Pillow compares the transparent value of 2- and 4-bit grey with scaled samples, against the standard.
PILLOW_IS_WRONG = {"png-0-2-trns", "png-0-4-trns"}


@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_looks_as_in_pillow(name: str) -> None:
    data = VARIANTS[name]
    picture = decode(data)
    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous
    header = read_header(data)
    assert picture.shape == (*header.size_as_seen[::-1], 3)
    four = decode(data, channels=4)
    assert np.array_equal(decode(data, channels=1)[..., 0], decode(decode_again(picture), channels=1)[..., 0])
    if name in PILLOW_IS_WRONG:
        return
    tolerance = 3 if "JPEG2000-YCbCr" in name else 2  # of rounding
    assert np.abs(picture.astype(int) - expected(data)).max() <= tolerance
    shown = expected(data, "RGBA").astype(int)
    assert np.abs(four[..., 3] - shown[..., 3]).max() <= 1
    seen = shown[..., 3] > 0
    assert np.abs(four - shown)[seen].max(initial=0) <= tolerance


def decode_again(picture: np.ndarray) -> bytes:
    """A lossless copy, to compare grey with."""
    return saved(Image.fromarray(picture), "PNG")


def test_low_grey_with_a_transparent_value() -> None:
    body = bytes([0, 0b00011011])  # grey 0, 1, 2, 3
    import struct
    import zlib
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", 4, 1, 2, 0, 0, 0, 0))
    data = (b"\x89PNG\r\n\x1a\n" + head + png_chunk(b"tRNS", b"\0\2") + png_chunk(b"IDAT", zlib.compress(body))
            + png_chunk(b"IEND", b""))
    assert decode(data, channels=4)[0].tolist() == [[0, 0, 0, 255], [85, 85, 85, 255], [170, 170, 170, 0],
                                                    [255, 255, 255, 255]]
    assert decode(data, channels=1, background=(10, 10, 10))[0, :, 0].tolist() == [0, 85, 10, 255]


@pytest.mark.parametrize(("name", "data"), list(orientation_variants()))
def test_header_knows_the_orientation(name: str, data: bytes) -> None:
    number = int(name.rsplit("-", 1)[1])
    assert read_header(data).orientation == (9 - number if name.startswith("both") else number)


def test_orientation_text_of_png() -> None:
    packet = b"XML:com.adobe.xmp\0\0\0\0\0<rdf:Description><tiff:Orientation>6</tiff:Orientation></rdf:Description>"
    plain = saved(scene(), "PNG")
    data = plain[:33] + png_chunk(b"iTXt", packet) + plain[33:]
    assert read_header(data).orientation == 6
    assert np.array_equal(decode(data), expected(data))


def test_natural_channels() -> None:
    assert decode(saved(scene().convert("L"), "PNG"), channels=None).shape[2] == 1
    assert decode(saved(scene(), "PNG"), channels=None).shape[2] == 3
    assert decode(saved(with_alpha(scene()).convert("LA"), "PNG"), channels=None).shape[2] == 4


def test_background_shows_through() -> None:
    clear = saved(Image.new("RGBA", (5, 4), (200, 10, 10, 0)), "PNG")
    assert (decode(clear, background=(1, 2, 3)) == (1, 2, 3)).all()
    half = saved(Image.new("RGBA", (5, 4), (200, 0, 100, 128)), "PNG")
    assert decode(half, background=(0, 100, 0))[0, 0].tolist() == [100, 50, 50]


@pytest.mark.parametrize("factor", [2, 4, 8])
def test_reduced_jpeg(factor: int) -> None:
    data = saved(scene(120, 88), "JPEG", quality=95)
    picture = decode(data, reduce=factor)
    assert picture.shape == (-(-88 // factor), -(-120 // factor), 3)
    small = np.asarray(scene(120, 88).resize(picture.shape[1::-1], Image.Resampling.BOX)).astype(int)
    assert np.abs(small - picture).mean() < 6


@pytest.mark.parametrize(("data", "code"), [(b"", "empty_file"), (b"hello world", "not_a_picture"),
                                            (b"<html></html>", "not_a_picture"), (b"\xff\xd8\xff", "truncated"),
                                            (b"GIF89a", "truncated"), (b"%PDF-1.4", "not_a_picture"),
                                            (bytes(5000), "not_a_picture")])
def test_what_is_no_picture(data: bytes, code: str) -> None:
    with pytest.raises(PictureError) as caught:
        decode(data)
    assert caught.value.code == code


def test_the_name_does_not_matter(tmp_path: Path) -> None:
    path = tmp_path / "añadido é 図.jpg"
    path.write_bytes(whole_files()["PNG"])
    assert recognise(path.read_bytes()).name == "PNG"
    assert np.array_equal(read_picture(path), np.asarray(scene()))
    assert header_of(path).width == scene().size[0]


def test_trouble_with_files(tmp_path: Path) -> None:
    for path, code in ((tmp_path, "is_folder"), (tmp_path / "none.png", "vanished"),
                       (tmp_path / "x\0y.png", "unreadable")):
        with pytest.raises(PictureError) as caught:
            read_picture(path)
        assert caught.value.code == code
    secret = tmp_path / "secret.png"
    secret.write_bytes(whole_files()["PNG"])
    secret.chmod(0)
    if not os.access(secret, os.R_OK):
        with pytest.raises(PictureError) as caught:
            read_picture(secret)
        assert caught.value.code == "no_permission"
    secret.chmod(stat.S_IRUSR | stat.S_IWUSR)


def test_every_text_stands_in_both_languages() -> None:
    for code in _TEXTS:
        for detail in _DETAILS:
            error = PictureError(code, format="PNG", detail=detail)
            assert error.text("en") != error.text("es")
            assert "{" not in error.text("es") + error.text("en")


def test_sixteen_bits_round_to_the_nearest() -> None:
    levels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    picture = decode(saved(Image.fromarray(levels), "PNG"), channels=1)[..., 0]
    assert np.array_equal(picture, np.rint(levels / 257).astype(np.uint8))


def test_odd_images(shared_data: Path) -> None:
    refused = {"broken.png", "broken_data_stream.png", "decompression_bomb.gif", "truncated_image.png",
               "truncated_end_chunk.png", "truncated_jpeg.jpg"}
    for path in sorted((shared_data / "odd_images").iterdir()):
        if path.name in refused:
            with pytest.raises(PictureError):
                read_picture(path)
            continue
        picture = read_picture(path).astype(int)
        reference = expected(path.read_bytes())
        assert picture.shape == reference.shape, path.name
        assert np.abs(picture - reference).max() <= 2, path.name


def test_the_pixel_path_stands_alone(tmp_path: Path) -> None:
    """Copied into a folder of its own it needs NumPy, OpenCV and Pillow only, and writes nothing to standard error."""
    import cnnstudio.imaging
    source = Path(cnnstudio.imaging.__file__).parent
    package = tmp_path / "pixels"
    package.mkdir()
    (package / "__init__.py").write_text("")
    for file in source.rglob("*.py"):
        target = package / file.relative_to(source)
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(file.read_bytes())
    (tmp_path / "cut.tif").write_bytes(whole_files()["TIFF tiff_lzw"][:-300])
    (tmp_path / "good.png").write_bytes(whole_files()["PNG"])
    code = """
import sys
from pixels.prepare import prepare_file
from pixels.errors import PictureError
recipe = {"height": 20, "width": 30, "color_mode": "grayscale", "fit": "pad", "steps": []}
print(prepare_file("good.png", recipe, {}).shape)
try:
    prepare_file("cut.tif", recipe, {})
except PictureError as error:
    print(error.code)
print(sorted(name for name in ("cnnstudio", "msgspec", "keras") if name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == ["(20, 30, 1)", "truncated", "[]"]
    assert done.stderr == ""


def test_a_bitmap_whose_pixels_begin_too_early() -> None:
    palette = bytes(range(256)) * 4
    data = bytearray(bmp(8, [bytes([row] * 12) for row in range(9)], 12, palette=palette))
    data[10:14] = (54).to_bytes(4, "little")
    assert np.array_equal(decode(bytes(data)), expected(bytes(data)))


def test_random_interlaced_png_of_every_size() -> None:
    rng = np.random.default_rng(6)
    for width in range(1, 10):
        data = png(width, 10 - width, 8, 2, rng, interlace=True)
        assert np.array_equal(decode(data), np.asarray(Image.open(io.BytesIO(data))))


def test_codecs_can_be_silenced(tmp_path: Path) -> None:
    """libjpeg prints by itself; what Python writes to standard error still comes out."""
    data = saved(scene(200, 150), "JPEG")
    (tmp_path / "cut.jpg").write_bytes(data[:len(data) // 2] + b"\xff\xd9")
    code = """
import sys
from cnnstudio.imaging.quiet import silence_codecs
from cnnstudio.imaging.decode import read_picture
from cnnstudio.imaging.errors import PictureError
if sys.argv[2] == "quiet":
    silence_codecs()
try:
    read_picture(sys.argv[1])
except PictureError as error:
    print(error.code, file=sys.stderr)
"""
    heard = {}
    for how in ("loud", "quiet"):
        done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "cut.jpg"), how], capture_output=True,
                              text=True, check=True, cwd=Path(__file__).resolve().parents[2])
        heard[how] = done.stderr
    assert "Corrupt JPEG data" in heard["loud"]
    assert heard["quiet"] == "truncated\n"
