"""An ONNX model as plain values: operators, tensors, graphs. Nothing in it is run, no external data is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
import numpy as np

from cnnstudio.interchange.onnx.wire import Damaged, TooLarge

OPERATORS: Final = 50_000
"""Operators of a model, functions inlined: far more than any network has."""
DEEPEST: Final = 20
"""Graphs within graphs, functions within functions."""
_EXTERNAL: Final = 1
replace = msgspec.structs.replace


class Tensor(msgspec.Struct, frozen=True, eq=False):
    """A tensor of the model. `data` is None if the tensor is large."""

    dims: tuple[int, ...]
    data: np.ndarray | None = None


class Port(msgspec.Struct, frozen=True):
    """An input or output of the model. An open dimension is None; `dims` is None if the file declares none.

    `kind` is the type of its numbers by ONNX's code: 1 is float32.
    """

    name: str
    dims: tuple[int | None, ...] | None = None
    kind: int = 0


class Operator(msgspec.Struct, frozen=True, eq=False):
    """One operator. Inputs and outputs are names; an input that is left out is ""."""

    type: str
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()
    attributes: dict[str, Any] = {}
    name: str = ""
    domain: str = ""
    overload: str = ""

    def input(self, number: int) -> str:
        return self.inputs[number] if number < len(self.inputs) else ""


class Graph(msgspec.Struct, frozen=True, eq=False):
    """`dims` are those that the file declares for tensors between operators."""

    operators: tuple[Operator, ...]
    tensors: dict[str, Tensor]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    dims: dict[str, tuple[int | None, ...]] = {}


class Reference(msgspec.Struct, frozen=True):
    """Inside a function: a reference to the attribute of that name of the call."""

    name: str


class Function(msgspec.Struct, frozen=True, eq=False):
    """A function that a model defines: operators under one name."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    operators: tuple[Operator, ...]
    defaults: dict[str, Any]


class Model(msgspec.Struct, frozen=True, eq=False):
    """`opset` is the version of the standard operators; `producer` the program that wrote the file."""

    graph: Graph
    opset: int
    producer: str = ""


def parse_model(data: bytes) -> Model:
    """The model in these bytes, its functions inlined; raises Damaged or TooLarge."""
    import onnx
    from google.protobuf.message import DecodeError

    try:
        message = onnx.ModelProto.FromString(data)
    except (DecodeError, ValueError, RecursionError):
        raise Damaged from None
    if not message.HasField("graph") or not message.graph.node:
        raise Damaged
    opset = max((item.version for item in message.opset_import if item.domain in ("", "ai.onnx")), default=0)
    functions = {(_text(item.domain), _text(item.name), _text(getattr(item, "overload", ""))): _function(item)
                 for item in message.functions}
    graph = _graph(message.graph, 0)
    operators = _inline_functions(graph.operators, functions, 0, [0]) if functions else graph.operators
    if len(operators) > OPERATORS:
        raise TooLarge
    return Model(replace(graph, operators=tuple(operators)), opset, _text(message.producer_name))


def _text(value: str | bytes) -> str:
    """A name as text: protobuf returns bytes if it is not UTF-8."""
    return value if isinstance(value, str) else bytes(value).decode("utf-8", "replace")


def _texts(values: Iterable[str | bytes]) -> tuple[str, ...]:
    return tuple(_text(item) for item in values)


def _graph(message: Any, depth: int) -> Graph:
    if depth > DEEPEST:
        raise Damaged
    tensors = {_text(item.name): _tensor(item) for item in message.initializer}
    for item in message.sparse_initializer:
        tensors[_text(item.values.name)] = Tensor(_dims(item.dims))
    dims = {port.name: port.dims for port in (_port(item) for item in message.value_info) if port.dims is not None}
    return Graph(
        operators=tuple(_operator(item, depth) for item in message.node), tensors=tensors, dims=dims,
        inputs=tuple(_port(item) for item in message.input if _text(item.name) not in tensors),
        outputs=tuple(_port(item) for item in message.output))


def _operator(message: Any, depth: int = 0) -> Operator:
    domain = "" if message.domain == "ai.onnx" else _text(message.domain)
    return Operator(_text(message.op_type), _texts(message.input), _texts(message.output),
                    {_text(item.name): _attribute(item, depth) for item in message.attribute}, _text(message.name), domain,
                    _text(getattr(message, "overload", "")))


