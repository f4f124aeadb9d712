"""Metadata of a picture, read with Pillow; pixels are never read here."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from typing import Any, Final

_FIRST: Final = ("Make", "Model", "LensModel", "DateTimeOriginal", "ExposureTime", "FNumber", "ISOSpeedRatings",
                 "PhotographicSensitivity", "FocalLength", "Flash", "Orientation", "Software", "Artist", "Copyright",
                 "ImageDescription")
_LONGEST: Final = 120
_EXIF, _GPS = 0x8769, 0x8825


def read_metadata(data: bytes, most: int = 60) -> list[tuple[str, str]]:
    """(tag, value) of the EXIF of a picture, the most useful first; empty if there is none or it is damaged.

    Tags are EXIF's own English names (EXIF 2.32, CIPA DC-008). Nothing is decoded and nothing raised.
    """
    from PIL import ExifTags, Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as picture:
                exif = picture.getexif()
                tags = {**_tags_by_name(exif, ExifTags.TAGS), **_tags_by_name(exif.get_ifd(_EXIF), ExifTags.TAGS)}
                place = _tags_by_name(exif.get_ifd(_GPS), ExifTags.GPSTAGS)
    except Exception:  # noqa: BLE001 - a border: damaged tags make Pillow raise nearly anything
        return []
    if "GPSLatitude" in place and "GPSLongitude" in place:
        tags["GPS"] = f"{place['GPSLatitude']} {place.get('GPSLatitudeRef', '')}, " \
                      f"{place['GPSLongitude']} {place.get('GPSLongitudeRef', '')}"
    order = {name: number for number, name in enumerate(_FIRST)}
    ordered = sorted(tags.items(), key=lambda item: (order.get(item[0], len(order)), item[0]))
    return ordered[:most]


def taken_at(data: bytes) -> str | None:
    """When the picture was taken, as "YYYY:MM:DD HH:MM:SS", or None."""
    tags = dict(read_metadata(data))
    return tags.get("DateTimeOriginal") or tags.get("DateTime")


def _tags_by_name(tags: Mapping[int, Any], names: Mapping[int, str]) -> dict[str, str]:
    result = {}
    for number, value in tags.items():
        text = _value_text(value)
        if text and number in names and names[number] not in ("MakerNote", "UserComment", "PrintImageMatching"):
            result[names[number]] = text
    return result


def _value_text(value: Any) -> str:
    if isinstance(value, bytes):
        value = value.decode("ascii", "ignore")
    if isinstance(value, tuple | list):
        value = " ".join(_value_text(item) for item in value)
    elif isinstance(value, dict):
        return ""
    text = "".join(letter for letter in str(value) if letter.isprintable()).strip()
    return text[:_LONGEST]
