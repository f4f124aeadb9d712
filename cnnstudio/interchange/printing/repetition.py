"""Repetition in lists of layers: what is written more than once becomes a function with parameters.

A body is a list of statements, each a layer or a call of a function. It knows no language: the printers of Keras and
PyTorch give it their layers and write out what it finds.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

from cnnstudio.catalog.call import literal
from cnnstudio.core.graph import unique_id

_TOKEN: Final = re.compile(r"\{[^{}]*\}|\d+(?![a-z\d])|_|(?:[^\d{}_]|\d(?=\d*[a-z]))+")
"""A parameter, a number that is no part of a word, a line between words, a word."""
_NUMBER: Final = re.compile(r"(?:([a-z_]\w*)(?: ([+-]) (\d+))?|(\d+))")
_LONGEST: Final = 40
"""Statements of a part that is looked for inside of bodies."""
_LONG: Final = 10
"""Statements of a part with two inputs."""
_MOST_PARAMETERS: Final = 6
_LEAST_SAVED: Final = 5
"""Lines that a helper function has to save."""


class Operation(Protocol):
    """What a statement does, without its arguments."""

    @property
    def key(self) -> Hashable:
        """The same for what differs in arguments only."""

    @property
    def title(self) -> str:
        """A word for it in the names of functions."""

    def default(self, argument: str) -> str:
        """The code of an argument that is left out."""


@dataclass(frozen=True)
class Statement:
    """An operation, the code of its arguments, and its inputs: earlier statements, or -1, -2, ... for what enters the body.

    The name may contain parameters in braces, as an f-string does.
    """

    operation: Any
    arguments: Mapping[str, str]
    inputs: tuple[int, ...]
    name: str = ""

    def value(self, argument: str) -> str:
        return self.arguments[argument] if argument in self.arguments else self.operation.default(argument)


class Number(NamedTuple):
    """A number that is counted from a parameter: `number + 3`; a plain one has no base."""

    base: str
    offset: int

    @property
    def code(self) -> str:
        if not self.base:
            return str(self.offset)
        return f"{self.base} {'+' if self.offset > 0 else '-'} {abs(self.offset)}" if self.offset else self.base

    @classmethod
    def read(cls, code: str) -> Number | None:
        found = _NUMBER.fullmatch(code)
        if found is None:
            return None
        base, sign, offset, plain = found.groups()
        return cls("", int(plain)) if plain else cls(base, int(offset or 0) * (-1 if sign == "-" else 1))


@dataclass(eq=False)
class Function:
    """Statements with parameters; `numbers` are those by which layers are counted, `labels` parts of their names.
    Parameters with defaults come last."""

    parameters: list[str]
    numbers: frozenset[str]
    body: list[Statement]
    inputs: int
    name: str = ""
    labels: frozenset[str] = frozenset()
    defaults: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> Hashable:
        return id(self)

    @property
    def scope(self) -> Scope:
        return Scope(frozenset(self.parameters), self.numbers)

    @property
    def title(self) -> str:
        return self.name

    def default(self, argument: str) -> str:
        raise KeyError(argument)


Reference = tuple[str, Any, int]
"""("text", code, 0), or ("column", a parameter, what is added to it)."""


class Scope(NamedTuple):
    """The parameters that code may contain, and those of them that are numbers."""

    parameters: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()


@dataclass
class Body:
    """A list of statements, and what its code may contain."""

    statements: list[Statement]
    scope: Scope = field(default_factory=Scope)


# Functions ------------------------------------------------------------------------------------------


@dataclass
class _Column:
    """A parameter while it is found: its values, by member."""

    values: tuple[Any, ...]
    wanted: str
    stem: str
    kind: str
    name: str = ""
    uses: int = 1


@dataclass
class _Columns:
    """The parameters of a function; equal columns are one, and numbers that differ by the same are counted from one."""

    scopes: Sequence[Scope]
    columns: list[_Column] = field(default_factory=list)

    def take(self, values: tuple[str, ...], wanted: str, stem: str, kind: str = "setting") -> Reference:
        if len(set(values)) == 1 and not any(_is_open(value, scope) for value, scope in zip(values, self.scopes, strict=True)):
            return "text", values[0], 0
        for column in self.columns:
            if column.values == values:
                column.uses += 1
                return "column", column, 0
        return "column", self._add(_Column(values, wanted, stem, kind)), 0

    def count(self, values: tuple[Number, ...], stem: str) -> Reference:
        if len(set(values)) == 1 and not values[0].base:
            return "text", values[0].code, 0
        for column in self.columns:
            if column.kind != "number":
                continue
            steps = {value.offset - first.offset for value, first in zip(values, column.values, strict=True)}
            if len(steps) == 1 and [value.base for value in values] == [first.base for first in column.values]:
                column.uses += 1
                return "column", column, steps.pop()
        return "column", self._add(_Column(values, "number", stem, "number")), 0

    def _add(self, column: _Column) -> _Column:
        self.columns.append(column)
        return column

    def choose_names(self) -> None:
        order = {"name": 0, "number": 1, "setting": 2}
        self.columns.sort(key=lambda column: order[column.kind])
        wanted = [column.wanted for column in self.columns]
        taken = {"x", "previous", "keras", "nn", "self"}
        for column in self.columns:
            name = column.wanted
            first = max((other for other in self.columns if other.wanted == name), key=lambda other: other.uses)
            if wanted.count(name) > 1 and column.stem and (column.kind == "setting" or column is not first):
                name = f"{name}_{column.stem}" if column.stem[0].isdigit() else f"{column.stem}_{name}"
            column.name = unique_id(name, taken)
            taken.add(column.name)


def make_function(members: Sequence[Sequence[Statement]], scopes: Sequence[Scope], names: Sequence[str] = (),
                  named: bool = True) -> tuple[Function, list[list[str]]]:
    """The function of bodies of the same form, and for each of them the arguments of its call.

    `names` are the beginnings of the names of each member's layers, if they all begin so.
    """
    columns = _Columns(scopes)
    whole = columns.take(tuple(map(literal, names)), "name", "", "name") if names else None
    plans: list[tuple[dict[str, list[Reference]], list[Reference]]] = []
    for place, first in enumerate(members[0]):
        row = [member[place] for member in members]
        stem = word_stem(first.name.removeprefix(names[0]) if names else first.name)
        title = _named_parts(columns, [statement.name for statement in row], names, whole, stem) if named else []
        arguments: dict[str, list[Reference]] = {}
        for name in dict.fromkeys(name for statement in row for name in statement.arguments):
            values = tuple(statement.value(name) for statement in row)
            counted = [Number.read(value) for value in values]
            if isinstance(first.operation, Function) and name in first.operation.numbers and None not in counted:
                arguments[name] = [columns.count(tuple(value for value in counted if value), stem)]
            elif isinstance(first.operation, Function) and name in first.operation.labels:
                labels = [_label(value) for value in values]
                arguments[name] = [("label", "", 0), *_named_parts(columns, labels, names, whole, stem)]
            else:
                arguments[name] = [columns.take(values, name.rpartition(".")[2], stem)]
        plans.append((arguments, title))
    columns.choose_names()
    body = [Statement(statement.operation, {name: _argument(pieces) for name, pieces in arguments.items()},
                      statement.inputs, "".join(_template(piece) for piece in title) if named else statement.name)
            for statement, (arguments, title) in zip(members[0], plans, strict=True)]
    entering = max((-source for statement in body for source in statement.inputs if source < 0), default=0)
    function = Function([column.name for column in columns.columns],
                        frozenset(column.name for column in columns.columns if column.kind == "number"), body, entering,
                        labels=frozenset(column.name for column in columns.columns if column.kind == "name"))
    return function, [[_value_code(column.values[index]) for column in columns.columns] for index in range(len(members))]


def _value_code(value: Number | str) -> str:
    return value.code if isinstance(value, Number) else value


def _named_parts(columns: _Columns, names: Sequence[str], beginnings: Sequence[str], whole: Reference | None,
                 stem: str) -> list[Reference]:
    """The pieces of a layer's name: text, and the parameters in which the members differ."""
    if beginnings and whole is not None and all(map(str.startswith, names, beginnings)):
        return [whole, ("text", names[0].removeprefix(beginnings[0]), 0)]
    if len(set(names)) == 1 and "{" not in names[0]:
        return [("text", names[0], 0)]
    rows = [_TOKEN.findall(name) for name in names]
    if len({len(row) for row in rows}) == 1:
        pieces: list[Reference] = []
        for tokens in zip(*rows, strict=True):
            numbers = [_token_number(token, scope) for token, scope in zip(tokens, columns.scopes, strict=True)]
            if len(set(tokens)) == 1 and "{" not in tokens[0]:
                pieces.append(("text", tokens[0], 0))
            elif None not in numbers:
                before = word_stem("".join(text for kind, text, _offset in pieces if kind == "text"))
                pieces.append(columns.count(tuple(number for number in numbers if number), before))
            elif all(token[0] == "{" for token in tokens):
                pieces.append(columns.take(tuple(token.strip("{}") for token in tokens), "name", stem, "name"))
            else:
                break
        else:
            return pieces
    # The first and the last tokens that all share stay; what is between them is a parameter.
    before = 0
    while all(len(row) > before and row[before] == rows[0][before] and "{" not in row[before] for row in rows):
        before += 1
    after = 0
    while all(len(row) - after > before and row[-1 - after] == rows[0][-1 - after] and "{" not in row[-1 - after]
              for row in rows):
        after += 1
    middles = ["".join(row[before:len(row) - after]) for row in rows]
    values = tuple(name_code(middle) for middle in middles)
    wanted = "suffix" if any(middle[:1] in ("", "_") for middle in middles) and before else "name"
    return [("text", "".join(rows[0][:before]), 0), columns.take(values, wanted, stem, "name"),
            ("text", "".join(rows[0][len(rows[0]) - after:]), 0)]


