"""The view of parallel coordinates: the board with what its colours mean, and a way out of the brushes."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal

from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.search.results.brushes import Arrangement
from cnnstudio.gui.pages.search.results.parallel import ParallelBoard
from cnnstudio.gui.pages.search.results.shown import Shown
from cnnstudio.gui.pages.search.results.view import ResultView
from cnnstudio.gui.widgets.basics import Button, Label, column, row, scroll_area


class ParallelView(ResultView):
    """`kept_changed(numbers or None)` follows the brushes. The arrangement of the axes lasts in `state`."""

    id = "parallel"
    title = Text("Parallel coordinates", "Coordenadas paralelas")
    kept_changed = Signal(object)

    def __init__(self, state: dict[str, Any]) -> None:
        super().__init__()
        self._arrangements: dict[str, Arrangement] = state.setdefault("axes", {})
        self.board = ParallelBoard(Arrangement())
        self.board.kept_changed.connect(self._on_kept)
        self.board.trial_chosen.connect(self.trial_chosen)
        self.board.trial_opened.connect(self.trial_opened)
        self._note = Label("", "secondary", "dim", wrap=True)
        self._clear = Button(tr("Remove the brushes", "Quitar las selecciones"), "link", on_click=self.board.clear_brushes)
        self._clear.hide()
        self._total = 0
        line = row(self._note, self._clear, spacing=8)
        line.setStretch(0, 1)
        layout = column(line, scroll_area(self.board, sideways=True), spacing=6)
        layout.setStretch(1, 1)
        self.setLayout(layout)

    def show_search(self, shown: Shown) -> None:
        self.board.arrangement = self._arrangements.setdefault(shown.search.id, Arrangement())
        self._total = len(shown.valued())
        self.board.show_search(shown)
        self._on_kept(self.kept)

    @property
    def kept(self) -> frozenset[int] | None:
        """The trials that the brushes keep; None without one."""
        board = self.board
        return board.arrangement.keeps(list(board.axes.values()), [number for axis in board.axes.values()
                                                                   for number in axis.values])

    def _on_kept(self, kept: frozenset[int] | None) -> None:
        if kept is None:
            words = tr("Strong lines are good trials, the green one is the best. Drag along an axis to keep a range; drag a "
                       "title to move the axis, click it to flip it.",
                       "Las líneas intensas son ensayos buenos; la verde, el mejor. Arrastre a lo largo de un eje para "
                       "conservar un intervalo; arrastre un título para mover el eje, haga clic en él para invertirlo.")
        else:
            words = tr("{n} of {total} trials lie inside the brushes; the table shows them alone.",
                       "{n} de {total} ensayos quedan dentro de las selecciones; la tabla muestra solo esos.", n=len(kept),
                       total=self._total)
        self._note.setText(words)
        self._clear.setVisible(kept is not None)
        self.kept_changed.emit(kept)

    def show_marks(self, chosen: int | None, kept: frozenset[int] | None) -> None:
        self.board.show_marks(chosen)
