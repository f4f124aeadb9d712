"""Mends that one click applies: edits of a project by name, as a Problem's fixes carry them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from cnnstudio.catalog.drawing import id_for
from cnnstudio.core import edits
from cnnstudio.core.network import Edge, Node
from cnnstudio.core.problems import Fix
from cnnstudio.core.project import Project

replace = msgspec.structs.replace


def _set_size(project: Project, height: int, width: int) -> Project:
    return replace(project, recipe=replace(project.recipe, height=height, width=width))


def _insert_before(project: Project, node: str, type: str, params: dict[str, Any] | None = None, port: int = 0
                   ) -> Project:
    """Put a new layer into the connection at input number `port` of a layer, counted in the order of the ports."""
    entering = sorted((edge for edge in project.network.edges if edge.target == node), key=lambda edge: edge.port)
    return edits.add_node(project, Node(id=id_for(type), type=type, params=params or {}),
                          edge=entering[port] if port < len(entering) else None)


def _remove_nodes(project: Project, nodes: list[str]) -> Project:
    return edits.remove_nodes(project, nodes)


def _add_input(project: Project) -> Project:
    network = project.network
    fed = {edge.target for edge in network.edges}
    first = next((node.id for node in network.nodes if node.id not in fed), None)
    project = edits.add_node(project, Node(id="input", type="Input"))
    new = project.network.nodes[-1].id
    return project if first is None else edits.connect(project, new, first)


def _add_output(project: Project) -> Project:
    sources = {edge.source for edge in project.network.edges}
    ends = [node.id for node in project.network.nodes if node.id not in sources]
    return edits.add_node(project, Node(id="output", type="Output"), source=ends[-1] if ends else None)


def _follow_classes(project: Project, node: str) -> Project:
    """A last Dense becomes the Output layer in its place; behind any other layer one is added."""
    last = project.network.node(node)
    if last is None:
        return project
    if last.type == "Dense":
        return edits.replace_node(project, Node(id=last.id, type="Output", position=last.position))
    return edits.add_node(project, Node(id="output", type="Output"), source=node)


def take_over_output(project: Project, node: str, units: int, activation: str) -> Project:
    """The Output layer becomes an ordinary Dense layer that the user sets."""
    last = project.network.node(node)
    if last is None:
        return project
    params = {"units": units, "activation": activation} | last.params
    return edits.replace_node(project, Node(id=last.id, type="Dense", params=params, position=last.position))


def _disconnect(project: Project, source: str, target: str, port: int = 0) -> Project:
    return edits.disconnect(project, Edge(source=source, target=target, port=port))


FIXES: Final[dict[str, Callable[..., Project]]] = {
    "set_field": edits.set_field,
    "set_node_param": edits.set_node_param,
    "set_step_param": edits.set_step_param,
    "enable_step": edits.enable_step,
    "remove_step": edits.remove_step,
    "set_size": _set_size,
    "insert_before": _insert_before,
    "remove_nodes": _remove_nodes,
    "add_input": _add_input,
    "add_output": _add_output,
    "follow_classes": _follow_classes,
    "disconnect": _disconnect,
}
"""Fixes that change the project. Others ("open_gallery", "choose_folder", "open_page") are the window's."""


def apply_fix(project: Project, fix: Fix) -> Project:
    """The mended project; raises KeyError for an action that is the window's."""
    return FIXES[fix.action](project, **fix.arguments)
