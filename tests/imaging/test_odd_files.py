"""Kinds of files that public test corpora hold, made here: each is read, or refused for the right reason."""

from __future__ import annotations

import io
import struct
import sys
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from cnnstudio.imaging.decode import decode
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.formats import pillow
from cnnstudio.imaging.headers import read_header
from cnnstudio.imaging.inspect import inspect_picture
from tests.imaging.pictures import expected, png_chunk, saved, scene, with_alpha


def refusal(data: bytes) -> tuple[str, Any]:
    with pytest.raises(PictureError) as caught:
        decode(data)
    return caught.value.code, caught.value.values.get("detail")


@pytest.mark.parametrize("kind", [b"tEXt", b"iTXt"])
def test_orientation_in_a_plain_text_of_a_png(kind):
    """ImageMagick compresses a long text only."""
    exif = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    text = b"\nexif\n      %d\n%s\n" % (len(exif), exif.hex().encode())
    body = b"Raw profile type exif\0" + (b"\0\0\0\0" if kind == b"iTXt" else b"") + text
    data = saved(scene(), "PNG")
    data = data[:33] + png_chunk(kind, body) + data[33:]
    assert read_header(data).orientation == 6
    assert np.array_equal(decode(data), np.rot90(np.asarray(scene()), -1))


@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_colours_of_floating_point(planes):
    samples = np.linspace(0, 1, 6 * 8 * 3, dtype=np.float32).reshape(6, 8, 3)
    stored = samples if planes == "contig" else samples.transpose(2, 0, 1)
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, stored, photometric="rgb", planarconfig=planes)
    assert np.array_equal(decode(buffer.getvalue()), np.floor(samples.astype(float) * 255 + 0.5).astype(np.uint8))


def _tiff(entries: dict[int, tuple[str, tuple[int, ...]]], body: bytes) -> bytes:
    """A little-endian TIFF of these tags; the pixels begin at 8."""
    directory, rest = b"", b""
    start = 8 + len(body)
    after = start + 2 + 12 * len(entries) + 4
    for tag, (letter, values) in sorted(entries.items()):
        packed = struct.pack(f"<{len(values)}{letter}", *values)
        if len(packed) > 4:
            packed, rest = struct.pack("<I", after + len(rest)), rest + packed
        directory += struct.pack("<HHI", tag, {"H": 3, "I": 4}[letter], len(values)) + packed.ljust(4, b"\0")
    return b"II*\0" + struct.pack("<I", start) + body + struct.pack("<H", len(entries)) + directory + bytes(4) + rest


def _tags(width: int, height: int, channels: int, bits: int, length: int) -> dict[int, tuple[str, tuple[int, ...]]]:
    return {256: ("I", (width,)), 257: ("I", (height,)), 258: ("H", (bits,) * channels), 259: ("H", (1,)),
            262: ("H", (2 if channels == 3 else 1,)), 273: ("I", (8,)), 277: ("H", (channels,)), 278: ("I", (height,)),
            279: ("I", (length,)), 284: ("H", (1,))}


@pytest.mark.parametrize("bits", [8, 16])
def test_a_strip_whose_length_is_too_great(bits):
    """All pixels are there: only the number that counts them is wrong."""
    samples = np.arange(5 * 4 * 3).reshape(5, 4, 3).astype(f"<u{bits // 8}") * (4 if bits == 8 else 1000)
    whole = samples.tobytes()
    wanted = samples if bits == 8 else np.rint(samples / 257)
    assert np.array_equal(decode(_tiff(_tags(4, 5, 3, bits, 10**6), whole)), wanted)
    # Without the directory behind the pixels, which Pillow would read as pixels.
    beyond = _tags(4, 5, 3, bits, 10**6) | {273: ("I", (8 + 200,))}
    assert refusal(_tiff(beyond, whole)) == ("truncated", "pixels")


