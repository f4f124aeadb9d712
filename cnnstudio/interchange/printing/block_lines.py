"""What the printed lines of blocks have in common in Keras and PyTorch: names of tensors, and loops over settings."""

from __future__ import annotations

import re
import textwrap
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from cnnstudio.core.graph import unique_id
from cnnstudio.interchange.printing.blocks import Step
from cnnstudio.interchange.printing.statements import Function, Statement, word_stem
from cnnstudio.network.naming import variable_name

_WIDTH: Final = 108
_COUNTED: Final = re.compile(r'("[^"\\{}]*?)?(\d+)("?)')
"""A number, or a text that ends in one."""
_LONG: Final = 6
"""Blocks of one kind in a row that have a loop of their own."""


def statement_lines(statements: Sequence[Statement], start: Sequence[str], call: Callable[[int, Sequence[str]], str],
                    reserved: Iterable[str] = (), unit: str | None = "") -> list[str]:
    """The statements of a unit from the tensors `start` to x: a tensor that is needed later has a name of its own.

    `call` gives the code of the statement at a place for the names of its inputs. Tensors are called as the layers without
    the name of the unit, or where it is None by the layers' types.
    """
    users: dict[int, list[int]] = defaultdict(list)
    for place, statement in enumerate(statements):
        for source in statement.inputs:
            users[source].append(place)
    names = {-1 - place: name for place, name in enumerate(start)}
    taken = {*reserved, *start, "x", "name", "keras", "nn", "torch"}
    lines: list[str] = []
    # What enters is needed again after x is another tensor.
    if names.get(-1) == "x" and max(users[-1], default=0) > 0:
        joined = any(_joins(statements[user]) for user in users[-1])
        names[-1] = unique_id("shortcut" if joined else "entry", taken)
        taken.add(names[-1])
        lines.append(f"{names[-1]} = x")
    last = len(statements) - 1
    for place, statement in enumerate(statements):
        if place == last or users[place] == [place + 1]:
            names[place] = "x"
        else:
            joined = any(_joins(statements[user]) for user in users[place])
            called = isinstance(statement.operation, Function)
            stem = "branch" if called and joined else short_name(statement, unit)
            names[place] = unique_id(variable_name(stem or "branch"), taken)
            taken.add(names[place])
        lines.append(f"{names[place]} = {call(place, [names[source] for source in statement.inputs])}")
    return lines


def _joins(statement: Statement) -> bool:
    """Whether it is a layer that joins branches."""
    return len(statement.inputs) > 1 and not isinstance(statement.operation, Function)


def short_name(statement: Statement, unit: str | None) -> str:
    """The name of a layer without that of its unit; its type's where there is no unit."""
    if unit is None:
        return statement.word
    name = statement.name.removeprefix(unit)
    first, _line, rest = name.strip("_").partition("_")
    return f"{word_stem(rest)}_{first}" if first.isdigit() and rest else _without_number(name) or statement.word


def _without_number(name: str) -> str:
    words = word_stem(name)
    return "" if words.isdigit() else words


def input_names(function: Function) -> list[str]:
    """The tensors that a function takes, as it calls them."""
    return ["x", "previous", *(f"x{number}" for number in range(3, function.inputs + 1))][:function.inputs]


def parameter_list(function: Function) -> list[str]:
    """The parameters as in the function's head."""
    return [f"{name}={function.defaults[name]}" if name in function.defaults else name for name in function.parameters]


def call_arguments(statement: Statement) -> list[str]:
    """The arguments of a function's call, without those that are its defaults."""
    function: Function = statement.operation
    return [f"{name}={statement.arguments[name]}" if name in function.defaults else statement.arguments[name]
            for name in function.parameters if statement.arguments[name] != function.defaults.get(name)]


# Loops ----------------------------------------------------------------------------------------------


@dataclass
class Loop:
    """`for target in table: function(*arguments)`; the table is one expression, or lines of rows in brackets."""

    target: str
    table: list[str]
    function: str
    arguments: list[str]


