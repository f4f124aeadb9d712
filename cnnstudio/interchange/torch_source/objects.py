"""Attributes and methods of modules and tensors, and objects of the file's own classes."""

from __future__ import annotations

from typing import Any, Final

from cnnstudio.core.network import BASE
from cnnstudio.core.text import Text
from cnnstudio.interchange.python_source import arithmetic
from cnnstudio.interchange.python_source.state import NOT_RUN
from cnnstudio.interchange.python_source.values import (
    CallValue,
    Class,
    Function,
    Method,
    Name,
    Scope,
    Unknown,
)
from cnnstudio.interchange.torch_source.calls import fill_container
from cnnstudio.interchange.torch_source.functions import HalfMean
from cnnstudio.interchange.torch_source.imported import TorchBase
from cnnstudio.interchange.torch_source.language import TorchParts
from cnnstudio.interchange.torch_source.printed_bases import PrintedBases
from cnnstudio.interchange.torch_source.shaping import Shaping
from cnnstudio.interchange.torch_source.values import (
    NO_FORWARD,
    Arguments,
    Module,
    Parameters,
    Partial,
    TorchLayer,
    Training,
    View,
    usual_axes,
)

_SELF: Final = frozenset(("to", "cuda", "cpu", "float", "double", "half", "eval", "train", "compile", "share_memory",
                          "requires_grad_", "apply"))
"""Methods of a module that answer with it."""
_RANDOM: Final = frozenset(("torch.randn", "torch.rand", "torch.zeros", "torch.ones", "torch.empty"))


class Super:
    """`super()`: an object as one of its parent class."""

    def __init__(self, owner: Module, parent: Class | None) -> None:
        self.owner, self.parent = owner, parent


