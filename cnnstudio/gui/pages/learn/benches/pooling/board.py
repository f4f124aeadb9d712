"""The board of the pooling bench: picture, maximum and mean, and below them the window, the shift, or what is lost."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import format_number, tr
from cnnstudio.gui.pages.learn.benches.pooling.losses import LossPart, ShiftPart
from cnnstudio.gui.pages.learn.drawing import tints
from cnnstudio.gui.pages.learn.drawing.marks import Window
from cnnstudio.gui.pages.learn.drawing.matrix import MatrixView
from cnnstudio.gui.pages.learn.drawing.numbers import format_exact, in_brackets
from cnnstudio.gui.pages.learn.drawing.playback import Playback
from cnnstudio.gui.pages.learn.drawing.snug import OneOf, Snug
from cnnstudio.gui.pages.learn.drawing.terms import TermsView
from cnnstudio.gui.widgets.basics import Label, box, column, row
from cnnstudio.gui.widgets.inputs import SegmentedControl
from cnnstudio.learning.benches.pooling.arithmetic import Pooled

VIEWS: Final = ("window", "shift", "loss")


class PoolingBoard(QWidget):
    """`position_chosen` by mouse, keys or playback; `pixel_edited(row, column, value)` of a typed matrix."""

    position_chosen = Signal(int)
    pixel_edited = Signal(int, int, float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pooled: Pooled | None = None
        self._channel = self._position = 0
        self.input = MatrixView(tr("Input", "Entrada"), cell=56, integer=True)
        self.input.cursor_moved.connect(self._on_input_chosen)
        self.input.cell_edited.connect(self.pixel_edited)
        self.maximum = MatrixView(tr("Maximum", "Máximo"), cell=56)
        self.average = MatrixView(tr("Mean", "Media"), cell=56)
        for view in (self.maximum, self.average):
            view.cursor_moved.connect(self._choose)
        self._titles = {name: Label("", "body_strong", wrap=True) for name in ("input", "maximum", "average")}
        self.playback = Playback(tr("Position of the window", "Posición de la ventana"))
        self.playback.moved.connect(self.position_chosen)
        self.terms = TermsView(tr("Maximum and mean written out", "Máximo y media escritos"), 3)
        self._globals = Label("", "body", wrap=True, selectable=True)
        self.sizes = Label("", "body", wrap=True, selectable=True)
        self.shift, self.loss = ShiftPart(), LossPart()
        self.parts = SegmentedControl([("window", tr("Window", "Ventana")),
                                       ("shift", tr("Shift", "Desplazada")),
                                       ("loss", tr("What is lost", "Lo que se pierde"))], "window", stretch=False)
        self.parts.setAccessibleName(tr("What is shown below", "Qué se muestra debajo"))
        self.parts.chosen.connect(lambda _name: self._show_part())
        texts = column(self.terms, self._globals, self.sizes, spacing=10)
        self._stack = OneOf(Snug(texts), self.shift, self.loss)
        large = row(spacing=20)
        for name, view in (("input", self.input), ("maximum", self.maximum), ("average", self.average)):
            self._titles[name].setAlignment(Qt.AlignmentFlag.AlignCenter)
            part_layout = column(self._titles[name], view, spacing=6)
            part_layout.setStretch(1, 1)
            large.addWidget(box(part_layout), 1)
        upper = box(large)
        upper.setMinimumHeight(210)
        layout = column(upper, self.playback, row(self.parts, None), self._stack, spacing=10)
        layout.setStretch(0, 1)
        self.setLayout(layout)

    @property
    def position(self) -> int:
        return self._position

    def show_pooled(self, pooled: Pooled, channel: int, position: int, *, editable: bool) -> None:
        """Show a picture and its pooled versions, one channel of them."""
        self._pooled, self._channel = pooled, channel
        height, width, channels = pooled.pixels.shape
        tint = picture_tint(pooled.pixels, channel)
        self.input.set_editable(editable)
        self.input.show_values(pooled.pixels[..., channel], tint)
        shape = f"{pooled.rows.positions} × {pooled.columns.positions} × {channels}"
        self._titles["input"].setText(f"{tr('Input', 'Entrada')} {height} × {width} × {channels}")
        self._titles["maximum"].setText(f"{tr('Maximum', 'Máximo')} {shape}")
        self._titles["average"].setText(f"{tr('Mean', 'Media')} {shape}")
        fits = pooled.positions > 0
        for view in (self.maximum, self.average):
            view.setVisible(fits)
        self.playback.setEnabled(fits)
        self.playback.set_count(max(1, pooled.positions), position)
        if fits:
            self.maximum.show_values(pooled.maximum[..., channel], tint)
            self.average.show_values(pooled.average[..., channel], tint)
        self._show_sizes(fits)
        self._show_globals()
        self._show_part()
        self.show_position(self.playback.position)

    def _show_part(self) -> None:
        name = str(self.parts.value)
        self._stack.show_part(VIEWS.index(name))
        if self._pooled is not None and self._pooled.positions:
            if name == "shift":
                self.shift.show_pooled(self._pooled, self._channel)
            elif name == "loss":
                self.loss.show_pooled(self._pooled, self._channel)

    def _show_sizes(self, fits: bool) -> None:
        assert self._pooled is not None
        rows, columns = self._pooled.rows, self._pooled.columns
        if not fits:
            self.sizes.setText(too_large_text())
            return
        texts = []
        for side in (rows, columns):
            padding = f" + {side.before} + {side.behind}" if side.before or side.behind else ""
            texts.append(f"⌊({side.length}{padding} − {side.span}) / {side.stride}⌋ + 1 = {side.positions}")
        formula = tr("⌊(length + padding − size) / stride⌋ + 1", "⌊(longitud + relleno − tamaño) / paso⌋ + 1")
        self.sizes.setText(tr("Height: {formula}:  {high};  width: {wide}.  No weights are learned.",
                              "Alto: {formula}:  {high};  ancho: {wide}.  No se aprende ningún peso.",
                              formula=formula, high=texts[0], wide=texts[1]))

    def _show_globals(self) -> None:
        assert self._pooled is not None
        maxima, means = (", ".join(format_exact(round(float(value), 4)) for value in values)
                         for values in (self._pooled.global_maximum, self._pooled.global_average))
        self._globals.setText(tr("Global pooling keeps one number for each channel of {n} pixels:  maximum {maxima};  "
                                 "mean {means}.",
                                 "El agrupamiento global conserva un número por canal de {n} píxeles:  máximo {maxima};  "
                                 "media {means}.",
                                 n=format_number(self._pooled.pixels[..., 0].size, ",d"), maxima=maxima, means=means))

    def show_position(self, position: int) -> None:
        """Move the window."""
        pooled = self._pooled
        if pooled is None or not pooled.positions:
            self.input.set_window(None)
            return
        self._position = position = max(0, min(position, pooled.positions - 1))
        top, left, height, width = pooled.window(position)
        self.input.set_window(Window(top, left, height, width))
        self.input.move_cursor(top, left)
        patch = pooled.patch(position)[..., self._channel]
        row, column = np.unravel_index(int(patch.argmax()), patch.shape)
        self.input.set_marks(((top + int(row), left + int(column)), "warn"))
        cell = divmod(position, pooled.columns.positions)
        for view in (self.maximum, self.average):
            view.set_marks((cell, "accent"))
            view.move_cursor(*cell)
        self.terms.show_terms(_terms(patch))
        if self.playback.position != position:
            self.playback.show_position(position)

    def _on_input_chosen(self, row: int, column: int) -> None:
        pooled = self._pooled
        if pooled is None or not pooled.positions:
            return
        top, left, height, width = pooled.window(self._position)
        place = divmod(self._position, pooled.columns.positions)
        down = (row >= top + height) - (row < top)
        across = (column >= left + width) - (column < left)
        far_down = max(1, abs(row - top) // pooled.rows.stride) if down else 0
        far_across = max(1, abs(column - left) // pooled.columns.stride) if across else 0
        self._choose(place[0] + down * far_down, place[1] + across * far_across)

    def _choose(self, row: int, column: int) -> None:
        assert self._pooled is not None
        self.playback.pause()
        row = max(0, min(self._pooled.rows.positions - 1, row))
        column = max(0, min(self._pooled.columns.positions - 1, column))
        self.position_chosen.emit(row * self._pooled.columns.positions + column)


def picture_tint(pixels: np.ndarray, channel: int) -> tints.Tint:
    """The grounds of the pixels of one channel."""
    low, high = (0, 255) if pixels.min() >= 0 and pixels.max() > 32 else (min(0, pixels.min()), max(1, pixels.max()))
    return tints.gray(low, high) if pixels.shape[2] == 1 else tints.channel(channel, low, high)


def _terms(patch: np.ndarray) -> str:
    values = patch.ravel().tolist()
    listed, added = ", ".join(map(format_exact, values)), " + ".join(map(in_brackets, values))
    mean = sum(values) / len(values)
    sign = "=" if round(mean, 4) == mean else "≈"
    return f"max({listed}) = {format_exact(max(values))}\n({added}) / {len(values)} {sign} {format_exact(mean)}"


def too_large_text() -> str:
    """Why a window has no place in a picture, and what gives it one."""
    return tr("The window is larger than the picture: it fits nowhere. Choose “same” padding or a smaller window.",
              "La ventana es mayor que la imagen: no cabe en ningún sitio. Elija relleno «same» o una ventana más pequeña.")
