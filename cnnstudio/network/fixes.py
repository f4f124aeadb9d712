"""Fixes that one click applies: edits of a project by the action name of a Problem's fix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from cnnstudio.catalog.layers import LAYERS, PLAIN_OUTPUT, id_stem
from cnnstudio.catalog.params import params_of
from cnnstudio.core import edits, network_edits, stage_edits
from cnnstudio.core.keys import set_value
from cnnstudio.core.network import INPUT, OUTPUT, Edge, Node
from cnnstudio.core.problems import Fix
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text

replace = msgspec.structs.replace


def _set_fields(project: Project, spec: str, values: dict[str, Any]) -> Project:
    for field, value in values.items():
        project = edits.set_field(project, spec, field, value)
    return project


def _set_values(project: Project, values: dict[str, Any]) -> Project:
    """Set values by keys, as the command line does; raises ProblemError for a bad one."""
    for key, value in values.items():
        project = set_value(project, key, value_text(value), params_of)
    return project


def value_text(value: Any) -> str:
    """A value as it is typed on the command line."""
    return value if isinstance(value, str) else "none" if value is None else msgspec.json.encode(value).decode()


def set_values_fix(values: dict[str, Any]) -> Fix:
    """The fix that sets values by keys."""
    label = Text("Change {keys}", "Cambiar {keys}").fill(keys=", ".join(values))
    return Fix(action="set_values", label=label, arguments={"values": values})


def _set_size(project: Project, height: int, width: int) -> Project:
    return replace(project, recipe=replace(project.recipe, height=height, width=width))


def _insert_before(project: Project, node: str, type: str, params: dict[str, Any] | None = None, port: int = 0
                   ) -> Project:
    """Put a new layer into the connection at input number `port` of a layer, counted in the order of the ports."""
    incoming = _incoming_edges(project, node)
    return edits.add_node(project, Node(id=id_stem(type), type=type, params=params or {}),
                          edge=incoming[port] if port < len(incoming) else None)


def _remove_nodes(project: Project, nodes: list[str]) -> Project:
    return edits.remove_nodes(project, nodes)


def _add_input(project: Project) -> Project:
    network = project.network
    fed = {edge.target for edge in network.edges}
    first = next((node.id for node in network.nodes if node.id not in fed), None)
    project = edits.add_node(project, Node(id="input", type=INPUT))
    new = project.network.nodes[-1].id
    return project if first is None else edits.connect(project, new, first)


def _add_output(project: Project) -> Project:
    sources = {edge.source for edge in project.network.edges}
    ends = [node.id for node in project.network.nodes if node.id not in sources]
    return edits.add_node(project, Node(id="output", type=OUTPUT), source=ends[-1] if ends else None)


def _follow_classes(project: Project, node: str) -> Project:
    """A last Dense becomes the Output layer; behind any other layer an Output is added."""
    last = project.network.node(node)
    if last is None:
        return project
    if last.type == PLAIN_OUTPUT:
        return edits.replace_node(project, Node(id=last.id, type=OUTPUT, position=last.position))
    return edits.add_node(project, Node(id="output", type=OUTPUT), source=node)


def take_over_output(project: Project, node: str, units: int, activation: str) -> Project:
    """The Output layer becomes an ordinary Dense layer that the user sets."""
    last = project.network.node(node)
    if last is None:
        return project
    params = {"units": units, "activation": activation} | last.params
    return edits.replace_node(project, Node(id=last.id, type=PLAIN_OUTPUT, params=params, position=last.position))


def _disconnect(project: Project, source: str, target: str, port: int = 0) -> Project:
    return edits.disconnect(project, Edge(source=source, target=target, port=port))


def _forget_node_param(project: Project, node: str, name: str) -> Project:
    current = project.network.node(node)
    if current is None:
        return project
    params = {key: value for key, value in current.params.items() if key != name}
    return edits.replace_node(project, replace(current, params=params))


def _replace_layer(project: Project, node: str, type: str, params: dict[str, Any] | None = None) -> Project:
    """Replace a layer by another type, with the same connections and name."""
    current = project.network.node(node)
    return project if current is None else edits.replace_node(
        project, Node(id=current.id, type=type, params=params or {}, position=current.position))


def _append(project: Project, node: str, type: str, params: dict[str, Any] | None = None) -> Project:
    return edits.add_node(project, Node(id=id_stem(type), type=type, params=params or {}), source=node)


def _incoming_edges(project: Project, node: str) -> list[Edge]:
    return sorted((edge for edge in project.network.edges if edge.target == node), key=lambda edge: edge.port)


def _join_inputs(project: Project, node: str, type: str) -> Project:
    """Insert a merging layer between a layer and its inputs."""
    incoming = _incoming_edges(project, node)
    project = edits.add_node(project, Node(id=id_stem(type), type=type))
    merge_id = project.network.nodes[-1].id
    other_edges = [edge for edge in project.network.edges if edge.target != node]
    moved = [Edge(source=edge.source, target=merge_id, port=port) for port, edge in enumerate(incoming)]
    return edits.set_network(project, replace(
        project.network, edges=(*other_edges, *moved, Edge(source=merge_id, target=node))))


def _disconnect_inputs(project: Project, node: str, keep: int) -> Project:
    removed = _incoming_edges(project, node)[keep:]
    return edits.set_network(project, replace(
        project.network, edges=tuple(edge for edge in project.network.edges if edge not in removed)))


def _switch_bias_off(project: Project, nodes: list[str]) -> Project:
    for node in nodes:
        project = edits.set_node_param(project, node, "use_bias", False)
    return project


def _replace_normalization(project: Project) -> Project:
    """Replace every normalisation that depends on the batch by one that does not."""
    for node in project.network.nodes:
        layer = LAYERS.find(node.type)
        if layer is not None and layer.batch_free:
            shared = LAYERS[layer.batch_free]
            project = _replace_layer(project, node.id, shared.id, {
                name: value for name, value in node.params.items() if shared.has_param(name)})
    return project


def _hide_classes(project: Project, names: list[str]) -> Project:
    hidden = dict.fromkeys((*project.dataset.hidden_classes, *names))
    return edits.set_field(project, "dataset", "hidden_classes", tuple(hidden))


FIXES: Final[dict[str, Callable[..., Project]]] = {
    "set_field": edits.set_field,
    "set_fields": _set_fields,
    "set_values": _set_values,
    "set_node_param": edits.set_node_param,
    "set_step_param": edits.set_step_param,
    "enable_step": edits.enable_step,
    "set_stage_field": stage_edits.set_stage_field,
    "add_stage": stage_edits.add_stage,
    "remove_step": edits.remove_step,
    "set_size": _set_size,
    "hide_classes": _hide_classes,
    "insert_before": _insert_before,
    "remove_nodes": _remove_nodes,
    "add_input": _add_input,
    "add_output": _add_output,
    "follow_classes": _follow_classes,
    "connect": edits.connect,
    "disconnect": _disconnect,
    "set_group": network_edits.set_group,
    "disconnect_inputs": _disconnect_inputs,
    "join_inputs": _join_inputs,
    "forget_node_param": _forget_node_param,
    "replace_layer": _replace_layer,
    "replace_normalization": _replace_normalization,
    "append": _append,
    "switch_bias_off": _switch_bias_off,
}
"""Fixes that change the project. Others ("open_gallery", "choose_folder", "open_page") belong to the window."""


def apply_fix(project: Project, fix: Fix) -> Project:
    """The fixed project; raises KeyError for an action of the window."""
    return FIXES[fix.action](project, **fix.arguments)
