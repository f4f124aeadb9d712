"""A labelled slider over given values, with the present value at the right of its label."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.gui.widgets.basics import Label, column, row
from cnnstudio.gui.widgets.wheel import Slider


class SliderField(QWidget):
    """`chosen(value)` while the user drags. `values` are numbers; one between them is shown at the
    nearest place, and kept."""

    chosen = Signal(object)

    def __init__(self, label: str, values: Sequence[Any], value: Any, *, text: Callable[[Any], str] = str, tooltip: str = "",
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values, self._text, self._value = list(values), text, value
        self._shown = Label("", "body_strong")
        name = Label(label)
        self.slider = Slider()
        self.slider.setRange(0, len(self._values) - 1)
        self.slider.setPageStep(max(1, len(self._values) // 8))
        self.slider.setAccessibleName(label)
        self.slider.valueChanged.connect(self._on_slid)
        head = row(name, None, self._shown, spacing=8)
        self.setLayout(column(head, self.slider, spacing=2))
        if tooltip:
            self.setToolTip(tooltip)
        self.set_value(value)

    @property
    def value(self) -> Any:
        return self._value

    def set_value(self, value: Any) -> None:
        """Show a value without announcing it."""
        self._value = value
        nearest = min(range(len(self._values)), key=lambda place: abs(self._values[place] - value))
        self.slider.blockSignals(True)
        self.slider.setValue(nearest)
        self.slider.blockSignals(False)
        self._show()

    def _show(self) -> None:
        text = self._text(self._value)
        self._shown.setText(text)
        self.slider.setAccessibleDescription(text)

    def _on_slid(self, place: int) -> None:
        self._value = self._values[place]
        self._show()
        self.chosen.emit(self._value)
