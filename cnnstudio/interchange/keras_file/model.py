"""Model files of Keras as editable graphs: `.keras`, `.h5` and JSON, read as data; nothing is run.

Only the description of the layers is read (keras.io, "Serialization"): no weights, no code, no pickle. A layer that
has no entry here keeps its name and its settings and is shown as unknown.
"""

from __future__ import annotations

import re
import zipfile
from collections import defaultdict, deque
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.catalog.layers.convolution import DEPTHWISE_CONV2D
from cnnstudio.catalog.layers.normalization import RESCALING
from cnnstudio.catalog.layers.spectral import WRAPPED, can_wrap, wrapped_params
from cnnstudio.core.foreign_files import decode_json, open_regular, read_bytes
from cnnstudio.core.graph import UniqueIds
from cnnstudio.core.network import INPUT, Edge, NetworkSpec, Node
from cnnstudio.core.params import check
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.interchange.foreign import (
    AUGMENTING,
    CHANGING_ANSWERS,
    MORE_LAYERS,
    MOST_LAYERS,
    ForeignNetwork,
    LayerOrigin,
    augmenting_note,
    outer_scaling,
    without_scaling,
)
from cnnstudio.interchange.keras_file.calls import MODELS, Call, Config, first_calls, layer_name, parse_ends, sources
from cnnstudio.interchange.keras_file.h5 import H5_SUFFIXES, read_config
from cnnstudio.interchange.keras_file.operations import is_operation, merge_rescalings, to_catalog_layer
from cnnstudio.network.naming import layer_id

SUFFIXES: Final = (".keras", *H5_SUFFIXES, ".json")
LARGEST: Final = 64 << 20
"""Bytes of a description that is read: NASNetLarge's has less than two million."""
DEEPEST: Final = 20
MOST_PARTS: Final = 50_000
"""Layers with their initializers and the like, counted before they are decoded."""
"""Models within models."""
_FOLLOWS: Final = {"strides": "pool_size", "value_dim": "key_dim"}
"""Open parameters that take their value from another one, which Keras saves."""
replace = msgspec.structs.replace


def read_keras(path: Path, with_scaling: bool = False) -> ForeignNetwork:
    """The network in a `.keras`, `.h5` or JSON file of Keras; a scaling behind its input stays a layer `with_scaling`.

    Raises ProblemError.
    """
    return read_description(_config(path, path.suffix.lower()), path, with_scaling)


def _config(path: Path, suffix: str) -> Any:
    if suffix in H5_SUFFIXES:
        return read_config(path)
    try:
        if suffix == ".keras":
            with open_regular(path) as file, zipfile.ZipFile(file) as archive:
                if archive.getinfo("config.json").file_size > LARGEST:
                    raise _problem("network_too_large", _TOO_LARGE.fill(path=path.name), path)
                data = archive.read("config.json")
        else:
            if path.stat().st_size > LARGEST:
                raise _problem("network_too_large", _TOO_LARGE.fill(path=path.name), path)
            data = read_bytes(path, LARGEST)
        if data.count(b'"class_name"') > MOST_PARTS:
            raise _problem("network_too_large", _TOO_LARGE.fill(path=path.name), path)
        return decode_json(data)
    except OSError as os_error:
        text = Text("{path} cannot be read ({reason}).", "No se puede leer {path} ({reason}).")
        raise _problem("network_unreadable", text.fill(path=path.name, reason=reason_of(os_error)), path) from None
    except (zipfile.BadZipFile, KeyError, NotImplementedError, RuntimeError, ValueError):
        raise _damaged(path) from None


_TOO_LARGE: Final = Text("The description of the network in {path} is far larger than that of any real network, so the file "
                         "was not read.",
                         "La descripción de la red en {path} es mucho más grande que la de cualquier red real, así que no se "
                         "leyó el archivo.")


def _problem(code: str, text: Text, path: Path) -> ProblemError:
    return ProblemError(error(code, text, "network", path=path))


def _damaged(path: Path) -> ProblemError:
    text = Text("{path} is damaged or not a Keras model.", "{path} está dañado o no es un modelo de Keras.")
    return _problem("network_damaged", text.fill(path=path.name), path)


