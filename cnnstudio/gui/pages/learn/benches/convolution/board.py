"""The board of the convolution bench: picture, window, kernel, products, the sum, and the result that grows."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.pages.learn.benches.convolution.words import (
    channel_name,
    comparison_text,
    cost_text,
    size_formula,
    size_text,
    sum_text,
    too_large_text,
)
from cnnstudio.gui.pages.learn.drawing import tints
from cnnstudio.gui.pages.learn.drawing.board import titled
from cnnstudio.gui.pages.learn.drawing.cells import Border
from cnnstudio.gui.pages.learn.drawing.figure import Figure
from cnnstudio.gui.pages.learn.drawing.map_strip import MapStrip
from cnnstudio.gui.pages.learn.drawing.marks import Window
from cnnstudio.gui.pages.learn.drawing.matrix import MatrixView
from cnnstudio.gui.pages.learn.drawing.numbers import format_exact
from cnnstudio.gui.pages.learn.drawing.playback import Playback
from cnnstudio.gui.pages.learn.drawing.terms import TermsView
from cnnstudio.gui.widgets.basics import Label, Stack, box, column, row
from cnnstudio.gui.widgets.inputs import SegmentedControl
from cnnstudio.learning.benches.convolution.arithmetic import Convolved, other_way

_SMALL: Final = 168
"""The height of the matrices below the window."""


class ConvolutionBoard(QWidget):
    """Shows one layer; `position_chosen` by the mouse, the keys or the playback."""

    position_chosen = Signal(int)
    pixel_edited = Signal(int, int, float)
    weight_edited = Signal(int, int, float)
    channel_chosen = Signal(int)
    filter_chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._convolved: Convolved | None = None
        self._filter = self._channel = self._position = 0
        self._grows = True
        self.input = MatrixView(tr("Input", "Entrada"), cell=44, integer=True)
        self.input.cursor_moved.connect(self._on_input_chosen)
        self.input.cell_edited.connect(self._on_pixel_edited)
        self.output = MatrixView(tr("Result", "Resultado"), cell=44)
        self.output.cursor_moved.connect(self._on_output_chosen)
        self.output.set_hint(self._result_hint)
        self.patch = MatrixView(tr("Pixels below the window", "Píxeles bajo la ventana"), cell=48)
        self.kernel = MatrixView(tr("Kernel", "Núcleo"), editable=True, cell=48)
        self.kernel.cell_edited.connect(self.weight_edited)
        self.products = MatrixView(tr("Products", "Productos"), cell=48)
        self.strip = MapStrip(tr("Results of the filters", "Resultados de los filtros"))
        self.strip.map_chosen.connect(self.filter_chosen)
        self.playback = Playback(tr("Position of the window", "Posición de la ventana"))
        self.playback.moved.connect(self.position_chosen)
        self.result = Figure(tr("Sum", "Suma"), "−00,000.00")
        self.terms = TermsView(tr("The sum written out", "La suma escrita"), 3)
        self._channels = SegmentedControl([(number, channel_name(number)) for number in range(3)], 0, stretch=False)
        self._channels.setAccessibleName(tr("Channel", "Canal"))
        self._channels.chosen.connect(lambda number: self.channel_chosen.emit(int(number)))
        self._titles = {name: Label("", "body_strong", wrap=True)
                        for name in ("input", "output", "patch", "kernel", "products")}
        self.sizes = Label("", "body", wrap=True, selectable=True)
        self.costs = Label("", "secondary", "dim", wrap=True, selectable=True)
        self.comparison = _Comparison()
        self.comparison.hide()
        self._nothing = Label("", "body", "warn", wrap=True)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._build()

    def _build(self) -> None:
        def part(name: str, view: QWidget, *below: QWidget) -> QWidget:
            self._titles[name].setAlignment(Qt.AlignmentFlag.AlignCenter)
            layout = column(self._titles[name], view, *below, spacing=6)
            layout.setStretch(1, 1)
            return box(layout)

        large = row(part("input", self.input), part("output", self.output, self.strip), spacing=20)
        large.setStretch(0, 1)
        large.setStretch(1, 1)
        for view in (self.patch, self.kernel, self.products):
            view.setFixedHeight(_SMALL)
        small = row(part("patch", self.patch), _Sign("×"), part("kernel", self.kernel), _Sign("="),
                    part("products", self.products), _Sign("Σ"), self.result, spacing=10)
        for place in (0, 2, 4):
            small.setStretch(place, 1)
        self._large = box(large)
        self._large.setMinimumHeight(232)
        self._work = Stack()
        self._work.addWidget(box(column(row(self._channels, None), small, self.terms, spacing=10)))
        self._work.addWidget(self._nothing)
        layout = column(self._large, self.playback, self._work, self.sizes, self.costs, self.comparison, spacing=10)
        layout.setStretch(0, 1)
        self.setLayout(layout)

    # What is shown -------------------------------------------------------------------------------

    @property
    def position(self) -> int:
        return self._position

    def show_layer(self, convolved: Convolved, number: int, channel: int, position: int, *, editable: bool) -> None:
        """Show a layer: one of its filters, one channel of its picture, the window at a position."""
        self._convolved, self._filter, self._channel = convolved, number, channel
        pixels, settings = convolved.pixels, convolved.settings
        height, width, channels = pixels.shape
        rows, columns = convolved.rows, convolved.columns
        border = Border(rows.before, rows.behind, columns.before, columns.behind)
        self.input.set_editable(editable)
        self.input.show_values(convolved.padded[..., channel], _picture_tint(pixels, channel), border)
        self._titles["input"].setText(tr("Input {h} × {w} × {c}", "Entrada {h} × {w} × {c}", h=height, w=width, c=channels))
        result = convolved.result[..., number]
        self._titles["output"].setText(tr("Result {h} × {w} × {f}", "Resultado {h} × {w} × {f}", h=rows.positions,
                                          w=columns.positions, f=len(convolved.kernels)))
        self._channels.setVisible(channels > 1)
        self._channels.set_value(channel)
        self._show_kernel()
        fits = convolved.positions > 0
        self._work.setCurrentIndex(0 if fits else 1)
        self.output.setVisible(fits)
        self.playback.setEnabled(fits)
        self._nothing.setText("" if fits else too_large_text(convolved))
        if fits:
            self.output.show_values(result, _result_tint(result))
            self.strip.show_maps([convolved.result[..., item] for item in range(len(convolved.kernels))], number)
        self.strip.setVisible(fits and len(convolved.kernels) > 1)
        self.playback.set_count(max(1, convolved.positions), position)
        self._show_sizes(settings.size, settings.dilation)
        self.costs.setText(cost_text(convolved))
        self.comparison.show_layer(convolved, number) if not self.comparison.isHidden() else None
        self.show_position(self.playback.position)

    def _show_sizes(self, size: int, dilation: int) -> None:
        assert self._convolved is not None
        high, wide = (size_text(side, size, dilation) for side in (self._convolved.rows, self._convolved.columns))
        text = tr("Height and width: {letters}:  {numbers}", "Alto y ancho: {letters}:  {numbers}",
                  letters=size_formula(dilation), numbers=high) if high == wide else tr(
            "Length: {letters}:  height {high},  width {wide}", "Longitud: {letters}:  alto {high},  ancho {wide}",
            letters=size_formula(dilation), high=high, wide=wide)
        self.sizes.setText(text)

    def _show_kernel(self) -> None:
        assert self._convolved is not None
        kernel = self._convolved.kernels[self._filter]
        self.kernel.show_values(kernel.shown[..., self._channel], tints.diverging())
        title = tr("Kernel, turned by 180°", "Núcleo girado 180°") if self._convolved.settings.flip else tr("Kernel", "Núcleo")
        if kernel.shown_divisor != 1:
            title += f"  ·  1/{kernel.shown_divisor}"
        self._titles["kernel"].setText(title)
        several = self._convolved.channels > 1
        name = f", {channel_name(self._channel)}" if several else ""
        self._titles["patch"].setText(tr("Below the window", "Bajo la ventana") + name)
        self._titles["products"].setText(tr("Products", "Productos"))

    def show_position(self, position: int) -> None:
        """Move the window; sixty times a second, if need be."""
        convolved = self._convolved
        if convolved is None or not convolved.positions:
            self.input.set_window(None)
            return
        self._position = position = max(0, min(position, convolved.positions - 1))
        size, dilation = convolved.settings.size, convolved.settings.dilation
        row, column = convolved.corner(position)
        self.input.set_window(Window(row, column, size, size, dilation))
        middle = ((size - 1) * dilation) // 2
        self.input.move_cursor(row + middle, column + middle)
        cell = divmod(position, convolved.columns.positions)
        self.output.set_shown(position + 1 if self._grows else None)
        self.output.set_marks((cell, "accent"))
        self.output.move_cursor(*cell)
        patch = convolved.patch(position)[..., self._channel]
        weights = convolved.kernels[self._filter].shown[..., self._channel]
        self.patch.show_values(patch, _picture_tint(convolved.pixels, self._channel))
        self.products.show_values(patch * weights, tints.diverging())
        self.result.show_text(format_exact(float(convolved.result[(*cell, self._filter)])))
        self.terms.show_terms(sum_text(convolved, self._filter, position))
        if self.playback.position != position:
            self.playback.show_position(position)

    def set_grows(self, grows: bool) -> None:
        """Show the result up to the window, or all of it."""
        self._grows = grows
        self.show_position(self._position)

    def set_compares(self, compares: bool) -> None:
        """Show cross-correlation and convolution beside each other, or not."""
        self.comparison.setVisible(compares)
        if compares and self._convolved is not None:
            self.comparison.show_layer(self._convolved, self._filter)

    def _result_hint(self, row: int, column: int) -> str:
        if self._convolved is None or not self._convolved.positions:
            return ""
        return sum_text(self._convolved, self._filter, row * self._convolved.columns.positions + column)[:600]

    # By the user ---------------------------------------------------------------------------------

    def _on_input_chosen(self, row: int, column: int) -> None:
        convolved = self._convolved
        if convolved is None or not convolved.positions:
            return
        middle = ((convolved.settings.size - 1) * convolved.settings.dilation) // 2
        top, left = convolved.corner(self._position)
        place = divmod(self._position, convolved.columns.positions)
        wanted = (_nearest(row - middle - top, place[0], convolved.rows.stride, convolved.rows.positions),
                  _nearest(column - middle - left, place[1], convolved.columns.stride, convolved.columns.positions))
        self._choose(*wanted)

    def _on_output_chosen(self, row: int, column: int) -> None:
        self._choose(row, column)

    def _choose(self, row: int, column: int) -> None:
        assert self._convolved is not None
        self.playback.pause()
        self.position_chosen.emit(row * self._convolved.columns.positions + column)

    def _on_pixel_edited(self, row: int, column: int, value: float) -> None:
        assert self._convolved is not None
        height, width = self._convolved.pixels.shape[:2]
        row, column = row - self._convolved.rows.before, column - self._convolved.columns.before
        if 0 <= row < height and 0 <= column < width:
            self.pixel_edited.emit(row, column, value)


def _nearest(moved: int, place: int, stride: int, count: int) -> int:
    """The position that the window takes when its middle is asked to move; one cell is one step, whatever the stride."""
    steps = 0 if not moved else (1 if moved > 0 else -1) * max(1, round(abs(moved) / stride))
    return max(0, min(count - 1, place + steps))


def _picture_tint(pixels: np.ndarray, channel: int) -> tints.Tint:
    low, high = (0, 255) if pixels.min() >= 0 and pixels.max() > 32 else (min(0, pixels.min()), max(1, pixels.max()))
    return tints.gray(low, high) if pixels.shape[2] == 1 else tints.channel(channel, low, high)


def _result_tint(result: np.ndarray) -> tints.Tint:
    """Grey as long as nothing is negative, else signs by colour."""
    if result.size and result.min() < 0:
        return tints.diverging()
    most = float(result.max(initial=0))
    return tints.gray(0, most if most <= 32 or most > 255 else 255)


class _Sign(Label):
    def __init__(self, text: str) -> None:
        super().__init__(text, "figure", "dim")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)


class _Comparison(QWidget):
    """Cross-correlation, convolution, and their difference."""

    def __init__(self) -> None:
        super().__init__()
        self._views = {"correlation": MatrixView(tr("Cross-correlation", "Correlación cruzada")),
                       "convolution": MatrixView(tr("Convolution", "Convolución")),
                       "difference": MatrixView(tr("Difference", "Diferencia"))}
        line = row(*(titled(view.accessibleName(), view) for view in self._views.values()), spacing=12)
        for place, view in enumerate(self._views.values()):
            view.setFixedHeight(_SMALL)
            line.setStretch(place, 1)
        self._text = Label("", "body", wrap=True)
        self.setLayout(column(line, self._text, spacing=6))

    def show_layer(self, convolved: Convolved, number: int) -> None:
        """Calculate the other one, too."""
        here, other = convolved.result[..., number], other_way(convolved).result[..., number]
        if not here.size:
            return
        correlation, convolution = (other, here) if convolved.settings.flip else (here, other)
        limit = float(max(np.abs(here).max(), np.abs(other).max())) or 1.0
        shared = tints.diverging(limit) if min(here.min(), other.min()) < 0 else tints.gray(0, limit)
        self._views["correlation"].show_values(correlation, shared)
        self._views["convolution"].show_values(convolution, shared)
        self._views["difference"].show_values(correlation - convolution, tints.diverging(limit))
        self._text.setText(comparison_text(here, other))
