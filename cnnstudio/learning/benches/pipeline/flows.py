"""What the cards of the pipeline bench do to the elements, as tf.data does it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

import msgspec
import numpy as np

from cnnstudio.core.text import Text
from cnnstudio.learning.benches.pipeline.elements import (
    Element,
    Known,
    PipelineError,
    compiled,
    first_of,
    stack,
    with_first,
)
from cnnstudio.learning.benches.pipeline.trace import CardTrace

Values = Mapping[str, Any]
Stream = Callable[[], Iterator[Element]]
"""Begins to read from the start, as often as it is called."""
OTHER_FROM: Final = 100
"""The elements of a second data set count from here."""


class Setting(msgspec.Struct, frozen=True):
    """Where a card stands: its place, its values, and what it can tell of what it does."""

    place: int
    values: Values
    trace: CardTrace


def make_source(values: Any) -> Callable[[Setting], Stream]:
    def make(setting: Setting) -> Stream:
        def read() -> Iterator[Element]:
            for value in values(setting.values):
                element = np.asarray(value, np.int64)
                setting.trace.make(element)
                yield element
        return read
    return make


def each_element(change: Callable[[Element, Setting], Element | None]) -> Callable[[Stream, Setting], Stream]:
    """A card that changes elements one by one, or drops them (None)."""
    def make(before: Stream, setting: Setting) -> Stream:
        def read() -> Iterator[Element]:
            for element in before():
                setting.trace.enter(element)
                changed = change(element, setting)
                if changed is None:
                    setting.trace.drop(element)
                else:
                    setting.trace.leave(changed, element)
                    yield changed
        return read
    return make


def change_element(element: Element, setting: Setting) -> Element:
    return with_first(element, compiled(setting.values["function"])(first_of(element)))


def keep_element(element: Element, setting: Setting) -> Element | None:
    answer = compiled(setting.values["predicate"])(first_of(element))
    if answer.ndim:
        raise PipelineError(setting.place, _NO_SCALAR)
    return element if answer else None


_NO_SCALAR = Text("The condition gives one answer for each number of a batch, but filter needs a single one. Put filter before "
                  "batch.",
                  "La condición da una respuesta por cada número del lote, pero filter necesita una sola. Ponga filter antes "
                  "de batch.")
_RAGGED = Text("The elements have different shapes and cannot become one array: the last batch before this card is smaller. "
               "Use drop_remainder there.",
               "Los elementos tienen formas distintas y no pueden formar una matriz: el último lote anterior a esta tarjeta es "
               "más pequeño. Use allí drop_remainder.")
_STRUCTURE = Text("Pairs and single numbers cannot follow one another. Put concatenate before zip.",
                  "No pueden ir seguidos pares y números sueltos. Ponga concatenate antes de zip.")
_ONE_ZIP = Text("The elements are pairs already; this bench pairs them once.",
                "Los elementos ya son pares; en este banco se emparejan una sola vez.")


def known_after_filter(known: Known, _values: Values, place: int) -> Known:
    if known.sides:
        raise PipelineError(place, _NO_SCALAR)
    return known


def known_after_batch(known: Known, values: Values, _place: int) -> Known:
    return known.with_side(values["batch_size"] if values["drop_remainder"] else None)


def batch_elements(before: Stream, setting: Setting) -> Stream:
    size, trace = setting.values["batch_size"], setting.trace

    def read() -> Iterator[Element]:
        stream = before()
        while group := _entered(islice(stream, size), trace):
            if len(group) < size and setting.values["drop_remainder"]:
                for element in group:
                    trace.drop(element)
                return
            joined = stack(group)
            if joined is None:
                raise PipelineError(setting.place, _RAGGED)
            trace.leave(joined, *group)
            yield joined
    return read


def _entered(stream: Iterator[Element], trace: CardTrace) -> list[Element]:
    group = []
    for element in stream:
        trace.enter(element)
        group.append(element)
    return group


def shuffle_elements(before: Stream, setting: Setting) -> Stream:
    """The buffer of tf.data: filled once, then a random element leaves and the next one takes its place. The random numbers
    are NumPy's, so that the order is another one than TensorFlow's, by the same rule."""
    values, trace, begun = setting.values, setting.trace, [0]

    def read() -> Iterator[Element]:
        turn = begun[0] if values["reshuffle_each_iteration"] else 0
        begun[0] += 1
        drawn = np.random.default_rng([values["seed"], turn])
        stream = before()
        buffer = _entered(islice(stream, values["buffer_size"]), trace)
        while buffer:
            place = int(drawn.integers(len(buffer)))
            element = buffer[place]
            trace.leave(element)
            yield element
            following = next(stream, None)
            if following is None:
                buffer.pop(place)
            else:
                trace.enter(following)
                buffer[place] = following
    return read


def repeat_elements(before: Stream, setting: Setting) -> Stream:
    count = setting.values["count"]

    def read() -> Iterator[Element]:
        done = 0
        while count is None or done < count:
            empty = True
            for element in before():
                empty = False
                setting.trace.enter(element)
                setting.trace.leave(element)
                yield element
            done += 1
            if empty:
                return
    return read


def take_elements(before: Stream, setting: Setting) -> Stream:
    def read() -> Iterator[Element]:
        for element in islice(before(), setting.values["count"]):
            setting.trace.enter(element)
            setting.trace.leave(element)
            yield element
    return read


def skip_elements(before: Stream, setting: Setting) -> Stream:
    def read() -> Iterator[Element]:
        for number, element in enumerate(before()):
            setting.trace.enter(element)
            if number < setting.values["count"]:
                setting.trace.drop(element)
                continue
            setting.trace.leave(element)
            yield element
    return read


def _others(values: Values) -> Iterator[Element]:
    return (np.asarray(OTHER_FROM + number, np.int64) for number in range(values["count"]))


def concatenate_elements(before: Stream, setting: Setting) -> Stream:
    def read() -> Iterator[Element]:
        for element in before():
            setting.trace.enter(element)
            setting.trace.leave(element)
            yield element
        for element in _others(setting.values):
            setting.trace.make(element)
            yield element
    return read


def known_after_concatenate(known: Known, _values: Values, place: int) -> Known:
    if known.pair:
        raise PipelineError(place, _STRUCTURE)
    return Known(() if known.sides == () else None)


def zip_elements(before: Stream, setting: Setting) -> Stream:
    def read() -> Iterator[Element]:
        others = _others(setting.values)
        for element in before():
            setting.trace.enter(element)
            other = next(others, None)
            if other is None:
                setting.trace.drop(element)
                return
            pair = first_of(element), first_of(other)
            setting.trace.leave(pair, element)
            yield pair
    return read


def known_after_zip(known: Known, _values: Values, place: int) -> Known:
    if known.pair:
        raise PipelineError(place, _ONE_ZIP)
    return Known(known.sides, pair=True)


def prefetch_elements(before: Stream, setting: Setting) -> Stream:
    def read() -> Iterator[Element]:
        stream, waiting = before(), deque[Element]()
        while True:
            while len(waiting) < setting.values["buffer_size"] and (element := next(stream, None)) is not None:
                setting.trace.enter(element)
                waiting.append(element)
            if not waiting:
                return
            first = waiting.popleft()
            setting.trace.leave(first)
            yield first
    return read
