"""Attributes and methods of layers, tensors, models, and of objects of the file's own classes."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.catalog.layers import LAYERS
from cnnstudio.core.text import Text
from cnnstudio.interchange.keras_source import bases
from cnnstudio.interchange.keras_source.language import KerasParts, frozen_layers
from cnnstudio.interchange.keras_source.names import DATA, DATA_SET
from cnnstudio.interchange.keras_source.settings import make_layer
from cnnstudio.interchange.keras_source.values import BaseLayer, BaseModel, Chain, Graph, Instance, Model, TrainingCall
from cnnstudio.interchange.python_source import arithmetic
from cnnstudio.interchange.python_source.state import NOT_RUN
from cnnstudio.interchange.python_source.values import (
    CallValue,
    Class,
    Function,
    Layer,
    Method,
    Name,
    Remark,
    Scope,
    Tensor,
    TracedNode,
    Unknown,
)

_FACTS: Final = ("class_names", "class_indices", "num_classes", "samples", "n", "shape", "element_spec", "image_shape",
                 "classes", "cardinality")
"""Attributes of a data set that only running the code tells."""
_ACTIONS: Final = ("add", "pop", "compile", "fit", "build", "get_layer", "summary", "call", "__call__", "save", "predict",
                   "evaluate", "load_weights", "get_weights", "set_weights", "fit_generator")


class Objects:
    """Attributes and methods of the objects that the code creates."""

    def __init__(self, parts: KerasParts) -> None:
        self._parts, self._state = parts, parts.state

    # Attributes --------------------------------------------------------------------------------------

    def attribute(self, owner: Any, name: str, line: int) -> Any:
        """`owner.name`."""
        if isinstance(owner, Unknown):
            return owner
        if isinstance(owner, Name):
            path = f"{owner.path}.{name}"
            value = arithmetic.LIBRARY.get(path)
            return value if isinstance(value, float) else Name(path)
        if isinstance(owner, Tensor):
            return self._tensor_attribute(owner, name, line)
        if isinstance(owner, Layer):
            return self._layer_attribute(owner, name, line)
        if isinstance(owner, BaseLayer):
            return self._base_layer_attribute(owner, name, line)
        if isinstance(owner, Instance):
            return self._instance_attribute(owner, name, line)
        if isinstance(owner, Model):
            return self._model_attribute(owner, name, line)
        if isinstance(owner, Class):
            value = owner.find(name)
            return Unknown(NOT_RUN, line) if value is None else value
        if isinstance(owner, CallValue) and (owner.path in DATA or owner.path.partition(".")[0] == DATA_SET):
            return Method(owner, name) if name not in _FACTS else Unknown(NOT_RUN, line)
        if name in arithmetic.METHODS.get(type(owner), ()):
            return Method(owner, name)
        return Unknown(NOT_RUN, line)

    def _tensor_attribute(self, owner: Tensor, name: str, line: int) -> Any:
        if name == "shape":
            shape = owner.node.shape
            return Unknown(Text("the shape is unknown at this point",
                                "la forma no se conoce en este punto"), line) if shape is None else (
                None, *shape)
        return Unknown(NOT_RUN, line)

    def _layer_attribute(self, owner: Layer, name: str, line: int) -> Any:
        if name in ("name", "trainable"):
            return getattr(owner, name)
        if name == "output" and owner.called:
            return Tensor(owner.called[-1])
        if name == "input" and owner.called and owner.called[-1].sources:
            return Tensor(owner.called[-1].sources[0])
        if name in owner.settings:
            return owner.settings[name]
        return Method(owner, name) if name in ("call", "__call__") else Unknown(NOT_RUN, line)

    def _base_layer_attribute(self, owner: BaseLayer, name: str, line: int) -> Any:
        if name == "name":
            return owner.id
        if name == "trainable":
            return owner.id not in owner.model.frozen
        if name == "output":
            short = bases.truncate(owner)
            if isinstance(short, Unknown):
                return Unknown(short.reason, line)
            inputs, _outputs = self._state.graph.ends(owner.model, line)
            short.start = inputs[0]
            return self._state.graph.ends(short, line)[1][0]
        return Unknown(NOT_RUN, line)

    def _instance_attribute(self, owner: Instance, name: str, line: int) -> Any:
        if name in owner.names:
            return owner.names[name]
        value = owner.kind.find(name)
        if isinstance(value, Function):
            if value.decorator == "property":
                return self._parts.statements.run(value, [owner], {}, line)
            return value if value.decorator == "staticmethod" else Method(
                owner.kind if value.decorator == "classmethod" else owner, name, value)
        if value is not None:
            return value
        return Method(owner, name) if name in _ACTIONS or name.startswith("__") else Unknown(NOT_RUN, line)

    def _model_attribute(self, owner: Model, name: str, line: int) -> Any:
        if name in ("input", "inputs", "output", "outputs"):
            ends = self._state.graph.ends(owner, line)[name.startswith("out")]
            return ends if name.endswith("s") or len(ends) != 1 else ends[0]
        if name in ("input_shape", "output_shape"):
            ends = self._state.graph.ends(owner, line)[name.startswith("out")]
            return self.attribute(ends[0], "shape", line) if ends else Unknown(NOT_RUN, line)
        if name == "layers":
            return self.layers(owner)
        if name == "name":
            return owner.name
        if name == "trainable":
            return not (isinstance(owner, BaseModel) and owner.frozen)
        return Method(owner, name)

    def item(self, _owner: Any, _key: Any, line: int) -> Any:
        """`owner[key]` of an object."""
        return Unknown(NOT_RUN, line)

    def set_item(self, _owner: Any, _key: Any, _value: Any) -> None:
        """`owner[key] = value` of an object."""

    def items(self, value: Any) -> list[Any] | None:
        """The items of a value that can be iterated; None if it cannot."""
        return arithmetic.to_items(value)

    def layers(self, model: Model) -> list[Any]:
        """`model.layers`."""
        if isinstance(model, BaseModel):
            return list(bases.layers(model))
        if isinstance(model, Chain):
            self._state.graph.ends(model, model.line)
            return [item for item in model.items if isinstance(item, Layer | Model) and not (
                isinstance(item, Layer) and item.kind == "InputLayer")]
        if isinstance(model, Graph):
            result: list[Any] = []
            outputs = [output.node for output in model.outputs if isinstance(output, Tensor)]
            for traced in self._state.graph.ancestors_of(outputs):
                part = traced.base or traced.layer
                if part is not None and part not in result:
                    result.append(part)
            return result
        return []

    def set_attribute(self, owner: Any, name: str, value: Any, line: int) -> None:
        """`owner.name = value`."""
        if isinstance(owner, Instance) and name != "trainable":
            owner.names[name] = value
        elif name == "trainable":
            if isinstance(value, bool):
                self._freeze(owner, value)
            else:
                self._state.remarks.append(Remark("open_setting", Text(
                    "It is unknown which layers learn at this point; all of them will.",
                    "No se sabe qué capas aprenden en este punto; aprenderán todas."), line))
        elif name == "activation" and isinstance(owner, Layer):
            # `model.layers[-1].activation = keras.activations.linear`
            owner.params = make_layer(owner.kind, [], owner.settings | {"activation": value}, owner.line).params

    def _freeze(self, owner: Any, trainable: bool) -> None:
        if isinstance(owner, BaseModel):
            bases.freeze(owner, trainable)
        elif isinstance(owner, BaseLayer):
            if trainable:
                owner.model.frozen.discard(owner.id)
            else:
                owner.model.frozen.add(owner.id)
        elif isinstance(owner, Layer):
            owner.trainable = trainable
        elif isinstance(owner, Model) and not isinstance(owner, Instance):
            for layer in self.layers(owner):
                self._freeze(layer, trainable)

    # Methods -----------------------------------------------------------------------------------------

    def call_method(self, method: Method, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        """`owner.method(...)`."""
        owner, name = method.owner, method.name
        if method.function is not None:
            return self._parts.statements.run(method.function, [owner, *arguments], keywords, line)
        if isinstance(owner, Layer):
            return self._parts.calls.call(owner, arguments, keywords, line)
        if isinstance(owner, Model):
            return self._call_model_method(owner, name, arguments, keywords, line)
        if isinstance(owner, CallValue):
            call = CallValue(f"{DATA_SET}.{name}", [owner, *arguments], keywords, line)
            self._state.library_calls.append(call)
            return call
        return arithmetic.call_method(owner, name, arguments, keywords)

    def _call_model_method(self, owner: Model, name: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        if name == "add" and isinstance(owner, Chain):
            owner.items += arguments or list(keywords.values())
        elif name == "pop" and isinstance(owner, Chain):
            if owner.items:
                owner.items.pop()
        elif name == "compile":
            owner.compiled = dict(zip(("optimizer", "loss"), arguments, strict=False)) | keywords
            self._note_training(owner, name, arguments, keywords, line)
        elif name in ("fit", "fit_generator"):
            owner.fitted = keywords
            self._note_training(owner, name, arguments, keywords, line)
            return CallValue("keras.callbacks.History", [owner], {}, line)
        elif name == "build" and isinstance(owner, Chain | Instance):
            shape = arguments[0] if arguments else keywords.get("input_shape")
            if isinstance(shape, list | tuple):
                owner.shape = tuple(shape)[1:]
        elif name == "get_layer":
            return self._get_layer(owner, arguments, keywords, line)
        elif name in ("call", "__call__"):
            return self._parts.calls.call(owner, arguments, keywords, line)
        elif name == "__init__":
            return None
        else:
            return Unknown(NOT_RUN, line)
        return None

    def _note_training(self, owner: Model, name: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> None:
        frozen = frozen_layers(self._state.graph)
        self._state.training_calls.append(TrainingCall(name, owner, arguments, keywords, line, frozen))

    def _get_layer(self, owner: Model, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        key = keywords.get("name", keywords.get("index", arguments[0] if arguments else None))
        layers = self.layers(owner)
        if isinstance(key, int) and -len(layers) <= key < len(layers):
            return layers[key]
        return next((layer for layer in layers if self.attribute(layer, "name", line) == key),
                    Unknown(Text("there is no layer called {name}", "no hay ninguna capa llamada {name}").fill(
                        name=str(key)[:60]), line))

    # Objects of classes --------------------------------------------------------------------------------

    def make_instance(self, kind: Class, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        """An object of a class of the file."""
        name = keywords.get("name")
        instance = Instance(line=line, kind=kind, name=name if isinstance(name, str) else "",
                            init_arguments=(arguments, keywords))
        start = kind.find("__init__")
        if isinstance(start, Function):
            self._parts.statements.run(start, [instance, *arguments], keywords, line)
        if kind.role == "model":
            self._state.graph.models.append(instance)
        return instance

    def call_instance(self, owner: Instance, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        """Call an object of a class of the file on tensors, through its `call`."""
        call = owner.kind.find("call") or owner.kind.find("__call__")
        owner.nested = True
        before = len(self._state.graph.nodes)
        if isinstance(call, Function):
            answer = self._parts.statements.run(call, [owner, *arguments], keywords, line)
        else:
            answer = Unknown(Text("the class {name} has no call method", "la clase {name} no tiene método call").fill(
                name=owner.kind.name), line)
        if owner.kind.role != "layer" or isinstance(answer, Tensor):
            return answer
        tensors = [argument for argument in arguments if isinstance(argument, Tensor)]
        if not tensors:
            return answer
        # A layer with weights of its own cannot be followed: it stays one layer, marked as unknown.
        del self._state.graph.nodes[before:]
        init_arguments, init_keywords = owner.init_arguments
        layer = make_layer(owner.kind.name, init_arguments, init_keywords, owner.line)
        layer.is_known, layer.params = False, layer.params if layer.is_known is False else {}
        return self._state.graph.apply(layer, tensors, line)

    def super_object(self, scope: Scope) -> Any:
        """`super()`: the object as an instance of its parent class."""
        has_self, owner = scope.find("self")
        has_class, kind = scope.find("__class__")
        if not has_self or not isinstance(owner, Instance):
            return Unknown(NOT_RUN, self._state.line)
        outer = kind if has_class and isinstance(kind, Class) else owner.kind
        parent = next((base for base in outer.bases if isinstance(base, Class)), None)
        return _Parent(owner, parent) if parent is not None else Method(owner, "__init__")

    def is_known(self, traced: TracedNode) -> bool:
        """Whether a node is of a type that is known here."""
        return LAYERS.find(traced.kind) is not None and (traced.layer is None or traced.layer.is_known)


class _Parent(Instance):
    """An object as an instance of its parent class."""

    def __init__(self, owner: Instance, kind: Class) -> None:
        super().__init__(line=owner.line, kind=kind, names=owner.names)
