"""The layers of a pretrained base in PyTorch: modules of its kinds of blocks, and rows of them by their settings."""

from __future__ import annotations

import ast
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from cnnstudio.catalog.bases import Base
from cnnstudio.catalog.torch_form import TorchCode
from cnnstudio.core.graph import unique_id
from cnnstudio.core.network import NetworkSpec
from cnnstudio.interchange.printing.block_lines import (
    call_arguments,
    input_names,
    make_loop,
    parameter_list,
    runs_of,
    short_name,
    statement_lines,
)
from cnnstudio.interchange.printing.blocks import Layer, Step, base_blocks, drawn_blocks, find_program, layer_word
from cnnstudio.interchange.printing.layer_traits import applies_chosen_activation
from cnnstudio.interchange.printing.statements import Function, Statement
from cnnstudio.interchange.printing.torch.layer_lines import RESERVED, TransferredWeights, nest_calls
from cnnstudio.network.naming import variable_name

_POSITIONS: Final = {"nn.Conv2d": ("in_channels", "out_channels", "kernel_size"), "nn.BatchNorm2d": ("num_features",),
                     "nn.Linear": ("in_features", "out_features"), "nn.LayerNorm": ("normalized_shape",),
                     "nn.ZeroPad2d": ("padding",), "nn.MaxPool2d": ("kernel_size",), "nn.AvgPool2d": ("kernel_size",)}
"""Names of the arguments that are passed by position."""
_DEFAULTS: Final = {"stride": "1", "padding": "0", "dilation": "1", "groups": "1", "bias": "True"}
"""Arguments of nn.Conv2d that a call may leave out."""
_CHOOSES: Final = ("nn.Conv2d",)


@dataclass(frozen=True)
class _Tree:
    """A call as its function and its arguments: (name, passed by keyword, the call that is passed)."""

    function: str
    arguments: tuple[tuple[str, bool, _Tree | None], ...]

    @property
    def key(self) -> Hashable:
        kept = tuple((name, keyword, inner.key if inner is not None else None) for name, keyword, inner in self.arguments
                     if not (keyword and self.function in _CHOOSES and name in _DEFAULTS))
        return self.function, kept

    def code(self, path: str, arguments: Mapping[str, str]) -> str:
        known = {name for name, _keyword, _inner in self.arguments}
        passed = [(name, keyword, inner.code(f"{path}{name}.", arguments) if inner is not None else arguments[path + name])
                  for name, keyword, inner in self.arguments]
        passed += [(name, True, code) for key, code in arguments.items()
                   if key.startswith(path) and "." not in (name := key.removeprefix(path)) and name not in known]
        return f"{self.function}({', '.join(f'{name}={code}' if keyword else code for name, keyword, code in passed)})"


@dataclass(frozen=True)
class _Operation:
    """A layer's modules one behind the other."""

    type: str
    written: TorchCode
    trees: tuple[_Tree, ...]

    @property
    def key(self) -> Hashable:
        parts = tuple((tree.key, part.suffix, part.weights, tuple((entry.key, entry.learns) for entry in part.fixed))
                      for tree, part in zip(self.trees, self.written.parts, strict=True))
        return self.type, parts, self.written.expression, self.written.remark

    @property
    def title(self) -> str:
        return self.type

    def word(self, _arguments: Mapping[str, str]) -> str:
        if applies_chosen_activation(self.type) and self.trees:
            return self.trees[-1].function.rpartition(".")[2].lower()
        return layer_word(self.type)

    def default(self, argument: str) -> str:
        return _DEFAULTS[argument.rpartition(".")[2]]


@dataclass
class BlockClasses:
    """The classes of a base's blocks, and the lines of its own class; `paths` are the modules of every layer."""

    classes: list[list[str]] = field(default_factory=list)
    modules: list[str] = field(default_factory=list)
    forward: list[str] = field(default_factory=list)
    paths: dict[str, list[str]] = field(default_factory=dict)

    def transferred(self, layer: str, form: TorchCode, keras_path: tuple[str, ...], prefix: str) -> TransferredWeights | None:
        """Where the weights of a layer are in the state of the network; None where it has none."""
        paths = list(zip(self.paths[layer], form.parts, strict=True))
        entries = tuple((f"{prefix}{path}.{weight.key}", weight) for path, part in paths for weight in part.weights)
        fixed = tuple((f"{prefix}{path}.{entry.key}", entry) for path, part in paths for entry in part.fixed)
        return TransferredWeights(keras_path, entries, fixed) if entries or fixed else None


