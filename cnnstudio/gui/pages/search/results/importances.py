"""How much each varied key decides of an objective, as bars; computed in a thread."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from cnnstudio.core.text import Text, format_number, tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.search.results.shown import Shown
from cnnstudio.gui.pages.search.results.view import ResultView
from cnnstudio.gui.state.jobs import JobList, Report
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.widgets.basics import Label, column, row
from cnnstudio.gui.widgets.inputs import SegmentedControl
from cnnstudio.workers.search.importances import IMPORTANCES, importances

_ROW: Final = 30
_NUMBER: Final = 56
_CERTAIN: Final = 20
"""Complete trials below which the shares still move much."""
_KEPT: Final = 32
"""So many answers are remembered."""


class ImportanceBars(QWidget):
    """Names, bars and shares of keys, the greatest first."""

    def __init__(self) -> None:
        super().__init__()
        self.shares: list[tuple[str, float]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(tr("Importances", "Importancias"))

    def show_shares(self, shares: list[tuple[str, float]]) -> None:
        """Show (name, share from 0 to 1)."""
        self.shares = shares
        self.setAccessibleDescription(", ".join(f"{name} {format_number(share, '.0%')}" for name, share in shares))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, _ROW * max(1, len(self.shares)))

    def minimumSizeHint(self) -> QSize:
        return QSize(220, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font())
        metrics = painter.fontMetrics()
        widest = max((metrics.horizontalAdvance(name) for name, _share in self.shares), default=0) + 12
        left = min(widest, self.width() * 0.42)
        room = max(10.0, self.width() - left - _NUMBER)
        most = max((share for _name, share in self.shares), default=1.0) or 1.0
        for place, (name, share) in enumerate(self.shares):
            line = QRectF(0, place * _ROW, self.width(), _ROW)
            painter.setPen(theme.color("text"))
            words = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, round(left - 12))
            painter.drawText(QRectF(0, line.top(), left - 12, _ROW),
                             Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("sunk"))
            painter.drawRoundedRect(QRectF(left, line.top() + 7, room, _ROW - 14), 4, 4)
            painter.setBrush(theme.color("accent"))
            painter.drawRoundedRect(QRectF(left, line.top() + 7, max(2.0, room * share / most), _ROW - 14), 4, 4)
            painter.setPen(theme.color("dim"))
            painter.drawText(QRectF(left + room + 6, line.top(), _NUMBER - 6, _ROW),
                             Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, format_number(share, ".1%"))


def _measure(request: tuple[Path, str, int, int], _report: Report) -> Any:
    from cnnstudio.workers.search.folder import SearchFolder

    folder, measure, objective, _count = request
    return list(importances(SearchFolder(folder), measure, objective).items())


class ImportancesView(ResultView):
    """Bars by one of the measures, with what it means."""

    id = "importances"
    title = Text("Importances", "Importancias")

    def __init__(self, jobs: JobList) -> None:
        super().__init__()
        self._shown: Shown | None = None
        self._answers: dict[tuple[Path, str, int, int], list[tuple[str, float]] | Failure] = {}
        self._latest = Latest(jobs, "importances", _measure, self)
        self._latest.answered.connect(self._take)
        self.measure = SegmentedControl([(entry.id, str(entry.label)) for entry in IMPORTANCES], IMPORTANCES.ids()[0],
                                        stretch=False)
        self.measure.setAccessibleName(tr("Measure", "Medida"))
        self.measure.chosen.connect(lambda _value: self._ask())
        self.bars = ImportanceBars()
        self._help = Label("", "secondary", "dim", wrap=True)
        self._state = Label("", "body", "dim", wrap=True)
        self.setLayout(column(row(self.measure, None), self._help, 4, self._state, self.bars, None, spacing=8))

    def show_search(self, shown: Shown) -> None:
        self._shown = shown
        self._ask()

    def _request(self) -> tuple[Path, str, int, int] | None:
        if self._shown is None:
            return None
        return self._shown.search.folder, str(self.measure.value), self._shown.objective, len(self._shown.search.complete)

    def _ask(self) -> None:
        request = self._request()
        self._help.setText(str(IMPORTANCES[str(self.measure.value)].help))
        if request is None:
            return
        if request in self._answers:
            self._show(self._answers[request])
            return
        if not self._shows_same(request):
            # The bars of a few trials earlier may stand until the new ones are there.
            self.bars.show_shares([])
        if not self.bars.shares:
            self._state.setText(tr("Computing…", "Calculando…"))
            self._state.show()
        self._latest.ask(request)

    def _shows_same(self, request: tuple[Path, str, int, int]) -> bool:
        last = next(reversed(self._answers), None)
        return last is not None and last[:3] == request[:3]

    def _take(self, request: Any, answer: Any) -> None:
        self._answers[request] = answer
        while len(self._answers) > _KEPT:
            del self._answers[next(iter(self._answers))]
        if request == self._request():
            self._show(answer)

    def _show(self, answer: list[tuple[str, float]] | Failure) -> None:
        if isinstance(answer, Failure) or self._shown is None:
            self._state.setText(answer.text if isinstance(answer, Failure) else "")
            self._state.show()
            self.bars.show_shares([])
            return
        names = self._shown.names
        self.bars.show_shares([(names.get(key, key), share) for key, share in answer])
        count, left_out = len(self._shown.search.complete), len(self._shown.keys) - len(answer)
        words = []
        if count < _CERTAIN:
            words.append(tr("Only {n} complete trials: the shares will still change much.",
                            "Solo hay {n} ensayos completos: las proporciones aún cambiarán mucho.", n=count))
        if left_out:
            words.append(tr("{n} of the keys matter for some choices alone and have no share.",
                            "{n} de las claves solo importan con ciertas opciones y no tienen proporción.", n=left_out))
        self._state.setText(" ".join(words))
        self._state.setVisible(bool(words))

    def close_threads(self) -> None:
        self._latest.close()
