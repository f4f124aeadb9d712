"""Statements of the source, followed one after the other: assignments, loops, conditions, functions, classes."""

from __future__ import annotations

import ast
from typing import Any, Final

from cnnstudio.core.text import Text
from cnnstudio.interchange.python_source import arithmetic
from cnnstudio.interchange.python_source.arithmetic import CannotEvaluate
from cnnstudio.interchange.python_source.state import NOT_RUN, OutOfSteps, Parts
from cnnstudio.interchange.python_source.values import Class, Function, Name, Scope, Unknown

ROUNDS: Final = 1_000
"""Rounds of one loop."""
DEEPEST: Final = 40
"""Functions within functions."""
_TOO_LONG: Final = Text("the loop has more than {n} iterations", "el bucle tiene más de {n} iteraciones")
_TOO_DEEP: Final = Text("functions call each other more than {n} levels deep",
                        "las funciones se llaman entre sí a más de {n} niveles")
_NO_BRANCH: Final = Text("it depends on a condition that would be known only by running the code",
                         "depende de una condición que solo se sabría al ejecutar el código")


class _Return(Exception):
    """Leaves a function with its result."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


class Statements:
    """Follows statements. After `follow`, the state has the nodes, the models and the remarks."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._state = parts, parts.state
        self._depth = 0

    def follow(self, tree: ast.Module) -> None:
        """Follow all statements of a module."""
        try:
            self._body(tree.body, self._state.scope)
        except OutOfSteps as end:
            self._state.stopped = end.line
        except (_Return, _Break, _Continue):
            pass

    def follow_in(self, tree: ast.Module, scope: Scope) -> None:
        """Follow the statements of another module, with names of its own."""
        self._body(tree.body, scope)

    def _body(self, statements: list[ast.stmt], scope: Scope) -> None:
        for statement in statements:
            self._state.line = statement.lineno
            method = getattr(self, f"_do_{type(statement).__name__.lower()}", None)
            if method is not None:
                try:
                    method(statement, scope)
                except CannotEvaluate:
                    self._set_unknown([statement], scope, Unknown(NOT_RUN, statement.lineno))

    # What the readers of a library know ------------------------------------------------------------------

    def canonical(self, path: str) -> str:
        """A dotted name of a library as the reader knows it, wherever it was imported from."""
        return path

    def import_all(self, _module: str) -> None:
        """`from module import *`."""

    def class_role(self, _parents: list[str]) -> str:
        """The kind of a class by the dotted names of its parents; "" for anything else."""
        return ""

    def rounds(self, _node: ast.For, items: list[Any] | None) -> list[Any] | None:
        """The items for which the body of a loop is followed."""
        return items

    # Names -------------------------------------------------------------------------------------------

    def _do_import(self, node: ast.Import, scope: Scope) -> None:
        for item in node.names:
            module = item.name if item.asname else item.name.split(".")[0]
            scope.names[item.asname or module] = Name(self.canonical(module))

    def _do_importfrom(self, node: ast.ImportFrom, scope: Scope) -> None:
        module = self.canonical(node.module or "")
        for item in node.names:
            if item.name == "*":
                self.import_all(module)
            else:
                scope.names[item.asname or item.name] = Name(self.canonical(f"{module}.{item.name}"))

    def _do_assign(self, node: ast.Assign, scope: Scope) -> None:
        value = self._parts.expressions.value(node.value, scope)
        for target in node.targets:
            self.assign(target, value, scope)

    def _do_annassign(self, node: ast.AnnAssign, scope: Scope) -> None:
        if node.value is not None:
            self.assign(node.target, self._parts.expressions.value(node.value, scope), scope)

    def _do_augassign(self, node: ast.AugAssign, scope: Scope) -> None:
        before = self._parts.expressions.value(node.target, scope)
        other = self._parts.expressions.value(node.value, scope)
        if isinstance(before, list) and isinstance(other, list | tuple) and isinstance(node.op, ast.Add):
            before += list(other)
            return
        self.assign(node.target, self._parts.expressions.operate(type(node.op), before, other, node.lineno), scope)

    def assign(self, target: ast.expr, value: Any, scope: Scope) -> None:
        """Assign a value to a name, a sequence of names, an attribute or an item."""
        if isinstance(target, ast.Name):
            scope.names[target.id] = value
        elif isinstance(target, ast.Attribute):
            owner = self._parts.expressions.value(target.value, scope)
            self._parts.objects.set_attribute(owner, target.attr, value, target.lineno)
        elif isinstance(target, ast.Tuple | ast.List):
            self._assign_sequence(target.elts, value, scope)
        elif isinstance(target, ast.Subscript):
            self._assign_item(target, value, scope)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, value, scope)

    def _assign_item(self, target: ast.Subscript, value: Any, scope: Scope) -> None:
        if isinstance(target.slice, ast.Slice):
            return
        owner, key = self._parts.expressions.value(target.value, scope), self._parts.expressions.value(target.slice, scope)
        in_list = isinstance(owner, list) and isinstance(key, int) and -len(owner) <= key < len(owner)
        if in_list or (isinstance(owner, dict) and isinstance(key, str | int | float | bool | None)):
            owner[key] = value
        elif not arithmetic.is_plain(owner):
            self._parts.objects.set_item(owner, key, value)

    def _assign_sequence(self, targets: list[ast.expr], value: Any, scope: Scope) -> None:
        row = self._parts.objects.items(value)
        starred = next((index for index, element in enumerate(targets) if isinstance(element, ast.Starred)), None)
        fitting = row is not None and (len(row) == len(targets) if starred is None else len(row) >= len(targets) - 1)
        if row is None or not fitting:
            unknown = value if isinstance(value, Unknown) else Unknown(NOT_RUN, targets[0].lineno)
            for item in targets:
                self.assign(item, unknown, scope)
            return
        if starred is not None:
            behind = len(targets) - starred - 1
            row = [*row[:starred], row[starred:len(row) - behind], *row[len(row) - behind:]]
        for target, element in zip(targets, row, strict=True):
            self.assign(target, element, scope)

    def _set_unknown(self, statements: list[ast.stmt], scope: Scope, unknown: Unknown) -> None:
        """Make the names that skipped statements would set unknown."""
        for statement in statements:
            for item in ast.walk(statement):
                if isinstance(item, ast.FunctionDef | ast.ClassDef):
                    scope.names[item.name] = unknown
                elif isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store):
                    scope.names[item.id] = unknown
                elif isinstance(item, ast.Call) and isinstance(item.func, ast.Attribute) and item.func.attr in (
                        "add", "append") and isinstance(item.func.value, ast.Name):
                    # The model or the list lacks this item.
                    is_defined, owner = scope.find(item.func.value.id)
                    if is_defined and isinstance(owner, list):
                        owner.append(unknown)
                    elif is_defined and hasattr(owner, "items") and isinstance(owner.items, list):
                        owner.items.append(unknown)

    # Control flow ------------------------------------------------------------------------------------

    def _do_expr(self, node: ast.Expr, scope: Scope) -> None:
        self._parts.expressions.value(node.value, scope)

    def _do_if(self, node: ast.If, scope: Scope) -> None:
        truth = self._parts.expressions.truth(self._parts.expressions.value(node.test, scope))
        if truth is None:
            unknown = Unknown(_NO_BRANCH, node.lineno)
            if any(isinstance(item, ast.Return) for item in ast.walk(node)):
                raise _Return(unknown)
            self._set_unknown([*node.body, *node.orelse], scope, unknown)
            return
        self._body(node.body if truth else node.orelse, scope)

    def _do_for(self, node: ast.For, scope: Scope) -> None:
        row = self._parts.expressions.value(node.iter, scope)
        items = self.rounds(node, self._parts.objects.items(row))
        if items is None or len(items) > ROUNDS:
            unknown = row if isinstance(row, Unknown) else Unknown(
                NOT_RUN if items is None and not isinstance(row, range) else _TOO_LONG.fill(n=ROUNDS), node.lineno)
            self._set_unknown([node], scope, Unknown(unknown.reason, node.lineno))
            return
        for item in items:
            self.assign(node.target, item, scope)
            try:
                self._body(node.body, scope)
            except _Break:
                return
            except _Continue:
                continue
        self._body(node.orelse, scope)

    def _do_while(self, node: ast.While, scope: Scope) -> None:
        for _round in range(ROUNDS):
            truth = self._parts.expressions.truth(self._parts.expressions.value(node.test, scope))
            if truth is None:
                self._set_unknown([node], scope, Unknown(_NO_BRANCH, node.lineno))
                return
            if not truth:
                self._body(node.orelse, scope)
                return
            try:
                self._body(node.body, scope)
            except _Break:
                return
            except _Continue:
                continue
        self._set_unknown([node], scope, Unknown(_TOO_LONG.fill(n=ROUNDS), node.lineno))

    def _do_break(self, _node: ast.Break, _scope: Scope) -> None:
        raise _Break

    def _do_continue(self, _node: ast.Continue, _scope: Scope) -> None:
        raise _Continue

    def _do_with(self, node: ast.With, scope: Scope) -> None:
        for item in node.items:
            value = self._parts.expressions.value(item.context_expr, scope)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, value if isinstance(value, Unknown) else Unknown(NOT_RUN, node.lineno), scope)
        self._body(node.body, scope)

    def _do_try(self, node: ast.Try, scope: Scope) -> None:
        self._body(node.body, scope)
        self._body(node.orelse, scope)
        self._body(node.finalbody, scope)

    def _do_raise(self, node: ast.Raise, _scope: Scope) -> None:
        raise _Return(Unknown(Text("the code raises an error here", "el código provoca aquí un error"), node.lineno))

    def _do_return(self, node: ast.Return, scope: Scope) -> None:
        raise _Return(self._parts.expressions.value(node.value, scope) if node.value is not None else None)

    # Functions and classes -----------------------------------------------------------------------------

    def _do_functiondef(self, node: ast.FunctionDef, scope: Scope) -> None:
        scope.names[node.name] = self._function(node, scope)

    def _function(self, node: ast.FunctionDef, scope: Scope) -> Function:
        value = self._parts.expressions.value
        return Function(node, scope, [value(default, scope) for default in node.args.defaults],
                        [value(default, scope) if default is not None else None for default in node.args.kw_defaults])

    def _do_classdef(self, node: ast.ClassDef, scope: Scope) -> None:
        parents = [self._parts.expressions.value(base, scope) for base in node.bases]
        role = self.class_role([self.canonical(item.path) for item in parents if isinstance(item, Name)])
        role = role or next((item.role for item in parents if isinstance(item, Class) and item.role), "")
        inner = Scope(outer=scope)
        class_value = Class(node.name, role, inner.names, parents, node.lineno, ast.get_docstring(node) or "", node)
        for statement in node.body:
            if isinstance(statement, ast.FunctionDef):
                function = self._function(statement, Scope(names={"__class__": class_value}, outer=scope))
                function.owner = class_value
                inner.names[statement.name] = function
            elif isinstance(statement, ast.Assign | ast.AnnAssign):
                self._body([statement], inner)
        scope.names[node.name] = class_value

    def run(self, function: Function, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        """Call a function of the file: follow its body with these arguments."""
        if self._depth >= DEEPEST:
            return Unknown(_TOO_DEEP.fill(n=DEEPEST), line)
        scope = Scope(outer=function.scope)
        missing = self._bind(function, arguments, keywords, scope, line)
        if missing is not None:
            return missing
        self._depth += 1
        try:
            if isinstance(function.node, ast.Lambda):
                return self._parts.expressions.value(function.node.body, scope)
            self._body(function.node.body, scope)
            return None
        except _Return as end:
            return end.value
        finally:
            self._depth -= 1

    def _bind(self, function: Function, arguments: list[Any], keywords: dict[str, Any], scope: Scope, line: int
              ) -> Unknown | None:
        """Bind arguments to parameters; Unknown if one is missing."""
        signature, remaining = function.node.args, dict(keywords)
        names = [posonlyarg.arg for posonlyarg in (*signature.posonlyargs, *signature.args)]
        for name, value in zip(names, arguments, strict=False):
            scope.names[name] = value
        if signature.vararg is not None:
            scope.names[signature.vararg.arg] = tuple(arguments[len(names):])
        defaults = dict(zip(reversed(names), reversed(function.defaults), strict=False))
        keyword_only = zip(signature.kwonlyargs, function.named_defaults, signature.kw_defaults, strict=True)
        defaults |= {argument.arg: value for argument, value, default_node in keyword_only if default_node is not None}
        for name in (*names, *(kwonlyarg.arg for kwonlyarg in signature.kwonlyargs)):
            if name in remaining:
                scope.names[name] = remaining.pop(name)
            elif name not in scope.names:
                if name not in defaults:
                    return Unknown(Text("{function} is called without {name}", "se llama a {function} sin {name}").fill(
                        function=function.name, name=name), line)
                scope.names[name] = defaults[name]
        if signature.kwarg is not None:
            scope.names[signature.kwarg.arg] = remaining
        return None

