"""Layers as a program: functions of its kinds of blocks, and steps from one block to the next."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final, NamedTuple

import msgspec

from cnnstudio.catalog.bases import Base
from cnnstudio.catalog.call import literal
from cnnstudio.catalog.layers import LAYERS, id_stem
from cnnstudio.core.graph import unique_id
from cnnstudio.core.network import BASE, INPUT, NetworkSpec, Node
from cnnstudio.interchange.printing.layer_traits import convolves, joins_by, layer_type, pads, stacks_channels
from cnnstudio.interchange.printing.repetition import find_helpers
from cnnstudio.interchange.printing.statements import (
    Body,
    Function,
    Number,
    Scope,
    Statement,
    make_function,
    shape_of,
)

_LARGE: Final = 60
"""Layers of a drawn network that is read more easily by its blocks than layer by layer."""
_LOOPED: Final = 4
"""Calls behind one another that are worth a loop."""
_SMALLEST: Final = 3
"""Layers of a block that is worth a function."""
_NUMBERED: Final = re.compile(r"(.*block_?\d+[a-z]?)_")
_LONGEST_NAME: Final = 3
"""Layers of a function that is named by all of them."""


class Layer(NamedTuple):
    """A layer as a printer writes it, and the layers that lead to it."""

    id: str
    operation: Any
    arguments: dict[str, str]
    inputs: tuple[str, ...]


@dataclass
class Step:
    """A block: a call of a function, or its statements in their place.

    `takes` are the tensors that enter it: "x", and "previous", what came out of the block before the last one. `keeps`
    says that x is needed again and becomes `previous`.
    """

    name: str
    layers: list[str]
    body: Body
    takes: tuple[str, ...]
    keeps: bool
    function: Function | None = None
    row: list[str] = field(default_factory=list)


@dataclass
class Program:
    functions: list[Function]
    steps: list[Step]


class Blocks(NamedTuple):
    """The block of a layer, and the kind of a block by its name and its first layer ("" where nobody says it)."""

    name: Callable[[str], str]
    kind: Callable[[str, str], str]


def base_blocks(base: Base) -> Blocks:
    """The parts that the base's drawing says, or the blocks in the layers' names, else those of the freeze line."""
    def name(layer: str) -> str:
        said = _NUMBERED.match(layer)
        return base.part_name(layer) or (said.group(1) if said else base.block_of(layer) or layer)

    return Blocks(name, base.part_kind)


def drawn_blocks(layers: Sequence[Layer], start: str) -> Blocks:
    """The blocks in the names of a drawing's layers, or what lies between two places where one tensor leads on."""
    last_use = {source: place for place, layer in enumerate(layers) for source in layer.inputs}
    names: dict[str, str] = {}
    begin, furthest, free = 0, last_use.get(start, 0), ""
    for place, layer in enumerate(layers):
        if furthest <= place:
            part = [member.id for member in layers[begin:place + 1]]
            said = next((found.group(1) for found in map(_NUMBERED.match, part) if found), "")
            free = "" if said or len(part) > 1 else free or layer.id
            names |= dict.fromkeys(part, said or (layer.id if len(part) > 1 else free))
            begin = place + 1
        furthest = max(furthest, last_use.get(layer.id, place))
    return Blocks(lambda layer: names.get(layer, layer), lambda _name, _layer: "")


def drawn_order(network: NetworkSpec, order: Sequence[Node], output: str | None) -> NetworkSpec | None:
    """A large network with its layers in the order of the drawing, or of `order` where it was drawn otherwise; None where it
    is small, or no chain from one input to the output of known layers."""
    inputs = [node for node in order if node.type == INPUT]
    if len(order) < _LARGE or len(order) != len(network.nodes) or len(inputs) != 1 or any(
            node.type == BASE or LAYERS.find(node.type) is None or (not network.inputs_of(node.id)) != (node.type == INPUT)
            for node in order):
        return None
    for nodes in ([inputs[0], *(node for node in network.nodes if node.type != INPUT)], order):
        places = {node.id: place for place, node in enumerate(nodes)}
        if nodes[-1].id == output and nodes[0].type == INPUT and all(places[source] < place for place, node in enumerate(nodes)
                                                                    for source in network.inputs_of(node.id)):
            return msgspec.structs.replace(network, nodes=tuple(nodes))
    return None