def _attribute(message: Any, depth: int) -> Any:
    if message.ref_attr_name:
        return Reference(_text(message.ref_attr_name))
    kind = message.type
    if kind == 1:
        return message.f
    if kind == 2:
        return message.i
    if kind == 3:
        return message.s.decode("utf-8", "replace")
    if kind == 4:
        return _tensor(message.t)
    if kind == 5:
        return _graph(message.g, depth + 1)
    if kind in (6, 7):
        return tuple(message.floats if kind == 6 else message.ints)
    if kind == 8:
        return tuple(string.decode("utf-8", "replace") for string in message.strings)
    return None


def _tensor(message: Any) -> Tensor:
    import onnx.numpy_helper

    dims = _dims(message.dims)
    if message.data_location == _EXTERNAL or message.data_type in (0, 8):
        return Tensor(dims)
    size = 1
    for dim in dims:
        size *= dim
    holds = len(message.raw_data) or sum(len(field) for field in (
        message.float_data, message.int32_data, message.int64_data, message.double_data, message.uint64_data))
    if size and not holds:
        return Tensor(dims)
    try:
        data = np.asarray(onnx.numpy_helper.to_array(message))
    except (ValueError, TypeError, KeyError, OverflowError, NotImplementedError, AttributeError):
        return Tensor(dims)
    return Tensor(dims, data if data.shape == dims else None)


def _dims(values: Iterable[int]) -> tuple[int, ...]:
    dims = tuple(int(item) for item in values)
    if len(dims) > 64 or any(item < 0 for item in dims):
        raise Damaged
    return dims


def _port(message: Any) -> Port:
    kind = message.type.tensor_type
    if not message.type.HasField("tensor_type"):
        return Port(_text(message.name), None, -1)
    if not kind.HasField("shape"):
        return Port(_text(message.name), None, kind.elem_type)
    dims = tuple(int(item.dim_value) if item.HasField("dim_value") and item.dim_value > 0 else None
                 for item in kind.shape.dim)
    return Port(_text(message.name), dims, kind.elem_type)


# Functions of a model's own ----------------------------------------------------------------------


def _function(message: Any) -> Function:
    defaults = {_text(item.name): _attribute(item, 0) for item in getattr(message, "attribute_proto", ())}
    return Function(_texts(message.input), _texts(message.output), tuple(_operator(item) for item in message.node), defaults)


Functions = Mapping[tuple[str, str, str], Function]


def _inline_functions(operators: Iterable[Operator], functions: Functions, depth: int, count: list[int]) -> list[Operator]:
    """The operators with calls of functions replaced by the functions' operators, under unique names."""
    if depth > DEEPEST:
        raise Damaged
    inlined: list[Operator] = []
    for operator in operators:
        count[0] += 1
        if count[0] > OPERATORS:
            raise TooLarge
        function = functions.get((operator.domain, operator.type, operator.overload))
        if function is None:
            inlined.append(operator)
            continue
        prefix = f"{operator.name or operator.type}/{count[0]}:"
        names = dict(zip(function.inputs, operator.inputs, strict=False))
        names |= dict(zip(function.outputs, operator.outputs, strict=False))
        call_attributes = function.defaults | operator.attributes
        inner = [_inline_operator(item, names, prefix, call_attributes, operator.name) for item in function.operators]
        inlined += _inline_functions(inner, functions, depth + 1, count)
    return inlined


def _inline_operator(operator: Operator, names: dict[str, str], prefix: str, values: Mapping[str, Any],
                     caller: str) -> Operator:
    def rename(name: str) -> str:
        return name and names.setdefault(name, prefix + name)

    attributes = {}
    for name, value in operator.attributes.items():
        resolved = values.get(value.name) if isinstance(value, Reference) else value
        if resolved is not None:
            attributes[name] = resolved
    name = f"{caller}/{operator.name or operator.type}" if caller else operator.name
    return replace(operator, inputs=tuple(rename(item) for item in operator.inputs), name=name,
                   outputs=tuple(rename(output) for output in operator.outputs), attributes=attributes)
