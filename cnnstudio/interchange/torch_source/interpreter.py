"""The interpreter of PyTorch source: four parts and the state that they share. Nothing of the source is run."""

from __future__ import annotations

import ast

from cnnstudio.interchange.python_source.state import STEPS
from cnnstudio.interchange.python_source.values import Layer
from cnnstudio.interchange.torch_source.applying import Applying
from cnnstudio.interchange.torch_source.calls import TorchCalls
from cnnstudio.interchange.torch_source.language import TorchExpressions, TorchState, TorchStatements
from cnnstudio.interchange.torch_source.objects import TorchObjects
from cnnstudio.interchange.torch_source.printed_bases import PrintedBases
from cnnstudio.interchange.torch_source.shaping import Shaping
from cnnstudio.interchange.torch_source.values import CHANNELS_FIRST, Module, TorchLayer, View


class Interpreter:
    """Follows a file of source; afterwards `state` has its modules, and `trace` calls one of them on a picture."""

    def __init__(self, bases: PrintedBases | None = None) -> None:
        self.state = TorchState()
        self.shaping = Shaping(self.state.graph, self.state.remarks)
        applying = Applying(self.state.graph, self.state.remarks, self.shaping)
        self.expressions = TorchExpressions(self)
        self.objects = TorchObjects(self, self.shaping, bases)
        self.calls = TorchCalls(self, self.shaping, applying)
        self.statements = TorchStatements(self)

    def follow(self, tree: ast.Module) -> None:
        """Follow all statements of a module. Raises SourceError if the file exceeds the limits."""
        self.statements.follow(tree)

    def trace(self, module: Module | TorchLayer, shape: tuple[int, int, int], flat: bool = False) -> object:
        """What the module answers for a picture of (height, width, channels), `flat` for one in a row; the graph has the
        nodes then.

        Raises SourceError where its code cannot be followed.
        """
        state = self.state
        state.graph.clear()
        self.shaping.reordered.clear()
        state.steps = STEPS
        _reset(module, set())
        before = len(state.remarks)
        start = state.graph.input(shape, 0)
        try:
            view = View(start.node, CHANNELS_FIRST)
            return self.calls.call(module, [self.shaping.flatten(view, 1, -1, 1) if flat else view], {}, 0)
        except BaseException:
            del state.remarks[before:]
            raise


def name_paths(module: Module | TorchLayer, path: str = "") -> None:
    """Give every module within this one its path, as in PyTorch's state: "layer1.0.conv1"."""
    waiting: list[tuple[Module | TorchLayer, str]] = [(module, path)]
    seen: set[int] = set()
    while waiting:
        item, here = waiting.pop(0)
        if id(item) in seen:
            continue
        seen.add(id(item))
        item.path = here
        if isinstance(item, Module):
            waiting += [(child, f"{here}.{name}" if here else name) for name, child in item.children().items()]


def _reset(module: Module | TorchLayer, seen: set[int]) -> None:
    """Forget the layers of an earlier trace."""
    if id(module) in seen:
        return
    seen.add(id(module))
    if isinstance(module, TorchLayer):
        module.layers = dict[int, Layer]()
    else:
        for child in module.children().values():
            _reset(child, seen)
