"""The clusters that were added: their state; add, edit, check and remove."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from cnnstudio.core.clusters import Cluster
from cnnstudio.core.text import tr
from cnnstudio.gui.pages.train.place.form import ClusterForm
from cnnstudio.gui.pages.train.place.status import cluster_status
from cnnstudio.gui.state.training_places import TrainingPlaces
from cnnstudio.gui.widgets.basics import Button, Elided, Label, box, clear, column, row, scroll_area
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.dialog import Dialog
from cnnstudio.gui.widgets.question import Question


class ClusterRow(Card):
    """One cluster."""

    def __init__(self, places: TrainingPlaces, cluster: Cluster, edit: Button, remove: Button) -> None:
        super().__init__(spacing=4, margins=(16, 10, 12, 10))
        self._places, self._name = places, cluster.name
        self._state = Label("", "secondary", "dim", wrap=True, selectable=True)
        self._check = Button(tr("Check", "Comprobar"), "link", on_click=lambda: places.check(self._name, again=True))
        for button in (edit, self._check, remove):
            button.setAccessibleName(f"{button.text()}: {cluster.name}")
        head = row(Elided(cluster.name, "body_strong"), edit, self._check, remove, spacing=8)
        head.setStretch(0, 1)
        self.body.addLayout(head)
        self.body.addWidget(Elided(f"{cluster.address}  ·  {cluster.storage}", "secondary", "dim"))
        self.body.addWidget(self._state)
        self.setAccessibleName(cluster.name)
        self.show_state()

    def show_state(self) -> None:
        """Show what is known now."""
        text, tone = cluster_status(self._places, self._name)
        self._state.setText(text)
        self._state.set_tone(tone)
        self._check.setEnabled(not self._places.is_asked(self._name))


class ClustersDialog(Dialog):
    """A row for each cluster; every one is asked when the dialog opens."""

    def __init__(self, places: TrainingPlaces, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Clusters", "Clústeres"))
        self.resize(620, 480)
        self._places = places
        self._rows: list[ClusterRow] = []
        self._shown: tuple[Cluster, ...] | None = None
        self._lines = column(spacing=10)
        note = Label(tr("A cluster is one machine or several on which Ray runs, such as your laboratory's GPU server. The "
                        "pictures go there once, and the network, its curves and its log come back into the project.",
                        "Un clúster es una máquina o varias en las que funciona Ray, como el servidor con GPU de su "
                        "laboratorio. Las imágenes van allí una sola vez, y la red, sus curvas y su registro vuelven al "
                        "proyecto."), "secondary", "dim", wrap=True)
        self._none = Label(tr("No clusters yet.", "Aún no hay clústeres."), "body", "dim")
        self._failure = Label("\n".join(str(problem.text) for problem in places.problems), "secondary", "error", wrap=True)
        self._failure.setVisible(bool(places.problems))
        add = Button(tr("Add a cluster…", "Añadir un clúster…"), "", "plus", on_click=self._add)
        close = Button(tr("Close", "Cerrar"), "primary", on_click=self.accept)
        listed = box(column(self._failure, self._none, box(self._lines), None, spacing=10))
        self.setLayout(column(Label(self.windowTitle(), "title"), note, scroll_area(listed), row(add, None, close), spacing=12,
                              margins=(24, 24, 24, 20)))
        close.setFocus()
        places.changed.connect(self._show)
        self._show()
        for cluster in places.clusters:
            if places.report(cluster.name) is None:
                places.check(cluster.name)

    def _show(self) -> None:
        clusters = self._places.clusters
        self._none.setVisible(not clusters and not self._places.problems)
        if clusters != self._shown:
            self._shown = clusters
            clear(self._lines)
            self._rows = [ClusterRow(self._places, cluster,
                                     Button(tr("Edit…", "Editar…"), "link", on_click=partial(self._edit, cluster)),
                                     Button(tr("Remove", "Quitar"), "link", on_click=partial(self._remove, cluster)))
                          for cluster in clusters]
            for line in self._rows:
                self._lines.addWidget(line)
        for line in self._rows:
            line.show_state()

    def _add(self) -> None:
        ClusterForm(self._places, None, self).open()

    def _edit(self, cluster: Cluster) -> None:
        ClusterForm(self._places, cluster, self).open()

    def _remove(self, cluster: Cluster) -> None:
        answer = Question(
            tr("Remove {name}?", "¿Quitar {name}?", name=cluster.name),
            tr("Its address and its token are forgotten here. What it is training goes on there, and nothing in its storage is "
               "deleted.",
               "Aquí se olvidan su dirección y su token. Lo que esté entrenando sigue allí, y no se elimina nada de su "
               "almacenamiento."),
            (("remove", tr("Remove", "Quitar"), "danger"),), self).ask()
        if answer == "remove":
            self._places.remove(cluster.name)


def open_clusters(places: TrainingPlaces, parent: QWidget) -> None:
    """Open the dialog over a page."""
    ClustersDialog(places, parent.window()).open()
