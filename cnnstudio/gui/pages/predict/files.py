"""What the Predict page does with files in threads: folders are listed, pasted pictures written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtGui import QImage

from cnnstudio.core.problems import Problem
from cnnstudio.gui.state.jobs import Report


def list_files(paths: Sequence[str], _report: Report) -> tuple[list[str], tuple[Problem, ...]]:
    """Files unchanged; for a folder, all pictures in it and below, with what was left out."""
    from cnnstudio.workers.answer_format import pictures_of

    return pictures_of(paths)


def save_image(image: QImage, path: Path) -> str:
    """Write a pasted picture in a thread; raises OSError."""
    if not image.save(str(path)):
        raise OSError(f"could not write {path}")
    return str(path)


def save_content(data: bytes, path: Path) -> str:
    """Write the content of a picture that came without a file, in a thread; raises OSError."""
    path.write_bytes(data)
    return str(path)


def save_frame(pixels: Any, path: Path) -> Path:
    """Write a frame (blue first) as a PNG in a thread; raises ProblemError."""
    import cv2

    from cnnstudio.core.atomic import write_atomically

    write_atomically(path, cv2.imencode(".png", pixels)[1].tobytes())
    return path
