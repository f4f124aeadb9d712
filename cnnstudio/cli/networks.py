"""`cnnstudio network`: the network of a file in place of a project's own."""

from __future__ import annotations

import argparse
from pathlib import Path

from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.foreign import read_network, unknown_problem, with_foreign
from cnnstudio.catalog.shapes import report
from cnnstudio.cli.output import Output
from cnnstudio.cli.projects import locked
from cnnstudio.core.files import read_project, write_project
from cnnstudio.core.problems import warning
from cnnstudio.core.text import tr
from cnnstudio.datasets.opening import open_index


def network(arguments: argparse.Namespace, output: Output) -> int:
    """Take the network of a `.keras` or JSON file over into the project; exit code 2 where it is none."""
    folder: Path = arguments.project
    project = read_project(folder)
    foreign = read_network(arguments.source)
    index = open_index(folder)
    try:
        classes = len(index.class_names(project.dataset))
    finally:
        index.close()
    context = context_of(project, max(classes, 2))
    changed = with_foreign(project, foreign, context)
    lock = locked(folder)
    try:
        write_project(folder, changed)
    finally:
        lock.release()
    found = report(changed.network, context_of(changed, max(classes, 2)))
    unknown = unknown_problem(foreign, arguments.source)
    output.problems([*([unknown] if unknown is not None else []),
                     *(warning("shared_layer", note, "network") for note in foreign.notes)], as_lines=False)
    output.line({"event": "network", "layers": len(changed.network.nodes), "parameters": found.parameters,
                 "unknown": list(foreign.unknown), "problems": len(found.problems)},
                tr("{n} layers, {parameters} parameters, {unknown} unknown layers",
                   "{n} capas, {parameters} parámetros, {unknown} capas desconocidas", n=len(changed.network.nodes),
                   parameters=f"{found.parameters:,}", unknown=len(foreign.unknown)))
    return 0
