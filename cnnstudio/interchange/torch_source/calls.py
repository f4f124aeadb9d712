"""Calls in PyTorch source: of modules, of functions on tensors, of PyTorch's classes, and of functions of the file."""

from __future__ import annotations

import ast
from typing import Any, Final

from cnnstudio.catalog.torch_modules import find_module
from cnnstudio.core.text import Text
from cnnstudio.interchange.python_source import arithmetic
from cnnstudio.interchange.python_source.built_ins import BuiltIns
from cnnstudio.interchange.python_source.state import NOT_RUN
from cnnstudio.interchange.python_source.values import (
    CallValue,
    Class,
    Function,
    Method,
    Name,
    Tensor,
    Unknown,
)
from cnnstudio.interchange.torch_source.applying import Applying, bind
from cnnstudio.interchange.torch_source.functions import NO_LAYER, TensorFunctions
from cnnstudio.interchange.torch_source.imported import Imported, TorchBase
from cnnstudio.interchange.torch_source.language import TorchParts
from cnnstudio.interchange.torch_source.shaping import Shaping
from cnnstudio.interchange.torch_source.values import (
    MODULE_DICT,
    MODULE_LIST,
    PICTURES,
    SEQUENTIAL,
    Arguments,
    HelperClass,
    Module,
    Partial,
    TorchLayer,
    View,
)

_NEVER: Final = ("torch.jit.is_scripting", "torch.jit.is_tracing", "torch.onnx.is_in_onnx_export",
                 "torch.compiler.is_compiling", "torch._C._get_tracing_state")
_CONTAINERS: Final = {"Sequential": SEQUENTIAL, "ModuleList": MODULE_LIST, "ModuleDict": MODULE_DICT}


class TorchCalls:
    """Calls of names, modules, functions and methods."""

    def __init__(self, parts: TorchParts, shaping: Shaping, applying: Applying) -> None:
        self._parts, self._state = parts, parts.state
        self._applying = applying
        self._functions = TensorFunctions(parts, shaping, applying)
        self._built_ins = BuiltIns(parts)
        self._imported = Imported(parts)

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
            return self.call(function.function, [*function.arguments, *arguments], function.keywords | keywords,
                             function.line or line)
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
        if isinstance(layer, TorchBase):
            return layer.apply(self._state.graph, views[0], line)
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
            return Partial(Name("torch.flatten"), [], dict(zip(("start_dim", "end_dim"), axes, strict=False)) | keywords,
                           line)
        if name == "Unflatten":
            return Partial(Name("torch.unflatten"), [], dict(zip(("dim", "sizes"), arguments, strict=False)) | keywords, line)
        entry = find_module(name)
        if entry is None:
            call = self._record(path, arguments, keywords, line)
            return call if name.endswith("Loss") or name == "Parameter" else Unknown(NO_LAYER.fill(name=f"nn.{name}"), line)
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
                NO_LAYER.fill(name=path), line)
        if path == "torch.hub.load" and len(arguments) > 1 and isinstance(arguments[1], str):
            return self._network(arguments[1], keywords, line)
        if path == "timm.create_model" and arguments and isinstance(arguments[0], str):
            pretrained = arguments[1] if len(arguments) > 1 else keywords.get("pretrained", False)
            return self._network(arguments[0], keywords | {"pretrained": pretrained}, line)
        if path.startswith("torchvision.models.") and path.count(".") >= 2 and name.islower():
            return self._network(name, keywords | ({"weights": arguments[0]} if arguments else {}), line)
        if library not in ("torch", "torchvision", "timm", "pytorch_lightning", "lightning"):
            imported = self._imported.find(name)
            if imported is not None:
                return self.call(imported, arguments, keywords, line)
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

    def _network(self, name: str, keywords: dict[str, Any], line: int) -> Any:
        """A network of torchvision.models: with weights the base that is like it, else as its layers."""
        weights = keywords.get("weights", keywords.get("pretrained"))
        trained = weights not in (None, False)
        if trained and (made := self._imported.pretrained(name, keywords, line)) is not None:
            return made
        maker = self._imported.find(name)
        if maker is None:
            return Unknown(NO_LAYER.fill(name=f"torchvision.models.{name}"), line)
        if trained:
            self._imported.without_weights(name, line)
        more = {key: value for key, value in keywords.items() if key == "num_classes"}
        made = self.call(maker, [], more, line)
        if isinstance(made, Module):
            made.line = line
        return made

    def _record(self, path: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> CallValue:
        call = CallValue(path, arguments, keywords, line)
        self._state.library_calls.append(call)
        return call

    def _built_in(self, name: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        if name == "len" and len(arguments) == 1 and isinstance(arguments[0], View):
            return arguments[0].dims[0]
        if name == "len" and arguments and isinstance(arguments[0], CallValue) and arguments[0].path.endswith("Folder"):
            return PICTURES
        if name == "sum" and arguments and isinstance(arguments[0], list | tuple) and any(
                isinstance(item, View) for item in arguments[0]):
            total: Any = arguments[0][0]
            for item in arguments[0][1:]:
                total = self._parts.expressions.operate(ast.Add, total, item, line)
            return total
        return self._built_ins.call(name, arguments, keywords, line)

    def function(self, name: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        """A function of torch, of torch.nn.functional or of a tensor, on tensors."""
        return self._functions.call(name, arguments, keywords, line)

    def combine_tensors(self, kind: type[ast.operator], one: Any, other: Any, line: int) -> Any:
        """`a + b`, `a * b`, `a - b` of tensors; with a number it is a Rescaling."""
        return self._functions.combine(kind, one, other, line)


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