def read_description(config: Any, path: Path = Path("model.json"), with_scaling: bool = False) -> ForeignNetwork:
    """The network of Keras's description of a model; raises ProblemError if it is none."""
    reader = _Reader(path, [kind for kind in AUGMENTING if not with_scaling or kind not in CHANGING_ANSWERS])
    try:
        if not isinstance(config, Mapping):
            raise _damaged(path)
        if config.get("class_name") not in MODELS:
            raise _other_class_problem(config, path)
        _refuse_several_outputs(config, path)
        reader.model(config, {}, 0)
    except (KeyError, TypeError, IndexError, AttributeError, ValueError, RecursionError):
        raise _damaged(path) from None
    if not reader.nodes:
        raise _damaged(path)
    return reader.to_foreign_network(with_scaling)


def _other_class_problem(config: Config, path: Path) -> ProblemError:
    """The problem of a model whose class is no list of layers; of a damaged file if it is no model at all."""
    name = config.get("class_name")
    foreign = not str(config.get("module") or "keras").startswith("keras")
    if not isinstance(name, str) or not name or not (foreign or config.get("registered_name") or "build_config" in config):
        return _damaged(path)
    text = Text("{path} is a model of the class {name}, whose own code decides what it computes: the file does not say how "
                "the layers are connected. Build the model as Sequential or with keras.Model(inputs, outputs) and save it "
                "again.",
                "{path} es un modelo de la clase {name}, cuyo propio código decide qué calcula: el archivo no dice cómo se "
                "conectan las capas. Construya el modelo como Sequential o con keras.Model(inputs, outputs) y guárdelo de "
                "nuevo.")
    return _problem("network_subclassed", text.fill(path=path.name, name=name[:60]), path)


def _refuse_several_outputs(config: Config, path: Path) -> None:
    inner = config["config"]
    outputs = list(dict.fromkeys(parse_ends(inner["output_layers"]))) if isinstance(inner, Mapping) and (
        "output_layers" in inner) else []
    if len(outputs) > 1:
        names = ", ".join(str(name) for name, _number in outputs[:6])
        text = Text("{path} has {n} outputs ({names}); a classifier has one. Save the one that classifies: "
                    "keras.Model(model.inputs, model.get_layer(\"{first}\").output).",
                    "{path} tiene {n} salidas ({names}); un clasificador tiene una. Guarde la que clasifica: "
                    "keras.Model(model.inputs, model.get_layer(\"{first}\").output).")
        raise _problem("network_several_outputs", text.fill(path=path.name, n=len(outputs), names=names, first=outputs[0][0]),
                       path)


