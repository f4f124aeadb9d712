"""Repetition inside of lists of layers: parts that stand several times become calls of functions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence, Set
from typing import Final

from cnnstudio.interchange.printing.layer_traits import convolves, normalizes
from cnnstudio.interchange.printing.statements import (
    TOKEN,
    Body,
    Function,
    Number,
    Scope,
    Statement,
    is_open,
    make_function,
)

_LONGEST: Final = 40
"""Statements of a part that is looked for inside of bodies."""
_LONG: Final = 10
"""Statements of a part with two inputs."""
_MOST_PARAMETERS: Final = 6
"""Of a part; a whole block may have two more."""
_LEAST_SAVED: Final = 5
"""Lines that a helper function has to save."""


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
        if len(calls) > 2 and count > len(calls) / 2 and not is_open(usual, Scope(frozenset(scope))) \
                and name not in function.labels | function.numbers and not (usual.isdigit() and int(usual) > 1):
            function.defaults[name] = usual
    function.parameters.sort(key=lambda name: name in function.defaults)


def _extract(bodies: Sequence[Body], named: bool, search: Callable[[Sequence[Statement], int], bool]) -> Function | None:
    """The function that saves most of what is searched, with calls in the places of its parts."""
    places: dict[Hashable, list[tuple[int, int, int]]] = defaultdict(list)
    for index, body in enumerate(bodies):
        for start, end in _parts(body.statements):
            if _cuts(body.statements, start) or _cuts(body.statements, end) or not search(body.statements[start:end], start):
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
        is_block = any(end - start == len(bodies[index].statements) for index, start, end in apart)
        if len(function.parameters) > _MOST_PARAMETERS + 2 * is_block or (named and _too_many_names(function)):
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


def _cuts(statements: Sequence[Statement], place: int) -> bool:
    """Whether a border there divides a convolution from its normalisation."""
    return (0 < place < len(statements) and normalizes(statements[place]) and statements[place].inputs == (place - 1,)
            and convolves(statements[place - 1]))


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
        tokens = TOKEN.findall(name)
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