def block_classes(base: Base | None, graph: NetworkSpec, written: Mapping[str, TorchCode], taken: set[str],
                  start: str = "pictures") -> BlockClasses | None:
    """The modules from the tensor `start` to x; None where no block repeats, or the blocks are no chain.

    `taken` are the names of classes, of which none is used twice. Without a base the blocks are those of the drawing.
    """
    layers = []
    if not all(_is_call(part.code) for form in written.values() for part in form.parts):
        return None
    for node in graph.nodes[1:]:
        read = [_read(part.code, f"{number}.") for number, part in enumerate(written[node.id].parts)]
        arguments = {name: code for _tree, found in read for name, code in found.items()}
        operation = _Operation(node.type, written[node.id], tuple(tree for tree, _found in read))
        layers.append(Layer(node.id, operation, arguments, graph.inputs_of(node.id)))
    first = graph.nodes[0].id
    program = find_program(base_blocks(base) if base is not None else drawn_blocks(layers, first), layers, first, named=False)
    if program is None or (base is None and not any(step.function for step in program.steps)):
        return None
    result, names, leaves = BlockClasses(), dict[Function, str](), dict[Function, list[list[str]]]()
    for function in program.functions:
        names[function] = unique_id(_class_name(function.name), taken)
        taken.add(names[function])
        body = _Lines(function.body, names, leaves, set(function.parameters), function.unit)
        leaves[function] = body.leaves
        inputs = input_names(function)
        result.classes.append([
            f"class {names[function]}(nn.Module):",
            f"    def __init__({', '.join(['self', *parameter_list(function)])}):", "        super().__init__()",
            *(f"        {line}" for line in body.modules), "",
            f"    def forward({', '.join(['self', *inputs])}):",
            *(f"        {line}" for line in _returned(statement_lines(function.body, inputs, body.call, unit=function.unit)))])
    _add_steps(result, program.steps, names, leaves, start)
    return result


def _returned(lines: Sequence[str]) -> list[str]:
    return [*lines[:-1], f"return {lines[-1].partition(' = ')[2]}"]


class _Lines:
    """The modules of a class or of a part of it, with the names that they have there."""

    def __init__(self, statements: Sequence[Statement], names: Mapping[Function, str],
                 inner: Mapping[Function, list[list[str]]], taken: set[str], unit: str | None, shortens: bool = True) -> None:
        self.modules: list[str] = []
        self.leaves: list[list[str]] = []
        self._statements, self._attributes = statements, list[list[str]]()
        used = {*RESERVED, *taken}
        for statement in statements:
            operation = statement.operation
            if isinstance(operation, Function):
                attribute = unique_id(operation.name, used)
                used.add(attribute)
                self.modules.append(f"self.{attribute} = {names[operation]}({', '.join(call_arguments(statement))})")
                self._attributes.append([attribute])
                self.leaves += [[f"{attribute}.{part}" for part in parts] for parts in inner[operation]]
                continue
            attributes = self._add_layer(statement, short_name(statement, unit) if shortens else statement.name, used)
            self._attributes.append(attributes)
            self.leaves.append(attributes)
        taken |= used - RESERVED

    def _add_layer(self, statement: Statement, name: str, used: set[str]) -> list[str]:
        operation: _Operation = statement.operation
        name, attributes = variable_name(name), list[str]()
        if operation.written.remark:
            self.modules.append(f"# {operation.written.remark}")
        for number, (tree, part) in enumerate(zip(operation.trees, operation.written.parts, strict=True)):
            attribute = unique_id(f"{name}_{part.suffix}" if part.suffix else name, used)
            used.add(attribute)
            attributes.append(attribute)
            self.modules.append(f"self.{attribute} = {tree.code(f'{number}.', statement.arguments)}")
            self.modules += [f"self.{attribute}.{entry.key}.requires_grad_(False)" for entry in part.fixed
                             if not entry.learns and not entry.is_integer]
        return attributes

    def call(self, place: int, inputs: Sequence[str]) -> str:
        operation = self._statements[place].operation
        expression = "" if isinstance(operation, Function) else operation.written.expression
        return nest_calls(self._attributes[place], expression.format(*inputs) if expression else ", ".join(inputs))


