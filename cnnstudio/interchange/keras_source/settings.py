"""From the arguments of a layer's call to the parameters of its entry, with remarks on those without a counterpart."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.catalog.call import Call
from cnnstudio.catalog.layers import LAYERS, LayerType, values_of
from cnnstudio.catalog.layers.functions import ACTIVATIONS
from cnnstudio.core.item import as_immutable
from cnnstudio.core.network import Node
from cnnstudio.core.params import Int, Ints, Numbers, Padding4, Pair, check, find_param
from cnnstudio.core.text import Text
from cnnstudio.interchange.keras_source.names import OBJECTS, PLAIN_DEFAULTS, PLAIN_INITIALIZERS, canonical, layer_kind
from cnnstudio.interchange.python_source.arithmetic import count_values
from cnnstudio.interchange.python_source.names import normalized_name, path_parts
from cnnstudio.interchange.python_source.values import CallValue, Layer, Name, Remark, Unknown

_LONGEST: Final = 4096
"""Numbers in one setting."""
_SHAPES: Final = ("input_shape", "batch_input_shape", "batch_shape", "shape")
_IGNORED: Final = ("dtype", "seed", "autocast", "dynamic", "synchronized", "implementation", "fused", "sparse")
"""Settings that do not change the network."""
_HARMLESS: Final[dict[str, tuple[Any, ...]]] = {
    "data_format": (None, "channels_last"), "axis": (None, -1, 3, (-1,), (3,)), "noise_shape": (None,), "weights": (None,),
    "output_shape": (None,), "attention_axes": (None,), "use_gate": (False,), "flash_attention": (None, False),
    "sliding_window": (None,), "renorm": (False,), "lora_rank": (None,), "lora_alpha": (None,),
    "quantization_config": (None,), "moving_mean_initializer": ("zeros",), "moving_variance_initializer": ("ones",),
    "activity_regularizer": (None,), "bias_constraint": (None,), "dilation_rate": (1, (1, 1)), "groups": (1,),
}
"""Values of settings without a counterpart that equal the behaviour here."""
_ACTIVATION_ALIASES: Final = {"swish": "silu", "hard_swish": "hard_silu", "leakyrelu": "leaky_relu"}


class _Open(Exception):
    """A value that the code leaves open."""

    def __init__(self, unknown: Unknown) -> None:
        super().__init__()
        self.unknown = unknown


def make_layer(kind: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Layer:
    """The layer that `keras.layers.<kind>(*arguments, **keywords)` makes."""
    kind = layer_kind(kind)
    entry = LAYERS.find(kind)
    if entry is not None and not entry.is_keras:
        entry = None
    layer = Layer(kind=kind, params={}, line=line)
    settings = dict(keywords)
    names = entry.positions if entry is not None else ()
    for index, value in enumerate(arguments):
        settings.setdefault(names[index] if index < len(names) else f"argument_{index + 1}", value)
    _take_common(layer, settings)
    layer.settings = dict(settings)
    if entry is None or settings.get("data_format") == "channels_first":
        layer.is_known = False
        layer.kind = kind if entry is None else f"{kind} (channels_first)"
        layer.params = _plain_settings(settings)
        return layer
    settings = {entry.renamed.get(name, name): value for name, value in settings.items()}
    _apply_settings(layer, entry, settings)
    return layer


def _take_common(layer: Layer, settings: dict[str, Any]) -> None:
    """Take out the arguments common to all layers: name, trainable, input shape."""
    name = settings.pop("name", None)
    layer.name = name if isinstance(name, str) else ""
    layer.trainable = settings.pop("trainable", True) is not False
    for key in _SHAPES:
        if key in settings and (key != "shape" or layer.kind == "InputLayer"):
            shape = settings.pop(key)
            has_batch = key.startswith("batch") and isinstance(shape, list | tuple)
            layer.input_shape = tuple(shape)[1:] if has_batch else shape
    if "input_dim" in settings:
        layer.input_shape = (settings.pop("input_dim"),)


def _apply_settings(layer: Layer, entry: LayerType, settings: dict[str, Any]) -> None:
    config: dict[str, Any] = {}
    for name, value in settings.items():
        if name in _IGNORED:
            continue
        try:
            plain = _to_config(name, value)
        except _Open as err:
            layer.open.add(name)
            layer.remarks.append(Remark("open_setting", _OPEN.fill(layer=layer.kind, name=name,
                                                                  why=err.unknown.reason), layer.line))
            continue
        if isinstance(plain, Layer):
            layer.activation = plain
        elif name in entry.call.kwargs:
            config[name] = _to_param_form(find_param(entry.params, name), plain)
        elif plain not in _HARMLESS.get(name, ()):
            layer.remarks.append(_no_counterpart(layer, name, value))
    full_config = entry.keras_defaults | entry.call.defaults | config
    # An open setting has the default of a new layer.
    full_config = {name: value for name, value in full_config.items() if name not in layer.open}
    layer.params = _changed_params(entry, full_config)
    for name in _lost_settings(entry, config, layer.params):
        layer.remarks.append(_no_counterpart(layer, name, settings[name]))


_OPEN: Final = Text("{layer}: {name} cannot be read from the code ({why}); the default is used.",
                    "{layer}: {name} no se puede leer del código ({why}); se usa el valor predeterminado.")


def _no_counterpart(layer: Layer, name: str, value: Any) -> Remark:
    plain = value if isinstance(value, str | int | float | bool | None | tuple) else getattr(value, "path", "…")
    text = Text("{layer}: {name}={value} has no exact equivalent here. Check that layer.",
                "{layer}: {name}={value} no tiene un equivalente exacto aquí. Revise esa capa.")
    return Remark("without_counterpart", text.fill(layer=layer.kind, name=name, value=str(plain)[:60]), layer.line)


def _changed_params(entry: LayerType, config: dict[str, Any]) -> dict[str, Any]:
    """The parameters of the entry that differ from its defaults; impossible ones stay, for the canvas to mark."""
    params = entry.call.parameters(config)
    defaults = values_of(Node(id="x", type=entry.id), entry)
    return {name: value for name, value in params.items()
            if name in defaults and (value != defaults[name] or isinstance(value, bool) != isinstance(defaults[name], bool))}


def _lost_settings(entry: LayerType, config: dict[str, Any], params: dict[str, Any]) -> list[str]:
    """Settings that are lost when the layer is printed."""
    values = values_of(Node(id="x", type=entry.id, params=params), entry)
    if check(entry.params, params, "network"):
        # The canvas marks them; printing invalid parameters may fail.
        return []
    printed = entry.call.defaults | entry.call.arguments(values)
    return [name for name, value in config.items() if not _is_same(value, printed[name])]


def _is_same(setting: Any, printed: Any) -> bool:
    if isinstance(printed, Call):
        if not isinstance(setting, dict) or setting["class_name"] != printed.target.rpartition(".")[2]:
            return False
        defaults = OBJECTS[normalized_name(setting["class_name"])][2]
        again = defaults | {name: tuple(value) if isinstance(value, list) else value
                            for name, value in printed.kwargs.items() if not _is_open(value)}
        return all(_is_open(printed.kwargs.get(name)) or again.get(name) == value
                   for name, value in setting["config"].items())
    return bool(setting == as_immutable(list(printed) if isinstance(printed, tuple) else printed))


def _is_open(expression: Any) -> bool:
    """Whether an argument of a printed object follows a parameter, and so takes any number."""
    return expression is not None and not isinstance(expression, int | float | str | tuple)


# Values ------------------------------------------------------------------------------------------

def _to_config(name: str, value: Any) -> Any:
    """A value as in Keras's config of a layer; a Layer if one is passed as activation."""
    if isinstance(value, Unknown):
        raise _Open(value)
    if isinstance(value, Layer):
        return value
    if name.endswith(("_initializer", "_regularizer", "_constraint")):
        return _object_config(value)
    if name == "activation":
        return activation_name(value)
    if isinstance(value, list | tuple) and count_values(value) <= _LONGEST:
        return tuple(_to_config("", item) for item in value)
    if isinstance(value, bool | int | float | str | None):
        return value
    raise _Open(Unknown(Text("it is a custom object", "es un objeto propio"), 0))


