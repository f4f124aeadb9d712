"""From the arguments of a layer's call to the parameters of its entry, and what of them cannot be said here."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.catalog.call import Call
from cnnstudio.catalog.layers import LAYERS, LayerType, values_of
from cnnstudio.catalog.layers.functions import ACTIVATIONS
from cnnstudio.core.item import as_immutable
from cnnstudio.core.network import Node
from cnnstudio.core.params import Int, Ints, Numbers, Padding4, Pair, check, find_param
from cnnstudio.core.text import Text
from cnnstudio.interchange.keras_source.arithmetic import weight
from cnnstudio.interchange.keras_source.names import (
    OBJECTS,
    PLAIN_DEFAULTS,
    PLAIN_INITIALIZERS,
    canonical,
    layer_kind,
    path_parts,
    simple,
)
from cnnstudio.interchange.keras_source.values import CallValue, Layer, Name, Remark, Unknown

_LONGEST: Final = 4096
"""Numbers in one setting."""
_SHAPES: Final = ("input_shape", "batch_input_shape", "batch_shape", "shape")
_ALWAYS: Final = ("dtype", "seed", "autocast", "dynamic", "synchronized", "implementation", "fused", "sparse")
"""Settings that change nothing of the network."""
_HARMLESS: Final[dict[str, tuple[Any, ...]]] = {
    "data_format": (None, "channels_last"), "axis": (None, -1, 3, (-1,), (3,)), "noise_shape": (None,), "weights": (None,),
    "output_shape": (None,), "attention_axes": (None,), "use_gate": (False,), "flash_attention": (None, False),
    "sliding_window": (None,), "renorm": (False,), "lora_rank": (None,), "lora_alpha": (None,),
    "quantization_config": (None,), "moving_mean_initializer": ("zeros",), "moving_variance_initializer": ("ones",),
    "activity_regularizer": (None,), "bias_constraint": (None,), "dilation_rate": (1, (1, 1)), "groups": (1,),
}
"""Values of settings without counterpart that mean what is done here anyway."""
_ELSEWHERE: Final = {"swish": "silu", "hard_swish": "hard_silu", "leakyrelu": "leaky_relu"}


class _Open(Exception):
    """A value that the code leaves open."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__()
        self.unknown = unknown


