"""What a set of pictures of the course declares about itself."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import msgspec
import numpy as np

from cnnstudio.core.atomic import write_problem
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.datasets.sample import LICENCE_FILE


class Faults(msgspec.Struct, frozen=True, kw_only=True):
    """What was planted in a set, by the names of its files, which are unique without their folders.

    `wrong_labels` maps a file to the class it truly shows. Each of `copies` are pictures of which one is enough; each of
    `leaks` are copies that lie in different splits. `unreadable` files are no pictures.
    """

    wrong_labels: dict[str, Text] = {}
    copies: tuple[tuple[str, ...], ...] = ()
    leaks: tuple[tuple[str, ...], ...] = ()
    unreadable: tuple[str, ...] = ()


class DataSet(msgspec.Struct, frozen=True, kw_only=True):
    """A set of pictures. `about` says honestly where they come from; `write(folder)` writes the pictures below a folder that
    is there, the same bytes every time."""

    id: str
    title: Text
    about: Text
    licence: str
    pictures: int
    write: Callable[[Path], object]
    faults: Callable[[], Faults] = Faults


def write_set(data: DataSet, folder: Path) -> Path:
    """Write a set into `folder`, unless it is there whole; returns the folder. Raises ProblemError when it cannot be written,
    or when `folder` has other files: they would become pictures of the lesson."""
    # What an attempt that was cut off has left is written anew.
    half = folder.with_name(f".{folder.name}.part")
    try:
        if _is_whole(data, folder):
            return folder
        if folder.exists() and any(folder.iterdir()):
            raise ProblemError(_taken_problem(folder))
        shutil.rmtree(half, ignore_errors=True)
        half.mkdir(parents=True)
        data.write(half)
        (half / LICENCE_FILE).write_text(f"{data.title}\n\n{data.about}\n\n{data.licence}\n", encoding="utf-8")
        if folder.exists():
            folder.rmdir()
        half.rename(folder)
    except OSError as os_error:
        shutil.rmtree(half, ignore_errors=True)
        raise ProblemError(write_problem(os_error, folder)) from os_error
    return folder


def _is_whole(data: DataSet, folder: Path) -> bool:
    """Whether the folder has this set and nothing else: a licence without its pictures, or that of another set, is none."""
    licence = folder / LICENCE_FILE
    if not licence.is_file():
        return False
    title = licence.read_text("utf-8", errors="replace").partition("\n")[0]
    files = sum(path.is_file() for path in folder.rglob("*")) - 1
    return title in (data.title.en, data.title.es) and files == data.pictures


def _taken_problem(folder: Path) -> Problem:
    text = Text("{path} has files already, which would be mixed with the pictures of the lesson. Choose another folder.",
                "{path} ya tiene archivos, que se mezclarían con las imágenes de la lección. Elija otra carpeta.")
    return error("folder_taken", text.fill(path=folder), "dataset", path=folder)


def write_picture(path: Path, picture: np.ndarray, quality: int = 92) -> None:
    """Write RGB or grey pixels in the format of the name. OpenCV cannot open every path by itself."""
    shown = picture if picture.ndim == 2 else cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    settings = [cv2.IMWRITE_JPEG_QUALITY, quality] if path.suffix == ".jpg" else []
    _done, data = cv2.imencode(path.suffix, shown, settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.tobytes())
