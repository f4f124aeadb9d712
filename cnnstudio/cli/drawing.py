"""The command that draws a project's network into a file."""

from __future__ import annotations

import argparse
import os
from importlib import import_module
from pathlib import Path
from typing import Final

from cnnstudio.catalog.context import context_of
from cnnstudio.catalog.exporters import DRAWINGS
from cnnstudio.cli.code import project_of
from cnnstudio.cli.output import Output
from cnnstudio.cli.targets import check_target
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text, tr
from cnnstudio.interchange.own_base.resolver import ProjectBases

_DRAWER: Final = "cnnstudio.gui.pages.network.drawing"
"""By its dotted name, since no other command loads Qt."""


def draw(arguments: argparse.Namespace, output: Output) -> int:
    """Write the network as the canvas shows it; the suffix of the file decides the format."""
    target: Path = arguments.to
    if target.suffix.lower() not in DRAWINGS:
        text = Text("{path}: the file name of a drawing must end in {endings}.",
                    "{path}: el nombre del archivo de un dibujo debe terminar en {endings}.")
        raise ProblemError(error("unknown_format", text.fill(path=target.name, endings=", ".join(DRAWINGS)), "file",
                                 path=target))
    check_target(target, force=True)
    project, classes, _training = project_of(arguments)
    context = context_of(project, max(2, classes), ProjectBases(arguments.project))
    # A drawing needs no screen and must not open a window.
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    import_module(_DRAWER).write_drawing(project, context, target)
    output.line({"path": str(target), "layers": len(project.network.nodes)},
                tr("Written to {path}.", "Escrito en {path}.", path=target))
    return 0
