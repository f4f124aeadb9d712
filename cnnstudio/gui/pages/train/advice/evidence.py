"""What shows an advice: the curves of the run, or bars of what was counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.dataset import SPLIT_NAMES
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.train.plots.curve_plot import CurvePlot
from cnnstudio.gui.pages.train.plots.history import Curves
from cnnstudio.gui.pages.train.plots.quantities import quantity
from cnnstudio.gui.widgets.formatting import format_count, format_percent
from cnnstudio.workers.coach.advice import Plot
from cnnstudio.workers.coach.evidence import Evidence

Bar = tuple[str, float, str]
"""Name, share from 0 to 1, and what is written behind it."""
_MOST: Final = 12
_ROW: Final = 22


class ShareBars(QWidget):
    """Shares as horizontal bars with their names before and numbers behind them."""

    def __init__(self, bars: Sequence[Bar], name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._bars = list(bars)
        self.setAccessibleName(name)
        self.setAccessibleDescription("; ".join(f"{label}: {text}" for label, _share, text in bars))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(360, _ROW * len(self._bars))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("secondary"))
        metrics = painter.fontMetrics()
        left = min(self.width() // 3, max((metrics.horizontalAdvance(label) for label, _s, _t in self._bars), default=0)) + 10
        right = max((metrics.horizontalAdvance(text) for _l, _s, text in self._bars), default=0) + 10
        room = max(10, self.width() - left - right)
        middle = Qt.AlignmentFlag.AlignVCenter
        for number, (label, share, text) in enumerate(self._bars):
            top = number * _ROW
            painter.setPen(theme.color("dim"))
            painter.drawText(QRectF(0, top, left - 10, _ROW), middle, metrics.elidedText(
                label, Qt.TextElideMode.ElideMiddle, left - 10))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("sunk"))
            painter.drawRoundedRect(QRectF(left, top + 6, room, _ROW - 12), 3, 3)
            painter.setBrush(theme.color("accent"))
            painter.drawRoundedRect(QRectF(left, top + 6, max(2.0, room * min(1.0, share)), _ROW - 12), 3, 3)
            painter.setPen(theme.color("text"))
            painter.drawText(QRectF(left + room + 10, top, right, _ROW), middle, text)


def _classes(evidence: Evidence) -> list[Bar]:
    """Recall by class, the lowest first, with the number of training pictures."""
    seen, counts = evidence.inspected, evidence.counts.get("train", ())
    if seen is None or len(seen.recalls) != len(evidence.class_names) or len(counts) != len(seen.recalls):
        return []
    order = sorted(range(len(counts)), key=lambda number: seen.recalls[number])[:_MOST]
    return [(evidence.class_names[number], seen.recalls[number], tr(
        "{share}, {n} for training", "{share}, {n} para entrenar", share=format_percent(seen.recalls[number], 0),
        n=format_count(counts[number]))) for number in order]


def _layers(evidence: Evidence) -> list[Bar]:
    """Dead units by layer."""
    layers = () if evidence.inspected is None else evidence.inspected.layers
    return [(layer.node, layer.dead / max(1, layer.units), tr(
        "{dead} of {units} dead", "{dead} de {units} muertas", dead=format_count(layer.dead), units=format_count(layer.units)))
        for layer in layers[:_MOST]]


def _steps(evidence: Evidence) -> list[Bar]:
    """Accuracy on training pictures: unchanged, with each augmentation, and with all of them."""
    seen = evidence.inspected
    if seen is None or seen.augmented_accuracy is None:
        return []
    rows = [(tr("unchanged", "sin cambiar"), seen.train_accuracy), *((step.step, step.accuracy) for step in seen.steps),
            (tr("all as in the training", "todos, como al entrenar"), seen.augmented_accuracy)]
    return [(name, share, format_percent(share, 0)) for name, share in rows]


def _splits(evidence: Evidence) -> list[Bar]:
    """Pictures of each split that are among the training pictures."""
    return [(str(SPLIT_NAMES[leak.split]), leak.leaked / max(1, leak.pictures), tr(
        "{leaked} of {all}", "{leaked} de {all}", leaked=format_count(leak.leaked), all=format_count(leak.pictures)))
        for leak in evidence.leaks]


_BARS: Final[dict[str, Callable[[Evidence], list[Bar]]]] = {
    "classes": _classes, "layers": _layers, "steps": _steps, "splits": _splits}


def evidence_view(plot: Plot, evidence: Evidence, curves: Curves) -> QWidget | None:
    """The widget that shows it, or None where there is nothing to show."""
    if plot in ("loss", "accuracy"):
        if not curves.epoch_x and not curves.batch_x:
            return None
        view = CurvePlot(quantity(plot))
        view.setFixedHeight(240)
        view.show_curves(curves)
        return view
    names = {"classes": tr("Recall by class", "Exhaustividad por clase"), "layers": tr("Dead units", "Unidades muertas"),
             "steps": tr("Accuracy on changed pictures", "Exactitud con imágenes cambiadas"),
             "splits": tr("Leaking pictures", "Imágenes con fuga")}
    bars = _BARS[plot](evidence)
    return ShareBars(bars, names[plot]) if bars else None
