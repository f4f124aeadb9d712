"""Inside the layers: a switch for the training that runs, the recorded states of the run on screen, and a look into its
finished model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.core.commands import ObserveLayers
from cnnstudio.core.events import Event, Failed, LayersObserved
from cnnstudio.core.layer_readings import readings
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.train.live.layer_table import LayerTable
from cnnstudio.gui.state.jobs import ChildJob
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Label, column, row
from cnnstudio.gui.widgets.inputs import Switch
from cnnstudio.workers.job_setup import layers_job
from cnnstudio.workers.runs.folder import RunFolder

_SWITCH: Final = "train_layers"
"""The name under which the switch is remembered."""
_KIND: Final = "layers"
_LABEL: Final = Text("A look inside the layers", "Una mirada dentro de las capas")


class LayersPanel(QWidget):
    """`wished(ObserveLayers)` when the switch is turned."""

    wished = Signal(object)

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._run: RunFolder | None = None
        self._live = False
        self._observed: list[LayersObserved] = []
        self._measured: LayersObserved | None = None
        self._job: ChildJob | None = None
        title = tr("Look inside the layers after every epoch", "Mirar dentro de las capas tras cada época")
        self._switch = Switch(session.recall(_SWITCH) is True, title)
        self._switch.switched.connect(self._on_switch)
        self._measure = Button(tr("Measure the model now", "Medir el modelo ahora"), "link", on_click=self.measure)
        self._table = LayerTable()
        self._readings = Label("", "secondary", "warn", wrap=True, selectable=True)
        self._hint = Label("", "secondary", "dim", wrap=True)
        head = row(self._switch, Label(title, "secondary", wrap=True), self._measure, spacing=8)
        head.setStretch(1, 1)
        self.setLayout(column(head, self._readings, self._table, self._hint, spacing=8, margins=(4, 0, 4, 4)))
        self._update()

    @property
    def wish(self) -> ObserveLayers:
        """What the training is asked for."""
        return ObserveLayers() if self._switch.isChecked() else ObserveLayers(rows=0)

    @property
    def wishes_anything(self) -> bool:
        return self._switch.isChecked()

    def set_live(self, live: bool) -> None:
        """Whether the run on screen is being trained."""
        if live != self._live:
            self._live = live
            self._update()

    def show_run(self, run: RunFolder | None) -> None:
        """The run on screen, whose finished model can be measured."""
        self._run, self._measured = run, None
        self._update()

    def show_layers(self, observed: Sequence[LayersObserved]) -> None:
        """What that run recorded, oldest first."""
        if len(observed) == len(self._observed) and (not observed or observed[-1] is self._observed[-1]):
            # The model may have come since.
            self._update_button()
            return
        self._observed = list(observed)
        self._update()

    def measure(self) -> None:
        """Measure the finished model of the run on screen, in a child process."""
        if self._run is None or self._job is not None:
            return
        try:
            job = layers_job(self._run)
        except ProblemError as problem_error:
            self._session.report(problem_error.problems[0])
            return
        run = self._run
        self._job = ChildJob(job, _LABEL, _KIND, page="train")
        self._job.event.connect(lambda event: self._on_measured(run, event))
        self._job.ended.connect(self._on_ended)
        self._session.jobs.start(self._job)
        self._update_button()

    def _on_measured(self, run: RunFolder, event: Event) -> None:
        if isinstance(event, LayersObserved) and run is self._run:
            self._measured = event
            self._update()

    def _on_ended(self, last: Event) -> None:
        self._job = None
        if isinstance(last, Failed):
            self._session.report(last.problem)
        self._update_button()

    def _on_switch(self, on: bool) -> None:
        self._session.remember(_SWITCH, on)
        self.wished.emit(self.wish)
        self._update()

    # What is shown -------------------------------------------------------------------------------

    @property
    def _shown(self) -> list[LayersObserved]:
        """What was recorded; else what was measured."""
        return self._observed or ([] if self._measured is None else [self._measured])

    def _update(self) -> None:
        shown = self._shown
        self._table.show_layers(shown)
        self._table.setVisible(bool(shown))
        words = [str(reading.text) for reading in readings(shown[-1])] if shown else []
        self._readings.setText("\n".join(words))
        self._readings.setVisible(bool(words))
        self._hint.setText(self._words())
        self._update_button()

    def _update_button(self) -> None:
        self._measure.setVisible(not self._live and not self._observed and self._run is not None and self._run.has_model)
        self._measure.setEnabled(self._job is None)

    def _words(self) -> str:
        if self._live and not self._switch.isChecked():
            return tr("Switch it on to see gradients, updates, weights, activations and dead units of every layer. The "
                      "training stays the same, and takes somewhat longer.",
                      "Actívelo para ver gradientes, cambios, pesos, activaciones y unidades muertas de cada capa. El "
                      "entrenamiento sigue siendo el mismo y tarda algo más.")
        if self._live and not self._observed:
            return tr("The first look comes after the present batch.", "La primera mirada llega tras el lote actual.")
        if self._observed:
            return tr("From left to right: epochs. Gradients are those of the loss on {n} training pictures, activations those "
                      "of validation pictures, always the same. Point at a title or a cell to read what it means.",
                      "De izquierda a derecha: épocas. Los gradientes son los de la pérdida con {n} imágenes de entrenamiento; "
                      "las activaciones, las de imágenes de validación, siempre las mismas. Apunte a un título o a una celda "
                      "para leer qué significa.", n=self._observed[-1].pictures)
        if self._measured is not None:
            return tr("Measured now: one moment, so without updates. Switch it on to record the epochs of the next training.",
                      "Medido ahora: un solo momento, así que sin cambios. Actívelo para registrar las épocas del siguiente "
                      "entrenamiento.")
        return tr("This run did not look inside its layers. Switch it on for the next one.",
                  "En este entrenamiento no se miró dentro de las capas. Actívelo para el siguiente.")