def _add_steps(result: BlockClasses, steps: Sequence[Step], names: Mapping[Function, str],
               leaves: Mapping[Function, list[list[str]]], current: str) -> None:
    used = set(RESERVED)
    for run in runs_of(steps):
        first = run[0]
        if first.function is None:
            for step in run:
                body = _Lines(step.body.statements, names, leaves, used, "", shortens=False)
                result.modules += body.modules
                result.forward += statement_lines(step.body.statements, [current], body.call, unit=step.name)
                result.paths |= dict(zip(step.layers, body.leaves, strict=True))
                current = "x"
            continue
        attribute = unique_id("blocks" if len(run) > 1 else variable_name(first.name), used)
        used.add(attribute)
        if current != "x" and (first.keeps or len(first.takes) > 1):
            result.forward.append(f"x = {current}")
            current = "x"
        paths = [attribute] if len(run) == 1 else [f"{attribute}.{number}" for number in range(len(run))]
        for step, path in zip(run, paths, strict=True):
            inner = leaves[step.function] if step.function is not None else []
            result.paths |= {layer: [f"{path}.{part}" for part in parts]
                             for layer, parts in zip(step.layers, inner, strict=True)}
        taken = [current if name == "x" else name for name in first.takes]
        if len(run) == 1:
            result.modules.append(f"self.{attribute} = {names[first.function]}({', '.join(first.row)})")
            result.forward.append(_step(f"self.{attribute}({', '.join(taken)})", first))
        else:
            loop = make_loop(run, lambda function: names[function])
            is_chain = first.takes == ("x",) and not first.keeps
            made = f"{loop.function}({', '.join(loop.arguments)}) for {loop.target} in {loop.table[0]}"
            opened, closed = ("nn.Sequential(*(", "))") if is_chain else ("nn.ModuleList(", ")")
            lines = [f"self.{attribute} = {opened}{made}", *loop.table[1:]]
            lines[-1] += closed
            result.modules += lines
            called = f"block({', '.join(first.takes)})"
            result.forward += [f"x = self.{attribute}({current})"] if is_chain else [
                f"for block in self.{attribute}:", f"    {_step(called, first)}"]
        current = "x"


def _step(call: str, step: Step) -> str:
    return f"x, previous = {call}, x" if step.keeps else f"x = {call}"


def _is_call(code: str) -> bool:
    return isinstance(ast.parse(code, mode="eval").body, ast.Call)


def _read(code: str, path: str) -> tuple[_Tree, dict[str, str]]:
    """A call as its tree, and the code of its arguments by their path."""
    return _read_call(ast.parse(code, mode="eval").body, code, path)


def _read_call(node: ast.expr, code: str, path: str) -> tuple[_Tree, dict[str, str]]:
    assert isinstance(node, ast.Call), code
    function = ast.unparse(node.func)
    positions = _POSITIONS.get(function, ())
    passed = [(positions[place] if place < len(positions) else f"value{place + 1}", False, value)
              for place, value in enumerate(node.args)]
    passed += [(keyword.arg or "", True, keyword.value) for keyword in node.keywords]
    arguments: list[tuple[str, bool, _Tree | None]] = []
    found: dict[str, str] = {}
    for name, keyword, value in passed:
        inner: _Tree | None = None
        if isinstance(value, ast.Call) and ast.unparse(value.func).startswith("nn."):
            inner, more = _read_call(value, code, f"{path}{name}.")
            found |= more
        else:
            found[path + name] = ast.get_source_segment(code, value) or ast.unparse(value)
        arguments.append((name, keyword, inner))
    return _Tree(function, tuple(arguments)), found


def _class_name(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
