"""Classes of PyTorch source that the program printed for a pretrained base: they become that base again."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cnnstudio.catalog.bases import BASES, Base
from cnnstudio.catalog.bases.resolver import BUILT_IN
from cnnstudio.catalog.context import Context
from cnnstudio.core.network import BASE, Node
from cnnstudio.interchange.printing.torch.bases import base_class, base_description
from cnnstudio.interchange.printing.torch.layer_lines import Module
from cnnstudio.interchange.python_source.values import Class

_MOST_LAYERS: Final = 60
"""How many last layers that learn are tried: printing a base takes some 40 ms."""


class PrintedBases:
    """Knows the printed classes of bases among those of a file. `known` are classes that are printed for nodes of a project,
    as code with the blocks before the class."""

    def __init__(self, tree: ast.Module, known: Mapping[str, Node]) -> None:
        self._classes = {ast.dump(node) for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
        self._known = [(code, node) for code, node in known.items() if "class " in code]

    def find(self, kind: Class, height: int, width: int) -> Node | None:
        """The base's node (its id is the project's, or empty); None if the class is none that was printed."""
        if kind.node is None or "; takes 0-255 pixels." not in kind.about:
            return None
        body = _body(kind.node)
        for code, node in self._known:
            if self._matches(code, body):
                return node
        base = next((base for base in BASES if kind.about == f"{base_description(base)}; takes 0-255 pixels."), None)
        if base is None:
            return None
        text = ast.unparse(kind.node)
        pooling = "avg" if "AdaptiveAvgPool2d(1)" in text else "max" if "AdaptiveMaxPool2d(1)" in text else "none"
        for params in _candidates(base):
            params |= {"pooling": pooling}
            if self._matches(_printed(base.id, height, width, tuple(sorted(params.items()))), body):
                return Node(id="", type=BASE, params=params)
        return None

    def _matches(self, code: str, body: str) -> bool:
        *blocks, main = [node for node in ast.parse(code).body if isinstance(node, ast.ClassDef)]
        return _body(main) == body and all(ast.dump(block) in self._classes for block in blocks)


def _candidates(base: Base) -> Iterator[dict[str, Any]]:
    """The settings of a base that its class may have been printed for, the usual ones first."""
    lines = ["none", "all", *base.blocks, *(f"last:{count}" for count in range(1, _MOST_LAYERS + 1))]
    for line in lines[:2]:
        for end in dict.fromkeys(("all", *base.ends)):
            yield {"base": base.id, "trainable_from": line, "ends_at": end}
    for line in lines[2:]:
        yield {"base": base.id, "trainable_from": line, "ends_at": "all"}


@functools.lru_cache(maxsize=64)
def _printed(base: str, height: int, width: int, params: tuple[tuple[str, Any], ...]) -> str:
    context = Context(height=height, width=width, channels=3, class_count=2, normalization="base", bases=BUILT_IN)
    del base
    return base_class(Node(id="base", type=BASE, params=dict(params)), "base", context, Module(), {"Network", "BaseLayers"})


def _body(node: ast.ClassDef) -> str:
    """A class without its name."""
    return ast.dump(ast.ClassDef(name="", bases=node.bases, keywords=node.keywords, body=node.body,
                                 decorator_list=node.decorator_list))