def test_packed_planes_of_deep_colours():
    """Pillow reads them with 8 bits, as it does packed deep colours in one plane."""
    samples = np.random.default_rng(1).integers(0, 65536, (3, 20, 30), np.uint16)
    strips = []
    for plane in samples:
        done, data = cv2.imencode(".tif", plane, [cv2.IMWRITE_TIFF_COMPRESSION, 5, cv2.IMWRITE_TIFF_ROWSPERSTRIP, 20,
                                                  cv2.IMWRITE_TIFF_PREDICTOR, 1])
        assert done
        page = tifffile.TiffFile(io.BytesIO(data.tobytes())).pages[0]
        assert len(page.dataoffsets) == 1
        strips.append(data.tobytes()[page.dataoffsets[0]:page.dataoffsets[0] + page.databytecounts[0]])
    lengths = tuple(map(len, strips))
    starts = (8, 8 + lengths[0], 8 + lengths[0] + lengths[1])
    tags = _tags(30, 20, 3, 16, 0) | {259: ("H", (5,)), 273: ("I", starts), 279: ("I", lengths), 284: ("H", (2,))}
    assert np.abs(decode(_tiff(tags, b"".join(strips))).astype(int) - samples.transpose(1, 2, 0) / 257).max() <= 1


def test_a_compression_that_libtiff_was_built_without_is_named(monkeypatch):
    monkeypatch.setattr(pillow, "_has_codec", lambda name: name != "webp")
    body = bytes(60)
    assert refusal(_tiff(_tags(4, 5, 3, 8, 60) | {259: ("H", (50001,))}, body)) == ("unsupported", "compression")


def test_samples_of_8_bits_with_a_sign_have_a_range():
    samples = np.array([[-1, 0]], np.int8)
    data = saved(Image.fromarray(samples.view(np.uint8)), "TIFF", tiffinfo={339: 2})
    assert inspect_picture(data)[2] == ("int8", -1.0, 0.0, 0)
    assert decode(data, channels=1)[0, :, 0].tolist() == [127, 128]


def test_an_icon_is_its_picture_of_the_most_colours():
    plain = scene(48, 48).convert("P", palette=Image.Palette.ADAPTIVE, colors=16).convert("RGB")
    frames = [saved(plain.quantize(16), "PNG"), saved(with_alpha(scene(48, 48)), "PNG")]
    head, place = struct.pack("<HHH", 0, 1, 2), 6 + 32
    for depth, frame in zip((8, 32), frames, strict=True):
        head += struct.pack("<BBBBHHII", 48, 48, 0, 0, 1, depth, len(frame), place)
        place += len(frame)
    assert np.array_equal(decode(head + b"".join(frames), channels=4), np.asarray(with_alpha(scene(48, 48))))


def test_runs_of_a_tga_that_go_on_in_the_next_line():
    def packed(body: bytes, descriptor: int = 0) -> bytes:
        return bytes((0, 0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 0, 2, 0, 24, 0x20 | descriptor)) + body

    body = bytes((0x83, 1, 2, 3, 1, 4, 5, 6, 7, 8, 9))  # four pixels, then two
    assert decode(packed(body)).tolist() == [[[3, 2, 1]] * 3, [[3, 2, 1], [6, 5, 4], [9, 8, 7]]]
    assert refusal(packed(body[:-1])) == ("truncated", "pixels")
    assert refusal(packed(body[:4])) == ("truncated", "pixels")


@pytest.mark.parametrize(("bits", "opacity"), [(0, [255, 255]), (1, [255, 0])])
def test_the_sixteenth_bit_of_a_tga(bits, opacity):
    """It is transparency only where the file says so; Pillow would make the second pixel white."""
    head = bytes((0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 16, 0x20 | bits))
    data = head + struct.pack("<HH", 0x7C00, 0x8000 | 0x7C00)
    assert decode(data, channels=4)[0, :, 3].tolist() == opacity
    assert read_header(data).has_alpha == bool(bits)


def test_a_tga_without_transparency_is_seen():
    head = bytes((0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 32))
    assert decode(head + bytes((0x20, 3, 2, 1, 0))).tolist() == [[[1, 2, 3]]]
    assert decode(head + bytes((0x28, 3, 2, 1, 0))).tolist() == [[[255, 255, 255]]]


def test_a_gif_whose_second_frame_is_damaged():
    """The first is whole, and it is the picture, as where the second is missing."""
    first = saved(scene().quantize(16), "GIF")
    second = b"\x21\xf9\x04\0\0\0\0\0\x2c" + struct.pack("<HHHH", 0, 0, 5, 5) + b"\x80" + bytes(6) + b"\x02\x04zzzz\0"
    for end in range(len(second)):
        assert np.array_equal(decode(first[:-1] + second[:end]), expected(first)), end


