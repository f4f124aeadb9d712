"""Lists of layers as statements, and the function of several lists of the same form: its parameters are what differs.

A body is a list of statements, each a layer or a call of a function. It knows no language: the printers of Keras and
PyTorch give it their layers and write out what it makes.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, Protocol

from cnnstudio.catalog.call import literal
from cnnstudio.core.graph import unique_id

TOKEN: Final = re.compile(r"\{[^{}]*\}|\d+(?![a-z\d])|_|(?:[^\d{}_]|\d(?=\d*[a-z]))+")
"""A parameter, a number that is no part of a word, a line between words, a word."""
_NUMBER: Final = re.compile(r"(?:([a-z_]\w*)(?: ([+-]) (\d+))?|(\d+))")


class Operation(Protocol):
    """What a statement does, without its arguments."""

    @property
    def key(self) -> Hashable:
        """The same for what differs in arguments only."""

    @property
    def title(self) -> str:
        """A word for it in the names of functions."""

    def word(self, arguments: Mapping[str, str]) -> str:
        """A short name for it with these arguments."""

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

    @property
    def word(self) -> str:
        return str(self.operation.word(self.arguments))

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
    Parameters with defaults come last. `unit` is the name of the block that it was made of, None for a part of blocks."""

    parameters: list[str]
    numbers: frozenset[str]
    body: list[Statement]
    inputs: int
    name: str = ""
    unit: str | None = None
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

    def word(self, _arguments: Mapping[str, str]) -> str:
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
        if len(set(values)) == 1 and not any(is_open(value, scope) for value, scope in zip(values, self.scopes, strict=True)):
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
    whole = columns.take(tuple(map(literal, names)), "name", "", "name") if names and named else None
    plans: list[tuple[dict[str, list[Reference]], list[Reference]]] = []
    for place, first in enumerate(members[0]):
        row = [member[place] for member in members]
        stem = word_stem(first.name.removeprefix(names[0]) if names else first.name if named else first.word)
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
                      statement.inputs, "".join(_template(piece) for piece in title) if named else shared)
            for statement, (arguments, title), shared in zip(members[0], plans, _shared_names(members, names), strict=True)]
    entering = max((-source for statement in body for source in statement.inputs if source < 0), default=0)
    function = Function([column.name for column in columns.columns],
                        frozenset(column.name for column in columns.columns if column.kind == "number"), body, entering,
                        labels=frozenset(column.name for column in columns.columns if column.kind == "name"))
    return function, [[_value_code(column.values[index]) for column in columns.columns] for index in range(len(members))]


def _shared_names(members: Sequence[Sequence[Statement]], beginnings: Sequence[str]) -> list[str]:
    """What the names of the members' layers have in common, behind the beginnings."""
    result = []
    for place, first in enumerate(members[0]):
        ends = [member[place].name.removeprefix(beginning) for member, beginning in
                zip(members, beginnings or [""] * len(members), strict=True)]
        rows = [TOKEN.findall(end) for end in ends]
        shared = [tokens[0] for tokens in zip(*rows, strict=False) if len(set(tokens)) == 1]
        alike = len({len(row) for row in rows}) == 1
        result.append(re.sub("__+", "_", "".join(shared)).strip("_") if alike else first.name)
    return result


def _value_code(value: Number | str) -> str:
    return value.code if isinstance(value, Number) else value


def _named_parts(columns: _Columns, names: Sequence[str], beginnings: Sequence[str], whole: Reference | None,
                 stem: str) -> list[Reference]:
    """The pieces of a layer's name: text, and the parameters in which the members differ."""
    if whole is not None and all(map(str.startswith, names, beginnings)):
        return [whole, ("text", names[0].removeprefix(beginnings[0]), 0)]
    if len(set(names)) == 1 and "{" not in names[0]:
        return [("text", names[0], 0)]
    rows = [TOKEN.findall(name) for name in names]
    if len({len(row) for row in rows}) == 1:
        pieces: list[Reference] = []
        for tokens in zip(*rows, strict=True):
            numbers = [_token_number(token, scope) for token, scope in zip(tokens, columns.scopes, strict=True)]
            if len(set(tokens)) == 1 and "{" not in tokens[0]:
                pieces.append(("text", tokens[0], 0))
            elif None not in numbers:
                words = word_stem("".join(text for kind, text, _offset in pieces if kind == "text"))
                pieces.append(columns.count(tuple(number for number in numbers if number), words))
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


def is_open(code: str, scope: Scope) -> bool:
    """Whether the code contains a parameter of the function around it."""
    return not scope.parameters.isdisjoint(re.findall(r"[A-Za-z_]\w*", code))


def name_code(name: str) -> str:
    """The code of a layer's name, which may contain parameters."""
    whole = name[1:-1]
    return whole if name == f"{{{whole}}}" and whole.isidentifier() else f"f{literal(name)}" if "{" in name else literal(name)


def word_stem(name: str) -> str:
    """The words of a layer's name, without parameters and without a number at the end."""
    words = re.sub(r"\W+", "_", re.sub(r"\{[^{}]*\}", "", name)).strip("_")
    return re.sub(r"(_|(?<=[a-wyz]))\d+$", "", words) or words


def shape_of(name: str) -> str:
    """A layer's name without its numbers: the same for layers that are the same part of their blocks."""
    return re.sub(r"\d+", "#", re.sub(r"_\d+$", "", name))
