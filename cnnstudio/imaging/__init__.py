"""Pixels: decoding, preparation, augmentation, thumbnails, measures (NumPy and OpenCV only)."""

from typing import Final

EXPORTED_MODULES: Final = (
    "errors", "orientation", "lzw", "header", "jpeg", "png", "webp", "boxes", "gif", "anymap", "bmp", "tiff",
    "tiff_pixels", "headers", "decode", "operations", "prepare", "quiet",
)
"""The pixel path: modules that are copied as they are into exported bundles.

They import the standard library, NumPy, OpenCV and each other (by relative import), nothing else.
"""
