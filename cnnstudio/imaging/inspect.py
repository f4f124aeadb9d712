"""Inspection of a picture while a folder is scanned: its size, and whether it can be decoded."""

from __future__ import annotations

from cnnstudio.imaging.decode import decode_described
from cnnstudio.imaging.formats import BY_NAME
from cnnstudio.imaging.headers import read_header


def inspect_picture(data: bytes) -> tuple[int, int]:
    """(height, width) of the displayed picture, after decoding it to find damage.

    A JPEG is decoded at an eighth of its size: that reads all of its data and finds the same damage.
    Raises PictureError.
    """
    header = read_header(data)
    picture = decode_described(data, header, channels=None, background=(255, 255, 255), reduce=8)
    if BY_NAME[header.format].reduces:
        width, height = header.size_as_seen
        return height, width
    return picture.shape[0], picture.shape[1]


def channel_count(data: bytes) -> int:
    """1 for grey, 4 where pixels may be transparent, else 3, from the header. Raises PictureError."""
    header = read_header(data)
    if header.has_alpha:
        return 4
    return 1 if header.color == "gray" else 3