def _token_number(token: str, scope: Scope) -> Number | None:
    if token.isdigit():
        return Number.read(token)
    number = Number.read(token.strip("{}")) if token[0] == "{" else None
    return number if number is not None and number.base in scope.numbers else None


def _label(code: str) -> str:
    """The text of a name's part from its code, with parameters in braces."""
    return code[2:-1] if code.startswith('f"') else code[1:-1] if code.startswith('"') else f"{{{code}}}"


def _argument(pieces: Sequence[Reference]) -> str:
    if pieces[0][0] == "label":
        return name_code("".join(map(_template, pieces[1:])))
    return _code(pieces[0])


def _code(reference: Reference) -> str:
    kind, value, offset = reference
    return value if kind == "text" else Number(value.name, offset).code


def _template(reference: Reference) -> str:
    return reference[1] if reference[0] == "text" else f"{{{_code(reference)}}}"


def _is_open(code: str, scope: Scope) -> bool:
    """Whether the code contains a parameter of the function around it."""
    return not scope.parameters.isdisjoint(re.findall(r"[A-Za-z_]\w*", code))


def name_code(name: str) -> str:
    """The code of a layer's name, which may contain parameters."""
    whole = name[1:-1]
    return whole if name == f"{{{whole}}}" and whole.isidentifier() else f"f{literal(name)}" if "{" in name else literal(name)


