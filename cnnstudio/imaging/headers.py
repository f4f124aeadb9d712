"""Recognise a picture by its bytes, never by its name, and describe it without decoding it.

This module is copied as it is into exported bundles.
"""

from __future__ import annotations

import struct

from .errors import PictureError, corrupt, truncated
from .formats import recognise
from .header import Header

__all__ = ["Header", "read_header", "recognise"]


def read_header(data: bytes) -> Header:
    """Describe a picture. Raises PictureError where it is no picture or its header is damaged."""
    if not data:
        raise PictureError("empty_file")
    picture_format = recognise(data)
    if picture_format is None:
        raise PictureError("not_a_picture")
    try:
        return picture_format.read(data)
    except (struct.error, IndexError):
        raise truncated(picture_format.name, "header") from None
    except (ValueError, OverflowError):
        raise corrupt(picture_format.name, "header") from None
