"""The learning rate over the whole plan, before it is trained."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.schedules import SCHEDULES, rates
from cnnstudio.core.text import localize_number, tr
from cnnstudio.core.training import TrainingSpec
from cnnstudio.gui.look import theme

_POINTS: Final = 240
"""Points of a curve: its width in pixels is about that."""


def plan_rates(training: TrainingSpec, epoch_batches: int) -> list[list[tuple[float, float]]]:
    """(epoch from 0, learning rate) for every stage, by the formulas that the training uses, if no callback changes it."""
    curves: list[list[tuple[float, float]]] = []
    before = 0
    for stage in training.stages:
        total = stage.epochs * epoch_batches
        count = min(total, _POINTS)
        steps = sorted({round(index * (total - 1) / max(1, count - 1)) for index in range(count)})
        number = float(stage.optimizer.params.get("learning_rate", 0.001))
        try:
            values = rates(stage, number, epoch_batches, steps)
        except (ArithmeticError, ValueError, TypeError, IndexError):  # values that the form is just refusing
            values = []
        curves.append([(before + step / epoch_batches, rate) for step, rate in zip(steps, values, strict=False)])
        before += stage.epochs
    return curves


class RateCurve(QWidget):
    """A small drawing; shown where a stage has a schedule, or several stages have rates of their own."""

    def __init__(self) -> None:
        super().__init__()
        self._curves: list[list[tuple[float, float]]] = []
        self._epochs = 1
        self.setMinimumHeight(self.sizeHint().height())

    def sizeHint(self) -> QSize:
        return QSize(240, 112)

    @property
    def curves(self) -> list[list[tuple[float, float]]]:
        """The drawn points of each stage."""
        return self._curves

    def show_plan(self, training: TrainingSpec, epoch_batches: int) -> None:
        """Draw the plan for so many batches an epoch; hidden where the rate is one number, or no pictures are known."""
        scheduled = any(stage.schedule is not None and stage.schedule.type in SCHEDULES for stage in training.stages)
        wanted = epoch_batches > 0 and training.epochs > 0 and (scheduled or len(training.stages) > 1)
        self.setVisible(wanted)
        if not wanted:
            return
        self._curves, self._epochs = plan_rates(training, epoch_batches), training.epochs
        points = [rate for curve in self._curves for _epoch, rate in curve]
        if points:
            words = tr("Learning rate over {n} epochs: from {low} to {high}",
                       "Tasa de aprendizaje en {n} épocas: de {low} a {high}", n=training.epochs,
                       low=_number(min(points)), high=_number(max(points)))
            self.setAccessibleName(words)
            self.setToolTip(words)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        points = [rate for curve in self._curves for _epoch, rate in curve]
        highest = max(points, default=0.0)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("secondary"))
        line = painter.fontMetrics().height()
        area = QRectF(1, line + 6, self.width() - 2, self.height() - 2 * line - 12)
        painter.setPen(theme.color("dim"))
        top = QRectF(0, 0, self.width(), line)
        painter.drawText(top, Qt.AlignmentFlag.AlignLeft, tr("Learning rate", "Tasa de aprendizaje"))
        painter.drawText(top, Qt.AlignmentFlag.AlignRight, _number(highest))
        bottom = QRectF(0, self.height() - line, self.width(), line)
        painter.drawText(bottom, Qt.AlignmentFlag.AlignLeft, "0")
        painter.drawText(bottom, Qt.AlignmentFlag.AlignRight, tr("epoch {n}", "época {n}", n=self._epochs))
        painter.setPen(QPen(theme.color("line"), 1))
        painter.drawLine(area.bottomLeft(), area.bottomRight())
        if highest <= 0:
            return
        for number, curve in enumerate(self._curves):
            if not curve:
                continue
            drawn = QPolygonF([QPointF(area.left() + area.width() * epoch / self._epochs,
                                       area.bottom() - area.height() * rate / highest) for epoch, rate in curve])
            if number:
                painter.setPen(QPen(theme.color("dim"), 1, Qt.PenStyle.DotLine))
                painter.drawLine(QPointF(drawn.first().x(), area.top()), QPointF(drawn.first().x(), area.bottom()))
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawPolyline(drawn)


def _number(value: float) -> str:
    return localize_number(f"{value:.3g}")
