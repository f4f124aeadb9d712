"""The interpreter of Keras source: four parts and the state that they share. Nothing of the source is run."""

from __future__ import annotations

import ast

from cnnstudio.interchange.keras_source.calls import Calls
from cnnstudio.interchange.keras_source.language import KerasExpressions, KerasState, KerasStatements
from cnnstudio.interchange.keras_source.objects import Objects


class Interpreter:
    """Follows a file of source; afterwards `state` has the nodes, the models and the remarks."""

    def __init__(self) -> None:
        self.state = KerasState()
        self.expressions = KerasExpressions(self)
        self.objects = Objects(self)
        self.calls = Calls(self)
        self.statements = KerasStatements(self)
        self.state.graph.call_instance = self.objects.call_instance
        self.state.graph.call_layer = self.calls.apply

    def follow(self, tree: ast.Module) -> None:
        """Follow all statements of a module. Raises SourceError if the file exceeds the limits."""
        self.statements.follow(tree)