def find_program(blocks: Blocks, layers: Sequence[Layer], start: str, named: bool = True) -> Program | None:
    """The program of layers behind `start`; None where the blocks need more than two tensors, or none repeats."""
    steps = _steps(blocks, layers, start)
    if steps is None:
        return None
    alike: dict[Hashable, list[Step]] = defaultdict(list)
    for step in steps:
        if len(step.layers) >= _SMALLEST:
            alike[blocks.kind(step.name, step.layers[0]), _form(step, named)].append(step)
    functions: list[Function] = []
    for members in alike.values():
        if len(members) == 1 and not (members[0].keeps or len(members[0].takes) > 1):
            continue
        names = [step.name for step in members] if _begin_so(members) and len(members) > 1 else []
        function, rows = make_function([step.body.statements for step in members], [Scope()] * len(members), names, named)
        function.unit = members[0].name if named or not names else ""
        function.name = blocks.kind(members[0].name, members[0].layers[0]) or _block_word(function)
        functions.append(function)
        for step, row in zip(members, rows, strict=True):
            step.function, step.row = function, row
    bodies = [Body(function.body, function.scope) for function in functions]
    bodies += [step.body for step in steps if step.function is None]
    helpers = find_helpers(bodies, named)
    if not functions and not helpers:
        return None
    for function in helpers:
        function.name = _helper_name(function)
    functions = _without_wrappers(functions, steps)
    kinds = {function: function.name for function in functions}
    _tell_apart(functions)
    for helper in helpers:
        callers = {kinds[function] for function in functions if any(
            statement.operation is helper for statement in function.body)}
        if helper.name == "branches" and len(callers) == 1:
            helper.name = f"{callers.pop()}_branches"
    ordered = _in_order([*functions, *helpers])
    taken = {"block", "settings", "number", "name", *(name for function in ordered for name in function.parameters)}
    for function in ordered:
        function.name = unique_id(function.name, taken)
        taken.add(function.name)
    return Program(ordered, [part for step in steps for part in _calls_apart(step)])


def _calls_apart(step: Step) -> list[Step]:
    """A chain that calls functions one behind the other as steps, so that a loop can call them."""
    statements = step.body.statements
    looped = {id(statement) for operation, run in groupby(statements, lambda statement: statement.operation)
              if isinstance(operation, Function) and len(calls := list(run)) >= _LOOPED for statement in calls}
    if step.function is not None or not looped or any(
            statement.inputs != (place - 1,) for place, statement in enumerate(statements)):
        return [step]
    result: list[Step] = []
    layers = list(step.layers)
    for statement in statements:
        function = statement.operation if id(statement) in looped else None
        count = _layer_count(statement.operation) if isinstance(statement.operation, Function) else 1
        members, layers = layers[:count], layers[count:]
        if function is None and result and result[-1].function is None:
            body = result[-1].body.statements
            body.append(Statement(statement.operation, statement.arguments, (len(body) - 1,), statement.name))
            result[-1].layers += members
            continue
        alone = Statement(statement.operation, statement.arguments, (-1,), statement.name)
        row = [statement.arguments[name] for name in function.parameters] if function is not None else []
        result.append(Step(members[0], members, Body([alone]), step.takes, step.keeps, function, row))
    return result


def _layer_count(function: Function) -> int:
    return sum(_layer_count(statement.operation) if isinstance(statement.operation, Function) else 1
               for statement in function.body)


def _steps(blocks: Blocks, layers: Sequence[Layer], start: str) -> list[Step] | None:
    parts: list[tuple[str, list[Layer]]] = []
    for layer in layers:
        name = blocks.name(layer.id)
        if not parts or parts[-1][0] != name:
            parts.append((name, []))
        parts[-1][1].append(layer)
    current, previous = start, ""
    steps: list[Step] = []
    needed = {source: index for index, (_name, members) in enumerate(parts) for layer in members for source in layer.inputs}
    for index, (name, members) in enumerate(parts):
        places = {layer.id: place for place, layer in enumerate(members)}
        outside = {source for layer in members for source in layer.inputs if source not in places}
        takes = [source for source in (current, previous) if source in outside]
        left = [layer.id for layer in members[:-1] if needed.get(layer.id, index) > index]
        if len(takes) != len(outside) or left:
            return None
        body = Body([Statement(layer.operation, layer.arguments, tuple(
            places[source] if source in places else -1 - takes.index(source) for source in layer.inputs), layer.id)
            for layer in members])
        keeps = needed.get(current, index) > index
        if keeps and needed.get(previous, index) > index:
            return None
        # Like the blocks before it, though nobody needs it any more.
        keeps = keeps or (len(takes) > 1 and needed.get(previous, index) == index)
        steps.append(Step(name, list(places), body, tuple("x" if source == current else "previous" for source in takes), keeps))
        current, previous = members[-1].id, current if keeps else previous
    return steps