class _Reader:
    """Collects layers and connections of a model and its nested models."""

    def __init__(self, path: Path, left_out: Collection[str] = ()) -> None:
        self._path = path
        self._left_out = left_out
        self._parts = 0
        self._ids = UniqueIds()
        self.nodes: dict[str, Node] = {}
        self.edges: list[Edge] = []
        self.unknown: list[str] = []
        self.notes: list[Text] = []
        self.augmenting: list[str] = []
        """Types of skipped augmentation layers."""
        self.shape: tuple[int, int, int] | None = None
        self.origins: dict[str, LayerOrigin] = {}
        self._arithmetic_layers: list[str] = []
        """Layers that replace arithmetic, in order."""
        self._origins: dict[str, LayerOrigin] = {}
        """The origins of the layers of the current model, by their names in the file."""

    def to_foreign_network(self, with_scaling: bool) -> ForeignNetwork:
        network, normalization = NetworkSpec(nodes=tuple(self.nodes.values()), edges=tuple(self.edges)), "none"
        network = merge_rescalings(network, self._arithmetic_layers)
        if not with_scaling:
            network, normalization = without_scaling(network)
        return ForeignNetwork(network=network, shape=self.shape, normalization=outer_scaling(network, normalization),
                              unknown=tuple(self.unknown), notes=(*self.notes, *self._augmenting_note()), origins=self.origins)

    def _augmenting_note(self) -> tuple[Text, ...]:
        names = ", ".join(dict.fromkeys(self.augmenting))
        return (augmenting_note(names),) if names else ()

    def model(self, config: Config, inputs: dict[int, str], depth: int, origin: LayerOrigin | None = None) -> str:
        """Add a model's layers; `inputs` feed it, by their number. Returns its output layer."""
        if depth > DEEPEST:
            raise ValueError("models within models")
        inner = config["config"]
        layers = inner["layers"] if isinstance(inner, Mapping) else inner
        self._count(1 + len(layers))
        outer_origins, self._origins = self._origins, _layer_origins(layers, origin)
        try:
            if config["class_name"] == "Sequential":
                return self._chain(layers, inputs, depth)
            return self._graph(inner, layers, inputs, depth)
        finally:
            self._origins = outer_origins

    def _chain(self, layers: list[Config], inputs: dict[int, str], depth: int) -> str:
        last = inputs.get(0)
        for number, layer in enumerate(layers):
            if layer["class_name"] == "InputLayer":
                if last is None:
                    last = self._input(layer["config"], str(layer["config"].get("name") or "input"))
                continue
            if last is None and number == 0:
                last = self._input(layer["config"])
            last = self._layer(layer, [last] if last is not None else [], depth)
        if last is None:
            raise ValueError("an empty model")
        return last

    def _graph(self, inner: Config, layers: list[Config], input_layers: dict[int, str], depth: int) -> str:
        inputs = [call[0] for call in parse_ends(inner["input_layers"])]
        outputs = parse_ends(inner["output_layers"])
        first = first_calls(layers, outputs)
        outputs_of_calls: dict[Call, str] = {}
        queue: deque[Config] = deque(layers)
        waiting: dict[Call, list[Config]] = defaultdict(list)
        while queue:
            layer = queue.popleft()
            name = layer.get("name") or layer["config"]["name"]
            if layer["class_name"] == "InputLayer":
                position = inputs.index(name) if name in inputs else -1
                outputs_of_calls[name, 0] = input_layers[position] if position in input_layers else self._input(
                    layer["config"], name)
                queue.extendleft(reversed(waiting.pop((name, 0), [])))
                continue
            calls = [list(sources(node)) for node in layer["inbound_nodes"]]
            missing = next((source for call in calls for source in call if source not in outputs_of_calls), None)
            if missing is not None:
                waiting[missing].append(layer)
                continue
            for number, call in enumerate(calls, start=first.get(name, 0)):
                inputs_of_call = [outputs_of_calls[source] for source in call]
                outputs_of_calls[name, number] = self._layer(layer, inputs_of_call, depth, name)
                queue.extendleft(reversed(waiting.pop((name, number), [])))
            if len(calls) > 1:
                self.notes.append(Text(
                    "The layer {name} is used {n} times with the same weights; here each use becomes a separate layer.",
                    "La capa {name} se usa {n} veces con los mismos pesos; aquí cada uso se convierte en una capa "
                    "independiente.").fill(
                        name=name, n=len(calls)))
        if waiting:
            raise ValueError("layers that nothing feeds")
        return outputs_of_calls[outputs[0]]

    def _input(self, config: Config, name: str = "input") -> str:
        shape = config.get("batch_shape") or config.get("batch_input_shape") or config.get("input_shape") or ()
        sizes = list(shape)[-3:] if len(shape) >= 4 else []
        if self.shape is None and len(sizes) == 3 and all(isinstance(size, int) and size > 0 for size in sizes):
            self.shape = (sizes[0], sizes[1], sizes[2])
        identifier = self._add(Node(id=name, type=INPUT), [])
        self.origins[identifier] = LayerOrigin(layer={"class_name": "InputLayer", "config": config}, names=(name,))
        return identifier

    def _layer(self, layer: Config, sources: list[str], depth: int, name: str = "") -> str:
        origin = self._origins.get(layer_name(layer), LayerOrigin(layer=layer))
        is_arithmetic = is_operation(layer) and origin.layer["class_name"] == RESCALING.id
        layer = origin.layer
        kind, config = str(layer["class_name"]), layer["config"]
        if kind in MODELS and isinstance(config, Mapping | list):
            return self.model(layer, dict(enumerate(sources)), depth + 1, origin)
        if kind in self._left_out and len(sources) == 1:
            self.augmenting.append(kind)
            return sources[0]
        name = name or str(config.get("name") or layer.get("name") or kind.lower())
        kind, config, iterations = _unwrap(kind, config)
        entry = LAYERS.find(kind)
        if entry is not None and not entry.is_keras:
            entry = None
        if entry is None or config.get("data_format") == "channels_first":
            node = Node(id=name, type=kind if entry is None else f"{kind} (channels_first)", params=_plain_settings(config))
            identifier = self._add(node, sources)
            self.origins[identifier] = origin
            self.unknown.append(identifier)
            return identifier
        if entry.passing != "list" and len(set(sources)) == 1:
            # Self-attention: one input is query, value and key.
            sources = sources[:1]
        params = _params(kind, config)
        if iterations:
            params = wrapped_params(params, iterations)
        identifier = self._add(Node(id=name, type=kind, params=params), sources)
        self.origins[identifier] = origin
        if is_arithmetic:
            self._arithmetic_layers.append(identifier)
        return identifier

    def _count(self, number: int) -> None:
        """Raise ProblemError for more layers and models than any network has: the file was made to take very long."""
        self._parts += number
        if self._parts > MOST_LAYERS:
            raise _problem("network_too_large", MORE_LAYERS.fill(path=self._path.name, n=MOST_LAYERS), self._path)

    def _add(self, node: Node, sources: list[str]) -> str:
        identifier = self._ids.find(layer_id(node.id), self.nodes)
        self.nodes[identifier] = replace(node, id=identifier)
        self.edges += [Edge(source=source, target=identifier, port=port) for port, source in enumerate(sources)]
        return identifier