def word_stem(name: str) -> str:
    """The words of a layer's name, without parameters and without a number at the end."""
    words = re.sub(r"\W+", "_", re.sub(r"\{[^{}]*\}", "", name)).strip("_")
    return re.sub(r"_?\d+$", "", words) or words


def shape_of(name: str) -> str:
    """A layer's name without its numbers: the same for layers that are the same part of their blocks."""
    return re.sub(r"\d+", "#", re.sub(r"_\d+$", "", name))


# Parts inside of bodies -----------------------------------------------------------------------------


def find_helpers(bodies: Sequence[Body], named: bool = True) -> list[Function]:
    """Replace parts that stand several times in the bodies by calls of functions, as long as that saves lines."""
    found: list[Function] = []
    all_bodies = list(bodies)
    for search in (_joins, _has_one_input, _is_long):
        while (function := _extract(all_bodies, named, search)) is not None:
            found.append(function)
            all_bodies.append(Body(function.body, function.scope))
    for function in found:
        calls = [statement.arguments for body in all_bodies for statement in body.statements if statement.operation is function]
        _set_defaults(function, calls, {name for body in all_bodies for name in body.scope.parameters})
    return found


def _set_defaults(function: Function, calls: Sequence[Mapping[str, str]], scope: Set[str]) -> None:
    """Most calls need not say what nearly all of them say."""
    for name in function.parameters:
        usual, count = Counter(call[name] for call in calls).most_common(1)[0]
        is_open = _is_open(usual, Scope(frozenset(scope)))
        if len(calls) > 2 and count > len(calls) / 2 and not is_open and not usual.isdigit() and "name" not in name:
            function.defaults[name] = usual
    function.parameters.sort(key=lambda name: name in function.defaults)


def _extract(bodies: Sequence[Body], named: bool, search: Callable[[Sequence[Statement], int], bool]) -> Function | None:
    """The function that saves most of what is searched, with calls in the places of its parts."""
    places: dict[Hashable, list[tuple[int, int, int]]] = defaultdict(list)
    for index, body in enumerate(bodies):
        for start, end in _parts(body.statements):
            if not search(body.statements[start:end], start):
                continue
            places[_form(body.statements[start:end], start, named)].append((index, start, end))
    choices = []
    for found in places.values():
        apart: list[tuple[int, int, int]] = []
        for index, start, end in found:
            if not apart or apart[-1][0] != index or apart[-1][2] <= start:
                apart.append((index, start, end))
        length = found[0][2] - found[0][1]
        saved = len(apart) * (length - 1) - length - (0 if search is _joins else 2)
        if len(apart) > 1 and saved >= _LEAST_SAVED:
            choices.append((saved, apart))
    for _saved, apart in sorted(choices, key=lambda choice: -choice[0]):
        members = [_inside(bodies[index].statements[start:end], start) for index, start, end in apart]
        function, rows = make_function(members, [bodies[index].scope for index, _start, _end in apart], named=named)
        if len(function.parameters) > _MOST_PARAMETERS or (named and _too_many_names(function)):
            continue
        for (index, start, end), row in reversed(list(zip(apart, rows, strict=True))):
            _replace(bodies[index].statements, start, end, function, row)
        return function
    return None


