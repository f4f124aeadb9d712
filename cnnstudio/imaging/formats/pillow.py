"""Every format but JPEG and PNG: read by Pillow, and HEIC by pi-heif through it.

Pillow is asked for the one format that the bytes begin as and for no other. What it warns of is no matter here; what it
refuses becomes a PictureError. This module is copied as it is into exported bundles.
"""

from __future__ import annotations

import io
import re
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, TiffImagePlugin

from ..errors import PictureError, corrupt, truncated, unsupported
from ..header import Header
from ..orientation import apply_orientation, valid

AVIF: Final = "AVIF"
BMP: Final = "BMP"
GIF: Final = "GIF"
HEIC: Final = "HEIC"
ICO: Final = "ICO"
JPEG2000: Final = "JPEG 2000"
PNM: Final = "PNM"
TGA: Final = "TGA"
TIFF: Final = "TIFF"
WEBP: Final = "WebP"

_PLUGINS: Final = {
    AVIF: ("AvifImagePlugin", "AVIF"), BMP: ("BmpImagePlugin", "BMP"), GIF: ("GifImagePlugin", "GIF"),
    HEIC: ("", "HEIF"), ICO: ("IcoImagePlugin", "ICO"), JPEG2000: ("Jpeg2KImagePlugin", "JPEG2000"),
    PNM: ("PpmImagePlugin", "PPM"), TGA: ("TgaImagePlugin", "TGA"), TIFF: ("TiffImagePlugin", "TIFF"),
    WEBP: ("WebPImagePlugin", "WEBP"),
}
"""Name here: Pillow's module, and Pillow's name of the format."""
_COLORS: Final = {
    "1": ("gray", 1), "L": ("gray", 1), "I": ("gray", 1), "F": ("gray", 1), "I;16": ("gray", 1), "I;16B": ("gray", 1),
    "I;16L": ("gray", 1), "I;16N": ("gray", 1), "LA": ("gray+alpha", 2), "La": ("gray+alpha", 2), "P": ("palette", 1),
    "PA": ("palette+alpha", 2), "RGB": ("rgb", 3), "RGBX": ("rgb", 3), "RGBA": ("rgba", 4), "RGBa": ("rgba", 4),
    "CMYK": ("cmyk", 4), "YCbCr": ("ycbcr", 3), "LAB": ("lab", 3),
}
_DEPTHS: Final = {"1": 1, "I;16": 16, "I;16B": 16, "I;16L": 16, "I;16N": 16, "I": 32, "F": 32}
_KINDS: Final = {1: "unsigned", 2: "signed", 3: "float", 4: "unsigned"}
_WIDTH, _HEIGHT, _BITS, _COMPRESSION, _KIND, _ORIENTATION, _PLANES, _PHOTOMETRIC = 256, 257, 258, 259, 339, 274, 284, 262
_MISSING: Final = re.compile(r"truncated|not enough|unexpected end|incomplete|end of file|premature|bytes not processed|"
                             r"buffer is not large enough|no data|decoding fragment|missing", re.IGNORECASE)
"""How Pillow says that something is missing, as against wrong."""
_UNKNOWN: Final = re.compile(r"unknown|unsupported|unrecognized|not supported|not identified by this driver", re.IGNORECASE)
_NOT_DONE: Final = re.compile(r"unsupported|not been built in|not implemented|requires the", re.IGNORECASE)
"""How Pillow and its plug-ins say that they do not read a kind of picture, as against wrong: the latter whatever is raised."""
_DETAILS_OF: Final = (("compression", re.compile(r"compress|built in|requires the", re.IGNORECASE)),
                      ("bits", re.compile(r"depth|bitfields", re.IGNORECASE)),
                      ("kind", re.compile(r"feature|header type|identified by this driver", re.IGNORECASE)))
_OPTIONAL_CODECS: Final = {34925: "lzma", 50000: "zstd", 50001: "webp"}
"""Compressions of TIFF that libtiff has only where it was built with them."""
_opened: set[str] = set()
# For the whole process, as `warnings.catch_warnings` is not safe among threads.
warnings.filterwarnings("ignore", module=r"PIL\..*")


def read(data: bytes, name: str) -> Header:
    """The header of a picture in the format of that name."""
    with errors(name, "header"), _open(data, name) as picture:
        return _header(picture, name)


