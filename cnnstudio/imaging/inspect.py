"""Inspection of a picture while a folder is scanned: its size, and whether it can be decoded."""

from __future__ import annotations

from cnnstudio.imaging.decode import decode_samples
from cnnstudio.imaging.headers import read_header
from cnnstudio.imaging.sample_range import StoredSamples, is_deep, stored_samples


def inspect_picture(data: bytes) -> tuple[int, int, StoredSamples | None]:
    """(height, width) of the displayed picture, after decoding it to find damage, and its samples where they have more
    than 8 bits.

    A JPEG is decoded at an eighth of its size: that reads all of its data and finds the same damage.
    Raises PictureError.
    """
    header = read_header(data)
    samples = decode_samples(data, header, reduce=8)
    width, height = header.size_as_seen
    return height, width, stored_samples(samples, header) if is_deep(samples) else None


def channel_count(data: bytes) -> int:
    """1 for grey, 4 where pixels may be transparent, else 3, from the header. Raises PictureError."""
    header = read_header(data)
    if header.has_alpha:
        return 4
    return 1 if header.color == "gray" else 3
