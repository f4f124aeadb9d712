"""The cards of the pipeline bench: their values, what each does, and how tf.data writes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from cnnstudio.core.params import Bool, Choice, Int, Ints, Option, Param, with_defaults
from cnnstudio.core.registry import Registry
from cnnstudio.core.text import Text, same
from cnnstudio.learning.benches.pipeline.elements import Known
from cnnstudio.learning.benches.pipeline.flows import (
    OTHER_FROM,
    Setting,
    Stream,
    Values,
    batch_elements,
    change_element,
    concatenate_elements,
    each_element,
    keep_element,
    known_after_batch,
    known_after_concatenate,
    known_after_filter,
    known_after_zip,
    make_source,
    prefetch_elements,
    repeat_elements,
    shuffle_elements,
    skip_elements,
    take_elements,
    zip_elements,
)


class CardType(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of card.

    `code` is the expression that makes the new data set of `dataset`; it is given whether the elements are pairs. `pairs`:
    behind the card they are. `random`: whether the order is one of random numbers. `flow` makes the stream behind the card
    from that before it; `known` what is known of its elements, and raises PipelineError where tf.data refuses it.
    `endless`: whether it goes on for ever, by whether the stream before does.
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


_RANGE_SOURCE = make_source(lambda values: range(values["stop"]))
_SLICES_SOURCE = make_source(lambda values: values["tensors"])
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
             flow=each_element(change_element)),
    CardType(id="filter", icon="filter",
             help=Text("Lets through only the elements that meet a condition.",
                       "Deja pasar solo los elementos que cumplen una condición."),
             params=(_expression("predicate", ("x % 2 == 0", "x % 3 == 0", "x > 4", "x < 6"),
                                 Text("The condition.", "La condición.")),),
             code=lambda values, pair: f"dataset.filter(lambda {'x, y' if pair else 'x'}: {values['predicate']})",
             flow=each_element(keep_element), known=known_after_filter),
    CardType(id="shuffle", icon="refresh",
             help=Text("Holds buffer_size elements and lets a random one of them go: with a small buffer the order changes "
                       "only nearby.",
                       "Guarda buffer_size elementos y deja salir uno al azar: con un búfer pequeño el orden solo cambia de "
                       "cerca."),
             params=(_count("buffer_size", 4, Text("Elements that are held.", "Elementos que se guardan."), 40, 1),
                     _count("seed", 1, Text("Seed of the random numbers.", "Semilla de los números aleatorios."), 999),
                     Bool(name="reshuffle_each_iteration", default=True, label=same("reshuffle_each_iteration"),
                          help=Text("Another order in every epoch.", "Otro orden en cada época."))),
             code=lambda values, _pair: f"dataset.shuffle({values['buffer_size']}, seed={values['seed']}" + (
                 "" if values["reshuffle_each_iteration"] else ", reshuffle_each_iteration=False") + ")",
             flow=shuffle_elements, random=lambda values: values["buffer_size"] > 1),
    CardType(id="batch", icon="layers",
             help=Text("Collects batch_size elements into one array; the last one may be smaller.",
                       "Reúne batch_size elementos en una matriz; la última puede ser más pequeña."),
             params=(_count("batch_size", 4, Text("Elements of a batch.", "Elementos de un lote."), 20, 1),
                     Bool(name="drop_remainder", default=False, label=same("drop_remainder"),
                          help=Text("Drop a last batch that is smaller.", "Descartar el último lote si es más pequeño."))),
             code=lambda values, _pair: f"dataset.batch({values['batch_size']}" + (
                 ", drop_remainder=True" if values["drop_remainder"] else "") + ")",
             flow=batch_elements, known=known_after_batch),
    CardType(id="repeat", icon="redo",
             help=Text("Begins again from the start; without a number, for ever.",
                       "Vuelve a empezar desde el principio; sin número, para siempre."),
             params=(Int(name="count", default=2, minimum=1, maximum=9, optional=True, label=same("count"),
                         help=Text("How often; none: for ever.", "Cuántas veces; none: para siempre.")),),
             code=lambda values, _pair: f"dataset.repeat({'' if values['count'] is None else values['count']})",
             flow=repeat_elements, endless=lambda before, values: before or values["count"] is None),
    CardType(id="take", icon="crop", help=Text("Only the first elements.", "Solo los primeros elementos."),
             params=(_count("count", 5, Text("How many.", "Cuántos."), 60),),
             code=lambda values, _pair: f"dataset.take({values['count']})", flow=take_elements,
             endless=lambda _before, _values: False),
    CardType(id="skip", icon="send", help=Text("Without the first elements.", "Sin los primeros elementos."),
             params=(_count("count", 2, Text("How many.", "Cuántos.")),),
             code=lambda values, _pair: f"dataset.skip({values['count']})", flow=skip_elements),
    CardType(id="concatenate", icon="plus",
             help=Text("A second data set follows the first.", "Un segundo conjunto sigue al primero."),
             params=(_LENGTH,),
             code=lambda values, _pair: f"dataset.concatenate({_other(values)})",
             flow=concatenate_elements, known=known_after_concatenate),
    CardType(id="zip", icon="link",
             help=Text("Pairs with the elements of a second data set; the shorter one ends it, as with pictures and labels.",
                       "Empareja con los elementos de un segundo conjunto, como imágenes y etiquetas; acaba con el más corto."),
             params=(msgspec.structs.replace(_LENGTH, default=10),),
             code=lambda values, _pair: f"tf.data.Dataset.zip(dataset, {_other(values)})",
             flow=zip_elements, known=known_after_zip, pairs=True,
             endless=lambda _before, _values: False),
    CardType(id="prefetch", icon="clock",
             help=Text("Prepares the next elements while the model learns from the present one; changes no order.",
                       "Prepara los siguientes elementos mientras el modelo aprende con el actual; no cambia el orden."),
             params=(_count("buffer_size", 2, Text("Elements that are prepared.", "Elementos que se preparan."), 10, 1),),
             code=lambda values, _pair: f"dataset.prefetch({values['buffer_size']})", flow=prefetch_elements),
))


def _other(values: Values) -> str:
    return f"tf.data.Dataset.range({OTHER_FROM}, {OTHER_FROM + values['count']})"
