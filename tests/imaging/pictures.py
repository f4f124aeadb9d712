"""Odd pictures made with Pillow and by hand, and Pillow's idea of how they look."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from PIL import Image, ImageOps

SIZE = (61, 47)


def scene(width: int = SIZE[0], height: int = SIZE[1]) -> Image.Image:
    """A smooth colour picture that looks different from every side."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    red = 255 * x / max(1, width - 1)
    green = 255 * y / max(1, height - 1)
    blue = 127 + 120 * np.sin(x / 9.0) * np.cos(y / 7.0)
    blue[: height // 3, : width // 4] = 20
    return Image.fromarray(np.dstack([red, green, blue]).astype(np.uint8), "RGB")


def saved(picture: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def expected(data: bytes, mode: str = "RGB") -> np.ndarray:
    """What Pillow shows: turned, laid over white."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        picture = Image.open(io.BytesIO(data))
        picture.load()
        picture = ImageOps.exif_transpose(picture)
        if picture.mode.startswith("I"):
            gray = np.rint(np.asarray(picture).astype(np.float64) / 257).clip(0, 255).astype(np.uint8)
            picture = Image.fromarray(gray, "L")
        picture = picture.convert("RGBA")
        if mode == "RGB":
            white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
            picture = Image.alpha_composite(white, picture).convert("RGB")
        return np.asarray(picture)


def with_alpha(picture: Image.Image) -> Image.Image:
    alpha = np.linspace(0, 255, picture.size[0] * picture.size[1]).reshape(picture.size[::-1]).astype(np.uint8)
    picture = picture.convert("RGBA")
    picture.putalpha(Image.fromarray(alpha, "L"))
    return picture


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, depth: int, color: int, rng: np.random.Generator, *, interlace: bool = False,
        extra: bytes = b"", palette: bool = False) -> bytes:
    """A PNG of random samples, also interlaced, which Pillow cannot write."""
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[color]
    passes = [(0, 0, 1, 1)]
    if interlace:
        passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    raw = b""
    for left, top, across, down in passes:
        columns, rows = len(range(left, width, across)), len(range(top, height, down))
        stride = -(-columns * samples * depth // 8)
        if columns:
            raw += b"".join(b"\0" + rng.integers(0, 256, stride, dtype=np.uint8).tobytes() for _ in range(rows))
    head = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, int(interlace))
    table = png_chunk(b"PLTE", rng.integers(0, 256, 3 << depth, dtype=np.uint8).tobytes()) if palette else b""
    return (b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + table + extra + png_chunk(b"IDAT", zlib.compress(raw))
            + png_chunk(b"IEND", b""))


def png_variants() -> Iterator[tuple[str, bytes]]:
    rng = np.random.default_rng(1)
    keys = {0: b"\0\1", 2: b"\0\1\0\2\0\3", 3: b"\0\x80"}
    for color, depths in ((0, (1, 2, 4, 8, 16)), (2, (8, 16)), (3, (1, 2, 4, 8)), (4, (8, 16)), (6, (8, 16))):
        for depth in depths:
            for interlace in (False, True):
                for size in ((13, 7), (1, 1), (9, 3)):
                    name = f"png-{color}-{depth}-{'adam7' if interlace else 'plain'}-{size[0]}"
                    yield name, png(*size, depth, color, rng, interlace=interlace, palette=color == 3)
            if color in keys:
                extra = png_chunk(b"tRNS", keys[color])
                if color == 3:
                    table = rng.integers(0, 256, 3 << depth, dtype=np.uint8).tobytes()
                    extra = png_chunk(b"PLTE", table) + extra
                yield f"png-{color}-{depth}-trns", png(13, 7, depth, color, rng, extra=extra)


def mode_variants() -> Iterator[tuple[str, bytes]]:
    base = scene()
    for mode in ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "I;16", "I"):
        if mode == "I;16":
            picture = Image.fromarray(np.asarray(base.convert("L")).astype(np.uint16) * 257)
        elif mode == "I":
            continue
        elif mode == "RGBA":
            picture = with_alpha(base)
        elif mode == "LA":
            picture = with_alpha(base).convert("LA")
        else:
            picture = base.convert("L").convert("P") if mode == "P" else base.convert(mode)
        for form in ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "AVIF", "JPEG2000", "PPM"):
            options: dict[str, Any] = {"lossless": True, "exact": True} if form == "WEBP" else {}
            try:
                yield f"{form}-{mode}", saved(picture, form, **options)
            except (OSError, ValueError, KeyError):
                continue


def jpeg_variants() -> Iterator[tuple[str, bytes]]:
    base = scene()
    for size in ((61, 47), (1, 1), (8, 8), (17, 1), (1, 17), (64, 64)):
        for progressive in (False, True):
            for sampling in ("4:4:4", "4:2:2", "4:2:0"):
                yield f"jpeg-{size}-{progressive}-{sampling}", saved(
                    scene(*size), "JPEG", progressive=progressive, subsampling=sampling)
    for quality in (1, 30, 100):
        yield f"jpeg-q{quality}", saved(base, "JPEG", quality=quality)
    yield "jpeg-rgb", saved(base, "JPEG", keep_rgb=True)
    yield "jpeg-restart-blocks", saved(base, "JPEG", restart_marker_blocks=2)
    yield "jpeg-restart-rows", saved(base, "JPEG", restart_marker_rows=1)
    yield "jpeg-optimized", saved(base, "JPEG", optimize=True)
    yield "jpeg-gray-plain", saved(Image.new("L", (40, 40), 128), "JPEG")
    yield "jpeg-middle-grey", saved(Image.new("RGB", (40, 40), (128, 128, 128)), "JPEG")
    yield "jpeg-trailing-junk", saved(base, "JPEG") + b"junk" * 50
    yield "jpeg-cmyk-progressive", saved(base.convert("CMYK"), "JPEG", progressive=True)


def tiff_variants() -> Iterator[tuple[str, bytes]]:
    base = scene()
    for compression in ("raw", "tiff_lzw", "tiff_adobe_deflate", "tiff_deflate", "packbits", "jpeg", "lzma"):
        for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr"):
            picture = with_alpha(base) if mode == "RGBA" else base.convert(mode)
            if compression == "jpeg" and mode not in ("L", "RGB"):
                continue
            for strip in ({}, {278: 5}):
                try:
                    yield f"tiff-{compression}-{mode}-{len(strip)}", saved(
                        picture, "TIFF", compression=compression, tiffinfo=strip)
                except (OSError, ValueError, KeyError):
                    continue
    for compression in ("tiff_ccitt", "group3", "group4"):
        yield f"tiff-{compression}", saved(base.convert("1"), "TIFF", compression=compression)
    for compression in ("tiff_lzw", "tiff_adobe_deflate"):
        yield f"tiff-predictor-{compression}", saved(base, "TIFF", compression=compression, tiffinfo={317: 2})
        gray = Image.fromarray(np.asarray(base.convert("L")).astype(np.uint16) * 257)
        yield f"tiff-predictor16-{compression}", saved(gray, "TIFF", compression=compression, tiffinfo={317: 2})
    yield "tiff-big", saved(base, "TIFF", big_tiff=True)


def animated_variants() -> Iterator[tuple[str, bytes]]:
    frames = [with_alpha(scene()), ImageOps.mirror(scene()).convert("RGBA"), ImageOps.flip(scene()).convert("RGBA")]
    for form in ("PNG", "WEBP", "GIF"):
        options: dict[str, Any] = {"lossless": True, "exact": True} if form == "WEBP" else {}
        yield f"animated-{form}", saved(frames[0], form, save_all=True, append_images=frames[1:], duration=100,
                                        **options)
    yield "animated-PNG-default", saved(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=100,
                                        default_image=True)
    yield "animated-AVIF", saved(scene(), "AVIF", save_all=True, append_images=frames[1:], duration=100)
    yield "pages-TIFF", saved(scene(), "TIFF", save_all=True, append_images=frames[1:])
    yield "gif-interlaced", saved(scene().quantize(64), "GIF", interlace=1)
    yield "gif-plain", saved(scene().quantize(3), "GIF", interlace=0)
    yield "gif-large", saved(scene(700, 500).quantize(256), "GIF")


def orientation_variants() -> Iterator[tuple[str, bytes]]:
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        for form in ("JPEG", "PNG", "WEBP", "AVIF"):
            options: dict[str, Any] = {"lossless": True} if form == "WEBP" else {}
            yield f"turned-{form}-{orientation}", saved(scene(), form, exif=exif, **options)
        for compression in ("raw", "group4"):
            picture = scene().convert("1") if compression == "group4" else scene()
            yield f"turned-TIFF-{compression}-{orientation}", saved(
                picture, "TIFF", compression=compression, tiffinfo={274: orientation})
        packet = f'<x:xmpmeta><rdf:Description tiff:Orientation="{orientation}"/></x:xmpmeta>'.encode()
        yield f"xmp-JPEG-{orientation}", saved(scene(), "JPEG", xmp=packet)
        yield f"xmp-WEBP-{orientation}", saved(scene(), "WEBP", xmp=packet, lossless=True)
        yield f"xmp-TIFF-{orientation}", saved(scene(), "TIFF", tiffinfo={700: packet})
        yield f"xmp-AVIF-{orientation}", saved(scene(), "AVIF", xmp=packet)
        exif[0x0112] = 9 - orientation
        yield f"both-JPEG-{orientation}", saved(scene(), "JPEG", xmp=packet, exif=exif)
        yield f"both-WEBP-{orientation}", saved(scene(), "WEBP", xmp=packet, exif=exif, lossless=True)


def bmp(bits: int, rows: list[bytes], width: int, *, palette: bytes = b"", compression: int = 0, size: int = 40,
        masks: bytes = b"", top_down: bool = False) -> bytes:
    """A BMP from its rows (bottom row first unless `top_down`), already padded or coded."""
    height = len(rows)
    body = b"".join(rows)
    if size == 12:
        head = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        rows_down = -height if top_down else height
        head = struct.pack("<IiiHHIIiiII", size, width, rows_down, 1, bits, compression, len(body), 2835, 2835,
                           len(palette) // 4, 0)
        head += masks if size == 40 else masks.ljust(size - 40, b"\0")
    begin = 14 + len(head) + len(palette)
    return b"BM" + struct.pack("<IHHI", begin + len(body), 0, 0, begin) + head + palette + body


def bmp_variants() -> Iterator[tuple[str, bytes]]:
    rng = np.random.default_rng(2)
    for bits in (1, 4, 8, 24, 32):
        for top_down in (False, True):
            stride = (13 * bits + 31) // 32 * 4
            palette = rng.integers(0, 256, 4 << bits, dtype=np.uint8).tobytes() if bits <= 8 else b""
            rows = [rng.integers(0, 256, stride, dtype=np.uint8).tobytes() for _ in range(9)]
            yield f"bmp-{bits}-{top_down}", bmp(bits, rows, 13, palette=palette, top_down=top_down)
    rows = [rng.integers(0, 256, 28, dtype=np.uint8).tobytes() for _ in range(9)]
    yield "bmp-16-555", bmp(16, rows, 13)
    yield "bmp-16-565", bmp(16, rows, 13, compression=3, masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F))
    rows = [rng.integers(0, 256, 52, dtype=np.uint8).tobytes() for _ in range(9)]
    yield "bmp-32-alpha", bmp(32, rows, 13, compression=3, size=108,
                              masks=struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000))
    yield "bmp-core", bmp(24, [rng.integers(0, 256, 40, dtype=np.uint8).tobytes() for _ in range(9)], 13, size=12)
    palette = rng.integers(0, 256, 1024, dtype=np.uint8).tobytes()
    coded = [b"\x05\x07" + b"\x00\x04\x01\x02\x03\x04" + b"\x04\x09" + b"\0\0" for _ in range(8)]
    yield "bmp-rle8", bmp(8, [*coded, b"\x0d\x11\0\1"], 13, palette=palette, compression=1)
    coded = [b"\x05\x7a" + b"\x00\x05\x12\x34\x50\x00" + b"\x03\x9b" + b"\0\0" for _ in range(8)]
    yield "bmp-rle4", bmp(4, [*coded, b"\x0d\x1e\0\1"], 13, palette=palette[:64], compression=2)


def map_variants() -> Iterator[tuple[str, bytes]]:
    rng = np.random.default_rng(3)
    for name, samples in (("P5", 1), ("P6", 3)):
        for maximum in (1, 100, 255, 1023, 65535):
            numbers = rng.integers(0, maximum + 1, 7 * 5 * samples)
            body = numbers.astype(">u2" if maximum > 255 else "u1").tobytes()
            yield f"pnm-{name}-{maximum}", f"{name}\n# a comment\n7 5\n{maximum}\n".encode() + body
            plain = " ".join(map(str, numbers))
            kind = "P2" if samples == 1 else "P3"
            yield f"pnm-{kind}-{maximum}", f"{kind}\n7 5\n{maximum}\n{plain}\n".encode()
    yield "pnm-P1", b"P1\n# c\n7 2\n1 0 1 0 1 0 1\n0 1 1 1 0 0 0\n"
    yield "pnm-P4", b"P4\n11 3\n" + rng.integers(0, 256, 6, dtype=np.uint8).tobytes()


def all_variants() -> Iterator[tuple[str, bytes]]:
    for family in (png_variants, mode_variants, jpeg_variants, tiff_variants, animated_variants, orientation_variants,
                   bmp_variants, map_variants):
        yield from family()


@cache
def whole_files() -> dict[str, bytes]:
    """The same picture in every format that Pillow writes, and in some of their variants."""
    forms = {form: saved(scene(), form) for form in ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "AVIF", "JPEG2000", "PPM")}
    forms["JPEG progressive"] = saved(scene(), "JPEG", progressive=True)
    forms["JPEG grey"] = saved(scene().convert("L"), "JPEG")
    forms["WEBP lossless"] = saved(scene(), "WEBP", lossless=True)
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"):
        forms[f"TIFF {compression}"] = saved(scene(), "TIFF", compression=compression)
    return forms
