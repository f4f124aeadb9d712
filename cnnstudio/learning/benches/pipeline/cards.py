"""The cards of the pipeline bench: what each does to the elements, and how tf.data writes it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

import msgspec
import numpy as np

from cnnstudio.core.params import Bool, Choice, Int, Ints, Option, Param, with_defaults
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text, same
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


class CardType(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of card. `code` is the expression that makes the new data set of `dataset`; it is given whether the elements are
    pairs. `pairs`: behind it they are. `random`: whether the order is one of random numbers. `flow` makes the stream behind the card from that before it; `known` what is known of its elements, and raises
    PipelineError where tf.data refuses it. `endless`: whether it goes on for ever, by whether the stream before does.
    """

    id: str
    help: Text
    icon: str
    source: bool = False
    params: tuple[Param, ...] = ()
    code: Callable[[Values, bool], str]
    flow: Callable[[Stream, Setting], Stream]
    known: Callable[[Known, Values, int], Known] = lambda known, _values, _place: known
    endless: Callable[[bool, Values], bool] = lambda before, _values: before
    pairs: bool = False
    random: Callable[[Values], bool] = lambda _values: False

    @property
    def title(self) -> Text:
        return same(self.id)

    def values(self, given: Values) -> dict[str, Any]:
        """All values, those that are not given or not possible by default."""
        fine = {param.name: given[param.name] for param in self.params
                if param.name in given and param.error_text(given[param.name]) is None}
        return with_defaults(self.params, fine)


def _count(name: str, default: int, help: Text, maximum: int = 20, minimum: int = 0) -> Int:
    return Int(name=name, default=default, minimum=minimum, maximum=maximum, label=same(name), help=help)


def _expression(name: str, options: tuple[str, ...], help: Text) -> Choice:
    return Choice(name=name, default=options[0], label=same(name), help=help,
                  options=tuple(Option(option, same(option)) for option in options))


def _numbers(values: Any) -> Callable[[Setting], Stream]:
    def make(setting: Setting) -> Stream:
        def read() -> Iterator[Element]:
            for value in values(setting.values):
                element = np.asarray(value, np.int64)
                setting.trace.make(element)
                yield element
        return read
    return make


def _each(change: Callable[[Element, Setting], Element | None]) -> Callable[[Stream, Setting], Stream]:
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


def _map(element: Element, setting: Setting) -> Element:
    return with_first(element, compiled(setting.values["function"])(first_of(element)))


def _filter(element: Element, setting: Setting) -> Element | None:
    answer = compiled(setting.values["predicate"])(first_of(element))
    if answer.ndim:
        raise PipelineError(setting.place, _NO_SCALAR)
    return element if answer else None


_NO_SCALAR = Text("The condition gives one answer for each number of a batch, but filter needs a single one. Put filter before "
                  "batch.",
                  "La condición da una respuesta por cada número del lote, pero filter necesita una sola. Ponga filter antes de "
                  "batch.")
_RAGGED = Text("The elements have different shapes and cannot become one array: the last batch before this card is smaller. Use "
               "drop_remainder there.",
               "Los elementos tienen formas distintas y no pueden formar una matriz: el último lote anterior a esta tarjeta es "
               "más pequeño. Use allí drop_remainder.")
_STRUCTURE = Text("Pairs and single numbers cannot follow one another. Put concatenate before zip.",
                  "No pueden ir seguidos pares y números sueltos. Ponga concatenate antes de zip.")
_ONE_ZIP = Text("The elements are pairs already; this bench pairs them once.",
                "Los elementos ya son pares; en este banco se emparejan una sola vez.")


def _known_filter(known: Known, _values: Values, place: int) -> Known:
    if known.sides:
        raise PipelineError(place, _NO_SCALAR)
    return known


def _known_batch(known: Known, values: Values, _place: int) -> Known:
    return known.with_side(values["batch_size"] if values["drop_remainder"] else None)


def _batch(before: Stream, setting: Setting) -> Stream:
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


def _shuffle(before: Stream, setting: Setting) -> Stream:
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


def _repeat(before: Stream, setting: Setting) -> Stream:
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


