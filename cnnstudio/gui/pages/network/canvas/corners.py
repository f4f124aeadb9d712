"""The overlays in the corners of the canvas: the zoom, and the totals of the network."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.widgets.basics import Button, Caption, Label, column
from cnnstudio.gui.widgets.formatting import format_percent


class ZoomBar(QFrame):
    """- 100 % + Fit, in the lower left corner."""

    zoomed = Signal(float)
    """The factor to multiply the zoom by."""
    fit_chosen = Signal()
    activations_chosen = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(4, 2, 4, 2)
        layout.setSpacing(2)
        self._label = Label(format_percent(1, 0), "secondary", "dim")
        self._label.setMinimumWidth(44)
        self._label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout.addWidget(Button(tr("Zoom out", "Alejar"), "icon", "minus",
                                on_click=lambda: self.zoomed.emit(1 / 1.2)))
        layout.addWidget(self._label)
        layout.addWidget(Button(tr("Zoom in", "Acercar"), "icon", "plus",
                                on_click=lambda: self.zoomed.emit(1.2)))
        layout.addWidget(Button(tr("Fit", "Ajustar"), "quiet", on_click=self.fit_chosen.emit))
        layout.addWidget(Button(tr("Activations of a run on the cards", "Activaciones de un entrenamiento en las tarjetas"),
                                "icon", "eye", on_click=self.activations_chosen.emit))

    def show_zoom(self, zoom: float) -> None:
        self._label.setText(format_percent(zoom, 0))


class Totals(QFrame):
    """Parameters, multiply-adds and receptive field of the whole network."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._line = QHBoxLayout(self)
        self._values: list[Label] = []
        for name in (tr("Parameters", "Parámetros"), tr("Multiply-adds", "Multiplicaciones"),
                      tr("Receptive field", "Campo receptivo")):
            value = Label("", "body_strong")
            self._values.append(value)
            self._line.addLayout(column(Caption(name), value, spacing=2))
        self.fit(4096)

    def fit(self, width: int) -> None:
        """Take the size that the texts need, more closely set where `width` pixels are too few."""
        for margin, spacing in ((16, 22), (10, 10)):
            self._line.setContentsMargins(margin, 10, margin, 10)
            self._line.setSpacing(spacing)
            self.adjustSize()
            if self.width() <= width:
                break

    def show_totals(self, parameters: str, multiply_adds: str, field: str) -> None:
        for label, text in zip(self._values, (parameters, multiply_adds, field), strict=True):
            label.setText(text)
