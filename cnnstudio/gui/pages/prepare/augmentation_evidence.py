"""Augmentations measured with a trained model: those that cost accuracy, by class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtWidgets import QProgressBar

from cnnstudio.catalog.steps import AUGMENTATIONS
from cnnstudio.core.events import Failed
from cnnstudio.core.item import Step
from cnnstudio.core.jobs import AugmentationMeasured, Changed
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.state.jobs import ChildJob, Job, Work
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Label, clear, column, row
from cnnstudio.gui.widgets.cards import Card
from cnnstudio.gui.widgets.formatting import format_percent
from cnnstudio.gui.widgets.progress import show_progress

if TYPE_CHECKING:
    from cnnstudio.workers.runs.folder import RunFolder

KIND: Final = "augmentation"
MOST_ROWS: Final = 8
_LABEL: Final = Text("Measure augmentations", "Medir aumentos")


def format_row(changed: Changed) -> str:
    """"6: 98 % → 41 %, called 9 (34 %)"."""
    text = f"{changed.class_name}: {format_percent(changed.plain, 0)} → {format_percent(changed.changed, 0)}"
    if changed.called and changed.changed < changed.plain:
        text += tr(", predicted as {name} ({share})", ", predicha como {name} ({share})", name=changed.called,
                   share=format_percent(changed.called_share, 0))
    return text


def newest_run(folder: Path | None) -> RunFolder | None:
    """The newest run that has a model."""
    from cnnstudio.workers.runs.folder import RunFolder, list_runs

    newest = next((run for run in list_runs(folder) if run.has_model), None) if folder is not None else None
    return RunFolder(newest.folder) if newest is not None else None


class MeasuredCard(Card):
    """Measures the augmentations with the newest model, and shows the losses of accuracy, the worst first."""

    def __init__(self, session: Session) -> None:
        super().__init__(title=tr("Evidence", "Pruebas"), spacing=8)
        self._session = session
        self._run: RunFolder | None = None
        self.result: AugmentationMeasured | None = None
        self._note = Label("", "secondary", "dim", wrap=True)
        self.button = Button(tr("Measure", "Medir"), "", "evaluate", on_click=self.start)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(6)
        self._bar.hide()
        self._rows = column(spacing=6)
        self.body.addWidget(self._note)
        self.body.addLayout(self._rows)
        self.body.addWidget(self._bar)
        self.body.addLayout(row(self.button, None))
        session.jobs.changed.connect(self._show_work)

    @property
    def lines(self) -> list[str]:
        """The texts of the rows."""
        items = [self._rows.itemAt(index) for index in range(self._rows.count())]
        labels = [item.widget() for item in items if item is not None]
        return [label.text() for label in labels if isinstance(label, Label)]

    def refresh(self) -> None:
        """Read the newest model and its last measurement."""
        self._run = newest_run(self._session.folder)
        self.result = self._run.augmentation() if self._run is not None else None
        self._show()

    def evidence(self, steps: Sequence[Step]) -> Mapping[str, tuple[Changed, ...]]:
        """Clear losses by the id of a step that still exists; the worst first."""
        types = {step.id: step.type for step in steps}
        result: dict[str, tuple[Changed, ...]] = {}
        for item in self.result.rows if self.result is not None else ():
            if item.clear and types.get(item.step) == item.type:
                result[item.step] = (*result.get(item.step, ()), item)
        return result

    def start(self) -> None:
        """Measure the project's augmentations, including those that are off."""
        run, steps, jobs = self._run, self._session.project.augmentation.steps, self._session.jobs
        if run is None or jobs.of_kind(KIND) is not None:
            return

        def on_done(work: Work) -> None:
            if work.result is not None:
                job = ChildJob(work.result, _LABEL, KIND, page="prepare")
                job.ended.connect(self._on_ended)
                jobs.start(job)

        from cnnstudio.workers.job_setup import augmentation_job

        jobs.run(lambda _report: augmentation_job(run, steps), _LABEL, KIND, page="prepare", done=on_done, owner=self)

    def _on_ended(self, last: object) -> None:
        if isinstance(last, Failed):
            self._session.report(last.problem)
        self._session.announce("runs")

    def _show_work(self) -> None:
        job: Job | None = self._session.jobs.of_kind(KIND)
        self._bar.setVisible(job is not None)
        self.button.setEnabled(job is None)
        if job is not None:
            show_progress(self._bar, job.progress)

    def _show(self) -> None:
        clear(self._rows)
        self.button.setVisible(self._run is not None)
        if self._run is None:
            self._note.setText(tr("Once a model is trained, you can see here which of these changes turn pictures "
                                  "of a class into something else.",
                                  "Cuando haya un modelo entrenado, podrá ver aquí cuáles de estos cambios "
                                  "convierten las imágenes de una clase en otra cosa."))
            return
        if self.result is None:
            self._note.setText(tr("Measures, class by class, the accuracy of the latest model on pictures changed "
                                  "by each step.",
                                  "Mide, clase por clase, la exactitud del modelo más reciente con imágenes "
                                  "cambiadas por cada paso."))
            return
        losses = [item for item in self.result.rows if item.changed < item.plain]
        if losses:
            text = tr("Accuracy before and after each change, the largest loss first. A clear loss means that the "
                      "change turns the picture into something else, or that the model never learned to cope with "
                      "it.",
                      "Exactitud antes y después de cada cambio, primero la mayor pérdida. Una pérdida clara "
                      "significa que el cambio convierte la imagen en otra cosa, o que el modelo nunca aprendió a "
                      "tolerarlo.")
        else:
            text = tr("None of these changes costs the model any accuracy.",
                      "Ninguno de estos cambios le cuesta exactitud al modelo.")
        self._note.setText(text)
        for loss in losses[:MOST_ROWS]:
            entry = AUGMENTATIONS.find(loss.type)
            name = str(entry.label) if entry is not None else loss.type
            line = Label(f"{name} · {format_row(loss)}", "secondary", "warn" if loss.clear else "text", wrap=True)
            line.setToolTip(tr("{n} pictures, each changed {draws} times", "{n} imágenes, cada una cambiada {draws} "
                                                                         "veces",
                               n=loss.pictures, draws=loss.draws))
            self._rows.addWidget(line)


def format_evidence(rows: Sequence[Changed]) -> str:
    """The text on a step's card."""
    if not rows:
        return ""
    worst = tr("Measured: {words}.", "Medido: {words}.", words=format_row(rows[0]))
    return worst if len(rows) == 1 else worst + " " + tr("Other classes with a loss: {n}.", "Otras clases con "
                                                                                          "pérdida: {n}.",
                                                         n=len(rows) - 1)