def _take(before: Stream, setting: Setting) -> Stream:
    def read() -> Iterator[Element]:
        for element in islice(before(), setting.values["count"]):
            setting.trace.enter(element)
            setting.trace.leave(element)
            yield element
    return read


def _skip(before: Stream, setting: Setting) -> Stream:
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


def _concatenate(before: Stream, setting: Setting) -> Stream:
    def read() -> Iterator[Element]:
        for element in before():
            setting.trace.enter(element)
            setting.trace.leave(element)
            yield element
        for element in _others(setting.values):
            setting.trace.make(element)
            yield element
    return read


def _known_concatenate(known: Known, _values: Values, place: int) -> Known:
    if known.pair:
        raise PipelineError(place, _STRUCTURE)
    return Known(() if known.sides == () else None)


def _zip(before: Stream, setting: Setting) -> Stream:
    def read() -> Iterator[Element]:
        others = _others(setting.values)
        for element in before():
            setting.trace.enter(element)
            other = next(others, None)
            if other is None:
                setting.trace.drop(element)
                return
            assert isinstance(element, np.ndarray)
            pair = element, other
            setting.trace.leave(pair, element)
            yield pair
    return read


def _known_zip(known: Known, _values: Values, place: int) -> Known:
    if known.pair:
        raise PipelineError(place, _ONE_ZIP)
    return Known(known.sides, pair=True)


def _prefetch(before: Stream, setting: Setting) -> Stream:
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


_RANGE_SOURCE, _SLICES_SOURCE = (_numbers(lambda values: range(values["stop"])), _numbers(lambda values: values["tensors"]))
_LENGTH = _count("count", 3, Text("Number of elements of the second data set, which counts from 100.",
                                  "Número de elementos del segundo conjunto, que cuenta desde 100."))

