"""The files that a printed training script reads: they lie beside it, under names that follow from its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from cnnstudio.catalog.bases import Base
from cnnstudio.catalog.bases.resolver import base_of
from cnnstudio.catalog.context import Context
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.core.groups import expand_repeats
from cnnstudio.core.network import BASE, NetworkSpec
from cnnstudio.core.project import Project
from cnnstudio.network.naming import layer_id

CODE_MARK = "# Written by CNN Studio; the command that wrote it may replace this file.\n"
"""First line of source that is written into a file."""


class ScriptFiles(msgspec.Struct, frozen=True):
    """Names of the list of the pictures, and of the weights of each base by its node."""

    pictures: str
    weights: Mapping[str, str]


def script_files(project: Project, context: Context, stem: str = "") -> ScriptFiles:
    """The files of a script called `stem`.py; without a stem the list is called as in the folder of a run."""
    front = f"{stem}." if stem else ""
    return ScriptFiles(pictures=f"{front}pictures.jsonl" if stem else "manifest.jsonl", weights={
        node: f"{front}{layer_id(node)}.npz" for node, _base, _values in weighted_bases(project.network, context)})


def weighted_bases(network: NetworkSpec, context: Context) -> Iterator[tuple[str, Base, dict[str, Any]]]:
    """The nodes of pretrained bases that start from weights: node, base and values."""
    for node in expand_repeats(network)[0].nodes:
        if node.type == BASE:
            values = values_of(node, LAYERS[BASE])
            base = base_of(values, context.bases)
            if base is not None and values["weights"] != "random":
                yield node.id, base, values


def script_title(project: Project) -> str:
    """The project's name in a docstring."""
    return " ".join((project.name or "CNN Studio").replace("\\", " ").replace('"', " ").split())
