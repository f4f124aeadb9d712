"""Starting a network from a base or a template; fetching weights and comparing the bases first."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.events import Failed
from cnnstudio.core.jobs import FetchBase
from cnnstudio.core.places import cache_folder
from cnnstudio.core.text import Text, language
from cnnstudio.gui.pages.network.editor import NetworkEditor
from cnnstudio.gui.state.jobs import ChildJob
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.network.new_project import Facts, with_base, with_template


class StartingPoints(QObject):
    """Replaces the network by a base or a template, as one edit."""

    weights_fetched = Signal()

    def __init__(self, editor: NetworkEditor, workspace: Workspace) -> None:
        super().__init__(editor)
        self._editor, self._workspace, self._session = editor, workspace, workspace.session

    def start_from_base(self, identifier: str) -> None:
        """Start from a pretrained base with a new classifier."""
        base = self._session.bases.find(identifier)
        if base is None:
            return
        self._session.edit(lambda project: with_base(project, base),
                           Text("Start from {name}", "Partir de {name}").fill(name=base.label))
        self._editor.network_replaced.emit()

    def start_from_template(self, identifier: str) -> None:
        """Start from an architecture that fits these pictures."""
        from cnnstudio.catalog.templates import TEMPLATES

        template = TEMPLATES[identifier]
        self._session.edit(lambda project: with_template(project, template, self._facts()),
                           Text("Start from {name}", "Partir de {name}").fill(name=template.label))
        self._editor.network_replaced.emit()

    def fetch(self, base: str) -> None:
        """Download a base's weights in a child process, with progress and Cancel in the status bar."""
        if self._session.jobs.of_kind("fetch") is None:
            wanted = FetchBase(base=base, cache=str(cache_folder()), language=language())
            job = ChildJob(wanted, Text("Downloading weights", "Descargando pesos"), "fetch", page="network")
            job.ended.connect(self._on_fetched)
            self._session.jobs.start(job)

    def compare(self, parent: QWidget) -> None:
        """Compare the bases on the project's pictures, or show the saved comparison."""
        from cnnstudio.gui.pages.network.probe import ProbeDialog

        dialog = ProbeDialog(self._workspace, parent)
        dialog.taken.connect(self.start_from_base)
        dialog.open()

    def _on_fetched(self, last: object) -> None:
        if isinstance(last, Failed):
            self._session.report(last.problem)
        self.weights_fetched.emit()
        self._session.announce("network")

    def _facts(self) -> Facts:
        """Facts about the pictures, as for a new project; from the recipe where there are none."""
        project, index, root = self._session.project, self._workspace.collection.index, self._workspace.collection.root
        if index is not None and root is not None and root.is_dir() and index.sizes(1):
            from cnnstudio.datasets.opening import facts_of

            return facts_of(index, project, root)
        return Facts(classes=self._workspace.counts.class_names, grey=project.recipe.color_mode == "grayscale")
