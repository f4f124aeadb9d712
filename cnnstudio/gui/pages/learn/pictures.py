"""Saving what a bench shows."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QImage

from cnnstudio.core.atomic import write_atomically


def save_image(image: QImage, path: Path) -> None:
    """Write a picture as PNG. Raises ProblemError where it cannot be written."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    write_atomically(path, bytes(buffer.data().data()))