def _form(step: Step, named: bool) -> Hashable:
    begins = all(layer.startswith(step.name) for layer in step.layers)
    names = [layer.removeprefix(step.name) if begins else shape_of(layer) for layer in step.layers]
    return step.takes, tuple((statement.operation.key, statement.inputs, name if named else "")
                             for statement, name in zip(step.body.statements, names, strict=True))


def _begin_so(members: Sequence[Step]) -> bool:
    return all(layer.startswith(step.name) for step in members for layer in step.layers)


def _without_wrappers(functions: Sequence[Function], steps: Sequence[Step]) -> list[Function]:
    """The functions, those that only call another one replaced by it."""
    result = []
    for function in functions:
        inner = function.body[0]
        if len(function.body) > 1 or not isinstance(inner.operation, Function) or inner.inputs != tuple(
                -1 - place for place in range(len(inner.inputs))):
            result.append(function)
            continue
        inner.operation.name = function.name
        if inner.operation not in result:
            result.append(inner.operation)
        for step in steps:
            if step.function is function:
                values = dict(zip(function.parameters, step.row, strict=True))
                step.row = [_value(inner.arguments[name], values) for name in inner.operation.parameters]
                step.function = inner.operation
    return result


def _value(code: str, values: Mapping[str, str]) -> str:
    """The code of an argument with the values of its parameters."""
    number = Number.read(code)
    if number is not None and values.get(number.base, "").isdigit():
        return str(int(values[number.base]) + number.offset)
    if code.startswith('f"'):
        return literal(re.sub(r"\{([^{}]*)\}", lambda found: _value(found.group(1), values).strip('"'), code[2:-1]))
    return values.get(code, code)


# Names ----------------------------------------------------------------------------------------------


def _block_word(function: Function) -> str:
    if any(map(stacks_channels, function.body)):
        last = function.body[-1]
        return "dense_block" if stacks_channels(last) and -1 in last.inputs else "inception_module"
    return "residual_block" if any(joins_by("+", statement) for statement in function.body) else "conv_block"


def _helper_name(function: Function) -> str:
    words = [statement.word for statement in function.body]
    if joins_by("*", function.body[-1]):
        first = layer_type(function.body[0])
        return "squeeze_excite" if first is not None and first.pooling else "excited"
    if len(words) <= _LONGEST_NAME and not any(isinstance(statement.operation, Function) for statement in function.body):
        return "_".join(words)
    if any(map(stacks_channels, function.body)):
        return "branches"
    kinds = dict.fromkeys(word for word, statement in zip(words, function.body, strict=True) if convolves(statement))
    return f"{'_'.join(kinds) or 'conv'}_{'residual' if joins_by('+', function.body[-1]) else 'block'}"


def _tell_apart(functions: Sequence[Function]) -> None:
    """Words for the differences of functions of the same kind."""
    kinds: dict[str, list[Function]] = defaultdict(list)
    for function in functions:
        kinds[function.name].append(function)
    for name, members in kinds.items():
        added = [function for function in members if joins_by("+", function.body[-1])]
        if 0 < len(added) < len(members):
            for function in added:
                function.name = f"{name}_with_shortcut"
        for function in members:
            if len(members) > 1 and pads(function.body[0]):
                function.name = f"strided_{name}"


def layer_word(title: str) -> str:
    """A short name for a layer of that type."""
    layer = LAYERS.find(title)
    if layer is not None and layer.batch_free:
        return "bn"
    if layer is not None and layer.pooling:
        return "mean" if layer.pooling == "avg" else "max"
    return id_stem(title)


def _in_order(functions: Sequence[Function]) -> list[Function]:
    """Every function behind those that it calls."""
    result: list[Function] = []

    def add(function: Function) -> None:
        for statement in function.body:
            if isinstance(statement.operation, Function):
                add(statement.operation)
        if function not in result:
            result.append(function)

    for function in functions:
        add(function)
    return result

