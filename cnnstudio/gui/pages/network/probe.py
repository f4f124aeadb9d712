"""A dialog that compares the bases on the project's own pictures, and shows the saved comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from cnnstudio.catalog.bases import BASES, Base
from cnnstudio.catalog.bases.resolver import BaseResolver
from cnnstudio.core.events import Event, Finished
from cnnstudio.core.jobs import BasesProbed, Probe, Probed
from cnnstudio.core.problems import Problem
from cnnstudio.core.text import Text, tr
from cnnstudio.gui.pages.data.dialogs.base import WorkDialog
from cnnstudio.gui.state.jobs import ChildJob, Job, Report, Work
from cnnstudio.gui.state.workspace import Workspace
from cnnstudio.gui.widgets.basics import Button, Label, row
from cnnstudio.gui.widgets.formatting import format_count, format_duration, format_number, format_percent
from cnnstudio.gui.widgets.table import Column, Table

KIND: Final = "probe"
_WIDTH: Final = 820
_ABOUT_HEIGHT: Final = 48
_LABEL: Final = Text("Comparing the bases", "Comparando las bases")


@dataclass(frozen=True)
class Line:
    """A row of the table: a base with its measurements, or why there are none."""

    base: Base
    row: Probed | None = None
    problem: Problem | None = None
    absent: bool = False

    @property
    def state(self) -> str:
        if self.row is not None:
            return tr("{low} to {high}", "de {low} a {high}", low=format_percent(self.row.low),
                      high=format_percent(self.row.high))
        if self.problem is not None:
            return tr("Could not be used", "No se pudo usar")
        if self.absent:
            return tr("Weights not downloaded", "Pesos sin descargar")
        return tr("Not compared yet", "Aún sin comparar")


def lines_of(probed: BasesProbed | None, bases: BaseResolver) -> list[Line]:
    """All bases: the measured ones best first, then those that failed, then the others in the catalog's order."""
    measured = {row.base: row for row in probed.rows} if probed is not None else {}
    failed = probed.failed if probed is not None else {}
    here = [base.id for base in (*bases.own_bases(), *BASES) if base.is_here]
    order = [*measured, *(item for item in failed if item not in measured)]
    order += [item for item in (*here, *BASES.ids()) if item not in order]
    # A base whose file is missing is no longer listed.
    return [Line(base, measured.get(identifier), failed.get(identifier), identifier not in here and identifier not in measured)
            for identifier in dict.fromkeys(order) if (base := bases.find(identifier)) is not None]


def _milliseconds(line: Line) -> str:
    value = line.row.milliseconds if line.row is not None else None
    return "–" if value is None else f"{format_number(value, 1 if value >= 1 else 2)} ms"


