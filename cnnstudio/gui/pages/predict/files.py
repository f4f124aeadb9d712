"""What the Predict page does with files in threads: folders are listed, pasted pictures and answers written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtGui import QImage

from cnnstudio.core.jobs import Prediction
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


def save_answers(path: Path, rows: Sequence[Prediction], names: Sequence[str]) -> None:
    """Write the table of the command line in a thread; raises ProblemError."""
    from cnnstudio.workers.answer_format import write_csv

    write_csv(path, rows, names)