def runs_of(steps: Sequence[Step]) -> list[list[Step]]:
    """Steps that are one loop, or stand one by one: long runs of one function apart from those of several."""
    result: list[list[Step]] = []
    for called, run in groupby(steps, lambda step: None if step.function is None else (step.takes, step.keeps)):
        mixed: list[Step] = []
        for _function, same in groupby(run, lambda step: id(step.function)):
            members = list(same)
            if called is not None and len(members) >= _LONG and len(make_loop(members).table) == 1:
                result += [mixed] if mixed else []
                result.append(members)
                mixed = []
            else:
                mixed += members
        result += [mixed] if mixed else []
    return result


def make_loop(steps: Sequence[Step], name: Callable[[Function], str] = lambda function: function.name) -> Loop:
    """A loop over the settings of blocks; over numbers alone where all settings follow from them."""
    functions = [step.function for step in steps if step.function is not None]
    function, rows = functions[0], [step.row for step in steps]
    if any(other is not function for other in functions):
        table = [[name(other), *row] for other, row in zip(functions, rows, strict=True)]
        return Loop("block, *settings", _rows(table), "block", ["*settings"])
    parameters = function.parameters
    changing = [place for place in range(len(parameters)) if len({row[place] for row in rows}) > 1]
    if not changing:
        return Loop("_", [f"range({len(rows)})"], name(function), rows[0])
    counted = _counted(function, rows, changing)
    if counted is not None:
        return Loop("number", [counted[0]], name(function), counted[1])
    arguments = [parameter if place in changing else rows[0][place] for place, parameter in enumerate(parameters)]
    if len(changing) > 1:
        table = [[row[place] for place in changing] for row in rows]
        return Loop(", ".join(parameters[place] for place in changing), _rows(table), name(function), arguments)
    values = [row[changing[0]] for row in rows]
    progression = _progression(values)
    text = ", ".join(values)
    if progression or len(text) < _WIDTH - 20:
        return Loop(parameters[changing[0]], [progression or f"({text})"], name(function), arguments)
    wrapped = textwrap.wrap(f"{text},", _WIDTH, break_on_hyphens=False)
    return Loop(parameters[changing[0]], ["(", *(f"    {line}" for line in wrapped), ")"], name(function), arguments)


def _rows(table: Sequence[Sequence[str]]) -> list[str]:
    return ["(", *(f"    ({', '.join(row)}{',' if len(row) == 1 else ''})," for row in table), ")"]


def _progression(values: Sequence[str]) -> str:
    """The range of numbers that grow by the same, "" where they do not."""
    if len(values) < 3 or not all(value.isdigit() for value in values):
        return ""
    numbers = list(map(int, values))
    step = numbers[1] - numbers[0]
    if step < 1 or numbers != list(range(numbers[0], numbers[-1] + 1, step)):
        return ""
    return f"range({numbers[0]}, {numbers[-1] + step}{'' if step == 1 else f', {step}'})"


def _counted(function: Function, rows: Sequence[Sequence[str]], changing: Sequence[int]) -> tuple[str, list[str]] | None:
    """(consecutive numbers, the arguments of a call by `number`), if only names and numbers of layers change along."""
    if not {function.parameters[place] for place in changing} <= function.numbers | function.labels:
        return None
    columns = {place: [_COUNTED.fullmatch(row[place]) for row in rows] for place in changing}
    if any(found is None for column in columns.values() for found in column):
        return None
    parts = {place: [(found.group(1) or "", int(found.group(2)), found.group(3)) for found in column if found]
             for place, column in columns.items()}
    first = next((numbers for column in parts.values() if (numbers := [number for _before, number, _after in column])
                  == list(range(numbers[0], numbers[0] + len(numbers)))), None)
    if first is None:
        return None
    arguments = list(rows[0])
    for place, column in parts.items():
        (before, start, after), factor = column[0], column[1][1] - column[0][1]
        if column != [(before, start + factor * (number - first[0]), after) for number in first]:
            return None
        product = "number" if factor == 1 else f"{factor} * number"
        offset = start - factor * first[0]
        code = f"{product} {'+' if offset > 0 else '-'} {abs(offset)}" if offset else product
        arguments[place] = f"f{before}{{{code}}}{after}" if before else code
    return f"range({first[0]}, {first[-1] + 1})", arguments
