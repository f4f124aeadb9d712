"""Edits: pure functions from a project to a project. Nothing else changes a project."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from cnnstudio.core import stage_edits
from cnnstudio.core.graph import closes_cycle, unique_id
from cnnstudio.core.item import Step, as_immutable
from cnnstudio.core.network import Edge, NetworkSpec, Node
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.core.training import STAGE_FIELDS

replace = msgspec.structs.replace


def set_field(project: Project, spec: str, field: str, value: Any) -> Project:
    """Set one field of a spec: spec "recipe", "training", "dataset", "dataset.splits", "" for the project.

    A field that belongs to a stage of the training is set in the last one.
    """
    if spec == "training" and field in STAGE_FIELDS:
        return stage_edits.set_stage_field(project, project.training.last_stage.id, field, value)
    changed: Project = _replace_at(project, [part for part in spec.split(".") if part], field, as_immutable(value))
    return changed


def set_splits(project: Project, train: float, validation: float, test: float) -> Project:
    """Set the shares of the three splits."""
    splits = replace(project.dataset.splits, train=train, validation=validation, test=test)
    return replace(project, dataset=replace(project.dataset, splits=splits))


def _replace_at(holder: Any, path: list[str], field: str, value: Any) -> Any:
    if not path:
        wanted = {item.name: item.type for item in msgspec.structs.fields(type(holder))}[field]
        return replace(holder, **{field: msgspec.convert(value, wanted)})
    return replace(holder, **{path[0]: _replace_at(getattr(holder, path[0]), path[1:], field, value)})


METRICS: Final = "training metrics"
"""The spec of the metrics in edits of steps."""


# Steps of the recipe, of the augmentation, and callbacks of the training -------------------------

def steps_of(project: Project, spec: str) -> tuple[Step, ...]:
    """The ordered steps of "recipe" or "augmentation", or the callbacks of "training" (its last stage) or of a stage
    ("training.<id>"), or the metrics of the training ("training metrics")."""
    if spec == METRICS:
        return project.training.metrics
    if spec.startswith("training"):
        stage = stage_edits.stage_of(project, spec)
        return () if stage is None else stage.callbacks
    steps: tuple[Step, ...] = getattr(project, spec).steps
    return steps


def with_steps(project: Project, spec: str, steps: Iterable[Step]) -> Project:
    if spec == METRICS:
        return replace(project, training=replace(project.training, metrics=tuple(steps)))
    if spec.startswith("training"):
        stage = stage_edits.stage_of(project, spec)
        return project if stage is None else stage_edits.set_stage_field(project, stage.id, "callbacks", tuple(steps))
    return replace(project, **{spec: replace(getattr(project, spec), steps=tuple(steps))})


def add_step(project: Project, spec: str, type: str, params: dict[str, Any] | None = None,
             index: int | None = None) -> Project:
    """A new step of that type at `index` (the end by default); its id is unique."""
    steps = list(steps_of(project, spec))
    step = Step(id=unique_id(type, (item.id for item in steps)), type=type, params=params or {})
    steps.insert(len(steps) if index is None else index, step)
    return with_steps(project, spec, steps)


def duplicate_step(project: Project, spec: str, step: str) -> Project:
    """Insert a copy behind the step. Its own id gives it random numbers of its own."""
    steps = list(steps_of(project, spec))
    index = next((number for number, item in enumerate(steps) if item.id == step), None)
    if index is None:
        return project
    original = steps[index]
    steps.insert(index + 1, replace(original, id=unique_id(original.type, (item.id for item in steps))))
    return with_steps(project, spec, steps)


def remove_step(project: Project, spec: str, step: str) -> Project:
    return with_steps(project, spec, (item for item in steps_of(project, spec) if item.id != step))


def move_step(project: Project, spec: str, step: str, index: int) -> Project:
    """Move a step to `index`."""
    steps = list(steps_of(project, spec))
    moved = next((item for item in steps if item.id == step), None)
    if moved is None:
        return project
    steps.remove(moved)
    steps.insert(max(0, min(index, len(steps))), moved)
    return with_steps(project, spec, steps)


def enable_step(project: Project, spec: str, step: str, enabled: bool) -> Project:
    return with_steps(project, spec, (
        replace(item, enabled=enabled) if item.id == step else item for item in steps_of(project, spec)))


def set_step_param(project: Project, spec: str, step: str, name: str, value: Any) -> Project:
    return with_steps(project, spec, (
        replace(item, params=item.params | {name: value}) if item.id == step else item
        for item in steps_of(project, spec)))


# The network -------------------------------------------------------------------------------------

def set_network(project: Project, network: NetworkSpec) -> Project:
    """Replace the network; layers that no longer exist leave their groups, and empty groups are removed."""
    if network.groups:
        ids = {node.id for node in network.nodes}
        groups = tuple(group if ids.issuperset(group.nodes) else
                       replace(group, nodes=tuple(item for item in group.nodes if item in ids))
                       for group in network.groups)
        network = replace(network, groups=tuple(group for group in groups if group.nodes))
    return replace(project, network=network)


def add_node(project: Project, node: Node, source: str | None = None, edge: Edge | None = None) -> Project:
    """Add a layer; after `source` if given, or in the middle of `edge` if given. Its id is made unique."""
    network = project.network
    node = replace(node, id=unique_id(node.id, (item.id for item in network.nodes)))
    edges = list(network.edges)
    if edge is not None and edge in edges:
        index = edges.index(edge)
        edges[index:index + 1] = [Edge(source=edge.source, target=node.id),
                                  Edge(source=node.id, target=edge.target, port=edge.port)]
    elif source is not None:
        edges.append(Edge(source=source, target=node.id))
    return set_network(project, replace(network, nodes=(*network.nodes, node), edges=tuple(edges)))


def remove_nodes(project: Project, nodes: Iterable[str], heal: bool = True) -> Project:
    """Remove layers; with `heal`, what fed a removed layer with one input feeds what it fed."""
    network = project.network
    edges = list(network.edges)
    gone = set(nodes)
    for identifier in [node.id for node in network.nodes if node.id in gone]:
        entering = [edge for edge in edges if edge.target == identifier]
        leaving = [edge for edge in edges if edge.source == identifier]
        edges = [edge for edge in edges if identifier not in (edge.source, edge.target)]
        if heal and len(entering) == 1:
            for edge in leaving:
                bridge = Edge(source=entering[0].source, target=edge.target, port=edge.port)
                if bridge not in edges:
                    edges.append(bridge)
    remaining = tuple(node for node in network.nodes if node.id not in gone)
    return set_network(project, replace(network, nodes=remaining, edges=tuple(edges)))


def connect(project: Project, source: str, target: str, many: bool = False) -> Project:
    """Connect two layers. A target with one input changes its source; with `many` it gains a port.

    Raises ProblemError when this would close a cycle.
    """
    network = project.network
    if source == target or closes_cycle(((edge.source, edge.target) for edge in network.edges), source, target):
        text = Text("{source} already depends on {target}: a connection back would create a loop.",
                    "{source} ya depende de {target}: una conexión de vuelta crearía un bucle.")
        raise ProblemError(error("cycle", text.fill(source=source, target=target), "network", node=target))
    entering = [edge for edge in network.edges if edge.target == target]
    if any(edge.source == source for edge in entering):
        return project
    if many:
        port = max((edge.port for edge in entering), default=-1) + 1
        edges = (*network.edges, Edge(source=source, target=target, port=port))
    else:
        edges = (*(edge for edge in network.edges if edge.target != target), Edge(source=source, target=target))
    return set_network(project, replace(network, edges=edges))


def disconnect(project: Project, edge: Edge) -> Project:
    edges = tuple(item for item in project.network.edges if item != edge)
    return set_network(project, replace(project.network, edges=edges))


def set_node_param(project: Project, node: str, name: str, value: Any) -> Project:
    return set_network(project, replace(project.network, nodes=tuple(
        replace(item, params=item.params | {name: value}) if item.id == node else item
        for item in project.network.nodes)))


def replace_node(project: Project, node: Node) -> Project:
    """Put `node` where the node of the same id stands."""
    return set_network(project, replace(project.network, nodes=tuple(
        node if item.id == node.id else item for item in project.network.nodes)))


def rename_node(project: Project, node: str, name: str) -> Project:
    """Give a layer another id (its name in Keras); raises ProblemError if taken or not a name."""
    name = name.strip()
    if name == node:
        return project
    if not name or not name.replace("_", "").replace("-", "").isalnum() or not name.isascii():
        text = Text("The name of a layer may contain only letters, digits, _ and -.",
                    "El nombre de una capa solo puede contener letras, dígitos, _ y -.")
        raise ProblemError(error("bad_name", text, "network", node=node, field="id"))
    if project.network.node(name) is not None:
        text = Text("There is already a layer called {name}. Choose another name.",
                    "Ya hay una capa llamada {name}. Elija otro nombre.").fill(name=name)
        raise ProblemError(error("name_taken", text, "network", node=node, field="id"))

    def renamed(identifier: str) -> str:
        return name if identifier == node else identifier

    network = project.network
    return set_network(project, replace(
        network,
        nodes=tuple(replace(item, id=renamed(item.id)) for item in network.nodes),
        edges=tuple(replace(edge, source=renamed(edge.source), target=renamed(edge.target))
                    for edge in network.edges),
        groups=tuple(replace(group, nodes=tuple(renamed(item) for item in group.nodes)) for group in network.groups)))


def move_nodes(project: Project, positions: dict[str, tuple[float, float]]) -> Project:
    """Place layers on the canvas."""
    return set_network(project, replace(project.network, nodes=tuple(
        replace(item, position=positions[item.id]) if item.id in positions else item
        for item in project.network.nodes)))


def set_columns(project: Project, paths: tuple[str, ...], labels: tuple[str, ...]) -> Project:
    """Name the columns of a list; the columns of other joined lists stay known."""
    spec = project.dataset
    more = bool(spec.joined)
    return replace(project, dataset=replace(
        spec, path_columns=tuple(dict.fromkeys((*paths, *(spec.path_columns if more else ())))),
        label_columns=tuple(dict.fromkeys((*labels, *(spec.label_columns if more else ()))))))
