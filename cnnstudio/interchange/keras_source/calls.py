"""Calls in the source: of Keras, of layers, of models and of functions of the file."""

from __future__ import annotations

import ast
from typing import Any

from cnnstudio.catalog.layers import LAYERS, find_merging_layer, global_pooling
from cnnstudio.catalog.layers.activation import ACTIVATION, RELU
from cnnstudio.catalog.layers.core import FLATTEN
from cnnstudio.catalog.layers.functions import ACTIVATIONS
from cnnstudio.catalog.layers.normalization import RESCALING
from cnnstudio.catalog.layers.reshaping import RESHAPE
from cnnstudio.catalog.layers.spectral import WRAPPED, can_wrap, wrapped_params
from cnnstudio.core.network import INPUT
from cnnstudio.core.text import Text
from cnnstudio.interchange.foreign import AUGMENTING
from cnnstudio.interchange.keras_source import bases
from cnnstudio.interchange.keras_source.language import KerasParts
from cnnstudio.interchange.keras_source.names import DATA, MERGING, canonical, layer_kind
from cnnstudio.interchange.keras_source.settings import make_layer
from cnnstudio.interchange.keras_source.values import BaseLayer, Chain, Graph, Instance, Model
from cnnstudio.interchange.python_source import arithmetic
from cnnstudio.interchange.python_source.built_ins import BuiltIns
from cnnstudio.interchange.python_source.linear import linear_factors
from cnnstudio.interchange.python_source.names import path_parts
from cnnstudio.interchange.python_source.state import NOT_RUN
from cnnstudio.interchange.python_source.values import (
    CallValue,
    Class,
    Function,
    Layer,
    Method,
    Name,
    Remark,
    Tensor,
    Unknown,
)

_NOT_IN_FILE = Text("{name} is not defined in this file", "{name} no está definido en este archivo")
_SETTINGS = ("keras.utils.set_random_seed", "keras.mixed_precision.set_global_policy",
             "keras.mixed_precision.experimental.set_policy", "keras.config.set_dtype_policy")
"""Functions that set what the whole training uses."""
_PASS_THROUGH = ("cast", "identity", "stop_gradient", "convert_to_tensor", "preprocess_input")
"""Functions that pass pictures through; a base scales them itself."""
_POOLINGS = {"mean": "avg", "reduce_mean": "avg", "max": "max", "reduce_max": "max", "amax": "max"}
_OPERATOR_SIGNS: dict[type[ast.operator], str] = {ast.Add: "+", ast.Mult: "*", ast.Sub: "-"}
_OPERATIONS: dict[str, type[ast.operator]] = {
    "add": ast.Add, "subtract": ast.Sub, "multiply": ast.Mult, "divide": ast.Div, "true_divide": ast.Div}
_OBJECTS = ("regularizers", "initializers", "constraints", "optimizers", "losses", "metrics", "callbacks", "optimizer_v2")


