"""Finds a pretrained base by its id: a built-in one, or a custom one in a project's folder.

What a project names relatively depends on where the project lies. Whoever knows the folder hands a resolver in,
usually as `Context.bases`; nothing here remembers a folder.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from cnnstudio.catalog.bases import BASES, Base
from cnnstudio.core.network import BASE, NetworkSpec, Node
from cnnstudio.core.problems import Fix, Problem, ProblemError, error
from cnnstudio.core.text import Text

DEFAULT: Final = "efficientnet_lite0"
OWN: Final = "own"
"""Value of the parameter `base` for a model of the user's."""
OWN_PREFIX: Final = "bases/"
"""Ids of custom bases are their file in the project's folder."""


class BaseResolver(Protocol):
    """The bases that a project can use."""

    def find(self, identifier: str) -> Base | None:
        """The base of that id ("bases/<file>", with ":" and a scaling, for one of the user's), or None."""

    def require_own(self, file: str, scaling: str = "") -> Base:
        """The user's base in `file`; without a scaling the proposed one. Raises ProblemError."""

    def own_bases(self) -> list[Base]:
        """The user's bases, by name; unusable files are left out."""

    def file_states(self, network: NetworkSpec) -> Hashable:
        """Changes when a file of an own base in the network appears, disappears or changes."""


class BuiltInBases:
    """The built-in bases only, for networks without a project's folder."""

    def find(self, identifier: str) -> Base | None:
        return None if identifier.startswith(OWN_PREFIX) else BASES.find(identifier)

    def require_own(self, file: str, scaling: str = "") -> Base:
        raise ProblemError(own_base_missing(file))

    def own_bases(self) -> list[Base]:
        return []

    def file_states(self, network: NetworkSpec) -> Hashable:
        return ()

    def __eq__(self, other: object) -> bool:
        return type(other) is BuiltInBases

    def __hash__(self) -> int:
        return hash(BuiltInBases)


BUILT_IN: Final = BuiltInBases()


def own_base_missing(file: str, path: Path | None = None) -> Problem:
    """The file of an own base is not in the project's folder, or none was chosen ("")."""
    text = (Text("The file of the base, {file}, is not in the project's folder. Choose the model again: a file with the same "
                 "content is accepted in its place.",
                 "El archivo de la base, {file}, no está en la carpeta del proyecto. Elija de nuevo el modelo: se acepta en "
                 "su lugar un archivo con el mismo contenido.").fill(file=file) if file else
            Text("No model has been chosen yet.", "Aún no se ha elegido ningún modelo."))
    return error("own_base_missing", text, "network", field="file", path=path)


def choose_model_fix(node: str = "") -> Fix:
    """The fix that lets the user choose the file of a custom base."""
    return Fix(action="choose_own_base", label=Text("Choose the model…", "Elegir el modelo…"),
               arguments={"node": node} if node else {})


def identifier_of(values: Mapping[str, Any]) -> str:
    """The id of the base of a node with these parameters; "" for a custom base without a file."""
    base = str(values.get("base", DEFAULT))
    if base != OWN:
        return base
    scaling = str(values.get("scaling", "none"))
    return f"{values.get('file') or ''}" + (f":{scaling}" if scaling != "none" else "")


def base_of(values: Mapping[str, Any], bases: BaseResolver) -> Base | None:
    """The base of a node with these parameters; None if it is unknown or its file is missing."""
    identifier = identifier_of(values)
    return bases.find(identifier) if identifier else None


def base_of_node(node: Node, bases: BaseResolver) -> Base | None:
    """The base of a node, None for any other layer."""
    return base_of(node.params, bases) if node.type == BASE else None


def base_label(node: Node) -> str:
    """A name for the base of a node even if its file is missing: its id, or the name of the user's file."""
    identifier = identifier_of(node.params)
    if node.params.get("base") != OWN:
        return identifier
    return identifier.removeprefix(OWN_PREFIX).rpartition("-")[0] or OWN
