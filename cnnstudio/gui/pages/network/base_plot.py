"""The bases as points: published accuracy on ImageNet against the number of parameters."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.bases import Base
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.basics import Label, box, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.gui.widgets.formatting import format_compact, format_number, format_percent
from cnnstudio.gui.widgets.scatter import Point, ScatterChart


class BasePlot(Card):
    """A card with the plot, its legend and the bases that have no published accuracy."""

    chosen = Signal(object)
    """A base was clicked, or reached with an arrow key."""
    opened = Signal(object)

    def __init__(self) -> None:
        super().__init__(title=tr("Accuracy against size", "Exactitud frente a tamaño"), margins=(12, 10, 8, 8), spacing=4)
        self._bases: dict[str, Base] = {}
        legend = QWidget()
        flow = FlowLayout(legend, spacing=12)
        for kind, text in (("filled", tr("on this computer", "en este equipo")),
                           ("ring", tr("to be downloaded", "por descargar")),
                           ("line", tr("most accurate for their size", "las más exactas para su tamaño"))):
            flow.addWidget(box(row(_Sign(kind), Label(text, "secondary", "dim"), spacing=6)))
        self.chart = ScatterChart(
            tr("Accuracy of the bases against their size", "Exactitud de las bases frente a su tamaño"),
            tr("parameters without the classifier", "parámetros sin el clasificador"),
            tr("Accuracy on ImageNet, %", "Exactitud en ImageNet, %"), _format_axis, lambda value: str(round(value)))
        self.chart.chosen.connect(lambda identifier: self.chosen.emit(self._bases[identifier]))
        self.chart.opened.connect(lambda identifier: self.opened.emit(self._bases[identifier]))
        self.without = Label("", "secondary", "dim", wrap=True)
        self.body.addWidget(legend)
        self.body.addWidget(self.chart, 1)
        self.body.addWidget(self.without)

    def show_bases(self, bases: Sequence[Base], matches: Sequence[Base]) -> None:
        """Show these bases; those that do not match are faded."""
        self._bases = {base.id: base for base in bases}
        self.chart.show_points([Point(base.id, base.parameters, base.top1, str(base.label), format_point(base), base.is_here,
                                      base not in matches) for base in bases if base.top1])
        names = ", ".join(str(base.label) for base in bases if not base.top1)
        self.without.setText(tr("No published figure: {names}.", "Sin cifra publicada: {names}.", names=names))
        self.without.setVisible(bool(names))

    def select(self, base: Base | None) -> None:
        """Mark the point of a base, or none."""
        self.chart.select(base.id if base is not None else "")


def format_point(base: Base) -> str:
    """The name, the figures and the state of the weights of a base."""
    height, width = base.size
    here = (tr("its weights are on this computer", "sus pesos están en este equipo") if base.is_here else
            tr("its weights must be downloaded ({mb} MB)", "hay que descargar sus pesos ({mb} MB)",
               mb=format_number(base.megabytes, 0)))
    return "\n".join((str(base.label),
                      tr("{top} on ImageNet · {n} parameters without the classifier",
                         "{top} en ImageNet · {n} parámetros sin el clasificador", top=format_percent(base.top1 / 100),
                         n=format_compact(base.parameters)),
                      tr("pictures of {height} × {width} · {here}", "imágenes de {height} × {width} · {here}",
                         height=height, width=width, here=here),
                      tr("source of the figure: {source}",
                         "fuente de la cifra: {source}", source=base.top1_source.removeprefix("https://"))))


def _format_axis(parameters: float) -> str:
    """2 M, 500 k."""
    return f"{parameters / 1e6:.0f} M" if parameters >= 1e6 else f"{parameters / 1e3:.0f} k"


class _Sign(QWidget):
    """A filled point, a ring, or the dashed line through the best points."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self._kind = kind
        self.setFixedSize(20 if kind == "line" else 12, 14)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._kind == "line":
            painter.setPen(QPen(theme.color("accent"), 1.2, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(0, 7.5), QPointF(20, 7.5))
            return
        painter.setPen(QPen(theme.color("dim"), 1.6))
        painter.setBrush(theme.color("dim" if self._kind == "filled" else "raised"))
        painter.drawEllipse(QRectF(1.5, 2.5, 9, 9))
