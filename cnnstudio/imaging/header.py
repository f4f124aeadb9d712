"""The header of a picture, and helpers that all formats share.

This module is copied as it is into exported bundles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from .errors import corrupt

_GREATEST_SIDE: Final = 2**31 - 1


@dataclass(frozen=True)
class Header:
    """A picture described without decoding it.

    `width` and `height` are those of the stored picture, before `orientation` (EXIF's 1 to 8) is applied.
    `color` is gray, gray+alpha, rgb, rgba, palette, palette+alpha, ycbcr, cmyk or ycck. `bit_depth` is that
    of one sample as stored; `channels` counts the stored samples a pixel. `animated` is true for more than
    one frame or page. `sample_kind` is unsigned, signed or float.
    """

    format: str
    width: int
    height: int
    bit_depth: int
    channels: int
    color: str
    orientation: int = 1
    animated: bool = False
    sample_kind: str = "unsigned"

    def __post_init__(self) -> None:
        if not (0 < self.width <= _GREATEST_SIDE and 0 < self.height <= _GREATEST_SIDE):
            raise corrupt(self.format, "size")

    @property
    def has_alpha(self) -> bool:
        """Whether some pixels may be transparent."""
        return self.color.endswith(("alpha", "rgba"))

    @property
    def size_as_seen(self) -> tuple[int, int]:
        """(width, height) after the orientation is applied."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)


# Every 16-bit value as the nearest of 256: v / 257 rounded, so that 65535 is 255 and 0 is 0.
_SIXTEEN_TO_EIGHT: Final = ((np.arange(65536, dtype=np.uint32) + 128) // 257).astype(np.uint8)


def to_eight_bits(samples: NDArray[np.uint16], maximum: int = 65535) -> NDArray[np.uint8]:
    """Samples of 0 to `maximum` scaled to 0 to 255, to the nearest; greater values count as the maximum."""
    if maximum == 65535:
        return _SIXTEEN_TO_EIGHT[samples]
    levels = np.minimum(np.arange(65536, dtype=np.uint32), maximum)
    return ((levels * 510 + maximum) // (2 * maximum)).astype(np.uint8)[samples]


def decode_with_opencv(data: bytes, flags: int, picture_format: str) -> NDArray[Any]:
    """`cv2.imdecode` without the orientation; raises PictureError where it gives no picture."""
    try:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), flags | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        picture = None
    if picture is None:
        raise corrupt(picture_format, "decoding")
    return picture


def to_rgb_order(picture: NDArray[Any]) -> NDArray[Any]:
    """OpenCV's blue-green-red(-alpha) as red-green-blue(-alpha)."""
    if picture.ndim == 3 and picture.shape[2] == 3:
        return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    if picture.ndim == 3 and picture.shape[2] == 4:
        return cv2.cvtColor(picture, cv2.COLOR_BGRA2RGBA)
    return picture
