"""Play, step and drag through the positions of something that moves."""

from __future__ import annotations

import time
from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import format_number, tr
from cnnstudio.gui.pages.learn.drawing.figure import Figure
from cnnstudio.gui.widgets.basics import Button, row
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.gui.widgets.wheel import Slider

_FRAME_MS: Final = 16
"""A little less than a frame of 60 a second: the clock, not the timer, says how far it is."""
SPEEDS: Final = (1, 2, 4, 8, 16, 30, 60, 120)
"""Positions a second."""


class Playback(QWidget):
    """Play and pause, one back, one on, a slider, a speed. Space plays while the focus is in it.

    `moved(position)` when the position changed by the user or by playing.
    """

    moved = Signal(int)
    speed_changed = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._count, self._position, self._speed = name, 1, 0, 8
        self._started, self._begun_at = 0.0, 0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_FRAME_MS)
        self._timer.timeout.connect(self._advance)
        self.play_button = Button(tr("Play", "Reproducir"), "icon", "play", on_click=self.toggle)
        back = Button(tr("One step back", "Un paso atrás"), "icon", "chevron-left", on_click=lambda: self._step(-1))
        on = Button(tr("One step on", "Un paso adelante"), "icon", "chevron-right", on_click=lambda: self._step(1))
        self._slider = Slider()
        self._slider.setAccessibleName(name)
        self._slider.valueChanged.connect(self._on_slid)
        self._where = Figure(tr("Position", "Posición"), "0 / 0", "secondary", "dim", Qt.AlignmentFlag.AlignHCenter)
        self._choice = Select([(speed, tr("{n}/s", "{n}/s", n=speed)) for speed in SPEEDS], self._speed)
        self._choice.setAccessibleName(tr("Positions a second", "Posiciones por segundo"))
        self._choice.setToolTip(tr("Positions a second", "Posiciones por segundo"))
        self._choice.setFixedWidth(84)
        self._choice.chosen.connect(self._on_speed_chosen)
        line = row(back, self.play_button, on, self._slider, self._where, self._choice, spacing=4)
        line.setStretch(3, 1)
        self.setLayout(line)

    @property
    def position(self) -> int:
        return self._position

    @property
    def count(self) -> int:
        """How many positions there are."""
        return self._count

    @property
    def speed(self) -> int:
        return self._speed

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    def set_count(self, count: int, position: int = 0) -> None:
        """How many positions there are, and which one is shown; nothing is emitted."""
        self._count = max(1, count)
        self._slider.blockSignals(True)
        self._slider.setRange(0, self._count - 1)
        self._slider.blockSignals(False)
        widest = format_number(self._count, ",d")
        self._where.set_widest(f"{widest} / {widest}")
        self.show_position(position)

    def show_position(self, position: int) -> None:
        """Show a position that was chosen elsewhere; nothing is emitted."""
        self._position = max(0, min(self._count - 1, position))
        if self.playing:
            self._restart()
        self._show()

    def set_speed(self, speed: int) -> None:
        if speed in SPEEDS:
            self._speed = speed
            self._choice.set_value(speed)
            self._restart()

    def toggle(self) -> None:
        """Play, or pause; from the last position it begins again."""
        if self.playing:
            self.pause()
            return
        if self._position >= self._count - 1:
            self._move(0)
        self._restart()
        self._timer.start()
        self._show_state()

    def pause(self) -> None:
        """Stop moving."""
        self._timer.stop()
        self._show_state()

    def _show_state(self) -> None:
        text = tr("Pause", "Pausa") if self.playing else tr("Play", "Reproducir")
        self.play_button.set_icon("pause" if self.playing else "play")
        self.play_button.setToolTip(text)
        self.play_button.setAccessibleName(text)

    def _restart(self) -> None:
        self._started, self._begun_at = time.monotonic(), self._position

    def _advance(self) -> None:
        position = self._begun_at + int((time.monotonic() - self._started) * self._speed)
        if position != self._position:
            self._move(min(position, self._count - 1))
        if self._position >= self._count - 1:
            self.pause()

    def _move(self, position: int) -> None:
        self._position = position
        self._show()
        self.moved.emit(position)

    def _show(self) -> None:
        self._slider.blockSignals(True)
        self._slider.setValue(self._position)
        self._slider.blockSignals(False)
        self._where.show_text(f"{format_number(self._position + 1, ',d')} / {format_number(self._count, ',d')}")

    def _step(self, by: int) -> None:
        self.pause()
        self._move(max(0, min(self._count - 1, self._position + by)))

    def _on_slid(self, value: int) -> None:
        self.pause()
        self._position = value
        self._where.show_text(f"{format_number(value + 1, ',d')} / {format_number(self._count, ',d')}")
        self.moved.emit(value)

    def _on_speed_chosen(self, speed: object) -> None:
        self._speed = int(speed)  # type: ignore[call-overload]
        self._restart()
        self.speed_changed.emit(self._speed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self.toggle()
        else:
            super().keyPressEvent(event)
