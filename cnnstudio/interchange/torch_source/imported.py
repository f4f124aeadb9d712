"""What code imports from torchvision: its modules as if they stood in the file, its pretrained networks as bases."""

from __future__ import annotations

import ast
from typing import Any, Final

from cnnstudio.catalog.bases import BASES, Base
from cnnstudio.catalog.torch_modules import Reading, TorchModule
from cnnstudio.core.network import BASE
from cnnstudio.core.text import Text
from cnnstudio.interchange.python_source.graph import Nodes
from cnnstudio.interchange.python_source.names import normalized_name
from cnnstudio.interchange.python_source.values import Class, Function, Remark, Scope
from cnnstudio.interchange.torch_source.language import TorchParts
from cnnstudio.interchange.torch_source.library.models import MODELS
from cnnstudio.interchange.torch_source.library.ops import OPS
from cnnstudio.interchange.torch_source.library.pretrained import HEADS, PRETRAINED
from cnnstudio.interchange.torch_source.values import CHANNELS_FIRST, TorchLayer, View

_BASES: Final = {normalized_name(base.id): base.id for base in BASES}
_ENTRY: Final = TorchModule(read=lambda _called: Reading(()))


class TorchBase(TorchLayer):
    """A pretrained base in the place of the features of torchvision's network; `block` is the first one that learns."""

    def __init__(self, base: Base, pooling: str, line: int) -> None:
        super().__init__(entry=_ENTRY, name=base.id, values={}, line=line)
        self.base, self.pooling, self.block = base, pooling, ""

    def apply(self, graph: Nodes, view: View, line: int) -> View:
        """The base's output: its features, or their maps without a pooling."""
        node = graph.node(BASE, base_params(self, []), [view.node], line, base=self).node
        return View(node, CHANNELS_FIRST if node.shape is not None and len(node.shape) == 3 else (0, 1))


def base_params(base: TorchBase, _remarks: list[Remark]) -> dict[str, Any]:
    """The parameters of a base's node."""
    learns = base.block or ("all" if base.trainable else "none")
    params: dict[str, Any] = {"base": base.base.id, "pooling": base.pooling}
    return params if learns == "none" else params | {"trainable_from": learns}


class Imported:
    """The classes and functions of torchvision, followed when the first one is used."""

    def __init__(self, parts: TorchParts) -> None:
        self._parts = parts
        self._scope: Scope | None = None

    def find(self, name: str) -> Class | Function | None:
        """The class or function of torchvision of that last name; None if there is none here."""
        value = self._names().names.get(name)
        return value if isinstance(value, Class | Function) else None

    def pretrained(self, name: str, keywords: dict[str, Any], line: int) -> Any:
        """A network with ImageNet weights as a base with torchvision's classifier; None if no base is like it."""
        base = BASES.find(_BASES.get(normalized_name(name), ""))
        head = next((kind for start, kind in HEADS.items() if name.startswith(start)), None)
        if base is None or head is None:
            return None
        kind = self._names().names[head]
        value = TorchBase(base, "none" if head == "WithRows" else "avg", line)
        self._parts.state.remarks.append(Remark("base_of_keras", Text(
            "{name} with ImageNet weights becomes the base {base}: its weights are Keras's, trained apart from torchvision's. "
            "It scales the pictures itself.",
            "{name} con pesos de ImageNet pasa a ser la base {base}: sus pesos son los de Keras, entrenados aparte de los de "
            "torchvision. Escala las imágenes por sí misma.").fill(name=name, base=base.label), line))
        return self._parts.calls.call(kind, [value, base.features, keywords.get("num_classes", 1000)], {}, line)

    def without_weights(self, name: str, line: int) -> None:
        """Say that a network was taken over without its ImageNet weights."""
        self._parts.state.remarks.append(Remark("weights_left", Text(
            "The ImageNet weights of {name} were not taken over: the network starts untrained. Choose a pretrained base to "
            "start from ImageNet.",
            "Los pesos de ImageNet de {name} no se tomaron: la red empieza sin entrenar. Elija una base preentrenada para "
            "partir de ImageNet.").fill(name=name), line))

    def _names(self) -> Scope:
        if self._scope is None:
            self._scope = Scope(names={"__name__": "torchvision"})
            tree = ast.parse(OPS + MODELS + PRETRAINED)
            for node in ast.walk(tree):
                if hasattr(node, "lineno"):
                    # Lines of the library are none of the file's.
                    node.lineno = 0
            steps, line = self._parts.state.steps, self._parts.state.line
            self._parts.statements.follow_in(tree, self._scope)
            self._parts.state.steps, self._parts.state.line = steps, line
        return self._scope
