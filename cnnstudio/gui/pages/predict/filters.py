"""The line above many answers: which of them are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.display import PERCENT
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.predict.answers import Answer
from cnnstudio.gui.pages.predict.table import probability_of
from cnnstudio.gui.widgets.basics import Button, Label, box, row
from cnnstudio.gui.widgets.flow import FlowLayout
from cnnstudio.gui.widgets.formatting import format_count
from cnnstudio.gui.widgets.inputs import SearchBox, Select
from cnnstudio.gui.widgets.number_box import NumberBox

Accepts = Callable[[Answer], bool]
_STATES: Final[tuple[tuple[str, Text, Accepts], ...]] = (
    ("sure", Text("Sure", "Con certeza"), lambda answer: answer.best is not None and not answer.not_sure),
    ("not_sure", Text("Not sure", "Sin certeza"), lambda answer: answer.not_sure),
    ("corrected", Text("Corrected", "Corregidas"), lambda answer: bool(answer.corrected)),
    ("problem", Text("With a problem", "Con un problema"), lambda answer: answer.problem_found is not None),
)
_TYPING_MS: Final = 200


class FilterBar(QWidget):
    """`changed()` when other answers are wanted; `accepts()` tells which."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_TYPING_MS)
        self._soon.timeout.connect(self._announce)
        self._search = SearchBox(tr("Search…", "Buscar…"))
        self._search.setFixedWidth(150)
        self._label = Select()
        self._label.setMinimumContentsLength(9)
        self._label.setAccessibleName(tr("Predicted class", "Clase predicha"))
        self._state = Select([(None, tr("Kind: all", "Tipo: todos")),
                              *((name, str(text)) for name, text, _accepts in _STATES)])
        self._state.setMinimumContentsLength(9)
        self._state.setAccessibleName(tr("Kind of answer", "Tipo de respuesta"))
        self._state.set_value(None)
        self._low, self._high = (NumberBox(value, minimum=0, maximum=1, display=PERCENT) for value in (0.0, 1.0))
        for number, name in ((self._low, tr("Probability at least", "Probabilidad mínima")),
                             (self._high, tr("Probability at most", "Probabilidad máxima"))):
            number.setFixedWidth(94)
            number.setAccessibleName(name)
            number.setToolTip(name)
            number.value_changed.connect(lambda _value: self._soon.start())
        self.reset_button = Button("", "link", "close", on_click=self.reset)
        """Says how many answers are shown, and shows all of them; for a place where it moves nothing."""
        self._search.textChanged.connect(lambda _text: self._soon.start())
        for select in (self._label, self._state):
            select.chosen.connect(lambda _value: self._announce())
        layout = FlowLayout(self, spacing=8)
        # The caption and its numbers stay together where the line is broken.
        share = box(row(Label(tr("Probability", "Probabilidad"), "secondary", "dim"), self._low, Label("–", tone="dim"),
                        self._high, spacing=4))
        for widget in (self._search, self._label, self._state, share):
            layout.addWidget(widget)
        self.set_names(())
        self._show()

    @property
    def active(self) -> bool:
        """Whether only some answers are wanted."""
        return bool(self._search.text().strip() or self._label.value or self._state.value
                    or (self._low.value or 0) > 0 or (1 if self._high.value is None else self._high.value) < 1)

    def set_names(self, names: Sequence[str]) -> None:
        """The classes that can be chosen."""
        chosen = self._label.value if self._label.value in names else None
        self._label.set_choices([(None, tr("Class: all", "Clase: todas")), *((name, name) for name in names)], chosen)

    def show_state(self, state: str) -> None:
        """Show the answers of one kind, such as "corrected"."""
        self._state.set_value(state)
        self._announce()

    def show_count(self, shown: int, total: int) -> None:
        """Say how many are shown."""
        told = {"n": format_count(shown), "total": format_count(total)}
        # Short: with large text the line above the answers has little room.
        self.reset_button.setText(tr("{n} of {total}", "{n} de {total}", **told))
        self.reset_button.setToolTip(tr("Showing {n} of {total}. Show all answers", "Se muestran {n} de {total}. Mostrar todas "
                                        "las respuestas", **told))

    def reset(self) -> None:
        """Show all answers."""
        for number, value in ((self._low, 0.0), (self._high, 1.0)):
            number.set_value(value)
        self._search.blockSignals(True)
        self._search.clear()
        self._search.blockSignals(False)
        self._label.set_value(None)
        self._state.set_value(None)
        self._announce()

    def accepts(self) -> Accepts | None:
        """Whether an answer is wanted; None where all are."""
        if not self.active:
            return None
        words = self._search.text().strip().casefold()
        label, low = self._label.value, self._low.value or 0.0
        high = 1.0 if self._high.value is None else self._high.value
        state = next((accepts for name, _text, accepts in _STATES if name == self._state.value), None)
        any_share = low <= 0 and high >= 1

        def accept(answer: Answer) -> bool:
            return ((not words or words in answer.path.casefold()) and (label is None or answer.label == label)
                    and (state is None or state(answer)) and (any_share or low <= probability_of(answer) <= high))

        return accept

    def stop(self) -> None:
        """The page will be deleted."""
        self._soon.stop()

    def _announce(self) -> None:
        self._soon.stop()
        self._show()
        self.changed.emit()

    def _show(self) -> None:
        self.reset_button.setVisible(self.active)