def _layer_origins(layers: list[Config], origin: LayerOrigin | None) -> dict[str, LayerOrigin]:
    """The origins of the layers of a model: Keras names the groups of their weights by class and number."""
    result: dict[str, LayerOrigin] = {}
    counts: dict[str, int] = {}
    outer = origin if origin is not None else LayerOrigin(layer={})
    for layer in layers:
        # An operation on tensors is no layer and has no group.
        if is_operation(layer):
            group = ""
        else:
            group_name = _snake_case(str(layer["class_name"]))
            number = counts.get(group_name, 0)
            counts[group_name] = number + 1
            group_name = f"{group_name}_{number}" if number else group_name
            group = f"{outer.group}/layers/{group_name}" if outer.group else f"layers/{group_name}"
        name, description = layer_name(layer), to_catalog_layer(layer)
        result[name] = LayerOrigin(layer=description, names=(*outer.names, name), group=group,
                             flat=description is not layer and description["class_name"] == DEPTHWISE_CONV2D.id)
    return result


def _snake_case(name: str) -> str:
    """conv2d for Conv2D, re_lu for ReLU: Keras's snake case of class names."""
    partial = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", re.sub(r"\W+", "", name))
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", partial).lower()


def _unwrap(kind: str, config: Config) -> tuple[str, Config, int]:
    """The layer inside SpectralNormalization, and the wrapper's iterations; 0 for any other layer."""
    inner = config.get("layer") if kind == WRAPPED else None
    if isinstance(inner, Mapping) and can_wrap(LAYERS.find(str(inner.get("class_name")))) and isinstance(
            inner.get("config"), Mapping):
        return str(inner["class_name"]), inner["config"], int(config.get("power_iterations") or 1)
    return kind, config, 0


def _params(kind: str, config: Config) -> dict[str, Any]:
    """The entry's parameters from Keras's settings; defaults and invalid values are left out."""
    entry = LAYERS[kind]
    params = entry.call.parameters({name: _round_float32(value) for name, value in config.items()})
    defaults = values_of(Node(id="x", type=kind), entry)
    param_names = {param.name for param in entry.params}
    all_params = defaults | params
    params = {name: value for name, value in params.items() if name in param_names and value != defaults[name]
             and not (defaults[name] is None and (value == "linear" or value == all_params.get(_FOLLOWS.get(name, ""))))}
    invalid = {problem.where.field for problem in check(entry.params, params, "network")}
    return {name: value for name, value in params.items() if name not in invalid}


def _round_float32(value: Any) -> Any:
    """Keras saves the factors of regularisers as float32: 0.01 becomes 0.009999999776."""
    if isinstance(value, Mapping) and isinstance(value.get("config"), Mapping):
        numbers = {name: float(f"{number:.7g}") if isinstance(number, float) else number
                   for name, number in value["config"].items()}
        return {**value, "config": numbers}
    return value


def _plain_settings(config: Config) -> dict[str, Any]:
    """The settings of an unknown layer that are texts or numbers."""
    return {name: value for name, value in config.items() if isinstance(value, str | int | float | bool | None)
            and name not in ("name", "trainable", "dtype")}