def activation_name(value: Any) -> Any:
    """Keras's name of an activation passed by name or as a function; an unknown name stays."""
    name = value if isinstance(value, str) else path_parts(canonical(value.path))[2] if isinstance(value, Name) else None
    if name is None:
        if value is None:
            return None
        raise _Open(Unknown(Text("it is a custom function", "es una función propia"), 0))
    name = _ACTIVATION_ALIASES.get(name, name)
    return next((item for item in ACTIVATIONS if normalized_name(item) == normalized_name(name)), name)


def _object_config(value: Any) -> Any:
    """An initialiser, regulariser or constraint: its name, or {"class_name", "config"} if it has parameters."""
    if value is None:
        return None
    if isinstance(value, str):
        class_name = value
    elif isinstance(value, Name | CallValue):
        class_name = path_parts(canonical(value.path))[2]
    else:
        raise _Open(Unknown(Text("it is a custom object", "es un objeto propio"), 0))
    arguments, keywords = (value.arguments, value.keywords) if isinstance(value, CallValue) else ([], {})
    for argument in (*arguments, *keywords.values()):
        if isinstance(argument, Unknown):
            raise _Open(argument)
    entry = OBJECTS.get(normalized_name(class_name))
    if entry is None:
        numbers = {name: number for name, number in keywords.items() if name != "seed"}
        if arguments or any(number != PLAIN_DEFAULTS.get(name) for name, number in numbers.items()):
            return {"class_name": class_name, "config": numbers}
        return PLAIN_INITIALIZERS.get(normalized_name(class_name), class_name)
    kind, names, defaults = entry
    config = dict(defaults) | dict(zip(names, arguments, strict=False))
    config |= {"l1" if name == "l" and kind == "L1" else "l2" if name == "l" else name: number
               for name, number in keywords.items() if name not in ("seed", "name")}
    return {"class_name": kind, "config": {name: tuple(number) if isinstance(number, list) else number
                                           for name, number in config.items()}}


def _to_param_form(param: Any, value: Any) -> Any:
    """A value in the form of its parameter: 3 is (3, 3) for a pair, 64.0 is 64 for an integer."""
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


def _plain_settings(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings of an unknown layer that are texts, numbers or sequences of them."""
    def plain(value: Any) -> bool:
        return isinstance(value, str | int | float | bool | None) or (
            count_values(value) <= _LONGEST and isinstance(value, list | tuple) and all(plain(item) for item in value))

    return {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()
            if plain(value) and name not in _IGNORED}