def _too_many_names(function: Function) -> bool:
    return sum(name == "name" or name.endswith("_name") for name in function.parameters) > 1


def _parts(statements: Sequence[Statement]) -> list[tuple[int, int]]:
    """(start, end) of all runs of which only the last statement's output is used behind them."""
    last_user = [max((user for user, other in enumerate(statements) if place in other.inputs), default=len(statements))
                 for place in range(len(statements))]
    result = []
    for start in range(len(statements)):
        furthest = start
        for end in range(start + 2, min(len(statements), start + _LONGEST) + 1):
            furthest = max(furthest, last_user[end - 2])
            if furthest < end:
                result.append((start, end))
    return result


def _joins(statements: Sequence[Statement], start: int) -> bool:
    """Whether the last statement joins what enters with what the others made of it, as squeeze and excite do."""
    first, *others, last = (statement.inputs for statement in statements)
    return len(first) == 1 and first[0] < start and first[0] in last and not any(
        source < start for inputs in others for source in inputs) and any(source >= start for source in last)


def _entering(statements: Sequence[Statement], start: int) -> set[int]:
    return {source for statement in statements for source in statement.inputs if source < start}


def _has_one_input(statements: Sequence[Statement], start: int) -> bool:
    return len(_entering(statements, start)) == 1


def _is_long(statements: Sequence[Statement], start: int) -> bool:
    """Whether the statements make much of two tensors, as the inside of a cell does."""
    return len(statements) >= _LONG and len(_entering(statements, start)) <= 2


def _inside(statements: Sequence[Statement], start: int) -> list[Statement]:
    """The statements with inputs as in a body of their own."""
    outside: dict[int, int] = {}
    return [Statement(statement.operation, statement.arguments, tuple(
        source - start if source >= start else outside.setdefault(source, -1 - len(outside)) for source in statement.inputs),
        statement.name) for statement in statements]


def _form(statements: Sequence[Statement], start: int, named: bool) -> Hashable:
    pattern = _name_pattern([statement.name for statement in statements]) if named else ()
    return pattern, *((statement.operation.key, statement.inputs) for statement in _inside(statements, start))


def _name_pattern(names: Sequence[str]) -> Hashable:
    """Which names end in a number, and how those that begin alike count on from one another."""
    found: list[Hashable] = []
    before: list[str] = []
    for name in names:
        tokens = _TOKEN.findall(name)
        steps: list[int] = []
        for one, other in zip(before, tokens, strict=False):
            numbers = [Number.read(token.strip("{}")) if token[0] == "{" or token.isdigit() else None for token in (one, other)]
            if numbers[0] is not None and numbers[1] is not None and numbers[0].base == numbers[1].base:
                steps.append(numbers[1].offset - numbers[0].offset)
            elif one != other:
                break
        found.append((_is_counted(name), tuple(steps) if any(steps) else ()))
        before = tokens
    return tuple(found)


def _is_counted(name: str) -> bool:
    return name[-1:].isdigit() or name.endswith("}")


def _replace(statements: list[Statement], start: int, end: int, function: Function, row: Sequence[str]) -> None:
    """Put a call in the place of a part."""
    outside = list(dict.fromkeys(source for statement in statements[start:end] for source in statement.inputs
                                 if source < start))
    call = Statement(function, dict(zip(function.parameters, row, strict=True)), tuple(outside), statements[end - 1].name)
    shift = end - start - 1
    rest = [Statement(statement.operation, statement.arguments, tuple(
        source - shift if source >= end - 1 else source for source in statement.inputs), statement.name)
        for statement in statements[end:]]
    statements[start:] = [call, *rest]


def leaf_paths(function: Function) -> list[tuple[int, ...]]:
    """The places of a function's layers in order, through the functions that it calls."""
    result: list[tuple[int, ...]] = []
    for place, statement in enumerate(function.body):
        if isinstance(statement.operation, Function):
            result += [(place, *inner) for inner in leaf_paths(statement.operation)]
        else:
            result.append((place,))
    return result