@pytest.mark.parametrize(("place", "value", "detail"), [(14, 16, "kind"), (28, 2, "bits"), (30, 4, "compression")],
                         ids=["header", "depth", "compression"])
def test_kinds_of_bmp_that_are_not_read_are_not_called_damaged(place, value, detail):
    data = bytearray(saved(scene(), "BMP"))
    data[place] = value
    assert refusal(bytes(data)) == ("unsupported", detail)


@pytest.mark.parametrize(("message", "wanted"), [
    ("Error while loading plugin: Support for this compression format has not been built in", ("unsupported", "compression")),
    ("Unsupported feature: Unsupported data version: meta box data version 32 is not implemented yet", ("unsupported", "kind")),
    ("Memory allocation error: Security limit exceeded: Image size 1600x64 exceeds the maximum", ("corrupt", "decoding")),
    ("not identified by this driver", ("unsupported", "kind")),
    ("decoder error -2", ("corrupt", "decoding"))])
def test_what_decoders_say_is_told_apart(message, wanted):
    with pytest.raises(PictureError) as caught, pillow.errors("HEIC", "decoding"):
        raise SyntaxError(message)
    assert (caught.value.code, caught.value.values["detail"]) == wanted
    assert caught.value.text("en") != caught.value.text("es")


def test_heic_of_a_codec_that_is_not_here_is_not_called_damaged():
    pytest.importorskip("pi_heif")
    from tests.imaging.test_formats import HEIC

    data = HEIC.read_bytes()
    assert data.count(b"hvc1") == 1 or data.count(b"hvc1") > 1
    assert refusal(data.replace(b"hvc1", b"zzz1"))[0] == "unsupported"


def _lossless(rows: np.ndarray) -> bytes:
    """A grey lossless JPEG (predictor 1): differences by a table in which every category has 5 bits."""
    height, width = rows.shape
    bits = ""
    for y in range(height):
        for x in range(width):
            before = int(rows[y, x - 1]) if x else int(rows[y - 1, 0]) if y else 128
            apart = int(rows[y, x]) - before
            size = abs(apart).bit_length()
            bits += f"{size:05b}" + (f"{apart if apart > 0 else apart + (1 << size) - 1:0{size}b}" if size else "")
    bits += "1" * (-len(bits) % 8)
    body = bytes(int(bits[place:place + 8], 2) for place in range(0, len(bits), 8)).replace(b"\xff", b"\xff\0")
    table = b"\xff\xc4" + struct.pack(">HB", 2 + 17 + 9, 0) + bytes((0, 0, 0, 0, 9)) + bytes(11) + bytes(range(9))
    frame = b"\xff\xc3" + struct.pack(">HBHHBBBB", 11, 8, height, width, 1, 1, 0x11, 0)
    scan = b"\xff\xda" + struct.pack(">HBBBBBB", 8, 1, 1, 0, 1, 0, 0)
    return b"\xff\xd8" + frame + table + scan + body + b"\xff\xd9"


def test_lossless_jpeg():
    rows = np.asarray(scene().convert("L"))
    data = _lossless(rows)
    assert np.array_equal(decode(data, channels=1)[..., 0], rows)
    assert inspect_picture(data)[:2] == rows.shape
    assert decode(data, channels=1, reduce=8).shape == (-(-rows.shape[0] // 8), -(-rows.shape[1] // 8), 1)
    assert refusal(data[:len(data) // 2])[0] == "truncated"


@pytest.mark.skipif(sys.platform == "win32", reason="the same everywhere, and slow")
def test_a_scan_refuses_the_jpegs_that_training_refuses():
    """A scan decodes an eighth of the size, where missing detail is not seen."""
    for quality, size in ((50, (16, 16)), (90, (24, 17)), (75, (8, 8))):
        whole = saved(scene(*size), "JPEG", quality=quality)
        begin = whole.index(b"\xff\xda")
        for cut in range(begin + 14, len(whole) - 2):
            for data in (whole[:cut], whole[:cut] + b"\xff\xd9"):
                assert _answers(inspect_picture, data) == _answers(decode, data), (quality, cut)


def _answers(function: Any, data: bytes) -> bool:
    try:
        function(data)
    except PictureError:
        return False
    return True
