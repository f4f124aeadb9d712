"""The pooling bench: board, controls, and the settings between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.pages.learn.bench_view import BenchView
from cnnstudio.gui.pages.learn.benches.pooling.board import PoolingBoard, too_large_text
from cnnstudio.gui.pages.learn.drawing.board import Board, controls, group, labelled
from cnnstudio.gui.pages.learn.drawing.grabbing import Frames, grab
from cnnstudio.gui.pages.learn.drawing.picture_choice import PictureChoice, PictureLoader, takes_picture
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Label, column
from cnnstudio.gui.widgets.inputs import SegmentedControl
from cnnstudio.gui.widgets.number_box import NumberBox
from cnnstudio.gui.widgets.wheel import Slider
from cnnstudio.learning.benches.entry import Code
from cnnstudio.learning.benches.pictures.source import PictureSource, matrix_of
from cnnstudio.learning.benches.plain import to_plain
from cnnstudio.learning.benches.pooling.arithmetic import Pooled, pool
from cnnstudio.learning.benches.pooling.code import pooling_code
from cnnstudio.learning.benches.pooling.settings import (
    FARTHEST,
    LARGEST,
    PoolingSettings,
    check_settings,
    read_settings,
)

_START: Final = PoolingSettings(position=90)
_FIELD: Final = 96


class PoolingView(BenchView):
    frames_per_second = 10

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(workspace, parent)
        self._settings = _START
        self._pixels = np.zeros((1, 1, 1), np.int64)
        self._pooled: Pooled | None = None
        self._choice = PictureChoice(workspace)
        self._choice.source_chosen.connect(lambda source: self._set(source=source))
        self._loader = PictureLoader(workspace, self)
        self._loader.loaded.connect(self._on_loaded)
        self._loader.failed.connect(self._on_failed)
        self.board = PoolingBoard()
        self.board.position_chosen.connect(self._on_position_chosen)
        self.board.pixel_edited.connect(self._on_pixel_edited)
        self.board.playback.speed_changed.connect(self._on_speed_changed)
        self.setLayout(column(Board(self.board, self._make_controls()), spacing=0))
        self.board.playback.set_speed(self._settings.speed)
        self._loader.load(self._settings.source)

    def _make_controls(self) -> QWidget:
        self._size, self._stride = (NumberBox(2, minimum=1, maximum=LARGEST, integer=True) for _ in range(2))
        for box, name in ((self._size, "size"), (self._stride, "stride")):
            box.setFixedWidth(_FIELD)
            box.value_changed.connect(lambda value, name=name: self._set(**{name: value}))
        self._padding = SegmentedControl([("valid", "valid"), ("same", "same")], "valid")
        self._padding.chosen.connect(lambda value: self._set(padding=value))
        self._channel = NumberBox(1, minimum=1, maximum=3, integer=True)
        self._channel.setFixedWidth(_FIELD)
        self._channel.value_changed.connect(lambda value: self._set(channel=int(value) - 1))
        self._channel_line = labelled(tr("Channel on the board", "Canal en la pizarra"), self._channel)
        self._shift = Slider()
        self._shift.setRange(0, FARTHEST)
        self._shift.valueChanged.connect(self._on_shift_chosen)
        self._shift_shown = Label("", "body_strong")
        self._shift.setAccessibleName(tr("Shift in pixels", "Desplazamiento en píxeles"))
        return controls(
            group(tr("Picture", "Imagen"), self._choice, self._channel_line),
            group(tr("Window", "Ventana"), labelled(tr("Size", "Tamaño"), self._size),
                  labelled(tr("Stride", "Paso (stride)"), self._stride),
                  labelled(tr("Padding", "Relleno"), self._padding)),
            group(tr("Robustness", "Robustez"), labelled(self._shift.accessibleName(), self._shift_shown), self._shift))

    # The settings --------------------------------------------------------------------------------

    @property
    def pooled(self) -> Pooled | None:
        """What is on the board."""
        return self._pooled

    def settings(self) -> dict[str, Any]:
        return to_plain(msgspec.structs.replace(self._settings, position=self.board.position))

    def restore(self, settings: dict[str, Any]) -> None:
        known = read_settings({**to_plain(_START), **settings})
        self.board.playback.pause()
        self.board.playback.set_speed(known.speed)
        changed = known.source != self._settings.source
        self._settings = known
        if changed:
            self._loader.load(known.source)
        else:
            self._calculate()

    def _set(self, **fields: Any) -> None:
        before = self._settings
        fields.setdefault("position", self.board.position)
        self._settings = check_settings(msgspec.structs.replace(before, **fields))
        if before.source != self._settings.source:
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
        settings = self._settings
        if self._pixels.shape[2] != settings.source.channels:
            return
        self._pooled = pool(self._pixels, settings)
        self._choice.show_source(settings.source)
        self._channel_line.setVisible(settings.source.channels > 1)
        for box, value in ((self._size, settings.size), (self._stride, settings.stride), (self._channel, settings.channel + 1)):
            box.set_value(value)
        self._padding.set_value(settings.padding)
        self._shift.blockSignals(True)
        self._shift.setValue(settings.shift)
        self._shift.blockSignals(False)
        self._shift_shown.setText(str(settings.shift))
        self.board.show_pooled(self._pooled, settings.channel, settings.position, editable=settings.source.kind == "matrix")
        self.changed.emit()

    def _on_shift_chosen(self, shift: int) -> None:
        self.board.parts.set_value("shift")
        self._set(shift=shift)

    def _on_position_chosen(self, position: int) -> None:
        self.board.show_position(position)

    def _on_speed_changed(self, speed: int) -> None:
        self._settings = msgspec.structs.replace(self._settings, speed=speed)

    def _on_pixel_edited(self, row: int, column: int, value: float) -> None:
        pixels = self._pixels.copy()
        pixels[row, column, self._settings.channel] = round(value)
        self._set(source=msgspec.structs.replace(self._settings.source, matrix=matrix_of(pixels)))

    def takes_paths(self, paths: list[str]) -> bool:
        return takes_picture(paths)

    def take_paths(self, paths: list[str]) -> None:
        self._choice.take_file(paths[0])

    # What it gives -------------------------------------------------------------------------------

    def code(self) -> tuple[Code, ...]:
        pooled = self._pooled
        return pooling_code(pooled) if pooled is not None and pooled.positions and not self._loader.problem else ()

    def no_code_text(self) -> str:
        return self._loader.problem or too_large_text()

    def picture(self) -> QImage:
        return grab(self.board, 2.0)

    def frames(self) -> Iterator[QImage]:
        if self._pooled is None or not self._pooled.positions:
            return iter(())
        board = PoolingBoard()
        board.resize(self.board.size())
        board.show_pooled(self._pooled, self._settings.channel, 0, editable=False)
        return Frames(board, board.show_position, self._pooled.positions)

    def leave(self) -> None:
        self.board.playback.pause()

    def close_bench(self) -> None:
        self.board.playback.pause()
        self._loader.close()
