"""Functions of torch and of torch.nn.functional on tensors, and Python's operators on them."""

from __future__ import annotations

import ast
from typing import Any, Final

from cnnstudio.catalog.layers import find_merging_layer, global_pooling
from cnnstudio.catalog.layers.merge import CONCATENATE
from cnnstudio.catalog.layers.normalization import RESCALING
from cnnstudio.catalog.torch_modules import find_function
from cnnstudio.core.text import Text
from cnnstudio.interchange.python_source.linear import linear_factors
from cnnstudio.interchange.python_source.state import NOT_RUN
from cnnstudio.interchange.python_source.values import Layer, SourceError, Unknown
from cnnstudio.interchange.torch_source.applying import Applying, bind
from cnnstudio.interchange.torch_source.language import TorchParts
from cnnstudio.interchange.torch_source.shaping import Shaping
from cnnstudio.interchange.torch_source.tensor_methods import call_tensor_method
from cnnstudio.interchange.torch_source.values import TorchLayer, View

_SIGNS: Final[dict[type[ast.operator], str]] = {ast.Add: "+", ast.Mult: "*", ast.Sub: "-"}
_OPERATIONS: Final[dict[str, type[ast.operator]]] = {
    "add": ast.Add, "add_": ast.Add, "sub": ast.Sub, "subtract": ast.Sub, "mul": ast.Mult, "mul_": ast.Mult,
    "multiply": ast.Mult, "div": ast.Div, "divide": ast.Div, "true_divide": ast.Div}
_EXTREMES: Final = {"maximum": "max", "minimum": "min"}
_PASS_THROUGH: Final = frozenset((
    "contiguous", "clone", "detach", "float", "double", "half", "to", "cuda", "cpu", "requires_grad_", "type", "type_as",
    "identity", "checkpoint_sequential"))
"""Functions that hand their tensor on."""
_GLOBAL: Final = {"mean": "avg", "amax": "max"}
NO_LAYER: Final = Text("{name} has no equivalent among the layers here", "{name} no tiene equivalente entre las capas de aquí")


