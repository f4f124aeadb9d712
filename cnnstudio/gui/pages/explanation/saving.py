"""Explained pictures as PNG files and on the clipboard, in the full size of the picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from cnnstudio.core.events import Failed
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.explanation.maps import LoadedMap, MapLook
from cnnstudio.gui.pages.file_dialogs import ask_save_path, report_saved
from cnnstudio.gui.state.jobs import Report, Work
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.picture import image_of
from cnnstudio.imaging import overlay
from cnnstudio.imaging.decode import read_picture
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.problems import picture_problem
from cnnstudio.imaging.sample_range import STRETCHED
from cnnstudio.imaging.thumbnails import thumbnail

_GAP = 12
_SHEET = 480


@dataclass(frozen=True, eq=False)
class ToDraw:
    """A picture with its map, or without one, and what is written below it on a sheet."""

    file: Path
    map: LoadedMap | None
    caption: str = ""


def draw_pictures(pictures: Sequence[ToDraw], look: MapLook) -> np.ndarray:
    """Pictures with their maps side by side, each in its full size, uint8 (height, width, 3). Raises ProblemError."""
    drawn = []
    for item in pictures:
        picture = _read(item.file)
        whole = max(picture.shape[:2])
        drawn.append(item.map.drawn(picture, look) if item.map is not None else overlay.reduced(picture, whole))
    if len(drawn) == 1:
        return drawn[0]
    high = max(picture.shape[0] for picture in drawn)
    paper = np.full((high, sum(picture.shape[1] for picture in drawn) + _GAP * (len(drawn) - 1), 3), 255, np.uint8)
    left = 0
    for picture in drawn:
        paper[:picture.shape[0], left:left + picture.shape[1]] = picture
        left += picture.shape[1] + _GAP
    return paper


def _read(file: Path) -> np.ndarray:
    try:
        return np.asarray(read_picture(file, sample_range=STRETCHED))
    except PictureError as err:
        raise ProblemError(picture_problem(err, str(file))) from err


def draw_sheet(pictures: Sequence[ToDraw], look: MapLook, report: Report) -> np.ndarray:
    """Pictures with their maps in cells, with captions; those that cannot be read are left out. Raises ProblemError where none
    can be read."""
    cells, captions = [], []
    problem: ProblemError | None = None
    for place, item in enumerate(pictures):
        report.check()
        report.progress(place, len(pictures))
        try:
            picture = thumbnail(str(item.file), _SHEET)
        except PictureError as err:
            problem = ProblemError(picture_problem(err, str(item.file)))
            continue
        cells.append(item.map.drawn(_enlarged(picture), look) if item.map is not None else overlay.reduced(picture))
        captions.append(item.caption)
    if not cells:
        assert problem is not None
        raise problem
    return overlay.sheet(cells, captions)


def _enlarged(picture: np.ndarray) -> np.ndarray:
    """A small picture pixel by pixel in the size of a cell, so that a map over it is as fine as it is on screen."""
    factor = max(1, overlay.CELL // max(picture.shape[:2]))
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def draw_mean(picture: np.ndarray, found: LoadedMap, look: MapLook, caption: str) -> np.ndarray:
    """A mean picture, uint8 (height, width, channels), with the mean of the maps over it and its caption below."""
    return overlay.sheet([found.drawn(_enlarged(picture), look)], [caption], cell=2 * overlay.CELL)


def save_explained(session: Session, parent: QWidget, pictures: Sequence[ToDraw], look: MapLook, name: str) -> Work | None:
    """Ask for a file and write the pictures as they are seen; None where the user cancelled."""
    return save_drawn(session, parent, name, lambda _report: draw_pictures(pictures, look))


def save_drawn(session: Session, parent: QWidget, name: str, draw: Callable[[Report], np.ndarray]) -> Work | None:
    """Ask for a file and write what `draw` draws in a thread; None where the user cancelled."""
    path = ask_save_path(session, parent.window(), tr("Save as PNG", "Guardar como PNG"), name, "PNG (*.png)")
    return None if path is None else write_in_thread(session, parent, path, draw)


def write_in_thread(session: Session, owner: QWidget, path: Path, draw: Callable[[Report], np.ndarray]) -> Work:
    """Draw and write a PNG in a thread, and report what came of it."""
    if path.suffix.lower() != ".png":
        path = path.with_name(path.name + ".png")

    def done(job: Work) -> None:
        if isinstance(job.last, Failed):
            session.report(job.last.problem)
        elif job.result is not None:
            report_saved(session, path, opens=True)

    def work(report: Report) -> bool:
        overlay.write_png(path, draw(report))
        return True

    return session.jobs.run(work, Text("Saving", "Guardando"), "save-explained", quiet=True, done=done, owner=owner)


def copy_explained(session: Session, owner: QWidget, pictures: Sequence[ToDraw], look: MapLook) -> Work:
    """Put the pictures, as they are seen, on the clipboard."""

    def done(job: Work) -> None:
        if isinstance(job.last, Failed):
            session.report(job.last.problem)
        elif job.result is not None:
            QGuiApplication.clipboard().setImage(image_of(job.result))

    return session.jobs.run(lambda _report: draw_pictures(pictures, look), Text("Copying", "Copiando"), "copy-explained",
                            quiet=True, done=done, owner=owner)
