"""Edits of the network beyond single layers: groups, notes, pasting, aligning. Pure functions, as in `edits`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Literal

import msgspec

from cnnstudio.core.edits import set_network
from cnnstudio.core.graph import unique_id
from cnnstudio.core.groups import MOST_REPEATS
from cnnstudio.core.network import INPUT, Edge, Group, NetworkSpec, Node, Note
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text

replace = msgspec.structs.replace

Align = Literal["left", "center", "right", "top", "middle", "bottom"]
OFFSET: Final = 32.0
"""Pixels by which a pasted part is moved when it would cover its original."""


# Groups ------------------------------------------------------------------------------------------

def group_nodes(project: Project, nodes: Iterable[str], name: str = "") -> Project:
    """Put layers into a new group; they leave their old groups."""
    network = project.network
    wanted = set(nodes)
    members = tuple(node.id for node in network.nodes if node.id in wanted and node.type != INPUT)
    if not members:
        return project
    others = tuple(replace(group, nodes=tuple(element for element in group.nodes if element not in wanted))
                   for group in network.groups)
    identifier = unique_id("block", [group.id for group in network.groups])
    new_group = Group(id=identifier, name=name.strip() or identifier, nodes=members)
    return set_network(project, replace(network, groups=(*others, new_group)))


def ungroup(project: Project, group: str) -> Project:
    """Remove a group; its layers stay."""
    groups = tuple(element for element in project.network.groups if element.id != group)
    return set_network(project, replace(project.network, groups=groups))


def set_group(project: Project, group: str, **changes: Any) -> Project:
    """Change `name`, `repeat`, `collapsed` or `position` of a group; raises ProblemError for a wrong repeat count."""
    repeat = changes.get("repeat", 1)
    if not 1 <= repeat <= MOST_REPEATS:
        text = Text("A block can be repeated 1 to {most} times, not {n}.",
                    "Un bloque se puede repetir de 1 a {most} veces, no {n}.")
        raise ProblemError(error("bad_repeat", text.fill(most=MOST_REPEATS, n=repeat), "network"))
    if not str(changes.get("name", "x")).strip():
        raise ProblemError(error("bad_name", Text("A block needs a name.", "Un bloque necesita un nombre."), "network"))
    groups = tuple(replace(element, **changes) if element.id == group else element for element in project.network.groups)
    return set_network(project, replace(project.network, groups=groups))


# Notes -------------------------------------------------------------------------------------------

def add_note(project: Project, text: str, position: tuple[float, float]) -> Project:
    note = Note(id=unique_id("note", [element.id for element in project.network.notes]), text=text, position=position)
    return set_network(project, replace(project.network, notes=(*project.network.notes, note)))


def set_note(project: Project, note: str, **changes: Any) -> Project:
    """Change `text` or `position` of a note; a note without text is removed."""
    notes = tuple(replace(element, **changes) if element.id == note else element for element in project.network.notes)
    return set_network(project, replace(project.network, notes=tuple(element for element in notes if element.text.strip())))


def remove_notes(project: Project, notes: Iterable[str]) -> Project:
    gone = set(notes)
    remaining = tuple(element for element in project.network.notes if element.id not in gone)
    return set_network(project, replace(project.network, notes=remaining))


# Pieces of a network -----------------------------------------------------------------------------

def subnetwork(network: NetworkSpec, nodes: Iterable[str]) -> NetworkSpec:
    """Some layers with the connections and complete groups among them, for the clipboard."""
    wanted = set(nodes)
    return NetworkSpec(
        nodes=tuple(node for node in network.nodes if node.id in wanted),
        edges=tuple(edge for edge in network.edges if edge.source in wanted and edge.target in wanted),
        groups=tuple(group for group in network.groups if wanted.issuperset(group.nodes)))


def paste(project: Project, part: NetworkSpec, positions: Mapping[str, tuple[float, float]] | None = None, *,
          source: str | None = None, edge: Edge | None = None) -> tuple[Project, list[str]]:
    """Add a part with new ids; returns the project and the new ids in the order of the part.

    With `edge` the part is inserted into that connection, with `source` behind that layer: it feeds the layers of the
    part that have no source, and the last layer feeds the target of the connection. A second Input is left out.
    """
    network = project.network
    one_input = any(node.type == INPUT for node in network.nodes)
    taken = {node.id for node in network.nodes}
    names: dict[str, str] = {}
    new_nodes: list[Node] = []
    for node in part.nodes:
        if node.type == INPUT and one_input:
            continue
        names[node.id] = unique_id(node.id, taken)
        taken.add(names[node.id])
        place = positions.get(node.id) if positions is not None else None
        new_nodes.append(replace(node, id=names[node.id], position=place))
    inner = [replace(element, source=names[element.source], target=names[element.target]) for element in part.edges
             if element.source in names and element.target in names]
    edges = [element for element in network.edges if element != edge]
    entry = edge.source if edge is not None else source
    if entry is not None and new_nodes:
        fed, feeding = {element.target for element in inner}, {element.source for element in inner}
        inner += [Edge(source=entry, target=node.id) for node in new_nodes if node.id not in fed]
        last = next((node.id for node in reversed(new_nodes) if node.id not in feeding), new_nodes[-1].id)
        if edge is not None:
            inner.append(Edge(source=last, target=edge.target, port=edge.port))
    groups = list(network.groups)
    for group in part.groups:
        members = tuple(names[element] for element in group.nodes if element in names)
        if members:
            identifier = unique_id(group.id, [element.id for element in groups])
            groups.append(replace(group, id=identifier, nodes=members, position=None))
    changed = replace(network, nodes=(*network.nodes, *new_nodes), edges=(*edges, *inner), groups=tuple(groups))
    return set_network(project, changed), [node.id for node in new_nodes]


def insert_after(project: Project, source: str, before: Iterable[str]) -> Project:
    """The last of the layers that are not in `before` (ids) feeds the old targets of `source`.

    A layer that was added behind another thus comes between it and everything that follows.
    """
    old = set(before)
    new = [node.id for node in project.network.nodes if node.id not in old]
    if not new:
        return project
    edges = tuple(replace(edge, source=new[-1]) if edge.source == source and edge.target in old else edge
                  for edge in project.network.edges)
    return set_network(project, replace(project.network, edges=edges))


# Places ------------------------------------------------------------------------------------------

def aligned_positions(boxes: Mapping[str, tuple[float, float, float, float]], side: Align) -> dict[str, tuple[float, float]]:
    """New positions of boxes (x, y, width, height) that are aligned on a side."""
    if not boxes:
        return {}
    left, top = min(box[0] for box in boxes.values()), min(box[1] for box in boxes.values())
    right, bottom = max(box[0] + box[2] for box in boxes.values()), max(box[1] + box[3] for box in boxes.values())
    along: dict[str, Callable[[float, float], float]] = {
        "left": lambda _x, _width: left, "center": lambda _x, width: (left + right - width) / 2,
        "right": lambda _x, width: right - width, "top": lambda _y, _height: top,
        "middle": lambda _y, height: (top + bottom - height) / 2, "bottom": lambda _y, height: bottom - height}
    move, across = along[side], side in ("left", "center", "right")
    return {identifier: (move(x, width), y) if across else (x, move(y, height))
            for identifier, (x, y, width, height) in boxes.items()}


def distributed_positions(boxes: Mapping[str, tuple[float, float, float, float]], *, down: bool
                          ) -> dict[str, tuple[float, float]]:
    """New positions of boxes with equal gaps between them; the first and the last stay."""
    axis = 1 if down else 0
    ordered = sorted(boxes.items(), key=lambda item: item[1][axis])
    if len(ordered) < 3:
        return {identifier: box[:2] for identifier, box in boxes.items()}
    begin, end = ordered[0][1][axis], ordered[-1][1][axis] + ordered[-1][1][axis + 2]
    gap = (end - begin - sum(box[axis + 2] for _name, box in ordered)) / (len(ordered) - 1)
    positions, start = {}, begin
    for identifier, box in ordered:
        positions[identifier] = (box[0], start) if down else (start, box[1])
        start += box[axis + 2] + gap
    return positions
