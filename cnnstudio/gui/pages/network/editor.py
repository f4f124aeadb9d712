"""The edited network: the project's network, its report, and the scene that shows it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QPointF, Signal

from cnnstudio.catalog.context import Context, context_of
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.problems import Problem, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.gui.pages.network.canvas.scene import NetworkScene
from cnnstudio.gui.pages.network.node_looks import Looks
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.network.advice import advice
from cnnstudio.network.checks import check_weights
from cnnstudio.network.shapes import NetworkReport, report


class NetworkEditor(QObject):
    """What the parts of the Network page share."""

    layers_added = Signal(list)
    """Ids of new layers, which are selected."""
    layer_inserted = Signal()
    """A layer or block was inserted by its name: scroll to it."""
    network_replaced = Signal()
    """Another network was opened: show it whole."""
    arranged = Signal()
    """The automatic layout was applied."""

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session, self._counts = workspace.session, workspace.counts
        self.scene = NetworkScene(self)
        self.context: Context = context_of(self.session.project, 2, self.session.bases)
        self.report: NetworkReport = report(self.network, self.context)
        self.problems: tuple[Problem, ...] = ()
        """Problems of the network, and advice."""
        self.visible_center: Callable[[], QPointF] = QPointF
        """The middle of the visible part of the canvas."""
        self._looks = Looks()

    @property
    def network(self) -> NetworkSpec:
        """The network of the project."""
        return self.session.project.network

    def refresh(self) -> None:
        """Report on the network, and show it on the scene."""
        network, project = self.network, self.session.project
        self.context = context_of(project, max(2, len(self._counts.class_names)), self.session.bases)
        self.report = report(network, self.context)
        self.problems = (*self.report.problems, *advice(network, self.context, self.report), *check_weights(project))
        self.scene.show_network(network, self._looks.of(network, self.context, self.report, self.problems))

    def edit(self, function: Callable[[Project], Project], label: Text, *, choose: bool = False) -> list[str]:
        """Apply one edit as one undo step; `choose` selects the ids of new layers."""
        before = {node.id for node in self.network.nodes}
        if not self.session.edit(function, label):
            return []
        new = [node.id for node in self.network.nodes if node.id not in before]
        if choose and new:
            self.scene.choose(new)
            self.layers_added.emit(new)
        return new

    def warn(self, text: Text) -> None:
        """Show why an action does not fit the selection."""
        self.session.report(error("nothing_chosen", text, "network"))
