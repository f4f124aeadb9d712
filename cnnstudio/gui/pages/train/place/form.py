"""The dialog that adds or changes a cluster."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLineEdit, QVBoxLayout, QWidget

from cnnstudio.core.clusters import MOST_RANKS, Cluster
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import tr
from cnnstudio.gui.look import theme
from cnnstudio.gui.state.training_places import TrainingPlaces
from cnnstudio.gui.widgets.basics import Button, Label, box, column, row, scroll_area
from cnnstudio.gui.widgets.dialog import Dialog
from cnnstudio.gui.widgets.number_box import NumberBox


class ClusterForm(Dialog):
    """Closes when the cluster is kept; else every problem stands below its field."""

    def __init__(self, places: TrainingPlaces, cluster: Cluster | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._places, self._before = places, "" if cluster is None else cluster.name
        title = tr("Add a cluster", "Añadir un clúster") if cluster is None else tr(
            "Edit {name}", "Editar {name}", name=cluster.name)
        self.setWindowTitle(title)
        self._failures: dict[str, Label] = {}
        known = cluster or Cluster(name="", address="", storage="")
        self._name = _line(known.name, tr("Name", "Nombre"), tr("Such as lab", "Por ejemplo: laboratorio"))
        self._address = _line(known.address, tr("Address", "Dirección"), "lab.example.org:8265")
        self._token = _line("", tr("Token", "Token"), tr("Kept; leave it empty to keep it",
                                                        "Guardado; déjelo vacío para conservarlo") if cluster else "")
        self._token.setEchoMode(QLineEdit.EchoMode.Password)
        self._storage = _line(known.storage, tr("Shared storage", "Almacenamiento compartido"),
                              tr("/mnt/lab or s3://bucket/folder", "/mnt/laboratorio o s3://cubo/carpeta"))
        self._there = _line(known.host_storage, tr("The same storage, as the hosts see it",
                                                   "El mismo almacenamiento, como lo ven los nodos"),
                            tr("Under the same name", "Con el mismo nombre"))
        self._ranks = _number(known.ranks, tr("Hosts", "Nodos"), 1, MOST_RANKS)
        self._cpus = _number(known.cpus, tr("Processors of each", "Procesadores de cada uno"), 1, 4096)
        self._gpus = _number(known.gpus, tr("GPUs of each", "GPU de cada uno"), 0, 64)
        self._save = Button(tr("Save and check", "Guardar y comprobar"), "primary", on_click=self._on_save)
        self._other = Label("", "secondary", "error", wrap=True)
        self._other.hide()
        fields = box(self._fields())
        self.setLayout(column(Label(title, "title", wrap=True), scroll_area(fields), self._other,
                              row(None, Button(tr("Cancel", "Cancelar"), "quiet", on_click=self.reject), self._save, spacing=8),
                              spacing=12, margins=(24, 24, 24, 20)))
        self.resize(560, 620)
        places.kept.connect(self._on_kept)
        self._name.setFocus()

    def _fields(self) -> QVBoxLayout:
        browse = Button(tr("Choose…", "Elegir…"), "icon", "folder", on_click=self._browse)
        numbers = row(spacing=12)
        for box_, name in ((self._ranks, "ranks"), (self._cpus, "cpus"), (self._gpus, "gpus")):
            numbers.addLayout(self._field(box_, name), 1)
        storage = row(self._storage, browse, spacing=4)
        storage.setStretch(0, 1)
        return column(
            self._field(self._name, "name"), self._field(self._address, "address",
                tr("Where Ray's dashboard listens.", "Donde escucha el panel de Ray.")),
            self._field(self._token, "token",
                        tr("What “ray get-auth-token” prints on the cluster. It goes into this system's keyring.",
                           "Lo que muestra «ray get-auth-token» en el clúster. Se guarda en el llavero de este sistema.")),
            self._field(self._storage, "storage",
                        tr("A folder that this computer and the hosts see, or an S3 address: pictures and results pass through "
                           "it.", "Una carpeta que vean este equipo y los nodos, o una dirección de S3: por ella pasan las "
                           "imágenes y los resultados."), storage),
            self._field(self._there, "host_storage"), numbers, spacing=12, margins=(0, 0, 8, 0))

    def _field(self, line: QWidget, name: str, note: str = "", layout: Any = None) -> QVBoxLayout:
        """A field below its label, above its problem."""
        failure = self._failures[name] = Label("", "secondary", "error", wrap=True)
        failure.hide()
        field = column(Label(line.accessibleName(), "secondary"), spacing=4)
        if layout is None:
            field.addWidget(line)
        else:
            field.addLayout(layout)
        if note:
            field.addWidget(Label(note, "secondary", "dim", wrap=True))
        field.addWidget(failure)
        return field

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, self._storage.accessibleName(), self._storage.text())
        if folder:
            self._storage.setText(folder)

    # ---------------------------------------------------------------------------------------------

    def _on_save(self) -> None:
        name = self._name.text().strip()
        if name != self._before and any(cluster.name == name for cluster in self._places.clusters):
            self._show_texts({"name": tr("There is already a cluster called {name}.", "Ya hay un clúster llamado {name}.",
                                         name=name)})
            return
        self._save.setEnabled(False)
        self._places.keep(Cluster(
            name=name, address=self._address.text().strip(), storage=self._storage.text().strip(),
            host_storage=self._there.text().strip(), ranks=int(self._ranks.value or 1), cpus=int(self._cpus.value or 1),
            gpus=int(self._gpus.value or 0)), self._token.text().strip(), self._before)

    def _on_kept(self, problems: Iterable[Problem]) -> None:
        self._save.setEnabled(True)
        blocking = [problem for problem in problems if problem.blocks]
        if not blocking:
            self.accept()
            return
        texts: dict[str, str] = {}
        for problem in blocking:
            field = problem.where.field if problem.where.field in self._failures else ""
            texts[field or ""] = "\n".join(filter(None, (texts.get(field or "", ""), str(problem.text))))
        self._show_texts(texts)

    def _show_texts(self, texts: dict[str, str]) -> None:
        for name, label in {**self._failures, "": self._other}.items():
            label.setText(texts.get(name, ""))
            label.setVisible(bool(texts.get(name)))


def _line(text: str, name: str, placeholder: str) -> QLineEdit:
    line = QLineEdit(text)
    line.setFont(theme.font())
    line.setAccessibleName(name)
    line.setPlaceholderText(placeholder)
    return line


def _number(value: int, name: str, least: int, most: int) -> NumberBox:
    number = NumberBox(value, minimum=least, maximum=most, integer=True)
    number.setAccessibleName(name)
    return number