def layer_of(kind: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Layer:
    """The layer that `keras.layers.<kind>(*arguments, **keywords)` makes."""
    kind = layer_kind(kind)
    entry = LAYERS.find(kind)
    if entry is not None and not entry.is_keras:
        entry = None
    made = Layer(kind=kind, params={}, line=line)
    given = dict(keywords)
    names = entry.positions if entry is not None else ()
    for place, value in enumerate(arguments):
        given.setdefault(names[place] if place < len(names) else f"argument_{place + 1}", value)
    _common(made, given)
    made.given = dict(given)
    if entry is None or given.get("data_format") == "channels_first":
        made.known = False
        made.kind = kind if entry is None else f"{kind} (channels_first)"
        made.params = _kept(given)
        return made
    given = {entry.renamed.get(name, name): value for name, value in given.items()}
    _settle(made, entry, given)
    return made


def _common(made: Layer, given: dict[str, Any]) -> None:
    """Take out what every layer may be told: name, trainable, the shape of its input."""
    name = given.pop("name", None)
    made.name = name if isinstance(name, str) else ""
    made.trainable = given.pop("trainable", True) is not False
    for item in _SHAPES:
        if item in given and (item != "shape" or made.kind == "InputLayer"):
            shape = given.pop(item)
            whole = item.startswith("batch") and isinstance(shape, list | tuple)
            made.input_shape = tuple(shape)[1:] if whole else shape
    if "input_dim" in given:
        made.input_shape = (given.pop("input_dim"),)


def _settle(made: Layer, entry: LayerType, given: dict[str, Any]) -> None:
    config: dict[str, Any] = {}
    for name, value in given.items():
        if name in _ALWAYS:
            continue
        try:
            plain = _plain(name, value)
        except _Open as err:
            made.open.add(name)
            made.remarks.append(Remark("open_setting", _OPEN.fill(layer=made.kind, name=name,
                                                                  why=err.unknown.reason), made.line))
            continue
        if isinstance(plain, Layer):
            made.activation = plain
        elif name in entry.call.kwargs:
            config[name] = _fitted(find_param(entry.params, name), plain)
        elif plain not in _HARMLESS.get(name, ()):
            made.remarks.append(_without(made, name, value))
    whole = entry.keras_defaults | entry.call.defaults | config
    # What is left open keeps the default of a new layer, as if the code did not name it.
    whole = {name: value for name, value in whole.items() if name not in made.open}
    made.params = _params(entry, whole)
    for name in _unsaid(entry, config, made.params):
        made.remarks.append(_without(made, name, given[name]))


_OPEN: Final = Text("{layer}: the code does not tell {name} ({why}); the default stands here.",
                    "{layer}: el código no dice {name} ({why}); aquí queda el valor por omisión.")


def _without(made: Layer, name: str, value: Any) -> Remark:
    words = value if isinstance(value, str | int | float | bool | None | tuple) else getattr(value, "path", "…")
    text = Text("{layer}: {name}={value} has no exact counterpart here; look at that layer.",
                "{layer}: {name}={value} no tiene un equivalente exacto aquí; revise esa capa.")
    return Remark("without_counterpart", text.fill(layer=made.kind, name=name, value=str(words)[:60]), made.line)


def _params(entry: LayerType, config: dict[str, Any]) -> dict[str, Any]:
    """The parameters of the entry that differ from its defaults; impossible ones stay, for the canvas to mark."""
    found = entry.call.parameters(config)
    standard = values_of(Node(id="x", type=entry.id), entry)
    return {name: value for name, value in found.items()
            if name in standard and (value != standard[name] or isinstance(value, bool) != isinstance(standard[name], bool))}


def _unsaid(entry: LayerType, config: dict[str, Any], params: dict[str, Any]) -> list[str]:
    """Settings that do not come out again when the layer is printed."""
    values = values_of(Node(id="x", type=entry.id, params=params), entry)
    if check(entry.params, params, "network"):
        # The canvas marks them; printing what is impossible may not work.
        return []
    printed = entry.call.defaults | entry.call.arguments(values)
    return [name for name, value in config.items() if not _same(value, printed[name])]


def _same(given: Any, printed: Any) -> bool:
    if isinstance(printed, Call):
        if not isinstance(given, dict) or given["class_name"] != printed.target.rpartition(".")[2]:
            return False
        defaults = OBJECTS[simple(given["class_name"])][2]
        again = defaults | {name: tuple(value) if isinstance(value, list) else value
                            for name, value in printed.kwargs.items() if not _is_open(value)}
        return all(_is_open(printed.kwargs.get(name)) or again.get(name) == value
                   for name, value in given["config"].items())
    return bool(given == as_immutable(list(printed) if isinstance(printed, tuple) else printed))


def _is_open(expression: Any) -> bool:
    """Whether an argument of a printed object follows a parameter, and so takes any number."""
    return expression is not None and not isinstance(expression, int | float | str | tuple)


# Values ------------------------------------------------------------------------------------------

def _plain(name: str, value: Any) -> Any:
    """A value as Keras would write it into a model's file; a Layer where one was given as activation."""
    if isinstance(value, Unknown):
        raise _Open(value)
    if isinstance(value, Layer):
        return value
    if name.endswith(("_initializer", "_regularizer", "_constraint")):
        return _object(value)
    if name == "activation":
        return activation_name(value)
    if isinstance(value, list | tuple) and weight(value) <= _LONGEST:
        return tuple(_plain("", item) for item in value)
    if isinstance(value, bool | int | float | str | None):
        return value
    raise _Open(Unknown(Text("it is an object of its own", "es un objeto propio"), 0))


def activation_name(value: Any) -> Any:
    """Keras's name of an activation given by name or as a function; what is none stays what it is."""
    word = value if isinstance(value, str) else path_parts(canonical(value.path))[2] if isinstance(value, Name) else None
    if word is None:
        if value is None:
            return None
        raise _Open(Unknown(Text("it is a function of its own", "es una función propia"), 0))
    word = _ELSEWHERE.get(word, word)
    return next((item for item in ACTIVATIONS if simple(item) == simple(word)), word)


def _object(value: Any) -> Any:
    """An initialiser, regulariser or constraint: its name, or {"class_name", "config"} where it has numbers."""
    if value is None:
        return None
    if isinstance(value, str):
        word = value
    elif isinstance(value, Name | CallValue):
        word = path_parts(canonical(value.path))[2]
    else:
        raise _Open(Unknown(Text("it is an object of its own", "es un objeto propio"), 0))
    arguments, keywords = (value.arguments, value.keywords) if isinstance(value, CallValue) else ([], {})
    for argument in (*arguments, *keywords.values()):
        if isinstance(argument, Unknown):
            raise _Open(argument)
    known = OBJECTS.get(simple(word))
    if known is None:
        numbers = {name: each for name, each in keywords.items() if name != "seed"}
        if arguments or any(each != PLAIN_DEFAULTS.get(name) for name, each in numbers.items()):
            return {"class_name": word, "config": numbers}
        return PLAIN_INITIALIZERS.get(simple(word), word)
    kind, names, defaults = known
    config = dict(defaults) | dict(zip(names, arguments, strict=False))
    config |= {"l1" if name == "l" and kind == "L1" else "l2" if name == "l" else name: each
               for name, each in keywords.items() if name not in ("seed", "name")}
    return {"class_name": kind, "config": {name: tuple(each) if isinstance(each, list) else each
                                           for name, each in config.items()}}


def _fitted(param: Any, value: Any) -> Any:
    """A value in the form that its parameter has: 3 is (3, 3) for a pair, 64.0 is 64 for a whole number."""
    if isinstance(param, Int) and isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(param, Pair) and isinstance(value, int) and not isinstance(value, bool):
        return (value, value)
    if isinstance(param, Pair) and isinstance(value, tuple) and len(value) == 1:
        return (value[0], value[0])
    if isinstance(param, Padding4):
        pairs = (value, value) if isinstance(value, int) else value
        if isinstance(pairs, tuple) and len(pairs) == 2:
            return tuple(pair if isinstance(pair, tuple) else (pair, pair) for pair in pairs)
        return value
    if isinstance(param, Ints) and isinstance(value, int) and param.name != "axes":
        return (value,)
    if isinstance(param, Numbers) and isinstance(value, tuple):
        return tuple(float(item) if isinstance(item, int) else item for item in value)
    return value


def _kept(given: dict[str, Any]) -> dict[str, Any]:
    """Settings of an unknown layer that can be kept and shown: words, numbers and rows of them."""
    def plain(value: Any) -> bool:
        return isinstance(value, str | int | float | bool | None) or (
            weight(value) <= _LONGEST and isinstance(value, list | tuple) and all(plain(item) for item in value))

    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()
            if plain(value) and name not in _ALWAYS}
