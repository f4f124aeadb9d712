"""The drawing of a project's network without a window: the canvas as a file."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QApplication

from cnnstudio.catalog.context import Context
from cnnstudio.core.project import Project
from cnnstudio.gui.look import theme
from cnnstudio.gui.pages.network.canvas.printing import draw
from cnnstudio.gui.pages.network.canvas.scene import NetworkScene
from cnnstudio.gui.pages.network.node_looks import Looks
from cnnstudio.network.advice import advice
from cnnstudio.network.shapes import report


def write_drawing(project: Project, context: Context, path: Path) -> None:
    """Write the network as SVG, PDF or PNG, by the suffix.

    Raises ProblemError where the file cannot be written. For a process without a window: Qt's platform must not need a
    screen.
    """
    application = QApplication.instance() or QApplication(["cnnstudio"])
    theme.load_fonts()
    network_report = report(project.network, context)
    scene = NetworkScene()
    scene.show_network(project.network, Looks().of(project.network, context, network_report, (
        *network_report.problems, *advice(project.network, context, network_report))))
    draw(scene, path, project.name)
    scene.clear()
    del scene, application
