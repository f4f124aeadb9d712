"""The neighbourhood of one picture: the verdict of the nearest training pictures, and the nearest ones of both kinds."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any, Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from cnnstudio.core.text import tr
from cnnstudio.evaluation.neighbourhood import Neighbourhood
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.evaluate.embedding.rows import MapRows
from cnnstudio.gui.pages.neighbours.strip import Cell, NeighbourStrip
from cnnstudio.gui.widgets.basics import Button, Elided, Label, box, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.formatting import format_percent
from cnnstudio.gui.widgets.inputs import SegmentedControl
from cnnstudio.gui.widgets.plots import legend_html

_TOKENS: Final = {"unlike": "warn", "agrees": "", "label": "warn", "answer": "error", "mixed": "warn", "nothing": "dim"}


class NeighbourhoodCard(Card):
    """`linked(start, links)` for the lines on the map, `chosen(id)` when a neighbour was clicked, `closed()`. `state` remembers
    which neighbours are shown."""

    linked = Signal(int, object)
    chosen = Signal(int)
    closed = Signal()

    def __init__(self, state: dict[str, Any], parent: QWidget | None = None) -> None:
        self._state = state
        self._rows: MapRows | None = None
        self._identifier = -1
        self._color: Callable[[str], QColor] = lambda _name: theme.color("faint")
        self._title = Elided("", "body_strong", mode=Qt.TextElideMode.ElideMiddle)
        close = Button(tr("Close", "Cerrar"), "icon", "close")
        self.verdict = Label("", "body", wrap=True)
        self._which = SegmentedControl([(True, tr("Training pictures", "De entrenamiento")),
                                        (False, tr("Evaluated ones", "Evaluadas"))], self._training, stretch=False)
        self._votes = Label("", "secondary")
        self._votes.setTextFormat(Qt.TextFormat.RichText)
        self.strip = NeighbourStrip()
        head = row(self._title, close, spacing=8)
        head.setStretch(0, 1)
        middle = row(self._which, self._votes, None, spacing=14)
        super().__init__(box(head), self.verdict, box(middle), self.strip, spacing=6, margins=(14, 8, 14, 6), parent=parent)
        self.strip.chosen.connect(self.chosen)
        self._which.chosen.connect(self._choose)
        close.clicked.connect(self.closed)
        self.hide()

    @property
    def _training(self) -> bool:
        return bool(self._state.get("near_training", True))

    def _choose(self, value: object) -> None:
        self._state["near_training"] = bool(value)
        self._show()

    def show_picture(self, rows: MapRows | None, identifier: int, color: Callable[[str], QColor]) -> None:
        """Show the neighbourhood of a dot of the split; without rows nothing."""
        self._rows, self._identifier, self._color = rows, identifier, color
        self._show()

    def _show(self) -> None:
        rows = self._rows
        place = None if rows is None else rows.row_of(self._identifier)
        self.setVisible(place is not None)
        if rows is None or place is None:
            self.linked.emit(-1, ())
            return
        names = rows.answers.class_names
        label, predicted = names[rows.labels[place]], names[rows.predicted[place]]
        chance = format_percent(float(rows.confidence[place]))
        file = rows.found.paths[self._identifier].replace("\\", "/").rpartition("/")[2]
        self._title.setText(tr("{file}: {label}, recognised ({chance})", "{file}: {label}, reconocida ({chance})", file=file,
                               label=label, chance=chance) if label == predicted else
                            tr("{file}: {label}, predicted as {predicted} ({chance})",
                               "{file}: {label}, predicha como {predicted} ({chance})", file=file, label=label,
                               predicted=predicted, chance=chance))
        # The training split is its own neighbourhood.
        self._which.setVisible(rows.found.split != "train")
        judged = rows.judge(self._identifier)
        assert judged is not None
        self._show_verdict(judged, label == predicted)
        near = rows.neighbours(self._identifier, self._training)
        self.strip.show_cells([Cell(identifier, item, self._color(item.class_name)) for identifier, item in near])
        self.linked.emit(self._identifier, tuple((identifier, self._color(item.class_name), not self._training)
                                                 for identifier, item in near))

    def _show_verdict(self, judged: Neighbourhood, right: bool) -> None:
        self.verdict.setText(str(judged.text))
        token = _TOKENS[judged.verdict]
        self.verdict.set_tone("" if right and token == "error" else token)
        self._votes.setText(legend_html(tuple((self._color(name), "●", f"{escape(name)}: {count}")
                                              for name, count in judged.votes[:6])))

    def close_threads(self) -> None:
        self.strip.close_threads()
