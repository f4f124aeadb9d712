"""A pipeline of cards: what comes out of it, and its program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from cnnstudio.core.text import Text
from cnnstudio.learning.benches.entry import Code
from cnnstudio.learning.benches.pipeline.cards import CARDS, CardType
from cnnstudio.learning.benches.pipeline.elements import Element, Known, PipelineError, format_element
from cnnstudio.learning.benches.pipeline.flows import Setting, Stream
from cnnstudio.learning.benches.pipeline.trace import CardTrace, Exhausted, Moment, Trace

MOST_CARDS: Final = 10
SHOWN: Final = 40
"""So many elements of a pipeline without an end are shown."""
_NOTHING = Text("Nothing comes out, and the pipeline never ends.", "No sale nada y el flujo no termina nunca.")


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One card: its kind and the values that differ from the defaults."""

    kind: str
    values: dict[str, Any] = {}

    @property
    def type(self) -> CardType:
        return CARDS[self.kind]

    @property
    def settled(self) -> dict[str, Any]:
        """All its values."""
        return self.type.values(self.values)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What comes out as text, element by element, and the moments on the way; the card and the reason where it ends with an
    error. `endless`: the first SHOWN elements of a pipeline without an end."""

    elements: tuple[str, ...]
    moments: tuple[Moment, ...]
    endless: bool = False
    card: int | None = None
    problem: Text | None = None


START: Final = (Card(kind="range"), Card(kind="shuffle"), Card(kind="map"), Card(kind="batch"))


def to_cards(values: Any) -> tuple[Card, ...]:
    """The cards of plain values, a source first; unknown kinds and impossible values are left out."""
    try:
        cards = msgspec.convert(values, tuple[Card, ...])
    except msgspec.ValidationError:
        return START
    known = [msgspec.structs.replace(card, values=_own(card)) for card in cards if card.kind in CARDS]
    steps = [card for card in known if not card.type.source][:MOST_CARDS]
    source = next((card for card in known if card.type.source), START[0])
    return (source, *steps)


def _own(card: Card) -> dict[str, Any]:
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in card.values.items()}
    settled = card.type.values(given)
    return {name: value for name, value in settled.items() if given.get(name) == value and name in given}


def is_endless(cards: Sequence[Card]) -> bool:
    """Whether the pipeline goes on for ever."""
    endless = False
    for card in cards:
        endless = card.type.endless(endless, card.settled)
    return endless


def simulate(cards: Sequence[Card]) -> Outcome:
    """Let everything flow."""
    trace, endless = Trace(), is_endless(cards)
    elements: list[str] = []
    try:
        _check(cards)
        for element in _read(_stream(cards, trace), SHOWN if endless else None):
            elements.append(format_element(element))
    except PipelineError as error:
        return Outcome(elements=tuple(elements), moments=tuple(trace.moments), card=error.card, problem=error.text)
    except Exhausted:
        return Outcome(elements=tuple(elements), moments=tuple(trace.moments), endless=True, card=len(cards) - 1,
                       problem=_NOTHING)
    return Outcome(elements=tuple(elements), moments=tuple(trace.moments), endless=endless)


def _read(stream: Stream, most: int | None) -> Iterator[Element]:
    for number, element in enumerate(stream()):
        yield element
        if most is not None and number + 1 >= most:
            return


def _stream(cards: Sequence[Card], trace: Trace) -> Stream:
    stream: Stream = lambda: iter(())  # noqa: E731 - a source reads nothing
    for place, card in enumerate(cards):
        stream = card.type.flow(stream, Setting(place, card.settled, CardTrace(trace, place)))
    return stream


def _check(cards: Sequence[Card]) -> list[Known]:
    """What is known behind each card; raises PipelineError where tf.data refuses to make the pipeline."""
    known, result = Known(), []
    for place, card in enumerate(cards):
        known = card.type.known(known, card.settled, place)
        result.append(known)
    return result


def program(cards: Sequence[Card]) -> str:
    """The program with tf.data; it prints one line for each element."""
    lines = ["import tensorflow as tf", ""]
    pair = False
    for card in cards:
        lines.append(f"dataset = {card.type.code(card.settled, pair)}")
        pair = pair or card.type.pairs
    end = f".take({SHOWN})" if is_endless(cards) else ""
    return "\n".join([*lines, "", f"for element in dataset{end}.as_numpy_iterator():",
                      "    print(tf.nest.map_structure(lambda values: values.tolist(), element))", ""])


def call_texts(cards: Sequence[Card]) -> tuple[str, ...]:
    """Each card as it is called, without what stands before its name."""
    texts, pair = [], False
    for card in cards:
        text = card.type.code(card.settled, pair)
        pair = pair or card.type.pairs
        texts.append(text.removeprefix("dataset.").removeprefix("tf.data.Dataset.").replace("tf.data.", ""))
    return tuple(texts)


def has_chance(cards: Sequence[Card]) -> bool:
    """Whether the order depends on random numbers, which are others in TensorFlow."""
    return any(card.type.random(card.settled) for card in cards)


def codes(cards: Sequence[Card]) -> tuple[Code, ...]:
    """The program of the bench."""
    return (Code("TensorFlow", program(cards), needs=("tensorflow",)),)


def settings_of(cards: Sequence[Card]) -> list[Mapping[str, Any]]:
    """The cards as plain values."""
    return [msgspec.to_builtins(card) for card in cards]
