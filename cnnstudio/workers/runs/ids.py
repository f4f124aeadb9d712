"""The id of a run, which is the name of its folder: when it was made, and of which network."""

from __future__ import annotations

import re
import time
from pathlib import Path

from cnnstudio.core.network import BASE
from cnnstudio.core.project import Project


def run_id(project: Project) -> str:
    """The id of a run of that project that is made now, in local time."""
    return f"{time.strftime('%Y-%m-%d-%H%M%S')}-{slug(network_label(project))}"


def fresh_folder(runs: Path, base: str) -> Path:
    """Make a folder of that name, or of the next one that is free; raises OSError."""
    number = 1
    while True:
        folder = runs / (base if number == 1 else f"{base}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
            continue
        return folder


def slug(text: str) -> str:
    """Letters, digits and dashes, for the name of a folder."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40] or "network"


def network_label(project: Project) -> str:
    """The origin of the network: a base or a template, else "network"."""
    for node in project.network.nodes:
        if node.type == BASE:
            from cnnstudio.catalog.bases.resolver import base_label

            return base_label(node)
    return project.network.origin or "network"
