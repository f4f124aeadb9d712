"""Looking inside a picture without keeping its pixels: is it whole, and how large is it as seen?"""

from __future__ import annotations

from cnnstudio.imaging.decode import decode
from cnnstudio.imaging.headers import read_header


def inspect_picture(data: bytes) -> tuple[int, int]:
    """(height, width) with the orientation applied; raises PictureError for what `decode` refuses.

    The picture is really decoded (a JPEG at an eighth of its sides), as nothing less finds all damage.
    """
    header = read_header(data)
    decode(data, channels=None, reduce=8)
    width, height = header.size_as_seen
    return height, width


def channel_count(data: bytes) -> int:
    """1 for grey pictures (also where colour channels only repeat the grey), 3 or 4 for others; raises PictureError."""
    header = read_header(data)
    if header.color in ("gray", "gray+alpha"):
        return 1
    picture = decode(data, channels=None, reduce=8)
    if picture.shape[2] >= 3 and bool((picture[..., :1] == picture[..., 1:3]).all()):
        return 1
    return picture.shape[2]


