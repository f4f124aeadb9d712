"""What of a pretrained base learns in the edited stage, and how fast: the choice, the drawn freeze line and the rate."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.bases import last_layers
from cnnstudio.catalog.bases.resolver import base_of_node
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.core.network import BASE
from cnnstudio.core.params import Float, Int, Line, Value, find_param
from cnnstudio.core.params import ShownWhen as Shown
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text, tr
from cnnstudio.core.training import STAGE_PARAMS, Stage
from cnnstudio.gui.pages.train.settings.stage_list import format_learning
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Label, column
from cnnstudio.gui.widgets.form import Form
from cnnstudio.gui.widgets.freeze_strip import FreezeControl
from cnnstudio.network.freeze_line import freeze_line

_LINE, _COUNT, _FACTOR, _LEARNS = "trainable_from", "last", "base_rate_factor", "learns"
_LAST = "last"
"""The choice of the last layers, by their number."""
_FIRST_COUNT = 20


class StageLearning(QWidget):
    """`changed(field, value)` with a field of the stage; `settled` when a drag or a typed value is complete."""

    changed = Signal(str, object)
    settled = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        line, factor = find_param(STAGE_PARAMS, _LINE), find_param(STAGE_PARAMS, _FACTOR)
        assert isinstance(line, Line)
        assert isinstance(factor, Float)
        self._form = Form((
            line,
            Int(name=_COUNT, default=_FIRST_COUNT, minimum=1, maximum=99_999, label=Text("Layers", "Capas"),
                shown_when=Shown(_LINE, (_LAST,)),
                help=Text("How many layers at the end of the base learn, counted as in base.layers[-20:] of Keras.",
                          "Cuántas capas del final de la base aprenden, contadas como en base.layers[-20:] de Keras.")),
            msgspec.structs.replace(factor, advanced=False, shown_when=Shown(_LEARNS, (True,))),
        ), {})
        self._form.value_changed.connect(self._take)
        self._form.settled.connect(lambda _name: self.settled.emit())
        self._choices: list[tuple[object, str]] = []
        self.line = FreezeControl()
        self.line.line_moved.connect(lambda value: self.changed.emit(_LINE, value))
        self.line.settled.connect(self.settled)
        self._note = Label(tr("The batch normalisation of the base stays in inference mode: it keeps the means and "
                              "deviations that it learned, which small batches would spoil.",
                              "La normalización por lotes de la base permanece en modo de inferencia: conserva las medias y "
                              "desviaciones que aprendió, que los lotes pequeños estropearían."), "secondary", "dim", wrap=True)
        self.setLayout(column(self._form, self.line, self._note, spacing=8))

    def show_stage(self, stage: Stage) -> None:
        """Show what learns in a stage. Several bases have no line in common that could be drawn."""
        project, resolver = self._session.project, self._session.bases
        pairs = [(node, base) for node in project.network.nodes if (base := base_of_node(node, resolver)) is not None]
        bases = [base for _node, base in pairs]
        blocks = [block for block in bases[0].lines if all(block in base.lines for base in bases)] if bases else []
        count = last_layers(stage.trainable_from)
        chosen = _LAST if count is not None else stage.trainable_from
        extra = [] if chosen in ("", "none", "all", _LAST, *blocks) else [(chosen, format_learning(chosen))]
        choices: list[tuple[object, str]] = [
            *((line, format_learning(line)) for line in ("", "none", "all")),
            (_LAST, tr("the last layers learn…", "aprenden las últimas capas…")),
            *((line, format_learning(line)) for line in blocks), *extra]
        learns = any(base.trainable_layers(stage.trainable_from or str(values_of(node, LAYERS[BASE])[_LINE]),
                                           str(values_of(node, LAYERS[BASE])["ends_at"])) for node, base in pairs)
        values: dict[str, Value] = {_LINE: chosen, _FACTOR: stage.base_rate_factor, _LEARNS: learns}
        values[_COUNT] = count if count is not None else self._form.values.get(_COUNT, _FIRST_COUNT)
        if choices != self._choices:
            self._choices = choices
            self._form.set_choices(_LINE, choices)
        self._form.set_values(values)
        self._note.setVisible(learns)
        self.line.setVisible(len(pairs) == 1)
        if len(pairs) == 1:
            node, base = pairs[0]
            own = values_of(node, LAYERS[BASE])
            line = freeze_line(base, (project.recipe.height, project.recipe.width), str(own["ends_at"]))
            self.line.show_line(line, stage.trainable_from or str(own[_LINE]))

    def set_problems(self, problems: Iterable[Problem]) -> None:
        """Mark the fields of these problems."""
        self._form.set_problems(problems)

    def _take(self, name: str, value: Value) -> None:
        if name == _COUNT:
            self.changed.emit(_LINE, f"last:{value}")
        elif name == _LINE and value == _LAST:
            self.changed.emit(_LINE, f"last:{self._form.values.get(_COUNT, _FIRST_COUNT)}")
        else:
            self.changed.emit(name, value)
