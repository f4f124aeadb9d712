"""Calls in PyTorch source: of modules, of functions on tensors, of PyTorch's classes, and of functions of the file."""

from __future__ import annotations

import ast
from typing import Any, Final

from cnnstudio.catalog.layers import find_merging_layer, global_pooling
from cnnstudio.catalog.layers.merge import CONCATENATE
from cnnstudio.catalog.layers.normalization import RESCALING
from cnnstudio.catalog.torch_modules import find_function, find_module
from cnnstudio.core.text import Text
from cnnstudio.interchange.python_source import arithmetic
from cnnstudio.interchange.python_source.built_ins import BuiltIns
from cnnstudio.interchange.python_source.linear import linear_factors
from cnnstudio.interchange.python_source.state import NOT_RUN
from cnnstudio.interchange.python_source.values import (
    CallValue,
    Class,
    Function,
    Layer,
    Method,
    Name,
    SourceError,
    Tensor,
    Unknown,
)
from cnnstudio.interchange.torch_source.applying import Applying, bind
from cnnstudio.interchange.torch_source.language import TorchParts
from cnnstudio.interchange.torch_source.shaping import Shaping
from cnnstudio.interchange.torch_source.values import (
    MODULE_DICT,
    MODULE_LIST,
    SEQUENTIAL,
    Arguments,
    HelperClass,
    Module,
    Partial,
    TorchLayer,
    View,
)

_SIGNS: Final[dict[type[ast.operator], str]] = {ast.Add: "+", ast.Mult: "*", ast.Sub: "-"}
_OPERATIONS: Final[dict[str, type[ast.operator]]] = {
    "add": ast.Add, "add_": ast.Add, "sub": ast.Sub, "subtract": ast.Sub, "mul": ast.Mult, "mul_": ast.Mult,
    "multiply": ast.Mult, "div": ast.Div, "divide": ast.Div, "true_divide": ast.Div}
_EXTREMES: Final = {"maximum": "max", "minimum": "min"}
_PASS_THROUGH: Final = frozenset((
    "contiguous", "clone", "detach", "float", "double", "half", "to", "cuda", "cpu", "requires_grad_", "type", "type_as",
    "identity", "checkpoint_sequential"))
"""Functions that hand their tensor on."""
_NEVER: Final = ("torch.jit.is_scripting", "torch.jit.is_tracing", "torch.onnx.is_in_onnx_export",
                 "torch.compiler.is_compiling", "torch._C._get_tracing_state")
_GLOBAL: Final = {"mean": "avg", "amax": "max"}
_CONTAINERS: Final = {"Sequential": SEQUENTIAL, "ModuleList": MODULE_LIST, "ModuleDict": MODULE_DICT}
_NO_LAYER: Final = Text("{name} has no equivalent among the layers here", "{name} no tiene equivalente entre las capas de aquí")


