"""The formats of picture files: how each is recognised and who reads it.

A picture is recognised by its bytes, never by its name. JPEG and PNG are read through OpenCV, where that is quickest and the
checks can be made; everything else through Pillow (deep TIFF by tifffile), which is imported when the first such picture
comes. This package is copied as it is into exported bundles.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:  # who only asks for endings does not wait for NumPy and OpenCV
    from numpy.typing import NDArray

    from ..header import Header

_HEIF_BRANDS: Final = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_TGA_KINDS: Final = (1, 2, 3, 9, 10, 11)
_TGA_DEPTHS: Final = (8, 15, 16, 24, 32)


@dataclass(frozen=True)
class PictureFormat:
    """One format: its name, the usual endings of its files, and what its files begin with.

    `module` reads it: "jpeg", "png", "tiff", "tga" or "pillow". `reduces`: it can be decoded at a half, a quarter or an
    eighth of its size. `sure`: `begins` looks for a signature, which no other kind of file begins with.
    """

    name: str
    suffixes: frozenset[str]
    begins: Callable[[bytes], bool]
    module: str = "pillow"
    reduces: bool = False
    sure: bool = True

    def read(self, data: bytes) -> Header:
        """The header of a picture of this format; raises PictureError."""
        if self.module == "jpeg":
            from . import jpeg

            return jpeg.read(data)
        if self.module == "png":
            from . import png

            return png.read(data)
        if self.module == "tiff":
            from . import tiff

            return tiff.read(data)
        if self.module == "tga":
            from . import tga

            return tga.read(data)
        from . import pillow

        return pillow.read(data, self.name)

    def samples(self, data: bytes, reduce: int = 1) -> NDArray[Any]:
        """The samples as stored, not turned; raises PictureError. `reduce` is for a format that `reduces`."""
        if self.module == "jpeg":
            from . import jpeg

            return jpeg.pixels(data, reduce)
        if self.module == "png":
            from . import png

            return png.samples(data)
        if self.module == "tiff":
            from . import tiff

            return tiff.samples(data)
        if self.module == "tga":
            from . import tga

            return tga.samples(data)
        from . import pillow

        return pillow.samples(data, self.name)


def recognise(data: bytes) -> PictureFormat | None:
    """The format that the bytes begin as, or None."""
    return next((entry for entry in FORMATS if entry.begins(data)), None)


def _starts(*signatures: bytes) -> Callable[[bytes], bool]:
    return lambda data: data.startswith(signatures)


def _brands(data: bytes) -> bytes:
    """The brands of a file of ISO boxes; empty for any other."""
    if data[4:8] != b"ftyp":
        return b""
    return data[8:min(len(data), 8 + 256, max(16, int.from_bytes(data[:4], "big")))]


def _is_avif(data: bytes) -> bool:
    brands = _brands(data)
    return b"avif" in brands or b"avis" in brands


def _is_heic(data: bytes) -> bool:
    brands = _brands(data)
    return any(brand in brands for brand in _HEIF_BRANDS)


def _is_bmp(data: bytes) -> bool:
    return data[:2] == b"BM" and len(data) >= 18 and int.from_bytes(data[14:18], "little") <= 124


def _is_pnm(data: bytes) -> bool:
    return data[:1] == b"P" and len(data) > 2 and data[1:2] in b"123456" and data[2:3] in b" \t\r\n#\v\f"


def _is_tga(data: bytes) -> bool:
    """A TGA has no signature: every field of its header must be one that writers write, and the sides above 0."""
    if len(data) < 18:
        return False
    palette, kind, depth, descriptor = data[1], data[2], data[16], data[17]
    sides = (int.from_bytes(data[12:14], "little"), int.from_bytes(data[14:16], "little"))
    return (palette in (0, 1) and kind in _TGA_KINDS and (kind not in (1, 9) or palette == 1) and depth in _TGA_DEPTHS
            and descriptor & 0xC0 == 0 and min(sides) > 0)


FORMATS: Final[tuple[PictureFormat, ...]] = (
    PictureFormat("JPEG", frozenset({".jpg", ".jpeg", ".jpe", ".jfif"}), _starts(b"\xff\xd8\xff"), "jpeg", reduces=True),
    PictureFormat("PNG", frozenset({".png", ".apng"}), _starts(b"\x89PNG\r\n\x1a\n"), "png"),
    PictureFormat("GIF", frozenset({".gif"}), _starts(b"GIF87a", b"GIF89a")),
    PictureFormat("WebP", frozenset({".webp"}), lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP"),
    PictureFormat("TIFF", frozenset({".tif", ".tiff"}), _starts(b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
                  "tiff"),
    PictureFormat("AVIF", frozenset({".avif"}), _is_avif),
    PictureFormat("HEIC", frozenset({".heic", ".heif", ".hif"}), _is_heic),
    PictureFormat("JPEG 2000", frozenset({".jp2", ".j2k", ".j2c", ".jpf", ".jpx", ".jpm"}),
                  _starts(b"\0\0\0\x0cjP  \r\n\x87\n", b"\xff\x4f\xff\x51")),
    PictureFormat("BMP", frozenset({".bmp", ".dib"}), _is_bmp),
    PictureFormat("PNM", frozenset({".pbm", ".pgm", ".ppm", ".pnm"}), _is_pnm),
    PictureFormat("ICO", frozenset({".ico"}), _starts(b"\0\0\1\0")),
    PictureFormat("TGA", frozenset({".tga", ".icb", ".vda", ".vst"}), _is_tga, "tga", sure=False),
)
"""In the order in which they are tried; the one without a signature last."""
BY_NAME: Final = {entry.name: entry for entry in FORMATS}
SUFFIXES: Final = frozenset().union(*(entry.suffixes for entry in FORMATS))
"""The endings that name a picture; the content decides."""
