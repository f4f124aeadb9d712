"""Methods and functions that ask for or change a tensor's shape, by their names."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.core.text import Text
from cnnstudio.interchange.python_source.values import SourceError, Unknown
from cnnstudio.interchange.torch_source.shaping import Shaping, no_shape
from cnnstudio.interchange.torch_source.values import View


def call_tensor_method(shaping: Shaping, view: View, name: str, arguments: list[Any], keywords: dict[str, Any], line: int
                       ) -> Any:
    """A function that asks for or changes a tensor's shape; None if it is no such."""
    rule = _SHAPING.get(name)
    if rule is None:
        return None
    for value in (*arguments, *keywords.values()):
        if isinstance(value, Unknown):
            return value
    try:
        return rule(shaping, view, arguments, keywords, line)
    except (TypeError, IndexError, KeyError, ValueError, AttributeError):
        raise SourceError("code_unknown", Text("the arguments of {name} do not fit",
                                               "los argumentos de {name} no encajan").fill(name=name), line) from None


def _sizes(arguments: list[Any], keywords: dict[str, Any], name: str) -> tuple[int, ...]:
    """Sizes that are passed one by one or as a sequence."""
    row = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], tuple | list) else arguments or keywords[name]
    if not all(isinstance(item, int) for item in row):
        raise ValueError
    return tuple(row)


def _transpose(shaping: Shaping, view: View, arguments: list[Any], keywords: dict[str, Any], line: int) -> View:
    one, other = [*arguments, keywords.get("dim0"), keywords.get("dim1")][:2]
    order = list(range(len(view.axes)))
    order[one], order[other] = order[other], order[one]
    return shaping.permute(view, tuple(order), line)


def _move(shaping: Shaping, view: View, arguments: list[Any], keywords: dict[str, Any], line: int) -> View:
    source, target = [*arguments, keywords.get("source"), keywords.get("destination")][:2]
    rank = len(view.axes)
    order = [axis for axis in range(rank) if axis != source % rank]
    order.insert(target % rank, source % rank)
    return shaping.permute(view, tuple(order), line)


def _size(_shaping: Shaping, view: View, arguments: list[Any], keywords: dict[str, Any], _line: int) -> Any:
    dim = arguments[0] if arguments else keywords.get("dim")
    return view.dims if dim is None else view.dims[dim]


def _count(_shaping: Shaping, view: View, _arguments: list[Any], _keywords: dict[str, Any], _line: int) -> int:
    total = 1
    for size in view.dims:
        total *= size
    return total


def _flatten(shaping: Shaping, view: View, arguments: list[Any], keywords: dict[str, Any], line: int) -> View:
    start = arguments[0] if arguments else keywords.get("start_dim", 0)
    end = arguments[1] if len(arguments) > 1 else keywords.get("end_dim", -1)
    return shaping.flatten(view, start, end, line)


def _unflatten(shaping: Shaping, view: View, arguments: list[Any], keywords: dict[str, Any], line: int) -> View:
    dim = arguments[0] if arguments else keywords["dim"]
    sizes: Any = arguments[1] if len(arguments) > 1 else keywords.get("sizes", keywords.get("unflattened_size"))
    dims = view.dims
    dim %= len(dims)
    return shaping.reshape(view, (*dims[:dim], *sizes, *dims[dim + 1:]), line)


def _squeeze(shaping: Shaping, view: View, arguments: list[Any], keywords: dict[str, Any], line: int) -> View:
    dims = arguments[0] if arguments else keywords.get("dim")
    if isinstance(dims, tuple | list):
        for dim in sorted((item % len(view.axes) for item in dims), reverse=True):
            view = shaping.squeeze(view, dim, line)
        return view
    return shaping.squeeze(view, dims, line)


def _split(_shaping: Shaping, view: View, arguments: list[Any], _keywords: dict[str, Any], line: int) -> View:
    raise no_shape(view, tuple(item for item in arguments if isinstance(item, int)), line)


def _reshape(name: str) -> Any:
    return lambda shaping, view, arguments, keywords, line: shaping.reshape(view, _sizes(arguments, keywords, name), line)


_SHAPING: Final[dict[str, Any]] = {
    "view": _reshape("size"), "reshape": _reshape("shape"), "flatten": _flatten, "unflatten": _unflatten, "squeeze": _squeeze,
    "unsqueeze": lambda shaping, view, arguments, keywords, line: shaping.unsqueeze(
        view, arguments[0] if arguments else keywords["dim"], line),
    "permute": lambda shaping, view, arguments, keywords, line: shaping.permute(
        view, _sizes(arguments, keywords, "dims"), line),
    "transpose": _transpose, "swapaxes": _transpose, "movedim": _move, "moveaxis": _move, "size": _size, "numel": _count,
    "dim": lambda _shaping, view, _arguments, _keywords, _line: len(view.axes),
    "chunk": _split, "split": _split,
}
