"""Expressions of the source, evaluated as far as they can be known without running it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, Final

from cnnstudio.core.text import Text
from cnnstudio.interchange.python_source import arithmetic
from cnnstudio.interchange.python_source.arithmetic import CannotEvaluate
from cnnstudio.interchange.python_source.state import NOT_RUN, OutOfSteps, Parts
from cnnstudio.interchange.python_source.values import Class, Function, Name, Scope, SourceError, Tensor, Unknown

NOT_DEFINED: Final = Text("{name} is not defined anywhere", "{name} no está definido en ninguna parte")
NO_VALUE: Final = Text("the expression has no value", "la expresión no tiene valor")
_FUNCTIONS: Final = ("super", "isinstance", "print", "getattr", "hasattr", "setattr", "type", "map")
CONSTANTS: Final = {"True": True, "False": False, "None": None}


class Expressions:
    """Evaluates expressions; calls, attributes and tensors are evaluated by the other parts of the interpreter."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._state = parts, parts.state

    # Evaluating ---------------------------------------------------------------------------------------

    def value(self, node: ast.expr, scope: Scope) -> Any:
        """The value of an expression; Unknown if it cannot be known."""
        self._state.steps -= 1
        if self._state.steps < 0:
            raise OutOfSteps(node.lineno)
        self._state.line = node.lineno
        method = getattr(self, f"_{type(node).__name__.lower()}", None)
        if method is None:
            return Unknown(NOT_RUN, node.lineno)
        try:
            value = method(node, scope)
        except CannotEvaluate:
            return Unknown(NO_VALUE, node.lineno)
        if isinstance(node, ast.BinOp | ast.Call) and isinstance(value, str | list | tuple | dict):
            # Long sequences take memory: they count as many steps.
            self._state.steps -= len(value) // 32
        return value

    def _constant(self, node: ast.Constant, _scope: Scope) -> Any:
        return node.value if isinstance(node.value, str | int | float | bool | None) else Unknown(NOT_RUN, node.lineno)

    def _name(self, node: ast.Name, scope: Scope) -> Any:
        is_defined, value = scope.find(node.id)
        if is_defined:
            return value
        if node.id in arithmetic.BUILT_IN or node.id in _FUNCTIONS:
            return Name(f"builtins.{node.id}")
        assumed = self.assumed_name(node.id)
        if assumed is not None:
            return assumed
        return Unknown(NOT_DEFINED.fill(name=node.id), node.lineno)

    def assumed_name(self, _name: str) -> Name | None:
        """The meaning of a name that the code uses without defining it; None if it has none."""
        return None

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Any:
        owner = self.value(node.value, scope)
        return self._parts.objects.attribute(owner, node.attr, node.lineno)

    def _tuple(self, node: ast.Tuple, scope: Scope) -> Any:
        return tuple(self._row(node.elts, scope))

    def _list(self, node: ast.List, scope: Scope) -> Any:
        return list(self._row(node.elts, scope))

    def _row(self, nodes: list[ast.expr], scope: Scope) -> Iterator[Any]:
        for item in nodes:
            if isinstance(item, ast.Starred):
                inner = self._parts.objects.items(self.value(item.value, scope))
                yield from inner if inner is not None else [Unknown(NOT_RUN, item.lineno)]
            else:
                yield self.value(item, scope)

    def _dict(self, node: ast.Dict, scope: Scope) -> Any:
        result: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                inner = self.value(value, scope)
                result |= inner if isinstance(inner, dict) else {}
                continue
            name = self.value(key, scope)
            if isinstance(name, str | int | float | bool | None):
                result[name] = self.value(value, scope)
        return result

    def _set(self, node: ast.Set, scope: Scope) -> Any:
        return list(self._row(node.elts, scope))

    def _joinedstr(self, node: ast.JoinedStr, scope: Scope) -> Any:
        parts = []
        for part in node.values:
            if isinstance(part, ast.Constant):
                parts.append(str(part.value))
            elif isinstance(part, ast.FormattedValue):
                inner = self.value(part.value, scope)
                if isinstance(inner, Unknown):
                    return inner
                specification = self.value(part.format_spec, scope) if part.format_spec is not None else ""
                if not isinstance(specification, str):
                    return Unknown(NOT_RUN, node.lineno)
                parts.append(arithmetic.format_field(inner, specification, chr(part.conversion) if part.conversion > 0 else ""))
        text = "".join(parts)
        return text if len(text) <= arithmetic.LONGEST else Unknown(NOT_RUN, node.lineno)

    def _binop(self, node: ast.BinOp, scope: Scope) -> Any:
        one, other = self.value(node.left, scope), self.value(node.right, scope)
        return self.operate(type(node.op), one, other, node.lineno)

    def operate(self, kind: type[ast.operator], one: Any, other: Any, line: int) -> Any:
        """`one <operator> other`, of plain values or of tensors."""
        for item in (one, other):
            if isinstance(item, Unknown):
                return item
        if isinstance(one, Tensor) or isinstance(other, Tensor):
            return self._parts.calls.combine_tensors(kind, one, other, line)
        if arithmetic.is_plain(one) and arithmetic.is_plain(other):
            return arithmetic.apply_operator(kind, one, other)
        return Unknown(NOT_RUN, line)

    def _unaryop(self, node: ast.UnaryOp, scope: Scope) -> Any:
        value = self.value(node.operand, scope)
        if isinstance(value, Tensor) and isinstance(node.op, ast.USub):
            return self._parts.calls.combine_tensors(ast.Mult, value, -1.0, node.lineno)
        if isinstance(node.op, ast.Not):
            truth = self.truth(value)
            return Unknown(NOT_RUN, node.lineno) if truth is None else not truth
        return arithmetic.apply_unary(type(node.op), value) if arithmetic.is_plain(value) else Unknown(NOT_RUN, node.lineno)

    def _compare(self, node: ast.Compare, scope: Scope) -> Any:
        one = self.value(node.left, scope)
        for kind, right in zip(node.ops, node.comparators, strict=True):
            other = self.value(right, scope)
            if isinstance(kind, ast.Is | ast.IsNot) and other is None and not isinstance(one, Unknown):
                agrees = (one is None) == isinstance(kind, ast.Is)
            elif arithmetic.is_plain(one) and arithmetic.is_plain(other):
                agrees = arithmetic.compare(type(kind), one, other)
            elif isinstance(kind, ast.Is | ast.IsNot | ast.Eq | ast.NotEq) and isinstance(one, Class) and isinstance(
                    other, Class):
                agrees = (one is other) == isinstance(kind, ast.Is | ast.Eq)
            else:
                return one if isinstance(one, Unknown) else other if isinstance(other, Unknown) else Unknown(
                    NOT_RUN, node.lineno)
            if not agrees:
                return False
            one = other
        return True

    def _boolop(self, node: ast.BoolOp, scope: Scope) -> Any:
        value: Any = None
        for number, item in enumerate(node.values, start=1):
            value = self.value(item, scope)
            if number == len(node.values):
                return value
            truth = self.truth(value)
            if truth is None:
                return value if isinstance(value, Unknown) else Unknown(NOT_RUN, node.lineno)
            if truth != isinstance(node.op, ast.And):
                return value
        return value

    def truth(self, value: Any) -> bool | None:
        """Whether a condition holds; None if it cannot be known."""
        if isinstance(value, Unknown | Tensor | Name):
            return None
        return bool(value) if arithmetic.is_plain(value) else True

    def _ifexp(self, node: ast.IfExp, scope: Scope) -> Any:
        condition = self.value(node.test, scope)
        truth = self.truth(condition)
        if truth is None:
            return condition if isinstance(condition, Unknown) else Unknown(NOT_RUN, node.lineno)
        return self.value(node.body if truth else node.orelse, scope)

    def _namedexpr(self, node: ast.NamedExpr, scope: Scope) -> Any:
        value = scope.names[node.target.id] = self.value(node.value, scope)
        return value

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Any:
        owner = self.value(node.value, scope)
        if isinstance(owner, Unknown):
            return owner
        if isinstance(node.slice, ast.Slice):
            ends = [self.value(item, scope) if item is not None else None
                    for item in (node.slice.lower, node.slice.upper, node.slice.step)]
            key: Any = slice(*ends) if all(end is None or isinstance(end, int) for end in ends) else Unknown(
                NOT_RUN, node.lineno)
        else:
            key = self.value(node.slice, scope)
        if isinstance(key, Unknown):
            return key
        return arithmetic.get_item(owner, key) if arithmetic.is_plain(owner) else self._parts.objects.item(
            owner, key, node.lineno)

    def _lambda(self, node: ast.Lambda, scope: Scope) -> Any:
        return Function(node, scope, [self.value(default, scope) for default in node.args.defaults],
                        [self.value(default, scope) if default is not None else None for default in node.args.kw_defaults])

    # Comprehensions -------------------------------------------------------------------------------------

    def _listcomp(self, node: ast.ListComp | ast.GeneratorExp | ast.SetComp, scope: Scope) -> Any:
        result: list[Any] = []
        problem = self._run_loops(node.generators, Scope(outer=scope),
                                lambda inner: result.append(self.value(node.elt, inner)))
        return result if problem is None else problem

    _generatorexp = _setcomp = _listcomp

    def _dictcomp(self, node: ast.DictComp, scope: Scope) -> Any:
        result: dict[Any, Any] = {}

        def add(inner: Scope) -> None:
            key = self.value(node.key, inner)
            if isinstance(key, str | int | float | bool | None):
                result[key] = self.value(node.value, inner)

        problem = self._run_loops(node.generators, Scope(outer=scope), add)
        return result if problem is None else problem

    def _run_loops(self, loops: list[ast.comprehension], scope: Scope, action: Any) -> Unknown | None:
        """Run the action for every round of nested loops; Unknown if one cannot be iterated."""
        if not loops:
            action(scope)
            return None
        first = loops[0]
        row = self.value(first.iter, scope)
        items = self._parts.objects.items(row)
        if items is None:
            return row if isinstance(row, Unknown) else Unknown(NOT_RUN, first.iter.lineno)
        for item in items:
            self._parts.statements.assign(first.target, item, scope)
            conditions = [self.truth(self.value(test, scope)) for test in first.ifs]
            if None in conditions:
                return Unknown(NOT_RUN, first.iter.lineno)
            if all(conditions):
                problem = self._run_loops(loops[1:], scope, action)
                if problem is not None:
                    return problem
        return None

    # Calls ----------------------------------------------------------------------------------------------

    def _call(self, node: ast.Call, scope: Scope) -> Any:
        function = self.value(node.func, scope)
        arguments = list(self._row(node.args, scope))
        keywords: dict[str, Any] = {}
        for keyword in node.keywords:
            value = self.value(keyword.value, scope)
            if keyword.arg is not None:
                keywords[keyword.arg] = value
            elif isinstance(value, dict):
                keywords |= {str(name): inner for name, inner in value.items()}
            elif isinstance(value, Unknown):
                keywords["**"] = value
        if isinstance(function, Name) and function.path == "builtins.super":
            return self._parts.objects.super_object(scope)
        try:
            return self._parts.calls.call(function, arguments, keywords, node.lineno)
        except RecursionError:
            raise SourceError("code_too_deep", Text("The code is nested too deeply.", "El código está demasiado anidado."),
                          node.lineno) from None
