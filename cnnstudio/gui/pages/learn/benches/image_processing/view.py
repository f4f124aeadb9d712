"""The image processing bench: the picture before and after, histograms, and the list of operations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import format_number, tr
from cnnstudio.gui.pages.learn.bench_view import BenchView
from cnnstudio.gui.pages.learn.benches.image_processing.steps import StepList
from cnnstudio.gui.pages.learn.drawing.board import Board, controls, group
from cnnstudio.gui.pages.learn.drawing.compare_view import CompareView
from cnnstudio.gui.pages.learn.drawing.grabbing import Frames, grab
from cnnstudio.gui.pages.learn.drawing.histogram import Histogram
from cnnstudio.gui.pages.learn.drawing.picture_choice import PictureChoice, PictureLoader, takes_picture
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import box, column, row
from cnnstudio.gui.widgets.picture import image_of
from cnnstudio.learning.benches.entry import Code
from cnnstudio.learning.benches.image_processing.entry import Picture, is_gray
from cnnstudio.learning.benches.image_processing.processing import (
    Processed,
    as_shown,
    histogram,
    process,
    processing_code,
)
from cnnstudio.learning.benches.image_processing.settings import (
    ProcessingSettings,
    Step,
    check_settings,
    read_settings,
)
from cnnstudio.learning.benches.pictures.source import LARGE_SIDES, PictureSource
from cnnstudio.learning.benches.plain import to_plain

_START: Final = ProcessingSettings()
_SWEEP: Final = 60
"""Frames of a film in which the slider moves once across the picture."""


class ProcessingBoard(QWidget):
    """The pictures and their histograms."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.pictures = CompareView()
        self.before = Histogram(tr("Before", "Antes"))
        self.after = Histogram(tr("After", "Después"))
        histograms = row(self.before, self.after, spacing=20)
        for place in range(2):
            histograms.setStretch(place, 1)
        holder = box(histograms)
        holder.setFixedHeight(164)
        layout = column(self.pictures, holder, spacing=12)
        layout.setStretch(0, 1)
        self.setLayout(layout)

    def show_processed(self, processed: Processed, split: float) -> None:
        """Show a picture before and after."""
        self.pictures.show_pictures(image_of(processed.before), image_of(as_shown(processed.after)))
        self.pictures.set_split(split)
        for chart, picture in ((self.before, processed.before), (self.after, processed.after)):
            whole = picture.dtype == np.uint8
            low, high = (0.0, 255.0) if whole else (float(picture.min()), float(picture.max()))
            chart.show_counts(histogram(picture), _facts(picture), low, high)


def _facts(picture: Picture) -> str:
    height, width = picture.shape[:2]
    return tr("{h} × {w} × {c}, {kind}, from {low} to {high}, mean {mean}",
              "{h} × {w} × {c}, {kind}, de {low} a {high}, media {mean}", h=height, w=width,
              c=1 if is_gray(picture) else picture.shape[2], kind=picture.dtype.name,
              low=format_number(float(picture.min()), ".4g"), high=format_number(float(picture.max()), ".4g"),
              mean=format_number(float(picture.mean()), ".4g"))


class ImageProcessingView(BenchView):
    frames_per_second = 20

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(workspace, parent)
        self._settings = _START
        self._pixels = np.zeros((1, 1, 3), np.int64)
        self._processed: Processed | None = None
        self._choice = PictureChoice(workspace, sides=LARGE_SIDES, channels=False, matrix=False)
        self._choice.source_chosen.connect(lambda source: self._take(msgspec.structs.replace(self._settings, source=source)))
        self._loader = PictureLoader(workspace, self)
        self._loader.loaded.connect(self._on_loaded)
        self._loader.failed.connect(self._on_failed)
        self.steps = StepList()
        self.steps.steps_edited.connect(self._on_steps_edited)
        self.board = ProcessingBoard()
        self.board.pictures.split_moved.connect(self._on_split_moved)
        panel = controls(group(tr("Picture", "Imagen"), self._choice), group(tr("Operations", "Operaciones"), self.steps))
        self.setLayout(column(Board(self.board, panel), spacing=0))
        self._loader.load(self._settings.source)

    # The settings --------------------------------------------------------------------------------

    @property
    def processed(self) -> Processed | None:
        """What is on the board."""
        return self._processed

    def settings(self) -> dict[str, Any]:
        return to_plain(self._settings)

    def restore(self, settings: dict[str, Any]) -> None:
        self._take(read_settings({**to_plain(_START), **settings}))

    def _take(self, settings: ProcessingSettings) -> None:
        changed, self._settings = settings.source != self._settings.source, check_settings(settings)
        if changed:
            self._loader.load(self._settings.source)
        else:
            self._calculate()

    def _on_loaded(self, source: PictureSource, pixels: np.ndarray) -> None:
        self._choice.show_problem("")
        self._settings = check_settings(msgspec.structs.replace(self._settings, source=source))
        self._pixels = pixels
        self._calculate()

    def _on_failed(self, text: str) -> None:
        self._choice.show_problem(text)
        self.changed.emit()

    def _calculate(self) -> None:
        if self._pixels.shape[2] != 3:
            return
        settings = self._settings
        self._processed = process(self._pixels, settings)
        self._choice.show_source(settings.source)
        self.steps.show_steps(settings.steps, settings.chosen, self._processed.skipped)
        self.board.show_processed(self._processed, settings.split)
        self.changed.emit()

    def _on_steps_edited(self, steps: tuple[Step, ...], chosen: int) -> None:
        self._take(msgspec.structs.replace(self._settings, steps=steps, chosen=chosen))

    def _on_split_moved(self, share: float) -> None:
        self._settings = msgspec.structs.replace(self._settings, split=round(share, 3))

    def takes_paths(self, paths: list[str]) -> bool:
        return takes_picture(paths)

    def take_paths(self, paths: list[str]) -> None:
        self._choice.take_file(paths[0])

    # What it gives -------------------------------------------------------------------------------

    def code(self) -> tuple[Code, ...]:
        return processing_code(self._processed) if self._processed is not None and not self._loader.problem else ()

    def no_code_text(self) -> str:
        return self._loader.problem or super().no_code_text()

    def picture(self) -> QImage:
        return grab(self.board, 2.0)

    def frames(self) -> Iterator[QImage]:
        if self._processed is None:
            return iter(())
        board = ProcessingBoard()
        board.resize(self.board.size())
        board.show_processed(self._processed, 1.0)
        return Frames(board, lambda number: board.pictures.set_split(1 - number / (_SWEEP - 1)), _SWEEP)

    def close_bench(self) -> None:
        self._loader.close()
