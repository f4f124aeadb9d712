"""The one way to a base: a built-in one by its id, a user's own by its file in the project's folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cnnstudio.catalog.bases import BASES, Base
from cnnstudio.core.network import Node
from cnnstudio.core.problems import ProblemError

DEFAULT: Final = "efficientnet_lite0"
OWN: Final = "own"


def find_base(identifier: str) -> Base | None:
    """The base of that id ("bases/<file>", with ":" and a scaling for one of the user's), or None."""
    if not identifier.startswith("bases/"):
        return BASES.find(identifier)
    from cnnstudio.interchange.own_base.reader import own_base

    file, _, scaling = identifier.partition(":")
    try:
        return own_base(file, scaling or "none")
    except ProblemError:
        return None


def identifier_of(values: Mapping[str, Any]) -> str:
    """The id of the base that a node with these parameters stands for."""
    base = str(values.get("base", DEFAULT))
    if base != OWN:
        return base
    scaling = str(values.get("scaling", "none"))
    return f"{values.get('file') or ''}" + (f":{scaling}" if scaling != "none" else "")


def base_of(values: Mapping[str, Any]) -> Base | None:
    """The base that a node with these parameters stands for, or None where it is not known or not there."""
    identifier = identifier_of(values)
    return find_base(identifier) if identifier else None


def base_of_node(node: Node) -> Base | None:
    """The base of a node, None for any other layer."""
    return base_of(node.params) if node.type == "PretrainedBase" else None


def label_of(node: Node) -> str:
    """A word for the base of a node, also where its file is not there: its id, or the name of the user's file."""
    identifier = identifier_of(node.params)
    return identifier.removeprefix("bases/").rpartition("-")[0] or "own" if node.params.get("base") == OWN else identifier