class TorchObjects:
    """Attributes and methods of the objects that the code creates."""

    def __init__(self, parts: TorchParts, shaping: Shaping, bases: PrintedBases | None) -> None:
        self._parts, self._state, self._shaping, self._bases = parts, parts.state, shaping, bases

    # Attributes --------------------------------------------------------------------------------------

    def attribute(self, owner: Any, name: str, line: int) -> Any:
        """`owner.name`."""
        if isinstance(owner, Unknown):
            return owner
        if isinstance(owner, Name):
            value = arithmetic.LIBRARY.get(f"{owner.path}.{name}")
            return value if isinstance(value, float) else Name(f"{owner.path}.{name}")
        if isinstance(owner, View):
            known = {"shape": owner.dims, "data": owner, "ndim": len(owner.axes)}
            return known[name] if name in known else Method(owner, name)
        if isinstance(owner, TorchLayer):
            return self._layer_attribute(owner, name, line)
        if isinstance(owner, Module):
            return self._module_attribute(owner, name, line)
        if isinstance(owner, Super):
            value = owner.parent.find(name) if owner.parent is not None else None
            return Method(owner.owner, name, value) if isinstance(value, Function) else Method(owner, name)
        if isinstance(owner, Class):
            value = owner.find(name)
            if isinstance(value, Function) and value.decorator == "classmethod":
                return Method(owner, name, value)
            return owner.name if name == "__name__" else Unknown(NOT_RUN, line) if value is None else value
        if isinstance(owner, Arguments) and name in owner.values:
            return owner.values[name]
        if isinstance(owner, Parameters) and name in ("data", "weight"):
            return owner
        if isinstance(owner, Parameters | Arguments | CallValue | HalfMean) or name in arithmetic.METHODS.get(type(owner), ()):
            return Method(owner, name)
        return Unknown(NOT_RUN, line)

    def _layer_attribute(self, owner: TorchLayer, name: str, line: int) -> Any:
        if name == "bias" and "bias" in owner.values:
            return Parameters(owner, name) if owner.values["bias"] is not False else None
        if name in ("weight", "bias", "running_mean", "running_var"):
            return Parameters(owner, name)
        if name in owner.values:
            return owner.values[name]
        return Method(owner, name)

    def _module_attribute(self, owner: Module, name: str, line: int) -> Any:
        for place in (owner.names, owner.items):
            if name in place:
                return place[name]
        value = owner.kind.find(name)
        if isinstance(value, Function):
            if value.decorator == "property":
                return self._parts.statements.run(value, [owner], {}, line)
            return value if value.decorator == "staticmethod" else Method(
                owner.kind if value.decorator == "classmethod" else owner, name, value)
        if value is not None:
            return value
        if name.startswith("layer") and name[5:].isdigit() and isinstance(base := owner.names.get("features"), TorchBase):
            # The stages of a ResNet, where a base stands for them.
            return Parameters(base, f"conv{int(name[5:]) + 1}")
        if name == "training":
            return Training(NOT_RUN, line)
        if name == "__class__":
            return owner.kind
        return Method(owner, name) if name in _METHODS or name in _SELF else Unknown(
            Text("{name} is not set", "{name} no está definido").fill(name=f"self.{name}"), line)

    def item(self, owner: Any, key: Any, line: int) -> Any:
        """`owner[key]`, of a container: one module, or a container of several."""
        if isinstance(owner, View):
            return Unknown(Text("no layer takes a part of a tensor", "ninguna capa toma una parte de un tensor"), line)
        if not isinstance(owner, Module):
            return Unknown(NOT_RUN, line)
        items = list(owner.items.values())
        if isinstance(key, slice):
            part = Module(kind=owner.kind, line=line, path=owner.path)
            part.items = dict(list(owner.items.items())[key])
            return part
        if isinstance(key, int) and -len(items) <= key < len(items):
            return items[key]
        return owner.items.get(key, Unknown(NOT_RUN, line)) if isinstance(key, str) else Unknown(NOT_RUN, line)

    def items(self, value: Any) -> list[Any] | None:
        """The items of a value that can be iterated; None if it cannot."""
        if isinstance(value, Module) and value.kind.role in ("sequential", "list"):
            return list(value.items.values())
        if isinstance(value, Module) and value.kind.role == "dict":
            return list(value.items)
        if isinstance(value, Parameters):
            return [value]
        return arithmetic.to_items(value)

    def set_attribute(self, owner: Any, name: str, value: Any, _line: int) -> None:
        """`owner.name = value`."""
        if isinstance(owner, Module):
            # A container's attributes are parts of it, one behind the other.
            inside = owner.kind.role in ("sequential", "list", "dict") and isinstance(value, Module | TorchLayer | Partial)
            (owner.items if inside or name in owner.items else owner.names)[name] = value
            if isinstance(value, Module):
                value.nested = True
        elif isinstance(owner, Parameters) and name == "requires_grad" and isinstance(value, bool):
            _set_learning(owner, value)
        elif isinstance(owner, TorchLayer) and name in owner.values:
            owner.values[name] = value

    def set_item(self, owner: Any, key: Any, value: Any) -> None:
        """`owner[key] = value` of a container."""
        if isinstance(owner, Module):
            names = list(owner.items)
            name = names[key] if isinstance(key, int) and -len(names) <= key < len(names) else str(key)
            owner.items[name] = value
            if isinstance(value, Module):
                value.nested = True

    # Methods -----------------------------------------------------------------------------------------

    def call_method(self, method: Method, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        """`owner.method(...)`."""
        owner, name = method.owner, method.name
        if method.function is not None:
            return self._parts.statements.run(method.function, [owner, *arguments], keywords, line)
        if isinstance(owner, View):
            return self._parts.calls.function(name, [owner, *arguments], keywords, line)
        if isinstance(owner, HalfMean):
            return owner.complete(arguments, line)
        if isinstance(owner, Super):
            return self._super_method(owner, name, arguments, keywords, line)
        if isinstance(owner, Module):
            return self._call_module_method(owner, name, arguments, keywords, line)
        if isinstance(owner, TorchLayer):
            return self._layer_method(owner, name, arguments, line)
        if isinstance(owner, Parameters):
            if name == "requires_grad_":
                _set_learning(owner, not arguments or arguments[0] is True)
            return owner
        if isinstance(owner, Arguments):
            return self._argument_method(owner, name, arguments, keywords, line)
        if isinstance(owner, CallValue):
            return owner if name in _SELF else self._record(owner, name, arguments, keywords, line)
        return arithmetic.call_method(owner, name, arguments, keywords)

    def _record(self, owner: CallValue, name: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> CallValue:
        call = CallValue(f"{owner.path}.{name}", [owner, *arguments], keywords, line)
        if name not in ("zero_grad", "step", "backward", "item"):
            self._state.library_calls.append(call)
        return call

    def _super_method(self, owner: Super, name: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        module = owner.owner
        if name == "__init__":
            if module.kind.role in ("sequential", "list", "dict") and arguments:
                fill_container(module, arguments)
            return None
        if name == "forward" and module.kind.role == "sequential":
            return self._in_sequence(module, arguments, line)
        return self._call_module_method(module, name, arguments, keywords, line)

    def _layer_method(self, owner: TorchLayer, name: str, arguments: list[Any], line: int) -> Any:
        if name == "forward":
            return self._parts.calls.call(owner, arguments, {}, line)
        if name == "requires_grad_":
            owner.trainable = not arguments or arguments[0] is True
        return Parameters(owner) if name == "parameters" else owner if name in _SELF else Unknown(NOT_RUN, line)

    def _call_module_method(self, owner: Module, name: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        if name == "requires_grad_":
            _set_learning(Parameters(owner), not arguments or arguments[0] is True)
        if name in _SELF:
            return owner
        if name in ("add_module", "register_module") and len(arguments) == 2:
            place = owner.items if owner.kind.role in ("sequential", "list", "dict") else owner.names
            place[str(arguments[0])] = arguments[1]
            if isinstance(arguments[1], Module):
                arguments[1].nested = True
            return None
        if name == "append" and arguments:
            self.set_item(owner, len(owner.items), arguments[0])
            return owner
        if name in ("extend", "update") and arguments:
            added = arguments[0].items() if isinstance(arguments[0], dict) else enumerate(
                self.items(arguments[0]) or (), start=len(owner.items))
            for key, value in added:
                owner.items[str(key)] = value
            return owner
        if name in ("children", "values"):
            return list(owner.children().values()) if name == "children" else list(owner.items.values())
        if name in ("named_children", "items"):
            return [(key, value) for key, value in (owner.children() if name == "named_children" else owner.items).items()]
        if name == "keys":
            return list(owner.items)
        if name in ("parameters", "named_parameters"):
            return Parameters(owner) if name == "parameters" else [("", Parameters(owner))]
        if name in ("__getattr__", "get_submodule") and arguments and isinstance(arguments[0], str):
            return self.attribute(owner, arguments[0], line)
        if name in ("forward", "__call__"):
            return self.call_module(owner, arguments, keywords, line)
        if name == "register_buffer" and len(arguments) > 1 and isinstance(arguments[0], str):
            owner.names[arguments[0]] = arguments[1]
        return None if name in _METHODS else Unknown(NOT_RUN, line)

    def _argument_method(self, owner: Arguments, name: str, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        """`parser.add_argument(...)` and what it parses: the defaults."""
        if name == "add_argument" and arguments and all(isinstance(item, str) for item in arguments):
            longest = next((item for item in arguments if item.startswith("--")), arguments[0])
            key = keywords.get("dest") or longest.lstrip("-").replace("-", "_")
            action = keywords.get("action")
            usual = False if action == "store_true" else True if action == "store_false" else None
            owner.values[str(key)] = keywords.get("default", usual)
            return None
        return owner if name in ("parse_args", "add_argument_group", "add_mutually_exclusive_group") else (
            owner, []) if name == "parse_known_args" else Unknown(NOT_RUN, line)

    # Modules of classes --------------------------------------------------------------------------------

    def make_instance(self, kind: Class, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        """An object of a class of the file."""
        module = Module(kind=kind, line=line, arguments=(arguments, keywords))
        start = kind.find("__init__")
        if isinstance(start, Function):
            failed = self._parts.statements.run(start, [module, *arguments], keywords, line)
            if isinstance(failed, Unknown) and kind.role:
                return failed
        elif kind.role in ("sequential", "list", "dict"):
            fill_container(module, arguments)
        if kind.role:
            self._state.modules.append(module)
        return module

    def call_module(self, module: Module, arguments: list[Any], keywords: dict[str, Any], line: int) -> Any:
        """Call a module on tensors, through its `forward`; without tensors only what it tells is noted."""
        values = [*arguments, *keywords.values()]
        if not any(isinstance(value, View) for value in _flat(values)):
            for value in values:
                if isinstance(value, CallValue) and value.path in _RANDOM:
                    self._note_shape(value.arguments)
            return next((value for value in values if isinstance(value, Unknown)), Unknown(NOT_RUN, line))
        base = self._printed_base(module, arguments)
        if base is not None:
            return base
        forward = module.kind.find("forward") or (module.kind.find("__call__") if not module.kind.role else None)
        if isinstance(forward, Function):
            return self._parts.statements.run(forward, [module, *arguments], keywords, line)
        if module.kind.role == "sequential":
            return self._in_sequence(module, arguments, line)
        return Unknown(NO_FORWARD.fill(name=module.kind.name), line)

    def _printed_base(self, module: Module, arguments: list[Any]) -> View | None:
        """The base that the program printed a class for, called on a picture."""
        view = arguments[0] if arguments and isinstance(arguments[0], View) and len(arguments[0].shape) == 3 else None
        node = self._bases.find(module.kind, *view.shape[:2]) if self._bases is not None and view is not None else None
        if node is None or view is None:
            return None
        name = node.id or module.path.replace(".", "_")
        made = self._state.graph.node(BASE, dict(node.params), [view.node], module.line, name=name).node
        return View(made, usual_axes(len(made.shape or (0,))))

    def _note_shape(self, sizes: list[Any]) -> None:
        """The shape of a tensor of random numbers that is passed to a network."""
        row = sizes[0] if len(sizes) == 1 and isinstance(sizes[0], tuple | list) else sizes
        if len(row) == 4 and all(isinstance(item, int) and 0 < item <= 1 << 16 for item in row):
            self._state.shapes.append((row[2], row[3], row[1]))

    def _in_sequence(self, module: Module, arguments: list[Any], line: int) -> Any:
        value: Any = arguments[0] if arguments else Unknown(NOT_RUN, line)
        for item in module.items.values():
            value = self._parts.calls.call(item, [value], {}, line)
            if isinstance(value, Unknown):
                return value
        return value

    def super_object(self, scope: Scope) -> Any:
        """`super()`: the object as one of its parent class."""
        has_self, owner = scope.find("self")
        has_class, kind = scope.find("__class__")
        if not has_self or not isinstance(owner, Module):
            return Unknown(NOT_RUN, self._state.line)
        outer = kind if has_class and isinstance(kind, Class) else owner.kind
        return Super(owner, next((base for base in outer.bases if isinstance(base, Class)), None))


def _set_learning(parameters: Parameters, learns: bool) -> None:
    """`requires_grad` of a parameter, or of all of a module."""
    owner = parameters.owner
    if isinstance(owner, TorchBase):
        if not parameters.name:
            owner.trainable, owner.block = learns, ""
        elif learns and parameters.name in owner.base.blocks:
            owner.trainable, owner.block = True, parameters.name
    elif isinstance(owner, TorchLayer):
        if parameters.name:
            (owner.fixed.discard if learns else owner.fixed.add)(parameters.name)
        else:
            owner.trainable = learns
    elif isinstance(owner, Module):
        for child in owner.children().values():
            _set_learning(Parameters(child), learns)


def _flat(values: list[Any]) -> list[Any]:
    return [item for value in values for item in (_flat(list(value)) if isinstance(value, list | tuple) else [value])]


_METHODS: Final = frozenset((
    "add_module", "register_module", "append", "extend", "update", "children", "named_children", "values", "items", "keys",
    "parameters", "named_parameters", "forward", "__call__", "register_buffer", "load_state_dict", "state_dict", "zero_grad",
    "register_forward_hook", "__init__", "__getattr__", "get_submodule", "modules", "named_modules",
    "save_hyperparameters", "register_parameter"))
