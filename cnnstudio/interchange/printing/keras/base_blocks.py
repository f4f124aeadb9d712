"""The layers of a pretrained base in Keras: functions of its kinds of blocks, and loops over their settings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cnnstudio.catalog.bases import Base
from cnnstudio.catalog.call import Call, literal
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, LayerType, values_of
from cnnstudio.core.graph import unique_id
from cnnstudio.core.network import NetworkSpec
from cnnstudio.interchange.printing.block_lines import (
    call_arguments,
    input_names,
    make_loop,
    parameter_list,
    runs_of,
    statement_lines,
)
from cnnstudio.interchange.printing.blocks import (
    Layer,
    Program,
    Step,
    base_blocks,
    drawn_blocks,
    find_program,
    layer_word,
)
from cnnstudio.interchange.printing.layer_traits import applies_chosen_activation
from cnnstudio.interchange.printing.statements import Function, Statement, name_code


@dataclass(frozen=True)
class _Operation:
    """A call of a layer."""

    entry: LayerType
    in_base: bool
    """The layers of a base always run in inference mode."""

    @property
    def key(self) -> tuple[str, str]:
        return self.entry.id, self.entry.call.target

    @property
    def title(self) -> str:
        return self.entry.id

    def word(self, arguments: Mapping[str, str]) -> str:
        chosen = arguments.get("activation", "")
        named = applies_chosen_activation(self.entry.id) and chosen.startswith('"')
        return chosen.strip('"') if named else layer_word(self.entry.id)

    def default(self, argument: str) -> str:
        return "True" if argument == "trainable" else literal(self.entry.call.defaults[argument])


def block_lines(base: Base, graph: NetworkSpec, learning: frozenset[str], start: str) -> list[str] | None:
    """The lines from the tensor `start` to `x`; None where the blocks of the base are no chain, or none repeats."""
    context = Context(height=base.size[0], width=base.size[1], channels=base.channels, class_count=1)
    layers = _layers(graph, context, lambda node: node not in learning, in_base=True)
    program = find_program(base_blocks(base), layers, graph.nodes[0].id)
    if program is None:
        return None
    functions = [line for lines in _functions(program) for line in (*lines, "")]
    return [*functions, *_step_lines(program, start)]


def drawing_lines(graph: NetworkSpec, context: Context, start: str, reserved: Collection[str]
                  ) -> tuple[list[str], list[str]] | None:
    """The functions of a drawn network's blocks, and the lines from the tensor `start` to `x`; its first node is its input.

    None where no block repeats. `reserved` are names of the script.
    """
    layers = _layers(graph, context, lambda _node: False, in_base=False)
    program = find_program(drawn_blocks(layers, graph.nodes[0].id), layers, graph.nodes[0].id)
    if program is None or not any(step.function for step in program.steps):
        return None
    for function in program.functions:
        function.name = unique_id(function.name, reserved)
    functions = [line for lines in _functions(program) for line in (*lines, "", "")]
    return functions, _step_lines(program, start, reserved)


def _functions(program: Program) -> list[list[str]]:
    names = [function.name for function in program.functions]
    return [_function_lines(function, names) for function in program.functions]


def _layers(graph: NetworkSpec, context: Context, is_frozen: Callable[[str], bool], in_base: bool) -> list[Layer]:
    layers = []
    for node in graph.nodes[1:]:
        entry = LAYERS[node.type]
        values = values_of(node, entry) | {"context": context}
        arguments = {key: value.code(values) if isinstance(value, Call) else literal(value)
                     for key, value in entry.call.arguments(values).items()}
        if entry.frozen_in_code and is_frozen(node.id):
            arguments["trainable"] = "False"
        layers.append(Layer(node.id, _Operation(entry, in_base), arguments, graph.inputs_of(node.id)))
    return layers


# Functions ------------------------------------------------------------------------------------------


def _function_lines(function: Function, functions: Sequence[str]) -> list[str]:
    taken = input_names(function)
    head = f"def {function.name}({', '.join([*taken, *parameter_list(function)])}):"
    body = _body_lines(function.body, taken, [*functions, *function.parameters])
    _name, _equals, last = body[-1].partition(" = ")
    return [head, *(f"    {line}" for line in body[:-1]), f"    return {last}"]


def _body_lines(statements: Sequence[Statement], start: Sequence[str], reserved: Iterable[str] = (), unit: str = ""
                ) -> list[str]:
    return statement_lines(statements, start, lambda place, inputs: _call(statements[place], inputs), reserved, unit)


def _call(statement: Statement, inputs: Sequence[str]) -> str:
    if isinstance(statement.operation, Function):
        return f"{statement.operation.name}({', '.join([*inputs, *call_arguments(statement)])})"
    entry: LayerType = statement.operation.entry
    settings = {key: code for key, code in statement.arguments.items() if key != "trainable"}
    settings["name"] = name_code(statement.name)
    if "trainable" in statement.arguments:
        settings["trainable"] = statement.arguments["trainable"]
    call = f"{entry.call.target}({', '.join(f'{key}={code}' for key, code in settings.items())})"
    training = ", training=False" if entry.training_flag and statement.operation.in_base else ""
    return f"{call}({_inputs(entry, inputs)}{training})"


def _inputs(entry: LayerType, names: Iterable[str]) -> str:
    """The arguments of a layer's call, in the form that its type takes its inputs."""
    passed = entry.passed(list(names))
    return ", ".join(f"[{', '.join(item)}]" if isinstance(item, list) else item for item in passed)


# Steps ----------------------------------------------------------------------------------------------


def _step_lines(program: Program, start: str, reserved: Collection[str] = ()) -> list[str]:
    lines: list[str] = []
    current, names = start, [*reserved, *(function.name for function in program.functions)]
    for steps in runs_of(program.steps):
        first = steps[0]
        if first.function is None:
            for step in steps:
                lines += _body_lines(step.body.statements, [current], names, step.name)
                current = "x"
            continue
        if current != "x" and (len(steps) > 1 or first.keeps or "previous" in first.takes):
            lines.append(f"x = {current}")
            current = "x"
        if len(steps) > 1:
            loop = make_loop(steps)
            lines += [f"for {loop.target} in {loop.table[0]}", *loop.table[1:]]
            lines[-1] += ":"
            lines.append(f"    {_step_call(first, first.takes, loop.function, loop.arguments)}")
        else:
            taken = [current if name == "x" else name for name in first.takes]
            lines.append(_step_call(first, taken, first.function.name, first.row))
        current = "x"
    return lines


def _step_call(step: Step, inputs: Sequence[str], function: str, arguments: Sequence[str]) -> str:
    call = f"{function}({', '.join([*inputs, *arguments])})"
    return f"x, previous = {call}, x" if step.keeps else f"x = {call}"
