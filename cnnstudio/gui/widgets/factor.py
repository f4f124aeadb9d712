"""The editor of a range to draw from: two numbers, and for an angle the fan between them."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.params import Factor, Value
from cnnstudio.core.text import tr
from cnnstudio.gui.widgets.basics import Label, row
from cnnstudio.gui.widgets.fan import Fan
from cnnstudio.gui.widgets.number_box import NumberBox


class FactorEditor(QWidget):
    """The two ends of a range; a single number f means from -f to f. `changed(value)`, `settled`, `refused(text)`."""

    changed = Signal(object)
    settled = Signal()
    refused = Signal(str)

    def __init__(self, param: Factor, value: Value) -> None:
        super().__init__()
        limits: dict[str, Any] = {"minimum": param.minimum, "maximum": param.maximum, "step": 0.01, "decimals": 3,
                                  "optional": param.optional, "unit": str(param.unit) if param.unit else "",
                                  "display": param.display}
        low, high = _range_ends(value)
        self._low, self._high = NumberBox(low, **limits), NumberBox(high, **limits)
        line = row(self._low, Label(tr("to", "a"), "body", "dim"), self._high, spacing=4)
        line.setStretch(0, 1)
        line.setStretch(2, 1)
        self.fan: Fan | None = None
        if param.display is not None and param.display.circle:
            self.fan = Fan(str(param.label), param.display, param.minimum, param.maximum)
            self.fan.show_range(low, high)
            self.fan.dragged.connect(self._on_dragged)
            self.fan.settled.connect(self.settled)
            line.insertWidget(0, self.fan, alignment=Qt.AlignmentFlag.AlignVCenter)
            line.insertSpacing(1, 8)
        self.setLayout(line)
        for item in (self._low, self._high):
            item.value_changed.connect(self._on_changed)
            item.settled.connect(self.settled)
            item.refused.connect(self.refused)
        self.setFocusProxy(self._low)

    def _on_changed(self) -> None:
        low, high = self._low.value, self._high.value
        if self.fan is not None:
            self.fan.show_range(low, high)
        if low is None or high is None:
            self.changed.emit(None if low is None and high is None else (low or 0.0, high or 0.0))
        else:
            self.changed.emit(high if low == -high and high >= 0 else (low, high))

    def _on_dragged(self, low: float, high: float) -> None:
        self._low.set_value(low)
        self._high.set_value(high)
        self._on_changed()

    def set_value(self, value: Value) -> None:
        """Show a value without emitting signals."""
        low, high = _range_ends(value)
        self._low.set_value(low)
        self._high.set_value(high)
        if self.fan is not None:
            self.fan.show_range(low, high)


def _range_ends(value: Value) -> tuple[float | None, float | None]:
    if value is None:
        return None, None
    if isinstance(value, tuple | list):
        return (value[0], value[1]) if len(value) == 2 else (-value[0], value[0])
    return -value, value