class TensorFunctions:
    """Applies functions to tensors."""

    def __init__(self, parts: TorchParts, shaping: Shaping, applying: Applying) -> None:
        self._parts, self._state = parts, parts.state
        self._shaping, self._applying = shaping, applying

    def call(self, name: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        """A function of torch, of torch.nn.functional or of a tensor, on tensors."""
        keywords = dict(keywords)
        first = arguments[0] if arguments else keywords.pop("input", keywords.pop("x", keywords.pop("tensors", None)))
        rest = arguments[1:]
        if name in ("cat", "concat", "concatenate", "hstack"):
            return self._concatenate(first, keywords.get("dim", rest[0] if rest else 1 if name == "hstack" else 0), line)
        if name in ("checkpoint",) and rest and not isinstance(first, View):
            return self._parts.calls.call(first, rest, {}, line)
        if name in _OPERATIONS and rest:
            if keywords.get("alpha", 1) != 1:
                raise SourceError("no_counterpart", NO_LAYER.fill(name=f"{name} (alpha)"), line)
            return self._parts.expressions.operate(_OPERATIONS[name], first, rest[0], line)
        if name in _EXTREMES and rest and isinstance(rest[0], View) and isinstance(first, View):
            return self._merge(_EXTREMES[name], first, rest[0], line)
        if isinstance(first, Unknown):
            return first
        if not isinstance(first, View):
            return Unknown(NO_LAYER.fill(name=name), line)
        if name in _PASS_THROUGH:
            return first
        shaped = call_tensor_method(self._shaping, first, name, rest, keywords, line)
        if shaped is not None:
            return shaped
        if name in _GLOBAL:
            return self._global(name, first, rest, keywords, line)
        entry = find_function(name)
        if entry is None:
            raise SourceError("no_counterpart", NO_LAYER.fill(name=name), line)
        values = bind(entry, rest, keywords, as_function=True)
        if values is None:
            raise SourceError("code_unknown", Text("the arguments of {name} do not fit",
                                                   "los argumentos de {name} no encajan").fill(name=name), line)
        if isinstance(values.get("training"), Unknown):
            values["training"] = True
        return self._applying.apply(TorchLayer(entry, name, values, line), [first], line)

    def _concatenate(self, parts: Any, dim: Any, line: int) -> Any:
        tensors, unknown = self._parts.calls.tensors([parts])
        views = [tensor for tensor in tensors if isinstance(tensor, View)]
        if unknown is not None or not views:
            return unknown or Unknown(NOT_RUN, line)
        if len(views) == 1:
            return views[0]
        views = [self._shaping.in_order(view, views[0].axes, line) if len(view.axes) == len(views[0].axes) else view
                 for view in views]
        rank = len(views[0].axes)
        axis = views[0].axes[dim] if isinstance(dim, int) and -rank <= dim < rank else 0
        if axis == 0:
            raise SourceError("no_counterpart", NO_LAYER.fill(name=f"cat (dim={dim})"), line)
        return self._join(CONCATENATE.id, {} if axis == rank - 1 else {"axis": axis}, views, line)

    def _join(self, kind: str, params: dict[str, Any], views: list[View], line: int) -> View:
        layer = Layer(kind=kind, params=params, line=line)
        node = self._state.graph.node(kind, params, [view.node for view in views], line, layer=layer).node
        layer.called.append(node)
        if node.shape is None:
            shapes = ", ".join(" × ".join(map(str, view.dims[1:])) for view in views)
            raise SourceError("code_unknown", Text("{kind} cannot join the shapes {shapes}",
                                                   "{kind} no puede unir las formas {shapes}").fill(
                kind=kind, shapes=shapes), line)
        return View(node, views[0].axes)

    def _merge(self, sign: str, one: View, other: View, line: int) -> View:
        entry = find_merging_layer(sign)
        assert entry is not None
        if len(one.axes) == len(other.axes):
            other = self._shaping.in_order(other, one.axes, line)
        return self._join(entry.id, {}, [one, other], line)

    def combine(self, kind: type[ast.operator], one: Any, other: Any, line: int) -> Any:
        """`a + b`, `a * b`, `a - b` of tensors; with a number it is a Rescaling."""
        if isinstance(one, View) and isinstance(other, View):
            if kind not in _SIGNS:
                return Unknown(NOT_RUN, line)
            return self._merge(_SIGNS[kind], one, other, line)
        tensor, number, first = (one, other, True) if isinstance(one, View) else (other, one, False)
        if not isinstance(number, int | float) or isinstance(number, bool) or not isinstance(tensor, View):
            return Unknown(NOT_RUN, line)
        if kind is ast.Div and first and tensor.node.kind == "Add" and count_sum(tensor.node) == number:
            views = [View(source, tensor.axes) for source in sum_terms(tensor.node)]
            return self._join("Average", {}, views, line)
        scale, offset = linear_factors(kind, [float(number)], first)
        if scale is None or offset is None:
            return Unknown(NOT_RUN, line)
        params = {"scale": scale[0], "offset": offset[0]}
        layer = Layer(kind=RESCALING.id, params=params, line=line)
        node = self._state.graph.node(RESCALING.id, params, [tensor.node], line, layer=layer).node
        return View(node, tensor.axes)

    def _global(self, name: str, view: View, rest: list[Any], keywords: dict[str, Any], line: int) -> Any:
        """The mean or the maximum over height and width, both at once or one after the other."""
        dims = keywords.get("dim", keywords.get("axis", rest[0] if rest else None))
        keep = keywords.get("keepdim", rest[1] if len(rest) > 1 else False)
        places = [dims] if isinstance(dims, int) else list(dims) if isinstance(dims, list | tuple) else []
        rank = len(view.axes)
        if not places or not all(isinstance(item, int) and -rank <= item < rank for item in places):
            raise SourceError("no_counterpart", NO_LAYER.fill(name=name), line)
        axes = sorted(view.axes[item] for item in places)
        if len(view.shape) == 3 and axes == [1, 2]:
            entry = global_pooling(_GLOBAL[name])
            assert entry is not None
            params = {"keepdims": True} if keep is True else {}
            layer = Layer(kind=entry.id, params=params, line=line)
            node = self._state.graph.node(entry.id, params, [view.node], line, layer=layer).node
            return View(node, view.axes if keep is True else (0, 1))
        if len(view.shape) == 3 and len(axes) == 1 and axes[0] in (1, 2) and keep is not True:
            # x.mean(3).mean(2): the second one makes the layer.
            return HalfMean(view, name, axes[0], self)
        raise SourceError("no_counterpart", NO_LAYER.fill(name=f"{name} (dim={dims})"), line)


class HalfMean:
    """A tensor whose mean over one of height and width was taken: the mean over the other completes it."""

    def __init__(self, view: View, name: str, axis: int, functions: TensorFunctions) -> None:
        self.view, self.name, self.axis, self._functions = view, name, axis, functions

    def complete(self, arguments: list[Any], line: int) -> Any:
        """`.mean(dim)` over the other axis."""
        view, dim = self.view, arguments[0] if arguments else None
        left = [axis for axis in view.axes if axis != self.axis]
        if not isinstance(dim, int) or not -3 <= dim < 3 or left[dim] != 3 - self.axis:
            return Unknown(NOT_RUN, line)
        places = [view.axes.index(1), view.axes.index(2)]
        return self._functions.call(self.name, [view, places], {}, line)


def sum_terms(node: Any) -> list[Any]:
    """The terms of a chain of unnamed additions."""
    return [term for source in node.sources for term in (
        sum_terms(source) if source.kind == "Add" and not source.name else [source])] if node.kind == "Add" else [node]


def count_sum(node: Any) -> int:
    return len(sum_terms(node))
