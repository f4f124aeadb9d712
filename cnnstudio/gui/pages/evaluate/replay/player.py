"""The controls of the time machine: a slider over the epochs, play and pause, and the speed."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import format_number, tr
from cnnstudio.gui.widgets.basics import Button, row
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.gui.widgets.wheel import Slider

SPEEDS: Final = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Epochs a second."""


class Player(QWidget):
    """`moved(index)` when another epoch is to be shown. Space plays and pauses, arrows step, Home and End go to the ends."""

    moved = Signal(int)

    def __init__(self, state: dict[str, Any], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._play = Button(tr("Play (Space)", "Reproducir (Espacio)"), "icon", "play", on_click=self.toggle)
        self.slider = Slider()
        self.slider.setAccessibleName(tr("Epoch", "Época"))
        self.slider.setPageStep(1)
        self.slider.valueChanged.connect(self.moved)
        self.slider.sliderPressed.connect(self.pause)
        self._speed = Select([(speed, tr("{n} per second", "{n} por segundo", n=format_number(speed, "g")))
                              for speed in SPEEDS], self.speed)
        self._speed.setAccessibleName(tr("Speed, in epochs", "Velocidad, en épocas"))
        self._speed.setFixedWidth(140)
        self._speed.chosen.connect(self._choose_speed)
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._step)
        line = row(self._play, self.slider, self._speed, spacing=10)
        line.setStretch(1, 1)
        self.setLayout(line)

    @property
    def speed(self) -> float:
        """Epochs a second."""
        chosen = self._state.get("speed", 2.0)
        return chosen if chosen in SPEEDS else 2.0

    @property
    def index(self) -> int:
        return self.slider.value()

    @property
    def playing(self) -> bool:
        return self._timer.isActive()

    def set_count(self, count: int, index: int) -> None:
        """So many epochs, and the one that is shown; emits nothing."""
        self.slider.blockSignals(True)
        self.slider.setRange(0, max(0, count - 1))
        self.slider.setValue(index)
        self.slider.blockSignals(False)
        for item in (self._play, self.slider, self._speed):
            item.setEnabled(count > 1)
        if count < 2:
            self.pause()

    def toggle(self) -> None:
        """Play, from the beginning where the end is shown; or pause."""
        if self.playing:
            self.pause()
            return
        if self.slider.value() == self.slider.maximum():
            self.slider.setValue(0)
        self._timer.start(round(1000 / self.speed))
        self._show_state()

    def pause(self) -> None:
        self._timer.stop()
        self._show_state()

    def _step(self) -> None:
        self.slider.setValue(self.slider.value() + 1)
        if self.slider.value() == self.slider.maximum():
            self.pause()

    def _choose_speed(self, value: Any) -> None:
        self._state["speed"] = value
        if self.playing:
            self._timer.start(round(1000 / self.speed))

    def _show_state(self) -> None:
        self._play.set_icon("pause" if self.playing else "play")
        self._play.setToolTip(tr("Pause (Space)", "Pausar (Espacio)") if self.playing else tr("Play (Space)",
                                                                                            "Reproducir (Espacio)"))

    def press(self, event: QKeyEvent) -> bool:
        """Act on a key; whether it is one of the player's."""
        key, last = event.key(), self.slider.maximum()
        places = {Qt.Key.Key_Left: max(0, self.index - 1), Qt.Key.Key_Right: min(last, self.index + 1), Qt.Key.Key_Home: 0,
                  Qt.Key.Key_End: last}
        if key == Qt.Key.Key_Space:
            if last:
                self.toggle()
        elif key in places:
            self.pause()
            self.slider.setValue(places[Qt.Key(key)])
        else:
            return False
        return True