class Calls:
    """Calls of names, layers, models, functions and methods."""

    def __init__(self, parts: KerasParts) -> None:
        self._parts, self._state = parts, parts.state
        self._built_ins = BuiltIns(parts)

    def call(self, function: Any, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        """The result of `function(*arguments, **keywords)`; Unknown if it cannot be known."""
        if isinstance(function, Name):
            return self._library(canonical(function.path), arguments, keywords, line)
        if isinstance(function, Layer | Model):
            return self._call_on_tensors(function, arguments, keywords, line)
        if isinstance(function, Function):
            return self._parts.statements.run(function, arguments, keywords, line)
        if isinstance(function, Method):
            return self._parts.objects.call_method(function, arguments, keywords, line)
        if isinstance(function, Class):
            return self._parts.objects.make_instance(function, arguments, keywords, line)
        return function if isinstance(function, Unknown) else Unknown(NOT_RUN, line)

    # Layers and models called on tensors ---------------------------------------------------------------

    def _call_on_tensors(self, function: Layer | Model, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        if isinstance(function, Instance):
            return self._parts.objects.call_instance(function, arguments, keywords, line)
        inputs = [*arguments, *(keywords[name] for name in ("inputs", "query", "value", "key") if name in keywords)]
        tensors, unknown = self.tensors(inputs)
        if unknown is not None:
            return unknown
        if isinstance(function, Layer):
            return self.apply(function, tensors, line)
        return self._state.graph.call_model(function, tensors, line) if tensors else Unknown(NOT_RUN, line)

    def tensors(self, values: list[Any]) -> tuple[list[Tensor], Unknown | None]:
        """All tensors in values and sequences of values, in order; and the first unknown value."""
        tensors: list[Tensor] = []
        for item in values:
            if isinstance(item, Unknown):
                return tensors, item
            if isinstance(item, Tensor):
                tensors.append(item)
            elif isinstance(item, list | tuple | dict):
                inner, unknown = self.tensors(list(item.values()) if isinstance(item, dict) else list(item))
                tensors += inner
                if unknown is not None:
                    return tensors, unknown
        return tensors, None

    def apply(self, layer: Layer, tensors: list[Tensor], line: int) -> Any:
        """Call a layer on tensors; layers that prepare pictures belong to the recipe and the augmentation."""
        if layer.kind in AUGMENTING and tensors:
            self._state.augmenting.setdefault(layer.kind, layer.line)
            return tensors[0]
        entry = LAYERS.find(layer.kind)
        if entry is not None and entry.recipe_part == "size" and tensors and tensors[0].node.kind == INPUT \
                and tensors[0].node.shape is None:
            return self._apply_resizing(layer, tensors[0])
        if layer.kind == "Lambda" and len(tensors) == 1:
            return self._lambda_layer(layer, tensors[0], line)
        return self._state.graph.apply(layer, tensors, line)

    def _apply_resizing(self, layer: Layer, tensor: Tensor) -> Tensor:
        """A Resizing behind an input of open size sets the size of the recipe."""
        size = (layer.settings.get("height"), layer.settings.get("width"))
        if all(isinstance(item, int) and 0 < item <= 4096 for item in size):
            channels = tensor.node.shape[2] if tensor.node.shape is not None else 3
            tensor.node.shape = (int(size[0]), int(size[1]), channels)  # type: ignore[arg-type]
            self._state.remarks.append(Remark("resizing", Text(
                "Resizing: the recipe resizes the pictures to {height} × {width}.",
                "Resizing: la receta redimensiona las imágenes a {height} × {width}.").fill(height=size[0], width=size[1]),
                layer.line))
        return tensor

    def _lambda_layer(self, layer: Layer, tensor: Tensor, line: int) -> Any:
        """A Lambda as the known layers that its function calls, else as an unknown layer."""
        function = layer.settings.get("argument_1", layer.settings.get("function"))
        before = len(self._state.graph.nodes)
        if isinstance(function, Function | Name):
            answer = self.call(function, [tensor], {}, line)
            added = self._state.graph.nodes[before:]
            if isinstance(answer, Tensor) and all(self._parts.objects.is_known(node) for node in added):
                return answer
        del self._state.graph.nodes[before:]
        return self._state.graph.apply(layer, [tensor], line)

    # Names of libraries -----------------------------------------------------------------------------------

    def _library(self, path: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        library, part, name = path_parts(path)
        if library == "builtins":
            return self._built_ins.call(name, arguments, keywords, line)
        if path in arithmetic.LIBRARY:
            return self._built_ins.plain(arithmetic.LIBRARY[path], arguments, {}, line)
        if library == "keras":
            return self._keras(path, part, name, arguments, keywords, line)
        tensors, _unknown = self.tensors(arguments)
        if library == "tensorflow" and tensors:
            return self._operation(name, arguments, keywords, line)
        if tensors:
            return Unknown(_NOT_IN_FILE.fill(name=path), line)
        if library not in ("tensorflow", "tensorflow_addons"):
            return Unknown(NOT_RUN, line)
        call = CallValue(path, arguments, keywords, line)
        self._state.library_calls.append(call)
        return call

    def _keras(self, path: str, part: str, name: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        if name == INPUT:
            return self._input(arguments, keywords, line)
        if name == "Sequential":
            return self._chain(arguments, keywords, line)
        if name in ("Model", "Functional"):
            return self._graph(arguments, keywords, line)
        parts = path.split(".")
        if "layers" in parts:
            if name in MERGING:
                inputs = arguments[0] if arguments else keywords.pop("inputs", [])
                layer = make_layer(MERGING[name], arguments[1:], {key: value for key, value in keywords.items()
                                                                if key != "inputs"}, line)
                return self._call_on_tensors(layer, [inputs], {}, line)
            return self._layer(layer_kind(name), arguments, keywords, line)
        if "datasets" in parts:
            self._state.library_calls.append(CallValue(path, arguments, keywords, line))
            return Unknown(NOT_RUN, line)
        if path in DATA or path in _SETTINGS:
            call = CallValue(path, arguments, keywords, line)
            self._state.library_calls.append(call)
            return call
        if "applications" in parts:
            return self._application(name, arguments, keywords, line)
        if part in _OBJECTS:
            return CallValue(path, arguments, keywords, line)
        if name == "image_data_format":
            return "channels_last"
        tensors, _unknown = self.tensors(arguments)
        return self._operation(name, arguments, keywords, line) if tensors else Unknown(NOT_RUN, line)

    def _layer(self, kind: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        if kind == WRAPPED:
            return self._spectral(arguments, keywords, line)
        layer = make_layer(kind, arguments, keywords, line)
        if kind in AUGMENTING:
            self._state.changes.append(layer)
        return layer

    def _spectral(self, arguments: list[Any], keywords: dict[str, Any], line: int) -> Layer:
        """SpectralNormalization of a layer: the layer with that setting."""
        settings = dict(zip(("layer", "power_iterations"), arguments, strict=False)) | keywords
        inner, iterations, name = settings.get("layer"), settings.get("power_iterations", 1), settings.get("name")
        if not isinstance(inner, Layer) or not can_wrap(LAYERS.find(inner.kind)) or not isinstance(iterations, int):
            return make_layer(WRAPPED, arguments, keywords, line)
        inner.params = wrapped_params(inner.params, iterations)
        inner.name = name if isinstance(name, str) else inner.name
        return inner

    def _input(self, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        shape = arguments[0] if arguments else keywords.get("shape")
        batch = keywords.get("batch_shape")
        if isinstance(batch, list | tuple):
            shape = tuple(batch)[1:]
        name = keywords.get("name")
        return self._state.graph.input(shape, line, name if isinstance(name, str) else "")

    def _chain(self, arguments: list[Any], keywords: dict[str, Any], line: int) -> Chain:
        inside = arguments[0] if arguments else keywords.get("layers")
        items = list(inside) if isinstance(inside, list | tuple) else [inside] if isinstance(inside, Unknown) else []
        name = keywords.get("name")
        chain = Chain(line=line, name=name if isinstance(name, str) else "", items=items)
        self._state.graph.models.append(chain)
        return chain

    def _graph(self, arguments: list[Any], keywords: dict[str, Any], line: int) -> Graph:
        ends = [*arguments, None, None]
        inputs = keywords.get("inputs", keywords.get("input", ends[0]))
        outputs = keywords.get("outputs", keywords.get("output", ends[1]))

        def row(value: Any) -> list[Any]:
            return list(value.values()) if isinstance(value, dict) else list(value) if isinstance(
                value, list | tuple) else [] if value is None else [value]

        name = keywords.get("name")
        graph = Graph(line=line, name=name if isinstance(name, str) else "", inputs=row(inputs), outputs=row(outputs))
        self._state.graph.models.append(graph)
        return graph

    def _application(self, name: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        if name in _PASS_THROUGH and arguments:
            return arguments[0]
        base = bases.find_base(name)
        if base is None:
            return Unknown(Text("{name} is not a known base", "{name} no es una base conocida").fill(name=name),
                           line)
        model = bases.make_base(base, arguments, keywords, line, self._state.remarks)
        self._state.graph.models.append(model)
        return model

    # Functions on tensors ---------------------------------------------------------------------------------

    def _operation(self, name: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        tensors, unknown = self.tensors(arguments)
        if unknown is not None:
            return unknown
        if name in _PASS_THROUGH:
            return arguments[0]
        if name in ("int_shape", "shape"):
            return self._parts.objects.attribute(tensors[0], "shape", line)
        activation = {"swish": "silu", "hard_swish": "hard_silu"}.get(name, name)
        if activation in ACTIVATIONS:
            return self._apply_activation(activation, tensors, arguments[1:], keywords, line)
        if name in _OPERATIONS and len(arguments) == 2:
            return self.combine_tensors(_OPERATIONS[name], arguments[0], arguments[1], line)
        if name in MERGING and name != "dot":
            settings = {"axis": keywords.get("axis", arguments[1] if len(arguments) > 1 and isinstance(
                arguments[1], int) else -1)} if LAYERS[MERGING[name]].has_param("axis") else {}
            return self._state.graph.apply(make_layer(MERGING[name], [], settings, line), tensors, line)
        pooling = global_pooling(_POOLINGS.get(name, ""))
        if pooling is not None and self._axes(arguments, keywords) in ((1, 2), (-3, -2)):
            keepdims = keywords.get("keepdims", keywords.get("keep_dims", False)) is True
            return self._state.graph.apply(make_layer(pooling.id, [], {"keepdims": keepdims}, line), tensors, line)
        if name == "reshape" and len(arguments) > 1 and isinstance(arguments[1], list | tuple):
            return self._state.graph.apply(make_layer(RESHAPE.id, [tuple(arguments[1])[1:]], {}, line), tensors, line)
        if name == "flatten":
            return self._state.graph.apply(make_layer(FLATTEN.id, [], {}, line), tensors, line)
        return self._state.graph.apply(make_layer(name, [], {}, line), tensors, line)

    def _axes(self, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        axes = keywords.get("axis", arguments[1] if len(arguments) > 1 else None)
        return tuple(axes) if isinstance(axes, list | tuple) else axes

    def _apply_activation(self, activation: str, tensors: list[Tensor], arguments: list[Any], keywords: dict[str, Any],
                          line: int) -> Any:
        """An activation called as a function; with settings it becomes the layer that has them."""
        kind = next((entry.id for entry in LAYERS if entry.activation is not None and activation in entry.functions), None)
        name = keywords.pop("name", None)
        if kind is not None and (arguments or keywords):
            settings = {"negative_slope" if key == "alpha" and kind == RELU.id else key: value
                        for key, value in keywords.items()}
            layer = make_layer(kind, arguments, settings, line)
        else:
            layer = make_layer(ACTIVATION.id, [activation], {}, line)
        layer.name = name if isinstance(name, str) else ""
        return self._state.graph.apply(layer, tensors, line)

    def combine_tensors(self, kind: type[ast.operator], one: Any, other: Any, line: int) -> Any:
        """`a + b`, `a * b`, `a - b` of tensors; with a number it is a Rescaling."""
        if isinstance(one, Tensor) and isinstance(other, Tensor):
            entry = find_merging_layer(_OPERATOR_SIGNS.get(kind, ""))
            if entry is None:
                return Unknown(NOT_RUN, line)
            return self._state.graph.apply(make_layer(entry.id, [], {}, line), [one, other], line)
        tensor, number, first = (one, other, True) if isinstance(one, Tensor) else (other, one, False)
        if isinstance(number, list | tuple) and number and all(isinstance(item, int | float) for item in number):
            numbers = [float(item) for item in number]
        elif isinstance(number, int | float) and not isinstance(number, bool):
            numbers = [float(number)]
        else:
            return Unknown(NOT_RUN, line)
        scale, offset = linear_factors(kind, numbers, first)
        if scale is None or offset is None:
            return Unknown(NOT_RUN, line)
        row: Any = (scale[0], offset[0]) if len(numbers) == 1 else (tuple(scale), tuple(offset))
        return self._state.graph.apply(make_layer(RESCALING.id, [*row], {}, line), [tensor], line)

    def is_instance(self, value: Any, kinds: Any, line: int) -> Any:
        """isinstance(layer, keras.layers.BatchNormalization)."""
        if not isinstance(value, BaseLayer | Layer | Model):
            return Unknown(NOT_RUN, line)
        names = [path_parts(canonical(item.path))[2] for item in (kinds if isinstance(kinds, tuple) else (kinds,))
                 if isinstance(item, Name)]
        if isinstance(value, Model):
            return "Model" in names or (isinstance(value, Chain) and "Sequential" in names)
        return "Layer" in names or layer_kind(value.kind) in map(layer_kind, names)
