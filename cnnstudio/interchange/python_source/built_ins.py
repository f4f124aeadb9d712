"""Python's own functions in source, on values that are known."""

from __future__ import annotations

from typing import Any

from cnnstudio.interchange.python_source import arithmetic
from cnnstudio.interchange.python_source.state import NOT_RUN, Parts
from cnnstudio.interchange.python_source.values import Unknown


class BuiltIns:
    """Calls of Python's functions, and of functions of `math` and NumPy on plain values."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def call(self, name: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        """The result of a built-in function; Unknown if it cannot be known."""
        if name == "print":
            return None
        if name == "isinstance" and len(arguments) == 2:
            return self._parts.calls.is_instance(arguments[0], arguments[1], line)
        if name in ("getattr", "hasattr") and len(arguments) > 1 and isinstance(arguments[1], str):
            value = self._parts.objects.attribute(arguments[0], arguments[1], line)
            if name == "hasattr":
                return not isinstance(value, Unknown)
            return arguments[2] if isinstance(value, Unknown) and len(arguments) > 2 else value
        if name == "setattr" and len(arguments) == 3 and isinstance(arguments[1], str):
            self._parts.objects.set_attribute(arguments[0], arguments[1], arguments[2], line)
            return None
        if name == "map" and len(arguments) == 2:
            items = self._parts.objects.items(arguments[1])
            return Unknown(NOT_RUN, line) if items is None else [
                self._parts.calls.call(arguments[0], [item], {}, line) for item in items]
        if name == "dict" and not arguments:
            return dict(keywords)
        function = arithmetic.BUILT_IN.get(name)
        return Unknown(NOT_RUN, line) if function is None else self.plain(
            function, [self._as_list(argument) for argument in arguments], keywords, line)

    def _as_list(self, value: Any) -> Any:
        """The items of an object of a library that can be iterated; other values unchanged."""
        items = None if arithmetic.is_plain(value) else self._parts.objects.items(value)
        return value if items is None else items

    def plain(self, function: Any, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        """The result of a function on plain values."""
        if not callable(function):
            return Unknown(NOT_RUN, line)
        for argument in (*arguments, *keywords.values()):
            if isinstance(argument, Unknown):
                return argument
            if not arithmetic.is_plain(argument):
                return Unknown(NOT_RUN, line)
        return arithmetic.call_function(function, arguments, keywords)