class TorchCalls:
    """Calls of names, modules, functions and methods."""

    def __init__(self, parts: TorchParts, shaping: Shaping, applying: Applying) -> None:
        self._parts, self._state = parts, parts.state
        self._shaping, self._applying = shaping, applying
        self._built_ins = BuiltIns(parts)

    def call(self, function: Any, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        """The result of `function(*arguments, **keywords)`; Unknown if it cannot be known."""
        if isinstance(function, Name):
            return self._library(function.path, arguments, keywords, line)
        if isinstance(function, TorchLayer):
            return self._call_layer(function, arguments, line)
        if isinstance(function, Module):
            return self._parts.objects.call_module(function, arguments, keywords, line)
        if isinstance(function, Function):
            return self._parts.statements.run(function, arguments, keywords, line)
        if isinstance(function, Method):
            return self._parts.objects.call_method(function, arguments, keywords, line)
        if isinstance(function, Class):
            return self._parts.objects.make_instance(function, arguments, keywords, line)
        if isinstance(function, HelperClass):
            return self._helper(function, arguments, keywords, line)
        if isinstance(function, Partial):
            return self.call(function.function, [*function.arguments, *arguments], function.keywords | keywords, line)
        return function if isinstance(function, Unknown) else Unknown(NOT_RUN, line)

    def tensors(self, values: list[Any]) -> tuple[list[Tensor], Unknown | None]:
        """All tensors in values and sequences of values, in order; and the first unknown value."""
        tensors: list[Tensor] = []
        for item in values:
            if isinstance(item, Unknown):
                return tensors, item
            if isinstance(item, Tensor):
                tensors.append(item)
            elif isinstance(item, list | tuple):
                inner, unknown = self.tensors(list(item))
                tensors += inner
                if unknown is not None:
                    return tensors, unknown
        return tensors, None

    def is_instance(self, value: Any, kinds: Any, line: int) -> Any:
        """`isinstance(module, nn.Conv2d)`."""
        wanted = kinds if isinstance(kinds, tuple) else (kinds,)
        if any(not isinstance(kind, Name | Class) for kind in wanted):
            return Unknown(NOT_RUN, line)
        names = [kind.path.rpartition(".")[2] for kind in wanted if isinstance(kind, Name)]
        if isinstance(value, View):
            return "Tensor" in names
        if isinstance(value, TorchLayer):
            return value.name in names or "Module" in names
        if isinstance(value, Module):
            return value.kind in wanted or value.kind.name in names or "Module" in names
        if arithmetic.is_plain(value):
            types = {"int": int, "float": float, "str": str, "list": list, "tuple": tuple, "bool": bool, "dict": dict}
            return any(isinstance(value, types[name]) for name in names if name in types)
        return Unknown(NOT_RUN, line)

    # Modules ------------------------------------------------------------------------------------------

    def _call_layer(self, layer: TorchLayer, arguments: list[Any], line: int) -> Any:
        tensors, unknown = self.tensors(arguments)
        views = [tensor for tensor in tensors if isinstance(tensor, View)]
        if unknown is not None or not views:
            return unknown or Unknown(NOT_RUN, line)
        return self._applying.apply(layer, views, line)

    def _helper(self, helper: HelperClass, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        tensors = [argument for argument in arguments if isinstance(argument, View)]
        values = bind(helper.entry, [argument for argument in arguments if not isinstance(argument, View)], keywords)
        if values is None:
            return Unknown(NOT_RUN, line)
        inner = values.get("layer")
        wrapped = next(iter(inner.children().values()), None) if isinstance(inner, Module) else inner
        if isinstance(wrapped, TorchLayer):
            # Spectral normalisation is a setting of the layer that it wraps.
            wrapped.spectral = values["power_iterations"] if isinstance(values["power_iterations"], int) else 1
            wrapped.columns = values["columns"] if isinstance(values["columns"], int) else 0
            return inner
        layer = TorchLayer(helper.entry, helper.name, values, line)
        return self._applying.apply(layer, tensors, line) if tensors else layer

    def _module(self, path: str, name: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        """An object of a class of torch.nn."""
        if name in _CONTAINERS:
            return self._container(_CONTAINERS[name], arguments, line)
        if name == "Flatten":
            axes = (*arguments, *(1, -1)[len(arguments):])
            return Partial(Name("torch.flatten"), [], dict(zip(("start_dim", "end_dim"), axes, strict=False)) | keywords)
        if name == "Unflatten":
            return Partial(Name("torch.unflatten"), [], dict(zip(("dim", "sizes"), arguments, strict=False)) | keywords)
        entry = find_module(name)
        if entry is None:
            call = self._record(path, arguments, keywords, line)
            return call if name.endswith("Loss") or name == "Parameter" else Unknown(_NO_LAYER.fill(name=f"nn.{name}"), line)
        values = bind(entry, arguments, keywords)
        if values is None:
            return Unknown(Text("the arguments of nn.{name} do not fit", "los argumentos de nn.{name} no encajan").fill(
                name=name), line)
        return TorchLayer(entry, name, values, line)

    def _container(self, kind: Class, arguments: list[Any], line: int) -> Module:
        module = Module(kind=kind, line=line)
        fill_container(module, arguments)
        self._state.modules.append(module)
        return module

    # Names of libraries -------------------------------------------------------------------------------

    def _library(self, path: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        library, _, rest = path.partition(".")
        name = path.rpartition(".")[2]
        if library == "builtins":
            return self._built_in(name, arguments, keywords, line)
        if path in arithmetic.LIBRARY:
            return self._built_ins.plain(arithmetic.LIBRARY[path], arguments, {}, line)
        if path == "collections.OrderedDict":
            return _ordered(arguments, keywords)
        if path == "functools.partial" and arguments:
            return Partial(arguments[0], arguments[1:], keywords)
        if path == "typing.cast" and len(arguments) == 2:
            return arguments[1]
        if path == "argparse.ArgumentParser":
            return Arguments()
        tensors, unknown = self.tensors([*arguments, *keywords.values()])
        if tensors:
            return self.function(name, arguments, keywords, line) if library in ("torch", "torchvision", "einops") else Unknown(
                _NO_LAYER.fill(name=path), line)
        if library not in ("torch", "torchvision", "timm", "pytorch_lightning", "lightning"):
            return unknown or Unknown(NOT_RUN, line)
        if rest.startswith("nn.utils.") and "spectral_norm" in name and arguments and isinstance(arguments[0], TorchLayer):
            iterations = keywords.get("n_power_iterations", 1)
            arguments[0].spectral = iterations if isinstance(iterations, int) else 1
            return arguments[0]
        if (path.startswith("torch.nn.") and path.count(".") == 2) or (
                library == "torchvision" and find_module(name) is not None):
            return self._module(path, name, arguments, keywords, line)
        if path in ("torch.compile", "torch.jit.script", "torch.nn.DataParallel", "torch.nn.parallel.DistributedDataParallel") \
                and arguments:
            return arguments[0]
        if path in _NEVER:
            return False
        call = self._record(path, arguments, keywords, line)
        if name == "Size" and arguments:
            return tuple(arguments[0]) if isinstance(arguments[0], list | tuple) else Unknown(NOT_RUN, line)
        return call

    def _record(self, path: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> CallValue:
        call = CallValue(path, arguments, keywords, line)
        self._state.library_calls.append(call)
        return call

    def _built_in(self, name: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        if name == "len" and len(arguments) == 1 and isinstance(arguments[0], View):
            return arguments[0].dims[0]
        if name == "sum" and arguments and isinstance(arguments[0], list | tuple) and any(
                isinstance(item, View) for item in arguments[0]):
            total: Any = arguments[0][0]
            for item in arguments[0][1:]:
                total = self._parts.expressions.operate(ast.Add, total, item, line)
            return total
        return self._built_ins.call(name, arguments, keywords, line)

    # Functions on tensors -----------------------------------------------------------------------------

    def function(self, name: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        """A function of torch, of torch.nn.functional or of a tensor, on tensors."""
        keywords = dict(keywords)
        first = arguments[0] if arguments else keywords.pop("input", keywords.pop("x", keywords.pop("tensors", None)))
        rest = arguments[1:]
        if name in ("cat", "concat", "concatenate", "hstack"):
            return self._concatenate(first, keywords.get("dim", rest[0] if rest else 1 if name == "hstack" else 0), line)
        if name in ("checkpoint",) and rest and not isinstance(first, View):
            return self.call(first, rest, {}, line)
        if name in _OPERATIONS and rest:
            if keywords.get("alpha", 1) != 1:
                raise SourceError("no_counterpart", _NO_LAYER.fill(name=f"{name} (alpha)"), line)
            return self._parts.expressions.operate(_OPERATIONS[name], first, rest[0], line)
        if name in _EXTREMES and rest and isinstance(rest[0], View) and isinstance(first, View):
            return self._merge(_EXTREMES[name], first, rest[0], line)
        if isinstance(first, Unknown):
            return first
        if not isinstance(first, View):
            return Unknown(_NO_LAYER.fill(name=name), line)
        if name in _PASS_THROUGH:
            return first
        shaped = self._parts.objects.tensor_method(first, name, rest, keywords, line)
        if shaped is not None:
            return shaped
        if name in _GLOBAL:
            return self._global(name, first, rest, keywords, line)
        entry = find_function(name)
        if entry is None:
            raise SourceError("no_counterpart", _NO_LAYER.fill(name=name), line)
        values = bind(entry, rest, keywords, as_function=True)
        if values is None:
            raise SourceError("code_unknown", Text("the arguments of {name} do not fit",
                                                   "los argumentos de {name} no encajan").fill(name=name), line)
        if isinstance(values.get("training"), Unknown):
            values["training"] = True
        return self._applying.apply(TorchLayer(entry, name, values, line), [first], line)

    def _concatenate(self, parts: Any, dim: Any, line: int) -> Any:
        tensors, unknown = self.tensors([parts])
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
            raise SourceError("no_counterpart", _NO_LAYER.fill(name=f"cat (dim={dim})"), line)
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

    def combine_tensors(self, kind: type[ast.operator], one: Any, other: Any, line: int) -> Any:
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
            raise SourceError("no_counterpart", _NO_LAYER.fill(name=name), line)
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
        raise SourceError("no_counterpart", _NO_LAYER.fill(name=f"{name} (dim={dims})"), line)


class HalfMean:
    """A tensor whose mean over one of height and width was taken: the mean over the other completes it."""

    def __init__(self, view: View, name: str, axis: int, calls: TorchCalls) -> None:
        self.view, self.name, self.axis, self._calls = view, name, axis, calls

    def complete(self, arguments: list[Any], line: int) -> Any:
        """`.mean(dim)` over the other axis."""
        view, dim = self.view, arguments[0] if arguments else None
        left = [axis for axis in view.axes if axis != self.axis]
        if not isinstance(dim, int) or not -3 <= dim < 3 or left[dim] != 3 - self.axis:
            return Unknown(NOT_RUN, line)
        places = [view.axes.index(1), view.axes.index(2)]
        return self._calls.function(self.name, [view, places], {}, line)


def sum_terms(node: Any) -> list[Any]:
    """The terms of a chain of unnamed additions."""
    return [term for source in node.sources for term in (
        sum_terms(source) if source.kind == "Add" and not source.name else [source])] if node.kind == "Add" else [node]


def count_sum(node: Any) -> int:
    return len(sum_terms(node))


def _ordered(arguments: list[Any], keywords: dict[str, Any]) -> Any:
    """`OrderedDict(...)` of pairs or of a dictionary."""
    first = arguments[0] if arguments else keywords
    if isinstance(first, dict):
        return dict(first)
    if isinstance(first, list | tuple) and all(isinstance(item, list | tuple) and len(item) == 2 and isinstance(item[0], str)
                                               for item in first):
        return dict(first)
    return Unknown(NOT_RUN, 0)


def fill_container(module: Module, arguments: list[Any]) -> None:
    """The items of nn.Sequential, nn.ModuleList or nn.ModuleDict."""
    first = arguments[0] if arguments else None
    if len(arguments) == 1 and isinstance(first, dict):
        items = {str(name): value for name, value in first.items()}
    elif module.kind.role == "list" or (len(arguments) == 1 and isinstance(first, list | tuple)):
        items = {str(index): value for index, value in enumerate(first if isinstance(first, list | tuple) else ())}
    else:
        items = {str(index): value for index, value in enumerate(arguments)}
    module.items |= items
    for value in items.values():
        if isinstance(value, Module):
            value.nested = True
