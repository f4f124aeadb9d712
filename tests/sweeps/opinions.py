"""A second opinion on how a picture looks: the reference of its corpus where it has one, else Pillow."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from cnnstudio.imaging.headers import read_header

ANSWERED: Final = ("Pillow", "reference", "upright")
EXACT: Final = 2.0
"""Of 255: rounding of depth, colours and transparency."""
LOSSY: Final = 3.0
"""Mean of 255 by which two decoders of one JPEG may differ."""
COPIES: Final = 5.0
"""The same for two JPEGs of one scene. A picture that is turned wrongly differs by some 60."""
_TURNED: Final = re.compile(r"(.*_)([2-8])(\.jpe?g)$", re.IGNORECASE)


class Opinion(NamedTuple):
    """Whose it is, or why there is none; the colours (height, width, 3) as any numbers, their opacity from 0 to 1, and by
    how much in the mean (`lossy`) or at most they may differ."""

    whose: str
    colors: NDArray[Any] | None = None
    opacity: NDArray[np.float64] | None = None
    lossy: float | None = None


def second_opinion(path: Path, maximum_pixels: int, without_reference: bool = False) -> Opinion:
    """What others say of a picture, over white."""
    lossy = LOSSY if path.read_bytes()[:3] == b"\xff\xd8\xff" else None
    reference = None if without_reference else find_reference(path)
    try:
        if reference is not None:
            return Opinion("reference", *_numbers(reference, maximum_pixels), lossy)
        upright = _upright_copy(path)
        if upright is not None:
            return Opinion("upright", *_numbers(upright, maximum_pixels), COPIES)
        return Opinion("Pillow", *_numbers(path, maximum_pixels), lossy)
    except Exception as error:  # noqa: BLE001 - whatever a decoder of others says
        return Opinion(f"none, {type(error).__name__}: {str(error)[:80]}")


def find_reference(path: Path) -> Path | None:
    """The expected picture of tests/images/A/B.bmp: tests/reference/A/B.bmp.png, or with a checksum before its ending."""
    if "tests" not in path.parts:
        return None
    place = len(path.parts) - 1 - path.parts[::-1].index("tests")
    if path.parts[place + 1] != "images":
        return None
    folder = Path(*path.parts[:place + 1], "reference", *path.parts[place + 2:-1])
    pattern = re.compile(re.escape(path.name) + r"(\.[0-9a-f]{8})?\.png")
    names = sorted(name for name in folder.glob("*.png") if pattern.fullmatch(name.name)) if folder.is_dir() else []
    return names[0] if names else None


def _upright_copy(path: Path) -> Path | None:
    """A_1.jpg of a picture A_6.jpg whose orientation is 6."""
    match = _TURNED.match(path.name)
    upright = path.with_name(f"{match[1]}1{match[3]}") if match else path
    if match is None or not upright.is_file() or read_header(path.read_bytes()).orientation != int(match[2]):
        return None
    return upright


def _numbers(path: Path, maximum_pixels: int) -> tuple[NDArray[Any], NDArray[np.float64] | None]:
    """Colours and opacity of the first frame as Pillow reads them, turned; deep PNG as OpenCV does, as Pillow cuts it."""
    data = path.read_bytes()
    if data[:4] == b"\x89PNG" and data[24:25] == b"\x10" and data[25:26] in b"\2\4\6":
        picture = cv2.imdecode(np.frombuffer(_without_frames(data), np.uint8), cv2.IMREAD_UNCHANGED)
        return picture[..., 2::-1], picture[..., 3] / 65535 if picture.shape[2] == 4 else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        Image.MAX_IMAGE_PIXELS = maximum_pixels // 2
        picture = Image.open(path)
        key = picture.info.get("transparency")
        picture.load()
        signed = picture.mode == "L" and getattr(picture, "tag_v2", {}).get(339, (1,))[0] == 2
        picture = ImageOps.exif_transpose(picture)
        if picture.mode[0] in "IF":
            gray = np.asarray(picture)
            return np.repeat(gray[..., None], 3, axis=2), (gray != key).astype(float) if isinstance(key, int) else None
        if signed:
            gray = np.asarray(picture).view(np.int8)  # Pillow leaves the sign to its caller
            return np.repeat(gray[..., None], 3, axis=2), None
        colors = np.asarray(picture.convert("RGBA"))
        opaque = picture.mode in ("1", "L", "RGB", "CMYK", "YCbCr", "LAB") and "transparency" not in picture.info
        return np.ascontiguousarray(colors[..., :3]), None if opaque else colors[..., 3] / 255


def _without_frames(data: bytes) -> bytes:
    """The default picture of a PNG, without its animation."""
    kept, position = [data[:8]], 8
    while position + 12 <= len(data):
        end = position + 12 + int.from_bytes(data[position:position + 4], "big")
        if data[position + 4:position + 8] not in (b"acTL", b"fcTL", b"fdAT"):
            kept.append(data[position:end])
        position = end
    return b"".join(kept)


def difference(picture: NDArray[np.uint8], opinion: Opinion, deep: Literal["", "picture", "type"] = "") -> str:
    """How a picture over white differs from an opinion beyond rounding and another decoder of JPEG; "" if it does not.

    `deep`: black and white are the least and greatest number of the picture, or of its type.
    """
    colors, tolerance = opinion.colors, EXACT
    assert colors is not None
    if deep == "type":
        colors = colors.astype(np.float64) * (255 if colors.dtype.kind == "f" else 255 / np.iinfo(colors.dtype).max)
    elif deep:
        low, high = float(colors.min()), float(colors.max())
        if colors.dtype == np.uint8:
            tolerance += 256 / max(high - low, 1)  # cut to 8 bits by the other side
        colors = (colors.astype(np.float64) - low) * (255 / (high - low)) if high > low else np.zeros(colors.shape)
    if opinion.opacity is not None and opinion.opacity.min() < 1:
        colors = colors * opinion.opacity[..., None] + 255 * (1 - opinion.opacity[..., None])
    if picture.shape != colors.shape:
        return f"size {picture.shape[1]} x {picture.shape[0]}, not {colors.shape[1]} x {colors.shape[0]}"
    apart = cv2.absdiff(picture, colors) if colors.dtype == np.uint8 else np.abs(picture - colors)
    mean, most = float(apart.mean()), float(apart.max())
    if (most <= tolerance) if opinion.lossy is None else (mean <= opinion.lossy):
        return ""
    plain = ", and is plain" if int(np.ptp(picture)) == 0 else ""
    share = (apart.max(axis=2) > EXACT).mean()
    return f"differs by {mean:.2f} in the mean, {most:.0f} at most, in {share:.1%} of the pixels{plain}"
