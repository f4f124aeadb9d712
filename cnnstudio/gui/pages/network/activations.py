"""What the layers of a trained run answer to a picture, on the cards of the canvas."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QWidget

from cnnstudio.core.explain_jobs import FeaturesShown
from cnnstudio.core.network import NetworkSpec
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.gui.pages.network.canvas.items import MAPS
from cnnstudio.gui.pages.network.canvas.scene import NetworkScene
from cnnstudio.gui.state.explainer import Ended
from cnnstudio.gui.state.inside import Inside
from cnnstudio.gui.state.jobs import Work
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.state.thumbnails import Thumbnails, Wanted, size_for
from cnnstudio.gui.widgets.basics import Button, Elided, Label, box, column, row
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.gui.widgets.picture import PictureView
from cnnstudio.workers.runs.folder import RunFolder, RunSummary, list_runs

_SIDE: Final = 72
_WIDTH: Final = 244
_ABOVE: Final = 64
"""The height of the zoom bar and its margins, in pixels."""
_STRIDE: Final = 0.618
"""Which share of the pictures lies between one and "another one": they come from all classes."""


class Activations(QFrame):
    """A card over the canvas that chooses a run and a picture; `left` when it is closed."""

    left = Signal()

    def __init__(self, session: Session, scene: NetworkScene, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._session, self._scene = session, scene
        self._runs: list[RunSummary] = []
        self._spec: NetworkSpec | None = None
        self._files: Sequence[Path] = ()
        self._number = 0
        self._file: Path | None = None
        self._maps: dict[str, QImage] = {}
        self._inside = Inside(session, self)
        self._inside.shown.connect(self._on_shown)
        self._inside.ended.connect(self._on_ended)
        self._thumbnails = Thumbnails(self, threads=1)
        self._thumbnails.arrived.connect(self._show_picture)
        self.run = Select()
        self.run.setAccessibleName(tr("Run", "Entrenamiento"))
        self.run.chosen.connect(lambda _run: self._open_run())
        self.picture = PictureView(radius=4)
        self.picture.setFixedSize(_SIDE, _SIDE)
        self._name = Elided("", "secondary", mode=Qt.TextElideMode.ElideMiddle)
        self._status = Label("", "secondary", "dim", wrap=True)
        self.another = Button(tr("Another picture", "Otra imagen"), "link", on_click=self._go_on)
        self.choose = Button(tr("Choose…", "Elegir…"), "link", on_click=self._ask_file)
        head = row(Label(tr("Activations", "Activaciones"), "body_strong"), None,
                   Button(tr("Close", "Cerrar"), "icon", "close", on_click=self.leave), spacing=8)
        body = row(self.picture, box(column(self._name, self.another, self.choose, None, spacing=2)), spacing=10)
        body.setStretch(1, 1)
        self.setLayout(column(head, self.run, body, self._status, spacing=8, margins=(12, 6, 10, 12)))
        self.setFixedWidth(_WIDTH)
        self.hide()

    def close_threads(self) -> None:
        """The page will be deleted."""
        self._inside.cancel(quiet=True)
        self._thumbnails.close()

    # Opened and closed ---------------------------------------------------------------------------

    def toggle(self) -> None:
        """Open the card with the chosen or the newest run, or close it."""
        if self.isVisible():
            self.leave()
            return
        folder = self._session.folder
        self._runs = [run for run in list_runs(folder) if run.has_model] if folder is not None else []
        chosen = next((run.id for run in self._runs if run.id == self._session.chosen_run),
                      self._runs[0].id if self._runs else None)
        self.run.set_choices([(run.id, run.title) for run in self._runs], chosen)
        self.run.setVisible(bool(self._runs))
        self.show()
        self.raise_()
        self._open_run()

    def leave(self) -> None:
        """Close the card; the cards of the layers are as before."""
        self._inside.cancel(quiet=True)
        self._maps.clear()
        self._scene.show_maps({})
        self.hide()
        self.left.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)

    def follow(self, network: NetworkSpec) -> None:
        """The network was edited: only layers that are still those of the run have maps."""
        if self.isVisible():
            self._show_maps(network)

    def place(self) -> None:
        """Stand above the zoom bar, where no other card of the canvas is."""
        layout, canvas = self.layout(), self.parentWidget()
        if layout is None or canvas is None:
            return
        layout.activate()
        self.setFixedHeight(layout.totalHeightForWidth(_WIDTH))
        self.move(16, max(8, canvas.height() - self.height() - _ABOVE))

    # The run -------------------------------------------------------------------------------------

    def _chosen(self) -> RunSummary | None:
        return next((run for run in self._runs if run.id == self.run.value), None)

    def _open_run(self) -> None:
        summary = self._chosen()
        for part in (self.another, self.choose, self.picture, self._name):
            part.setVisible(summary is not None)
        if summary is None:
            self._tell(tr("Train this network first; then its layers show here what they answer to a picture.",
                          "Entrene primero esta red; después sus capas muestran aquí qué responden a una imagen."))
            return
        run = RunFolder(summary.folder)

        def read(_report: object) -> tuple[NetworkSpec, list[Path]]:
            manifest = read_located(run.manifest_path, run.project_folder)
            order = ("test", "validation", "train")
            files = {split: [manifest.path(entry) for entry in manifest.entries if entry.split == split] for split in order}
            return run.spec().network, next((files[split] for split in order if files[split]), [])

        self._spec, self._files, self._file = None, (), None
        self._tell(tr("Loading the model…", "Cargando el modelo…"))
        self._session.jobs.run(read, Text("Pictures of the run", "Imágenes del entrenamiento"), "activations", quiet=True,
                               done=lambda work: self._on_read(work, summary), owner=self)

    def _on_read(self, work: Work, summary: RunSummary) -> None:
        if summary is not self._chosen() or not self.isVisible():
            return
        if not isinstance(work.result, tuple):
            problem = getattr(work.last, "problem", None)
            self._tell(str(problem.text) if problem is not None else "")
            return
        self._spec, self._files = work.result
        self._number = 0
        self.another.setVisible(len(self._files) > 1)
        if self._files:
            self.show_picture(self._files[0])
        else:
            self._tell(tr("Choose a picture.", "Elija una imagen."))

    # The picture ---------------------------------------------------------------------------------

    def _go_on(self) -> None:
        self._number = (self._number + max(1, round(_STRIDE * len(self._files)))) % len(self._files)
        self.show_picture(self._files[self._number])

    def _ask_file(self) -> None:
        start = str(self._file.parent if self._file is not None else Path.home())
        file, _kind = QFileDialog.getOpenFileName(self, tr("Picture", "Imagen"), start)
        if file:
            self.show_picture(Path(file))

    def show_picture(self, file: Path) -> None:
        """Show what the layers answer to a picture."""
        summary = self._chosen()
        if summary is None or self._session.folder is None:
            return
        self._file = file
        self._maps.clear()
        self._name.setText(file.name)
        self._name.setToolTip(str(file))
        self._thumbnails.want([self._wanted(file)])
        self._show_picture()
        self._tell(tr("Looking…", "Examinando…"))
        self._inside.ask((str(self._session.folder), summary.id), "overview", [file], most=MAPS)

    def _wanted(self, file: Path) -> Wanted:
        try:
            status = file.stat()
        except OSError:
            return Wanted(str(file), file, 0, 0, _SIDE)
        return Wanted(str(file), file, status.st_size, status.st_mtime_ns, size_for(_SIDE * self.devicePixelRatioF()))

    def _show_picture(self) -> None:
        if self._file is not None:
            self.picture.set_image(self._thumbnails.get(self._wanted(self._file)))

    def _on_shown(self, event: FeaturesShown) -> None:
        if event.problem is not None:
            self._tell(str(event.problem.text))
            return
        # A base is one card: it shows the last of its layers.
        self._maps[event.layer.partition("/")[0]] = QImage(event.file)

    def _on_ended(self, end: Ended) -> None:
        if end.problem is not None:
            self._tell(str(end.problem.text))
        elif self._maps:
            self._show_maps(self._session.project.network)

    def _show_maps(self, network: NetworkSpec) -> None:
        spec = self._spec
        if spec is None or not self._maps:
            return
        own = {node.id: (node.type, node.params) for node in spec.nodes}
        same = [node.id for node in network.nodes if own.get(node.id) == (node.type, node.params)]
        self._scene.show_maps({node: self._maps[node] for node in same if node in self._maps})
        other = len(network.nodes) - len(same)
        text = tr("The maps that answer most, dark where they are least.",
                  "Los mapas que más responden, oscuros donde menos.")
        if other:
            text = tr("Layers that are not as in the run: {n}.", "Capas que no son como en el entrenamiento: {n}.", n=other)
        self._tell(text)

    def _tell(self, text: str) -> None:
        self._status.setText(text)
        self.place()