def samples(data: bytes, name: str) -> NDArray[Any]:
    """The first frame as stored, not turned: (height, width) or (height, width, 2 to 4) with straight alpha, red first.

    uint8, or for deep grey pictures uint16, uint32, int32 or float32 as the header says.
    """
    with errors(name, "decoding"), _open(data, name) as picture:
        header = _header(picture, name)
        if name == TIFF:
            _check_tiff(picture, len(data))
        picture.load()
        numbers = _array(picture, header)
        if name == TIFF and picture.getexif().get(_PHOTOMETRIC) == 0 and numbers.dtype != np.uint8:
            numbers = _white_is_zero(numbers, header)
        # Pillow turns TIFF while it loads; every format is turned in one place, later.
        return apply_orientation(numbers, {6: 8, 8: 6}.get(header.orientation, header.orientation)) if name == TIFF else numbers


@contextmanager
def errors(name: str, detail: str) -> Iterator[None]:
    """PictureError for whatever Pillow raises."""
    try:
        yield
    except (PictureError, MemoryError):
        raise
    except Image.DecompressionBombError as error:
        pixels = re.search(r"\d+", str(error))
        raise PictureError("too_many_pixels", pixels=pixels[0] if pixels else "?",
                           maximum=2 * (Image.MAX_IMAGE_PIXELS or 0)) from None
    except Exception as error:  # noqa: BLE001 - a border: Pillow raises nearly anything for damaged files
        message = str(error)
        if "memory" in message.lower() and "security limit" not in message.lower():
            raise MemoryError from None
        if (isinstance(error, SyntaxError) and _UNKNOWN.search(message)) or _NOT_DONE.search(message):
            kind = next((kind for kind, pattern in _DETAILS_OF if pattern.search(message)), "colors")
            raise unsupported(name, kind) from None
        missing = EOFError | struct.error | IndexError
        if isinstance(error, missing) or isinstance(error.__cause__, missing) or _MISSING.search(str(error)):
            raise truncated(name, "header" if detail == "header" else "pixels") from None
        raise corrupt(name, detail) from None


def _open(data: bytes, name: str) -> Image.Image:
    plugin, theirs = _PLUGINS[name]
    if name not in _opened:
        _register(plugin)
        _opened.add(name)
    # What `Image.open` does after it has found the format; it would hide why the format's own class refuses the file.
    picture = Image.OPEN[theirs][0](io.BytesIO(data), "")
    return _best_icon(picture) if name == ICO else picture


def _best_icon(picture: Any) -> Image.Image:
    """The largest picture of an icon, and of equally large ones that with the most colours, which Pillow takes last."""
    best = max(picture.ico.entry, key=lambda entry: (entry.square, entry.color_depth))
    return cast(Image.Image, picture.ico.getimage(best.dim, best.color_depth))


def _register(plugin: str) -> None:
    """Have Pillow know one format; it imports its plug-ins all at once only for files that none of them takes."""
    import importlib

    if plugin:
        importlib.import_module(f"PIL.{plugin}")
        return
    try:
        import pi_heif
    except ImportError:
        raise unsupported(HEIC, "library") from None
    pi_heif.register_heif_opener(thumbnails=False)


def _header(picture: Image.Image, name: str) -> Header:
    mode = picture.mode
    if mode not in _COLORS:
        raise unsupported(name, "colors")
    color, channels = _COLORS[mode]
    transparent = "transparency" in picture.info
    if transparent:
        color = "rgba" if color == "rgb" else color if color.endswith("alpha") else color + "+alpha"
    depth, kind = _DEPTHS.get(mode, 8), "float" if mode == "F" else "unsigned"
    if name == TIFF:
        depth, kind = _tiff_samples(picture, depth, kind)
    elif mode == "I":
        depth = 16  # of 16-bit files Pillow gives 32-bit numbers
    orientation = valid(picture.getexif().get(_ORIENTATION, 1))
    width, height = _stored_size(picture) if name == TIFF else picture.size
    animated = _is_animated(picture)
    return Header(name, width, height, depth, channels, color, orientation, animated, kind)


def _is_animated(picture: Any) -> bool:
    """Whether a sound second frame follows. Pillow reads it to say so; of a damaged one the first frame may be whole."""
    try:
        return bool(getattr(picture, "is_animated", False))
    except Exception:  # noqa: BLE001 - a border: Pillow raises nearly anything for damaged frames
        return False


def _stored_size(picture: Any) -> tuple[int, int]:
    """(width, height) of a TIFF before it is turned; Pillow's own size is sometimes that of the turned picture."""
    return int(picture.tag_v2[_WIDTH]), int(picture.tag_v2[_HEIGHT])


def _tiff_samples(picture: Any, depth: int, kind: str) -> tuple[int, str]:
    """(bits of a sample, its kind) from the tags; 8 where Pillow has made 8 bits of more."""
    tags = picture.tag_v2
    bits = tags.get(_BITS, (1,))
    bits = bits[0] if isinstance(bits, tuple) else bits
    kinds = tags.get(_KIND, (1,))
    kind = _KINDS.get(kinds[0] if isinstance(kinds, tuple) else kinds, kind)
    if depth <= 8:
        return min(8, bits), kind if picture.mode == "L" and kind == "signed" else "unsigned"
    return bits, kind


