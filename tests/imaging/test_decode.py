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
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from cnnstudio.imaging.decode import decode, header_of, read_picture
from cnnstudio.imaging.errors import _DETAILS, _TEXTS, PictureError
from cnnstudio.imaging.headers import read_header, recognise

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


FORMATS = ["PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "AVIF", "JPEG2000", "PPM"]


def _forms() -> dict[str, bytes]:
    forms = {form: saved(scene(), form) for form in FORMATS}
    forms["JPEG progressive"] = saved(scene(), "JPEG", progressive=True)
    forms["JPEG grey"] = saved(scene().convert("L"), "JPEG")
    forms["WEBP lossless"] = saved(scene(), "WEBP", lossless=True)
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        forms[f"TIFF {compression}"] = saved(scene(), "TIFF", compression=compression)
    return forms


FORMS = _forms()


@pytest.mark.parametrize("form", sorted(FORMS))
def test_a_cut_file_is_refused_or_whole(form: str) -> None:
    data = FORMS[form]
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
    data = FORMS[form]
    assert np.array_equal(decode(data + b"\0\xff\xd9 junk" * 30), decode(data))


def test_a_wrong_checksum_is_refused() -> None:
    data = bytearray(FORMS["PNG"])
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
        decode(FORMS["JPEG"], maximum_pixels=100)


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
    path.write_bytes(FORMS["PNG"])
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
    secret.write_bytes(FORMS["PNG"])
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


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_no_bytes_raise_anything_but_picture_errors(choice: st.DataObject) -> None:
    names = sorted(VARIANTS)
    data = bytearray(VARIANTS[choice.draw(st.sampled_from(names))])
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
    (tmp_path / "cut.tif").write_bytes(FORMS["TIFF tiff_lzw"][:-300])
    (tmp_path / "good.png").write_bytes(FORMS["PNG"])
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
