"""The bench of tf.data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from cnnstudio.core.events import Event
from cnnstudio.core.learning_jobs import PipelineRan, RunPipeline
from cnnstudio.core.places import cache_folder
from cnnstudio.core.text import Text, language, tr
from cnnstudio.gui.pages.learn.bench_view import BenchView
from cnnstudio.gui.pages.learn.benches.pipeline.flow_board import FlowBoard
from cnnstudio.gui.pages.learn.drawing.beside import Beside
from cnnstudio.gui.pages.learn.drawing.board import Board, controls, group, titled
from cnnstudio.gui.pages.learn.drawing.child_bar import ChildBar
from cnnstudio.gui.pages.learn.drawing.grabbing import Frames
from cnnstudio.gui.pages.learn.drawing.playback import Playback
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Label, MenuButton, box, clear, column, row, scroll_area
from cnnstudio.gui.widgets.code_editor import CodeEditor
from cnnstudio.gui.widgets.form import Form
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.learning.benches.entry import Code
from cnnstudio.learning.benches.pipeline.cards import CARDS
from cnnstudio.learning.benches.pipeline.moments import State, state_at
from cnnstudio.learning.benches.pipeline.pipeline import (
    MOST_CARDS,
    START,
    Card,
    Outcome,
    call_texts,
    codes,
    has_chance,
    program,
    settings_of,
    simulate,
    to_cards,
)
from cnnstudio.learning.benches.pipeline.presets import PRESETS

KIND: Final = "tf.data"


class PipelineView(BenchView):
    """Cards, the elements that flow through them, the program, and its output."""

    frames_per_second = 4
    target = ""
    """Another entry point of the child process, for tests."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(workspace, parent)
        self._cards: tuple[Card, ...] = START
        self._chosen = 1
        self._outcome = Outcome(elements=(), moments=())
        self._ran: PipelineRan | None = None
        self._flow = FlowBoard()
        self._flow.chosen.connect(self._choose)
        self._flow.moved.connect(self._move)
        self._flow.removed.connect(self._remove)
        self._problem = Label("", "body", "error", wrap=True)
        self._problem.setMinimumWidth(240)
        self._playback = Playback(tr("Moment", "Momento"))
        self._playback.set_speed(4)
        self._playback.moved.connect(self._show_moment)
        self._code = CodeEditor(tr("Program", "Programa"))
        self._printed = CodeEditor(tr("Output", "Salida"))
        for editor in (self._code, self._printed):
            editor.setMinimumSize(180, 90)
        self._verdict = Label("", "secondary", "dim", wrap=True)
        self._verdict.setMinimumWidth(200)
        self.setLayout(column(Board(self._make_board(), self._make_controls())))
        self._refresh()

    # Building ------------------------------------------------------------------------------------

    def _make_board(self) -> QWidget:
        flow = scroll_area(box(column(self._flow, None)), sideways=True)
        flow.setMinimumHeight(220)
        left = column(flow, self._problem, spacing=8)
        left.setStretch(0, 1)
        right = column(titled(tr("Program", "Programa"), self._code), titled(tr("Output", "Salida"), self._printed),
                       self._verdict, spacing=10)
        right.setStretch(0, 3)
        right.setStretch(1, 2)
        layout = column(Beside(box(left), box(right), (3, 2), wide=600), self._playback, spacing=10)
        layout.setStretch(0, 1)
        return box(layout)

    def _make_controls(self) -> QWidget:
        self._preset = Select([(entry.id, str(entry.label)) for entry in PRESETS])
        self._preset.setPlaceholderText(tr("Choose an example", "Elija un ejemplo"))
        self._preset.setAccessibleName(tr("Examples", "Ejemplos"))
        self._preset.chosen.connect(lambda name: self._set(PRESETS[str(name)].cards, 1))
        self._add = MenuButton(tr("Add a card", "Añadir una tarjeta"), "", "plus")
        self._add.set_choices([(card.id, str(card.title)) for card in CARDS if not card.source], None)
        self._add.setToolTip(tr("The new card stands behind the chosen one.",
                                "La tarjeta nueva queda tras la elegida."))
        self._add.chosen.connect(lambda kind: self._insert(str(kind)))
        self._source = Select([(card.id, str(card.title)) for card in CARDS if card.source], "range")
        self._source.setAccessibleName(tr("Source", "Fuente"))
        self._source.chosen.connect(lambda kind: self._set((Card(kind=str(kind)), *self._cards[1:]), 0))
        self._title = Label("", "body_strong")
        self._help = Label("", "secondary", "dim", wrap=True)
        self._form_holder = column(spacing=8)
        self._up = Button(tr("Move up (Alt+Up)", "Subir (Alt+Arriba)"), "icon", "chevron-up",
                          on_click=lambda: self._move(self._chosen, self._chosen - 1))
        self._down = Button(tr("Move down (Alt+Down)", "Bajar (Alt+Abajo)"), "icon", "chevron-down",
                            on_click=lambda: self._move(self._chosen, self._chosen + 1))
        self._delete = Button(tr("Remove (Delete)", "Quitar (Supr)"), "icon", "trash",
                              on_click=lambda: self._remove(self._chosen))
        head = box(row(self._title, None, self._up, self._down, self._delete, spacing=2))
        self._bar = ChildBar(self.workspace.bench_jobs, tr("Run with TensorFlow", "Ejecutar con TensorFlow"), "play", KIND,
                             Text("tf.data pipeline", "Flujo de tf.data"))
        self._bar.requested.connect(self.run_program)
        self._bar.event_arrived.connect(self._on_event)
        return controls(
            group(tr("Pipeline", "Flujo"), self._preset, self._source, self._add),
            group(tr("Card", "Tarjeta"), head, self._help, box(self._form_holder)),
            self._bar)

    # Settings ------------------------------------------------------------------------------------

    def settings(self) -> dict[str, Any]:
        position = self._playback.position
        return {"cards": settings_of(self._cards), "chosen": self._chosen,
                "moment": position if position < len(self._outcome.moments) else None}

    def restore(self, settings: dict[str, Any]) -> None:
        known = PRESETS.find(str(settings.get("preset", "")))
        cards = known.cards if known is not None else to_cards(settings.get("cards", settings_of(START)))
        chosen, moment = settings.get("chosen", 1), settings.get("moment")
        self._set(cards, chosen if isinstance(chosen, int) else 1)
        if isinstance(moment, int):
            self._playback.show_position(moment)
            self._show_moment(self._playback.position)

    def code(self) -> tuple[Code, ...]:
        return codes(self._cards)

    def _set(self, cards: Sequence[Card], chosen: int) -> None:
        self._cards = tuple(cards)
        self._chosen = min(max(chosen, 0), len(self._cards) - 1)
        self._ran = None
        self._bar.cancel()
        self._playback.pause()
        self._refresh()
        self.changed.emit()

    def _choose(self, place: int) -> None:
        self._chosen = place
        self._show_cards()

    def _insert(self, kind: str) -> None:
        self._add.set_value(None)
        if len(self._cards) <= MOST_CARDS:
            place = self._chosen + 1
            self._set((*self._cards[:place], Card(kind=kind), *self._cards[place:]), place)

    def _move(self, place: int, to: int) -> None:
        if place < 1 or not 1 <= to < len(self._cards):
            return
        cards = list(self._cards)
        cards.insert(to, cards.pop(place))
        self._set(cards, to)

    def _remove(self, place: int) -> None:
        if 0 < place < len(self._cards):
            self._set(self._cards[:place] + self._cards[place + 1:], place - 1)

    def _change(self, name: str, value: object) -> None:
        card = self._cards[self._chosen]
        changed = msgspec.structs.replace(card, values={**card.values, name: value})
        self._set((*self._cards[:self._chosen], changed, *self._cards[self._chosen + 1:]), self._chosen)

    # What is shown -------------------------------------------------------------------------------

    @property
    def outcome(self) -> Outcome:
        """What the pipeline does."""
        return self._outcome

    def _refresh(self) -> None:
        self._outcome = simulate(self._cards)
        moments = len(self._outcome.moments)
        self._playback.set_count(moments + 1, moments)
        self._problem.setText("" if self._outcome.problem is None else str(self._outcome.problem))
        self._problem.setVisible(self._outcome.problem is not None)
        self._code.show_text(program(self._cards))
        self._show_cards()
        self._show_printed()
        self._show_moment(self._playback.position)

    def _show_cards(self) -> None:
        card = self._cards[self._chosen]
        self._flow.show_cards(self._cards, call_texts(self._cards), self._chosen, self._outcome)
        self._source.set_value(self._cards[0].kind)
        self._title.setText(str(card.type.title))
        self._help.setText(str(card.type.help))
        self._up.setEnabled(self._chosen > 1)
        self._down.setEnabled(0 < self._chosen < len(self._cards) - 1)
        self._delete.setEnabled(self._chosen > 0)
        self._add.setEnabled(len(self._cards) <= MOST_CARDS)
        self._show_form(card)

    def _show_form(self, card: Card) -> None:
        item = self._form_holder.itemAt(0)
        form = item.widget() if item is not None else None
        if isinstance(form, Form) and form.property("card") == (self._chosen, card.kind):
            form.set_values(card.settled)
            return
        clear(self._form_holder)
        fresh = Form(card.type.params, card.settled)
        fresh.setProperty("card", (self._chosen, card.kind))
        fresh.value_changed.connect(self._change)
        self._form_holder.addWidget(fresh)

    def _show_moment(self, position: int) -> None:
        state: State = state_at(self._outcome.moments, position, len(self._cards))
        if position == len(self._outcome.moments):
            # At the end nothing moves.
            state = state._replace(moment=None)
        self._flow.show_state(state)

    def _show_printed(self) -> None:
        ran, outcome = self._ran, self._outcome
        if ran is not None:
            self._printed.show_text("\n".join([*ran.lines, *([ran.error] if ran.error else [])]))
            self._verdict.setText(_verdict(ran, outcome))
            return
        self._printed.show_text("\n".join(outcome.elements))
        texts = []
        if has_chance(self._cards):
            texts.append(tr("shuffle follows its real rule with random numbers of its own: TensorFlow draws others.",
                            "shuffle sigue su regla real con números aleatorios propios: TensorFlow saca otros."))
        if outcome.endless:
            texts.append(tr("The pipeline never ends; its first elements are shown.",
                            "El flujo no termina; se muestran sus primeros elementos."))
        self._verdict.setText(" ".join(texts))

    # TensorFlow ----------------------------------------------------------------------------------

    def run_program(self) -> None:
        """Let TensorFlow run the program in a child process."""
        if self._outcome.endless and self._outcome.problem is not None:
            return
        self._bar.start(RunPipeline(cards=tuple(dict(card) for card in settings_of(self._cards)), cache=str(cache_folder()),
                                    language=language()), self.target)

    def _on_event(self, event: Event) -> None:
        if isinstance(event, PipelineRan):
            self._ran = event
            self._show_printed()

    # The frame -----------------------------------------------------------------------------------

    def frames(self) -> Iterator[QImage]:
        shown, outcome, count = FlowBoard(), self._outcome, len(self._cards)
        shown.resize(self._flow.size())
        shown.show_cards(self._cards, call_texts(self._cards), -1, outcome)
        return Frames(shown, lambda position: shown.show_state(state_at(outcome.moments, position, count)),
                      len(outcome.moments) + 1)

    def leave(self) -> None:
        self._playback.pause()

    def resume(self, owner: str) -> None:
        cards = tuple(dict(card) for card in settings_of(self._cards))
        self._bar.resume(owner, lambda spec: isinstance(spec, RunPipeline) and spec.cards == cards)

    def close_bench(self) -> None:
        self._playback.pause()
        self._bar.leave_child()


def _verdict(ran: PipelineRan, outcome: Outcome) -> str:
    """How TensorFlow's output compares."""
    if ran.error:
        return tr("TensorFlow ends with this error.", "TensorFlow termina con este error.")
    if ran.lines == outcome.elements:
        return tr("TensorFlow printed exactly what is shown at the left.",
                  "TensorFlow imprimió exactamente lo que se ve a la izquierda.")
    if Counter(ran.lines) == Counter(outcome.elements):
        return tr("TensorFlow printed the same elements in another order: its shuffle draws other random numbers.",
                  "TensorFlow imprimió los mismos elementos en otro orden: su shuffle saca otros números aleatorios.")
    return tr("TensorFlow printed other groups: its shuffle draws other random numbers, and what follows works with that "
              "order.",
              "TensorFlow imprimió otros grupos: su shuffle saca otros números aleatorios, y lo que sigue trabaja con ese "
              "orden.")