class ProbeDialog(WorkDialog):
    """`taken(id)` when the user starts from a base."""

    taken = Signal(str)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        self._collection, self._counts = workspace.collection, workspace.counts
        super().__init__(
            workspace.session, tr("Find a base", "Buscar una base"), "", tr("Compare", "Comparar"), parent)
        about = Label(tr(
            "Every base whose weights are on this computer computes features of your training and validation "
            "pictures, at most 2,000 of each, and a linear classifier is trained on them. Its validation accuracy "
            "shows how well the frozen base would do with a small head. Where intervals overlap, choose the faster "
            "base.",
            "Cada base cuyos pesos están en este equipo calcula características de sus imágenes de entrenamiento y "
            "validación, como mucho 2000 de cada una, y con ellas se entrena un clasificador lineal. Su "
            "exactitud de validación muestra cuánto daría la base congelada con una cabeza pequeña. Si los "
            "intervalos se solapan, elija la base más rápida."),
            "secondary", "dim", wrap=True)
        # A wrapped text would require the height for its narrowest width.
        about.setMinimumHeight(_ABOUT_HEIGHT)
        self.setMinimumWidth(_WIDTH)
        self.body.addWidget(about)
        self.resize(_WIDTH, 620)
        self.table = Table((
            Column(tr("Base", "Base"), lambda line: str(line.base.label), stretch=True),
            Column(tr("Accuracy", "Exactitud"), lambda line: format_percent(line.row.accuracy) if line.row else "–",
                   lambda line: line.row.accuracy if line.row else -1.0, right=True),
            Column(tr("95% interval", "Intervalo del 95 %"), lambda line: line.state,
                   lambda line: line.row.low if line.row else -1.0 - line.absent,
                   tone=lambda line: "" if line.row else "dim" if line.problem is None else "warn"),
            Column(tr("Per picture", "Por imagen"), _milliseconds,
                   lambda line: line.row.milliseconds if line.row else float("inf"), right=True),
            Column(tr("Total", "Total"), lambda line: format_duration(line.row.seconds) if line.row else "–",
                   lambda line: line.row.seconds if line.row else float("inf"), right=True),
            Column("ImageNet", lambda line: format_percent(line.base.top1 / 100) if line.base.top1 else "–",
                   lambda line: line.base.top1, right=True),
        ))
        self.table.setAccessibleName(tr("Bases by their accuracy", "Bases por su exactitud"))
        self.table.chosen.connect(self._on_selection_moved)
        self.table.opened.connect(self._take)
        self.note = Label("", "secondary", "dim", wrap=True)
        self.note.setMinimumHeight(32)
        self.take = Button(tr("Use this base", "Usar esta base"), on_click=lambda: self._take(self.table.selected))
        below = row(self.note, self.take, spacing=12)
        below.setStretch(0, 1)
        self.body.addWidget(self.table, 1)
        self.body.addLayout(below)
        self.refresh()

    def refresh(self) -> None:
        """Show the saved result."""
        from cnnstudio.workers.probe_jobs import read_probe

        folder = self.session.folder
        self.show_result(read_probe(folder) if folder is not None else None)

    def show_result(self, probed: BasesProbed | None) -> None:
        """Show the rows, the best selected, and the data they were measured on."""
        self.table.set_rows(lines_of(probed, self.session.bases))
        first = self.table.rows.rows[0]
        self.table.select(first)
        self._on_selection_moved(first)
        if probed is None:
            self.note.setText(tr("Not compared yet.", "Aún sin comparar."))
            return
        text = tr("Pictures for training: {training}, for validation: {validation}. Bases without downloaded weights: "
                  "{absent}.",
                  "Imágenes de entrenamiento: {training}, de validación: {validation}. Bases sin pesos descargados: "
                  "{absent}.",
                  training=format_count(probed.training), validation=format_count(probed.validation),
                  absent=format_count(sum(line.absent for line in self.table.rows.rows)))
        if self._is_stale(probed):
            text += " " + tr("The pictures have changed since: compare again.",
                             "Las imágenes han cambiado desde entonces: compare de nuevo.")
        self.note.setText(text)

    def _is_stale(self, probed: BasesProbed) -> bool:
        from cnnstudio.workers.probe_jobs import pictures_key

        index = self._collection.index
        return index is not None and probed.key != pictures_key(index.counts(), tuple(self._counts.class_names))

    # Work ----------------------------------------------------------------------------------------

    def start_work(self) -> Job | None:
        session = self.session
        index, root, folder, project = self._collection.index, self._collection.root, session.folder, session.project
        if index is None or root is None or folder is None or session.jobs.of_kind(KIND) is not None:
            return None

        def work(_report: Report) -> Probe:
            from cnnstudio.workers.probe_jobs import probe_job

            return probe_job(folder, project, index, root)

        return session.jobs.run(work, _LABEL, KIND, page="network")

    def _on_succeeded(self, job: Job) -> None:
        if isinstance(job, Work) and isinstance(job.result, Probe):
            child = ChildJob(job.result, _LABEL, KIND, page="network")
            self.job = child
            child.event.connect(self._on_event)
            child.ended.connect(self._on_ended)
            self.session.jobs.start(child)
            self._show_working(True)

    def _on_event(self, event: Event) -> None:
        super()._on_event(event)
        if isinstance(event, BasesProbed) and not self._gone:
            self.show_result(event)

    def _on_ended(self, last: Event) -> None:
        super()._on_ended(last)
        # A result that was stopped half way is saved, too.
        if not self._gone and not isinstance(last, Finished):
            self.refresh()

    # Choosing ------------------------------------------------------------------------------------

    def _on_selection_moved(self, line: Line | None) -> None:
        self.take.setEnabled(line is not None)
        self.take.setToolTip(str(line.problem.text) if line is not None and line.problem is not None else "")

    def _take(self, line: Line | None) -> None:
        if line is not None:
            self.taken.emit(line.base.id)
            self.accept()
