"""A shape as number fields, one for each axis."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.widgets.basics import Button, Label, clear, column, row
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.gui.widgets.number_box import NumberBox
from cnnstudio.learning.benches.tensors.operations import MOST_AXES, MOST_SIDE

Shape = tuple[int, ...]


class ShapeEditor(QWidget):
    """`edited(shape)` by the user; with `open_side` a side may be -1."""

    edited = Signal(object)

    def __init__(self, name: str, *, open_side: bool = False, least: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._open, self._least = name, open_side, least
        self._shape: Shape = ()
        fields = QWidget()
        self._fields = FlowLayout(fields, spacing=6)
        self._fewer = Button(tr("One axis fewer: {name}", "Un eje menos: {name}", name=name), "icon", "minus",
                             on_click=lambda: self._take(self._shape[1:]))
        self._more = Button(tr("One more axis: {name}", "Un eje más: {name}", name=name), "icon", "plus",
                            on_click=lambda: self._take((1, *self._shape)))
        head = row(Label(name), None, self._fewer, self._more, spacing=2)
        self.setLayout(column(head, fields, spacing=4))

    def set_shape(self, shape: Shape) -> None:
        """Show a shape without announcing it."""
        if shape == self._shape and self._fields.count() == len(shape):
            return
        same_axes = len(shape) == self._fields.count()
        self._shape = shape
        self._fewer.setEnabled(len(shape) > self._least)
        self._more.setEnabled(len(shape) < MOST_AXES)
        if same_axes:
            for place, side in enumerate(shape):
                item = self._fields.itemAt(place)
                field = item.widget() if item is not None else None
                if isinstance(field, NumberBox):
                    field.set_value(side)
            return
        clear(self._fields)
        for place, side in enumerate(shape):
            field = NumberBox(side, minimum=-1 if self._open else 1, maximum=99 if self._open else MOST_SIDE, integer=True)
            field.setFixedWidth(58)
            field.setAccessibleName(tr("{name}, axis {n}", "{name}, eje {n}", name=self._name, n=place))
            field.value_changed.connect(partial(self._on_value, place))
            self._fields.addWidget(field)

    def _on_value(self, place: int, value: object) -> None:
        side = int(str(value))
        if side == 0:
            return
        self._take((*self._shape[:place], side, *self._shape[place + 1:]))

    def _take(self, shape: Shape) -> None:
        self.set_shape(shape)
        self.edited.emit(shape)
