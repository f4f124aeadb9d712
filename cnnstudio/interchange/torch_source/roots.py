"""Which module of PyTorch source is the network: the one that is trained, else the last one, else one that can be made."""

from __future__ import annotations

import ast
from typing import Any, Final

from cnnstudio.core.text import Text
from cnnstudio.interchange.python_source.values import Class, Function, Remark, SourceError, Unknown
from cnnstudio.interchange.torch_source.interpreter import Interpreter
from cnnstudio.interchange.torch_source.values import Module, Parameters, TorchLayer

_CLASSES: Final = ("num_classes", "n_classes", "classes", "n_class", "num_class", "class_num", "nb_classes", "num_labels",
                   "output_dim", "out_features", "outputs", "n_outputs", "nclass")
_CHANNELS: Final = ("in_channels", "input_channels", "n_channels", "in_ch", "input_channel", "channels", "img_channels",
                    "in_chans", "num_channels", "inp_channels")
_OPEN: Final = Text("it is an argument of the class", "es un argumento de la clase")
_MODULE_ROLES: Final = ("module", "sequential")


def find_root(interpreter: Interpreter) -> Module | TorchLayer:
    """The network of the source. Raises SourceError where there is none."""
    state = interpreter.state
    outer = [module for module in state.modules if module.kind.role in _MODULE_ROLES and not module.nested]
    trained = _trained(interpreter, outer)
    if trained is not None:
        _tell_others(interpreter, trained, outer)
        return trained
    if outer:
        # A container that another module hides in a plain list is no network.
        chosen = next((module for module in reversed(outer) if module.kind.line), None) or max(
            reversed(outer), key=lambda module: len(module.items))
        _tell_others(interpreter, chosen, outer)
        return chosen
    return _created(interpreter)


def _trained(interpreter: Interpreter, outer: list[Module]) -> Module | None:
    """The module whose parameters an optimizer gets last."""
    for call in reversed(interpreter.state.library_calls):
        if not call.path.startswith("torch.optim.") or "lr_scheduler" in call.path:
            continue
        owner = _owner(call.arguments[0] if call.arguments else call.keywords.get("params"))
        if isinstance(owner, Module) and owner in outer:
            return owner
        if owner is not None:
            return next((module for module in reversed(outer) if _holds(module, owner)), None)
    return None


def _owner(value: Any) -> Any:
    """The module whose parameters are passed."""
    if isinstance(value, Parameters):
        return value.owner
    if isinstance(value, dict):
        return _owner(value.get("params"))
    if isinstance(value, list | tuple):
        return next((owner for item in value if (owner := _owner(item)) is not None), None)
    return None


def _holds(module: Module, inner: Any) -> bool:
    waiting, seen = [module], set[int]()
    while waiting:
        item = waiting.pop()
        if item is inner:
            return True
        if id(item) in seen:
            continue
        seen.add(id(item))
        for child in item.children().values():
            if child is inner:
                return True
            if isinstance(child, Module):
                waiting.append(child)
    return False


def _tell_others(interpreter: Interpreter, chosen: Module, outer: list[Module]) -> None:
    others = [module for module in outer if module is not chosen and module.kind.line and module.kind is not chosen.kind]
    if others:
        interpreter.state.remarks.append(Remark("several_models", Text(
            "The file creates {n} models; {name} was imported.", "El archivo crea {n} modelos; se importó {name}.").fill(
                n=len(others) + 1, name=chosen.kind.name), chosen.line))


def _created(interpreter: Interpreter) -> Module:
    """A module of a class, or of a function that makes one, that the file defines but does not use."""
    scope = interpreter.state.scope
    classes = [value for value in scope.names.values() if isinstance(value, Class) and value.role in _MODULE_ROLES]
    functions = [value for value in scope.names.values() if isinstance(value, Function)]
    used = {name for kind in classes if kind.node is not None for name in _names(kind.node) if name != kind.name}
    reasons: list[SourceError] = []
    outer = [kind for kind in classes if kind.name not in used]
    for kind in reversed(outer):
        module, reason = _make(interpreter, kind, kind.find("__init__"), kind.line)
        if module is not None:
            if len(outer) > 1:
                _tell_created(interpreter, kind.name, len(outer), kind.line)
            return module
        reasons += [reason] if reason is not None else []
    makers = [function for function in functions
              if not function.name.startswith("_") and _uses_classes(function, classes, functions)]
    for function in makers:
        module, reason = _make(interpreter, function, function, function.node.lineno)
        if module is not None:
            if len(makers) > 1:
                _tell_created(interpreter, function.name, len(makers), function.node.lineno)
            return module
        reasons += [reason] if reason is not None else []
    if reasons:
        # What a function that makes the network met says more than that its class needs arguments.
        raise next((reason for reason in reasons if reason.code == "code_unknown"), reasons[0])
    raise SourceError("no_network", Text("There is no PyTorch network in this code.",
                                         "No hay ninguna red de PyTorch en este código."), 1)


def _tell_created(interpreter: Interpreter, name: str, count: int, line: int) -> None:
    interpreter.state.remarks.append(Remark("several_models", Text(
        "The file defines {n} networks; {name} was imported.", "El archivo define {n} redes; se importó {name}.").fill(
            n=count, name=name), line))


def _uses_classes(function: Function, classes: list[Class], functions: list[Function]) -> bool:
    """Whether a function names a class of modules, itself or through a function that it calls."""
    names = {kind.name for kind in classes}
    bodies = {other.name: _names(other.node) for other in functions}
    reached, waiting = set[str](), [function.name]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [item for item in bodies.get(name, ()) if item in bodies]
    return any(bodies.get(name, set()) & names for name in reached)


def _names(node: ast.AST) -> set[str]:
    return {item.id for item in ast.walk(node) if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Load)}


def _make(interpreter: Interpreter, maker: Class | Function, start: Any, line: int) -> tuple[Module | None, SourceError | None]:
    """What a class or function makes when only arguments are passed whose meaning their name tells."""
    keywords: dict[str, Any] = {}
    missing: list[str] = []
    for name in _required(start, isinstance(maker, Class)):
        if name in _CLASSES:
            keywords[name] = Unknown(_OPEN, line)
        elif name in _CHANNELS:
            keywords[name] = 3
        else:
            missing.append(name)
    if missing:
        text = Text("{name} needs {arguments}, and the file never creates it. Add a line that does, such as "
                    "net = {name}(…).",
                    "{name} necesita {arguments} y el archivo nunca lo crea. Añada una línea que lo haga, como "
                    "net = {name}(…).")
        return None, SourceError("no_network", text.fill(name=maker.name, arguments=", ".join(missing)), line)
    made = interpreter.calls.call(maker, [], keywords, line)
    if isinstance(made, Module):
        return made, None
    if not isinstance(made, Unknown):
        return None, None
    return None, SourceError("code_unknown", Text("The network cannot be read from the code: {why}.",
                                                  "No se puede leer la red a partir del código: {why}.").fill(why=made.reason),
                             made.line)


def _required(start: Any, is_method: bool) -> list[str]:
    """The parameters without a default."""
    if not isinstance(start, Function):
        return []
    signature = start.node.args
    names = [argument.arg for argument in (*signature.posonlyargs, *signature.args)][1 if is_method else 0:]
    names = names[:len(names) - len(start.defaults)] if start.defaults else names
    return names + [argument.arg for argument, default in zip(signature.kwonlyargs, signature.kw_defaults, strict=True)
                    if default is None]
