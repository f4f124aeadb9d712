"""The one decoder: bytes of a picture file to uint8 pixels, the same everywhere in the program.

What is defined here:

- The picture is as it is displayed: EXIF or XMP orientation (in AVIF its turning boxes) is applied once.
- Samples of n bits are scaled to 0..255 to the nearest, by the whole range of their type unless a `SampleRange` says
  otherwise; 1 bit gives 0 and 255. Colour profiles are ignored.
- Grey of a colour picture is 0.299 red + 0.587 green + 0.114 blue, after transparency is resolved.
- Transparency: kept where four channels are asked for, otherwise laid over `background`.
- Of an animation or a file of several pages, the first picture.
- A picture of which something is missing, or that would come out wrong, is refused with a PictureError.

OpenCV's threads are not touched here: `cv2.setNumThreads` is called where threads are started (see `augment.py`). Only
its messages on standard error are switched off, at the first decoding.

This module is copied as it is into exported bundles.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from .errors import PictureError, corrupt, disk_reason, truncated
from .formats import BY_NAME
from .header import Header
from .headers import read_header
from .orientation import apply_orientation
from .picture_files import open_regular
from .sample_range import TYPE_RANGE, SampleRange, stored_samples, to_uint8

Channels = Literal[1, 3, 4] | None

MAXIMUM_PIXELS: Final = 178_956_970
"""Half a gigabyte of red-green-blue pixels, as in Pillow: more than any camera has, less than a decompression bomb."""

MAXIMUM_BYTES: Final = 1 << 31
"""A larger file is refused before it is read."""

_quiet = False


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """The content of a regular file; raises PictureError (vanished, is_folder, no_permission, not_regular, ...)."""
    try:
        with open_regular(path) as file:
            size = os.fstat(file.fileno()).st_size
            if size > MAXIMUM_BYTES:
                raise PictureError("unreadable", reason=f"{size} bytes")
            return file.read()
    except FileNotFoundError:
        raise PictureError("vanished") from None
    except IsADirectoryError:
        raise PictureError("is_folder") from None
    except PermissionError:
        # Windows raises this for a folder, too.
        raise PictureError("is_folder" if os.path.isdir(path) else "no_permission") from None
    except NotADirectoryError:
        raise PictureError("vanished") from None
    except MemoryError:
        raise PictureError("unreadable", reason="ENOMEM") from None
    except (OSError, ValueError) as error:
        raise PictureError("unreadable", reason=disk_reason(error)) from None


def read_picture(path: str | os.PathLike[str], *, channels: Channels = 3,
                 background: Sequence[int] = (255, 255, 255), maximum_pixels: int = MAXIMUM_PIXELS,
                 reduce: int = 1, sample_range: SampleRange = TYPE_RANGE) -> NDArray[np.uint8]:
    """`decode` of a file; every error of the file itself is a PictureError as well."""
    return decode(read_bytes(path), channels=channels, background=background, maximum_pixels=maximum_pixels,
                  reduce=reduce, sample_range=sample_range)


def header_of(path: str | os.PathLike[str]) -> Header:
    """`read_header` of a file; only the beginning of a large JPEG is read."""
    try:
        with open_regular(path) as file:
            head = file.read(1 << 18)
    except (OSError, PictureError):
        head = b""
    if len(head) == 1 << 18 and head[:3] == b"\xff\xd8\xff":
        try:
            return read_header(head)
        except PictureError:
            pass  # the frame comes later, behind a large profile or preview
    return read_header(read_bytes(path))


def decode(data: bytes, *, channels: Channels = 3, background: Sequence[int] = (255, 255, 255),
           maximum_pixels: int = MAXIMUM_PIXELS, reduce: int = 1,
           sample_range: SampleRange = TYPE_RANGE) -> NDArray[np.uint8]:
    """Pixels of a picture: uint8, contiguous, (height, width, channels), red first.

    `channels` is 1 (grey), 3 (red-green-blue), 4 (with straight alpha) or None for what the picture has
    (grey with alpha counts as 4). `background` (red, green, blue; 0 to 255) shows through transparent
    pixels for 1 and 3 channels. `reduce` of 2, 4 or 8 lets a JPEG be decoded at that part of its sides,
    rounded up: quick and good enough to look at; other formats come in full size. `sample_range` says what is black and
    what is white in pictures of more than 8 bits a sample.

    Raises PictureError and nothing else for any bytes: for more than `maximum_pixels` before decoding.
    """
    if channels not in (1, 3, 4, None) or reduce not in (1, 2, 4, 8):
        raise ValueError(f"Expected channels 1, 3, 4 or None and reduce 1, 2, 4 or 8. Received: {channels!r}, "
                         f"{reduce!r}")
    data = bytes(data)
    return decode_described(data, read_header(data), channels=channels, background=background,
                            maximum_pixels=maximum_pixels, reduce=reduce, sample_range=sample_range)


def decode_described(data: bytes, header: Header, *, channels: Channels, background: Sequence[int],
                     maximum_pixels: int = MAXIMUM_PIXELS, reduce: int = 1,
                     sample_range: SampleRange = TYPE_RANGE) -> NDArray[np.uint8]:
    """`decode` for a caller that has read the header of `data` already."""
    samples = decode_samples(data, header, maximum_pixels=maximum_pixels, reduce=reduce)
    return picture_of(samples, header, channels=channels, background=background, sample_range=sample_range)


def picture_of(samples: NDArray[Any], header: Header, *, channels: Channels, background: Sequence[int],
               sample_range: SampleRange = TYPE_RANGE) -> NDArray[np.uint8]:
    """The samples of `decode_samples` as `decode` gives them. Raises PictureError."""
    with _picture_errors(header):
        picture = to_uint8(samples, header, sample_range)
        return np.ascontiguousarray(convert(apply_orientation(picture, header.orientation), channels, background))


def decode_samples(data: bytes, header: Header, *, maximum_pixels: int = MAXIMUM_PIXELS, reduce: int = 1) -> NDArray[Any]:
    """The samples (height, width[, channels]) as the file holds them, of any type and not turned yet. Raises PictureError."""
    if header.width * header.height > maximum_pixels:
        raise PictureError("too_large", width=header.width, height=header.height, maximum=maximum_pixels)
    _silence_messages()
    with _picture_errors(header):
        picture_format = BY_NAME[header.format]
        reduce = reduce if picture_format.reduces else 1
        samples = picture_format.samples(data, reduce)
        _check_size(samples, header, reduce)
        return samples


def count_not_numbers(data: bytes) -> int:
    """How many samples of a picture of floating point are not numbers or infinite; 0 for any other, without decoding it.
    Raises PictureError."""
    header = read_header(data)
    if header.sample_kind != "float":
        return 0
    return stored_samples(decode_samples(data, header), header).not_numbers


@contextmanager
def _picture_errors(header: Header) -> Iterator[None]:
    """Every error of decoding as a PictureError."""
    try:
        yield
    except MemoryError:
        raise PictureError("out_of_memory", width=header.width, height=header.height) from None
    except cv2.error as error:
        if "memory" in str(error).lower():
            raise PictureError("out_of_memory", width=header.width, height=header.height) from None
        raise corrupt(header.format, "decoding") from None
    except (struct.error, IndexError):
        raise truncated(header.format) from None
    except (ValueError, OverflowError, TypeError):
        raise corrupt(header.format) from None


def reduction(header: Header, size: int) -> int:
    """The `reduce` with which the longest side still has at least `size` pixels; 1 where the format cannot be reduced."""
    if not BY_NAME[header.format].reduces:
        return 1
    longest = max(header.width, header.height)
    return next((factor for factor in (8, 4, 2) if longest >= factor * size), 1)


def _check_size(picture: NDArray[Any], header: Header, reduce: int) -> None:
    expected = (-(-header.height // reduce), -(-header.width // reduce))
    if picture.shape[:2] != expected:
        raise corrupt(header.format, "size")


def _silence_messages() -> None:
    """Keep OpenCV from writing to standard error; a PictureError has the reason."""
    global _quiet
    if not _quiet:
        _quiet = True
        logging: Any = cv2.utils.logging
        logging.setLogLevel(logging.LOG_LEVEL_SILENT)


def convert(picture: NDArray[np.uint8], channels: Channels, background: Sequence[int] = (255, 255, 255),
            ) -> NDArray[np.uint8]:
    """A picture (height, width[, 1 to 4]) of grey, grey+alpha, colour or colour+alpha with `channels` of them."""
    if picture.ndim == 2:
        picture = picture[..., None]
    if channels is None:
        channels = {1: 1, 2: 4, 3: 3}.get(picture.shape[2], 4)  # type: ignore[assignment]
    count = picture.shape[2]
    if count == 2 or (count == 1 and channels != 1):
        gray = np.repeat(picture[..., :1], 3, axis=2)
        picture = np.concatenate([gray, picture[..., 1:]], axis=2) if count == 2 else gray
        count = picture.shape[2]
    if channels == 4:
        return picture if count == 4 else _opaque(picture)
    if count == 4:
        picture = lay_over(picture, background)
    if channels == 1 and picture.shape[2] == 3:
        picture = _gray(picture)
    return picture


def _gray(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    gray = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    return gray[..., None].astype(np.uint8, copy=False)


def _opaque(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    alpha = np.full((*picture.shape[:2], 1), 255, np.uint8)
    return np.concatenate([picture, alpha], axis=2)


def lay_over(picture: NDArray[np.uint8], background: Sequence[int]) -> NDArray[np.uint8]:
    """uint8 (height, width, 4) with straight alpha laid over a plain colour: (height, width, 3)."""
    alpha = picture[..., 3:]
    if bool((alpha == 255).all()):
        return picture[..., :3]
    behind = np.array([int(value) for value in background[:3]], np.uint16)
    weight = alpha.astype(np.uint16)
    # At most 255 * 255 + 127, which 16 bits hold.
    mixed = picture[..., :3] * weight + behind * (255 - weight) + np.uint16(127)
    return (mixed // np.uint16(255)).astype(np.uint8)