def tiff_tags(data: bytes) -> Any:
    """The tags of the first page of a TIFF, by number."""
    head = data[:16 if data[2:3] == b"+" or data[3:4] == b"+" else 8]
    tags = TiffImagePlugin.ImageFileDirectory_v2(head)
    file = io.BytesIO(data)
    file.seek(tags.next)
    tags.load(file)
    return tags


def check_pieces(tags: Any, size: int) -> None:
    """Raise PictureError where strips or tiles lie beyond the end of the file."""
    for offsets, lengths, most in ((273, 279, _strip_bytes(tags)), (324, 325, None)):
        pieces = zip(tags.get(offsets, ()), tags.get(lengths, ()), strict=False)
        if any(offset + (length if most is None else min(length, most)) > size for offset, length in pieces):
            raise truncated(TIFF)


def _strip_bytes(tags: Any) -> int | None:
    """The bytes of a picture that is one uncompressed strip, whatever length the file says; None for any other."""
    if _first(tags, _COMPRESSION) != 1 or len(tags.get(273, ())) != 1:
        return None
    bits = _first(tags, _BITS) * (_first(tags, 277) if _first(tags, _PLANES) == 1 else 1)
    return int(_first(tags, _HEIGHT) * -(-_first(tags, _WIDTH) * bits // 8))


def _first(tags: Any, number: int) -> int:
    """The first value of a tag, 1 where it is missing."""
    value = tags.get(number, 1)
    return int(value[0]) if isinstance(value, tuple) else int(value)


def _check_tiff(picture: Any, size: int) -> None:
    """Refuse what is cut off, packed in a way that this libtiff does not know, or in plain planes of deep samples, which
    Pillow reads wrongly; packed ones are read by libtiff."""
    tags = picture.tag_v2
    check_pieces(tags, size)
    compression = _first(tags, _COMPRESSION)
    if compression in _OPTIONAL_CODECS and not _has_codec(_OPTIONAL_CODECS[compression]):
        raise unsupported(TIFF, "compression")
    bits = tags.get(_BITS, (1,))
    if compression == 1 and tags.get(_PLANES, 1) == 2 and len(bits) > 1 and max(bits) > 8:
        raise unsupported(TIFF, "bits")


@cache
def _has_codec(compression: str) -> bool:
    """Whether libtiff was built with a compression: it says so only when asked to write it."""
    try:
        Image.new("RGB", (8, 8)).save(io.BytesIO(), "TIFF", compression=compression)
    except (OSError, RuntimeError, ValueError):
        return False
    return True


def _array(picture: Image.Image, header: Header) -> NDArray[Any]:
    """The pixels of a loaded picture in one of the forms that `samples` promises."""
    mode = picture.mode
    if mode in ("P", "PA"):
        picture = picture.convert("RGBA" if header.has_alpha else "RGB")
    elif mode in ("1", "CMYK", "YCbCr", "RGBX", "RGBa", "La"):
        picture = picture.convert({"1": "L", "RGBa": "RGBA", "La": "LA"}.get(mode, "RGB"))
    elif mode == "LAB":
        picture = _from_lab(picture)
    if header.has_alpha and picture.mode in ("L", "RGB"):
        picture = picture.convert("LA" if picture.mode == "L" else "RGBA")
    numbers = np.asarray(picture)
    if header.sample_kind == "signed" and numbers.dtype == np.uint8:
        return numbers.view(np.int8)
    if header.sample_kind == "unsigned" and numbers.dtype == np.int32:
        numbers = numbers.astype(np.uint16) if header.bit_depth <= 16 else numbers.view(np.uint32)
    return numbers


def _white_is_zero(numbers: NDArray[Any], header: Header) -> NDArray[Any]:
    """Deep grey whose least number is white, which Pillow leaves as it is."""
    if header.sample_kind == "float":
        raise unsupported(TIFF, "colors")
    if numbers.dtype == np.bool_:
        return numbers  # Pillow has turned these round
    greatest = (1 << header.bit_depth) - 1 if header.sample_kind == "unsigned" else -1
    return np.asarray(numbers.dtype.type(greatest) - numbers)


def _from_lab(picture: Image.Image) -> Image.Image:
    transform = ImageCms.buildTransform(ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), "LAB", "RGB")
    converted = ImageCms.applyTransform(picture, transform)
    assert converted is not None
    return converted
