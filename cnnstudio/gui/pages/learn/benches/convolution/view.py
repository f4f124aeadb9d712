"""The convolution bench: board, controls, and the settings between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import numpy as np
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from cnnstudio.gui.pages.learn.bench_view import BenchView
from cnnstudio.gui.pages.learn.benches.convolution.board import ConvolutionBoard
from cnnstudio.gui.pages.learn.benches.convolution.panel import ConvolutionPanel
from cnnstudio.gui.pages.learn.benches.convolution.trained_dialog import TrainedDialog
from cnnstudio.gui.pages.learn.benches.convolution.words import too_large_text
from cnnstudio.gui.pages.learn.drawing.board import Board
from cnnstudio.gui.pages.learn.drawing.grabbing import Frames, grab
from cnnstudio.gui.pages.learn.drawing.picture_choice import PictureLoader, takes_picture
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import column
from cnnstudio.learning.benches.convolution.arithmetic import Convolved, convolve
from cnnstudio.learning.benches.convolution.code import convolution_code
from cnnstudio.learning.benches.convolution.kernels import KERNELS
from cnnstudio.learning.benches.convolution.settings import (
    ConvolutionSettings,
    Filter,
    check_settings,
    edited_filter,
    filter_kernel,
    fit_filter,
    read_settings,
)
from cnnstudio.learning.benches.entry import Code
from cnnstudio.learning.benches.pictures.source import PictureSource, matrix_of
from cnnstudio.learning.benches.plain import to_plain

_START = ConvolutionSettings(position=320, speed=60)


class ConvolutionView(BenchView):
    """Whatever changes goes through `_set`: settings in, a new layer out."""

    frames_per_second = 15

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(workspace, parent)
        self._settings = _START
        self._pixels = np.zeros((1, 1, 1), np.int64)
        self._convolved: Convolved | None = None
        self._loader = PictureLoader(workspace, self)
        self._loader.loaded.connect(self._on_loaded)
        self.panel = ConvolutionPanel(workspace)
        self._loader.failed.connect(self._on_failed)
        self.board = ConvolutionBoard()
        layout = column(Board(self.board, self.panel), spacing=0)
        self.setLayout(layout)
        self.panel.edited.connect(lambda fields: self._set(**fields))
        self.panel.filter_edited.connect(self._set_filter)
        self.panel.filter_added.connect(self._add_filter)
        self.panel.filter_removed.connect(self._remove_filter)
        self.panel.trained_wanted.connect(self._ask_trained)
        self.panel.grows_chosen.connect(self.board.set_grows)
        self.panel.compares_chosen.connect(self.board.set_compares)
        self.board.position_chosen.connect(self._on_position_chosen)
        self.board.channel_chosen.connect(lambda channel: self._set(channel=channel))
        self.board.filter_chosen.connect(lambda number: self._set(filter=number))
        self.board.pixel_edited.connect(self._on_pixel_edited)
        self.board.weight_edited.connect(self._on_weight_edited)
        self.board.playback.speed_changed.connect(self._on_speed_changed)
        self.board.playback.set_speed(self._settings.speed)
        self._loader.load(self._settings.source)

    # The settings --------------------------------------------------------------------------------

    @property
    def convolved(self) -> Convolved | None:
        """The layer on the board."""
        return self._convolved

    def settings(self) -> dict[str, Any]:
        return to_plain(msgspec.structs.replace(self._settings, position=self.board.position))

    def restore(self, settings: dict[str, Any]) -> None:
        known = read_settings({**to_plain(_START), **settings})
        self.board.playback.pause()
        self.board.playback.set_speed(known.speed)
        source_changed = known.source != self._settings.source
        self._settings = known
        if source_changed:
            self._loader.load(known.source)
        else:
            self._calculate()

    def _set(self, **fields: Any) -> None:
        before = self._settings
        fields.setdefault("position", self.board.position)
        if "size" in fields:
            fields["filters"] = tuple(fit_filter(item, int(fields["size"])) for item in before.filters)
        after = check_settings(msgspec.structs.replace(before, **fields))
        if before.source != after.source:
            self._settings = msgspec.structs.replace(after, position=0)
            self._loader.load(after.source)
            return
        self._settings = after
        self._calculate()

    def _on_loaded(self, source: PictureSource, pixels: np.ndarray) -> None:
        self.panel.picture.show_problem("")
        self._settings = check_settings(msgspec.structs.replace(self._settings, source=source))
        self._pixels = pixels
        self._calculate()

    def _on_failed(self, text: str) -> None:
        self.panel.picture.show_problem(text)
        self.changed.emit()

    def _calculate(self) -> None:
        settings = self._settings
        if self._pixels.shape[2] != settings.source.channels:
            return
        self._convolved = convolve(self._pixels, settings)
        self.panel.show_settings(settings)
        self.board.show_layer(self._convolved, settings.filter, settings.channel, settings.position,
                              editable=settings.source.kind == "matrix")
        self.changed.emit()

    # By the user ---------------------------------------------------------------------------------

    def _on_position_chosen(self, position: int) -> None:
        self.board.show_position(position)
        if not self.board.playback.playing:
            self.changed.emit()

    def _on_speed_changed(self, speed: int) -> None:
        self._settings = msgspec.structs.replace(self._settings, speed=speed)

    def _set_filter(self, chosen: Filter) -> None:
        filters = list(self._settings.filters)
        filters[self._settings.filter] = chosen
        self._set(filters=tuple(filters))

    def _add_filter(self) -> None:
        used = {item.preset for item in self._settings.filters}
        preset = next((entry.id for entry in KERNELS if entry.id not in used and entry.least <= self._settings.size
                       and entry.id != "identity"), "identity")
        filters = (*self._settings.filters, Filter(preset=preset))
        self._set(filters=filters, filter=len(filters) - 1)

    def _remove_filter(self) -> None:
        number = self._settings.filter
        filters = self._settings.filters[:number] + self._settings.filters[number + 1:]
        self._set(filters=filters, filter=max(0, number - 1))

    def _on_weight_edited(self, row: int, column: int, value: float) -> None:
        settings = self._settings
        if settings.flip:
            row, column = settings.size - 1 - row, settings.size - 1 - column
        kernel = filter_kernel(settings.filters[settings.filter], settings.size, settings.source.channels)
        self._set_filter(edited_filter(kernel, row, column, settings.channel, value))

    def _on_pixel_edited(self, row: int, column: int, value: float) -> None:
        pixels = self._pixels.copy()
        pixels[row, column, self._settings.channel] = round(value)
        self._set(source=msgspec.structs.replace(self._settings.source, matrix=matrix_of(pixels)))

    def _ask_trained(self) -> None:
        dialog = TrainedDialog(self.session, self._settings.source.channels, self.window())
        dialog.kernel_chosen.connect(self._on_trained_chosen)
        dialog.open()

    def _on_trained_chosen(self, size: int, channels: int, filters: tuple[Filter, ...]) -> None:
        """Take filters of a trained layer over, with their size and their channels."""
        source = msgspec.structs.replace(self._settings.source, channels=channels)
        before = self._settings
        self._settings = check_settings(msgspec.structs.replace(before, size=size, filters=filters, filter=0, channel=0,
                                                                source=source, position=self.board.position))
        self._loader.load(self._settings.source)

    def takes_paths(self, paths: list[str]) -> bool:
        return takes_picture(paths)

    def take_paths(self, paths: list[str]) -> None:
        self.panel.picture.take_file(paths[0])

    # What it gives -------------------------------------------------------------------------------

    def code(self) -> tuple[Code, ...]:
        convolved = self._convolved
        return convolution_code(convolved) if convolved is not None and convolved.positions and not self._loader.problem else ()

    def no_code_text(self) -> str:
        if self._loader.problem or self._convolved is None:
            return self._loader.problem or super().no_code_text()
        return too_large_text(self._convolved)

    def picture(self) -> QImage:
        return grab(self.board, 2.0)

    def frames(self) -> Iterator[QImage]:
        if self._convolved is None or not self._convolved.positions:
            return iter(())
        # A board of its own: the one on screen can be used meanwhile.
        settings, convolved = self._settings, self._convolved
        board = ConvolutionBoard()
        board.resize(self.board.size())
        board.show_layer(convolved, settings.filter, settings.channel, 0, editable=False)
        return Frames(board, board.show_position, convolved.positions)

    # Life ----------------------------------------------------------------------------------------

    def leave(self) -> None:
        self.board.playback.pause()

    def close_bench(self) -> None:
        self.board.playback.pause()
        self._loader.close()
