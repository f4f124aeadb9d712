"""Remarks on the lines from which the bases of a network learn."""

from __future__ import annotations

import msgspec

from cnnstudio.catalog.bases.freezing import too_many_text
from cnnstudio.catalog.bases.resolver import BaseResolver, base_of_node
from cnnstudio.catalog.layers import LAYERS, values_of
from cnnstudio.core.network import BASE
from cnnstudio.core.problems import Area, Fix, Problem, warning
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text

WHOLE_BASE = Text("Let the whole base learn", "Dejar aprender toda la base")


def check_freeze_lines(project: Project, bases: BaseResolver) -> tuple[Problem, ...]:
    """A note for each base whose own line counts more layers than it has."""
    notes = []
    for node in project.network.nodes:
        base = base_of_node(node, bases) if node.type == BASE else None
        if base is None:
            continue
        values = values_of(node, LAYERS[BASE])
        text = too_many_text(base, str(values["trainable_from"]), str(values["ends_at"]))
        if text is not None:
            fix = Fix(action="set_node_param", label=WHOLE_BASE,
                      arguments={"node": node.id, "name": "trainable_from", "value": "all"})
            notes.append(too_many_layers(text, "network", node.id, fix))
    return tuple(notes)


def too_many_layers(text: Text, area: Area, node: str | None, fix: Fix) -> Problem:
    """The note of a line that counts more layers than there are: Keras's `base.layers[-n:]` are then all of them."""
    note = warning("more_than_all_layers", text, area, node=node, field="trainable_from", fixes=(fix,))
    return msgspec.structs.replace(note, severity="info")
