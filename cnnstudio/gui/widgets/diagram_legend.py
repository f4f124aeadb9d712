"""What the blocks, colours and lines of a network's drawing mean."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.widgets.basics import Label, box, row
from cnnstudio.gui.widgets.diagram import pale
from cnnstudio.gui.widgets.flow import FlowLayout


class DiagramLegend(QWidget):
    """The legend in a line that wraps."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        flow = FlowLayout(self, spacing=14)
        for kind, text in (
                ("input", tr("pictures", "imágenes")), ("convolution", tr("convolution", "convolución")),
                ("mixes", tr("1 × 1 convolution", "convolución 1 × 1")), ("pooling", tr("pooling", "agrupamiento")),
                ("core", tr("dense layer", "capa densa")), ("way", tr("skip connection", "conexión de salto"))):
            flow.addWidget(box(row(_Sign(kind), Label(text, "secondary", "dim"), spacing=6)))
        flow.addWidget(Label(tr("height: size of the maps · width: channels · ×n: repeated n times",
                                "alto: tamaño de los mapas · ancho: canales · ×n: se repite n veces"), "secondary", "dim"))


class _Sign(QWidget):
    """A block in the colour of a family, or a way around blocks."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self._kind = kind
        self.setFixedSize(16, 14)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._kind == "way":
            path = QPainterPath(QPointF(1, 12))
            path.cubicTo(1, 0, 15, 0, 15, 12)
            painter.setPen(QPen(theme.family_color("merge"), 1.4))
            painter.drawPath(path)
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(pale(theme.family_color("convolution")) if self._kind == "mixes" else
                         theme.family_color(self._kind))
        painter.drawRoundedRect(QRectF(5, 1, 6, 12), 1.5, 1.5)