CARDS: Final[Registry[CardType]] = Registry("card", (
    CardType(id="range", source=True, icon="list", help=Text("Counts from 0.", "Cuenta desde 0."),
             params=(_count("stop", 10, Text("Number of elements.", "Número de elementos."), 40),),
             code=lambda values, _pair: f"tf.data.Dataset.range({values['stop']})",
             flow=lambda _before, setting: _RANGE_SOURCE(setting)),
    CardType(id="from_tensor_slices", source=True, icon="grid",
             help=Text("The rows of an array, one element each.", "Las filas de una matriz, una por elemento."),
             params=(Ints(name="tensors", default=(3, 1, 4, 1, 5, 9, 2, 6), minimum=-99, maximum=999, shortest=1, longest=24,
                          label=same("tensors"), help=Text("The numbers.", "Los números.")),),
             code=lambda values, _pair: "tf.data.Dataset.from_tensor_slices(tf.constant("
                                        f"{list(values['tensors'])!r}, tf.int64))",
             flow=lambda _before, setting: _SLICES_SOURCE(setting)),
    CardType(id="map", icon="edit", help=Text("Changes each element by a function.", "Cambia cada elemento con una función."),
             params=(_expression("function", ("x * 2", "x + 10", "x ** 2", "-x"), Text("What becomes of x.",
                                                                                        "En qué se convierte x.")),),
             code=lambda values, pair: (f"dataset.map(lambda x, y: ({values['function']}, y))" if pair else
                                        f"dataset.map(lambda x: {values['function']})"),
             flow=_each(_map)),
    CardType(id="filter", icon="filter",
             help=Text("Lets through only the elements that meet a condition.",
                       "Deja pasar solo los elementos que cumplen una condición."),
             params=(_expression("predicate", ("x % 2 == 0", "x % 3 == 0", "x > 4", "x < 6"),
                                 Text("The condition.", "La condición.")),),
             code=lambda values, pair: f"dataset.filter(lambda {'x, y' if pair else 'x'}: {values['predicate']})",
             flow=_each(_filter), known=_known_filter),
    CardType(id="shuffle", icon="refresh",
             help=Text("Holds buffer_size elements and lets a random one of them go: with a small buffer the order changes only "
                       "nearby.",
                       "Guarda buffer_size elementos y deja salir uno al azar: con un búfer pequeño el orden solo cambia de "
                       "cerca."),
             params=(_count("buffer_size", 4, Text("Elements that are held.", "Elementos que se guardan."), 40, 1),
                     _count("seed", 1, Text("Seed of the random numbers.", "Semilla de los números aleatorios."), 999),
                     Bool(name="reshuffle_each_iteration", default=True, label=same("reshuffle_each_iteration"),
                          help=Text("Another order in every epoch.", "Otro orden en cada época."))),
             code=lambda values, _pair: f"dataset.shuffle({values['buffer_size']}, seed={values['seed']}" + (
                 "" if values["reshuffle_each_iteration"] else ", reshuffle_each_iteration=False") + ")",
             flow=_shuffle, random=lambda values: values["buffer_size"] > 1),
    CardType(id="batch", icon="layers",
             help=Text("Collects batch_size elements into one array; the last one may be smaller.",
                       "Reúne batch_size elementos en una matriz; la última puede ser más pequeña."),
             params=(_count("batch_size", 4, Text("Elements of a batch.", "Elementos de un lote."), 20, 1),
                     Bool(name="drop_remainder", default=False, label=same("drop_remainder"),
                          help=Text("Drop a last batch that is smaller.", "Descartar el último lote si es más pequeño."))),
             code=lambda values, _pair: f"dataset.batch({values['batch_size']}" + (
                 ", drop_remainder=True" if values["drop_remainder"] else "") + ")",
             flow=_batch, known=_known_batch),
    CardType(id="repeat", icon="redo",
             help=Text("Begins again from the start; without a number, for ever.",
                       "Vuelve a empezar desde el principio; sin número, para siempre."),
             params=(Int(name="count", default=2, minimum=1, maximum=9, optional=True, label=same("count"),
                         help=Text("How often; none: for ever.", "Cuántas veces; none: para siempre.")),),
             code=lambda values, _pair: f"dataset.repeat({'' if values['count'] is None else values['count']})",
             flow=_repeat, endless=lambda before, values: before or values["count"] is None),
    CardType(id="take", icon="crop", help=Text("Only the first elements.", "Solo los primeros elementos."),
             params=(_count("count", 5, Text("How many.", "Cuántos."), 60),),
             code=lambda values, _pair: f"dataset.take({values['count']})", flow=_take,
             endless=lambda _before, _values: False),
    CardType(id="skip", icon="send", help=Text("Without the first elements.", "Sin los primeros elementos."),
             params=(_count("count", 2, Text("How many.", "Cuántos.")),),
             code=lambda values, _pair: f"dataset.skip({values['count']})", flow=_skip),
    CardType(id="concatenate", icon="plus",
             help=Text("A second data set follows the first.", "Un segundo conjunto sigue al primero."),
             params=(_LENGTH,),
             code=lambda values, _pair: f"dataset.concatenate({_other(values)})", flow=_concatenate, known=_known_concatenate),
    CardType(id="zip", icon="link",
             help=Text("Pairs with the elements of a second data set; the shorter one ends it, as with pictures and labels.",
                       "Empareja con los elementos de un segundo conjunto, como imágenes y etiquetas; acaba con el más corto."),
             params=(msgspec.structs.replace(_LENGTH, default=10),),
             code=lambda values, _pair: f"tf.data.Dataset.zip(dataset, {_other(values)})", flow=_zip, known=_known_zip, pairs=True,
             endless=lambda _before, _values: False),
    CardType(id="prefetch", icon="clock",
             help=Text("Prepares the next elements while the model learns from the present one; changes no order.",
                       "Prepara los siguientes elementos mientras el modelo aprende con el actual; no cambia el orden."),
             params=(_count("buffer_size", 2, Text("Elements that are prepared.", "Elementos que se preparan."), 10, 1),),
             code=lambda values, _pair: f"dataset.prefetch({values['buffer_size']})", flow=_prefetch),
))


def _other(values: Values) -> str:
    return f"tf.data.Dataset.range({OTHER_FROM}, {OTHER_FROM + values['count']})"
