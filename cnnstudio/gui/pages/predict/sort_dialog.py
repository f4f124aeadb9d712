"""Sorting the pictures into folders by their class: a plan first, then copies, and an undo that knows them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QWidget

from cnnstudio.core.display import PERCENT
from cnnstudio.core.problems import Fix, Location, Problem, error, warning
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.sorted_folders import FolderPlan, SortedFolders, SortedRecord, Undone, last_sort, undo_sort
from cnnstudio.gui.pages.data.dialogs.base import PathField, WorkDialog
from cnnstudio.gui.pages.predict.answers import Answer
from cnnstudio.gui.state.jobs import Job, Report, Work
from cnnstudio.gui.state.latest import Failure, Latest
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Label, row
from cnnstudio.gui.widgets.formatting import format_count, format_pictures
from cnnstudio.gui.widgets.number_box import NumberBox
from cnnstudio.gui.widgets.rows_model import Column
from cnnstudio.gui.widgets.table import Table

_FOLDER: Final = "sort_folder"
_EVERY: Final = 64


@dataclass(frozen=True)
class Plan:
    """Where the pictures would be copied, and what an earlier sort into the same folder left to undo."""

    folders: tuple[FolderPlan, ...]
    left_out: int
    before: SortedRecord | None


class SortDialog(WorkDialog):
    """Copies the pictures of these answers; a corrected one goes by its right class."""

    def __init__(self, session: Session, answers: Sequence[Answer], parent: QWidget | None = None) -> None:
        super().__init__(session, tr("Sort into folders by class", "Clasificar en carpetas por clase"),
                         tr("Each picture is copied into a folder that is called like its class. The originals stay where they "
                            "are, and nothing is overwritten.",
                            "Cada imagen se copia en una carpeta con el nombre de su clase. Las originales quedan donde están "
                            "y no se sobrescribe nada."), tr("Copy", "Copiar"), parent)
        self.resize(640, 520)
        self._answers = list(answers)
        self._target = PathField(tr("Into the folder", "En la carpeta"))
        before = session.recall(_FOLDER, "")
        self._target.set_path(Path(before) if before else Path.home() / tr("sorted", "clasificadas"))
        self._least = NumberBox(0.0, minimum=0, maximum=1, display=PERCENT)
        self._least.setFixedWidth(110)
        self._least.setAccessibleName(tr("Least probability", "Probabilidad mínima"))
        self.table = Table((
            Column(tr("Folder", "Carpeta"), lambda plan: plan.name, stretch=True),
            Column(tr("Pictures", "Imágenes"), lambda plan: format_count(plan.count), key=lambda plan: plan.count, right=True),
            Column(tr("First files", "Primeros archivos"), lambda plan: ", ".join(plan.first), stretch=True)))
        self.table.setAccessibleName(tr("Folders of the result", "Carpetas del resultado"))
        self._undo = Button("", "link", "undo", on_click=self._undo_last)
        self._undo.hide()
        self.body.addWidget(self._target)
        self.body.addLayout(row(
            Label(tr("Less probable than this goes to the folder “not sure”:",
                     "Lo menos probable que esto va a la carpeta «sin certeza»:"), "secondary", "dim", wrap=True),
            self._least, spacing=10))
        self.body.addWidget(self.table, 1)
        self.body.addLayout(row(self._undo, None))
        self._planning = Latest(session.jobs, "sort-plan", self._plan, self)
        self._planning.answered.connect(self._on_planned)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(200)
        self._soon.timeout.connect(self._ask_plan)
        for changed in (self._target.changed, self._least.value_changed):
            changed.connect(lambda _value: self._on_edited())
        self._ask_plan()

    # The plan ------------------------------------------------------------------------------------

    def _on_edited(self) -> None:
        self.show_problems(())
        self._soon.start()

    def _ask_plan(self) -> None:
        target = self._target.path
        if target is None:
            self._show_plan(Plan((), 0, None))
        elif not self._gone:
            self._planning.ask((target, self._least.value or 0.0))

    def _plan(self, request: tuple[Path, float], report: Report) -> Plan:
        target, least = request
        planned = SortedFolders(target, least, dry=True)
        self._sort(planned, report, quiet=True)
        return Plan(tuple(planned.folders.values()), planned.left_out, last_sort(target))

    def _sort(self, target: SortedFolders, report: Report, quiet: bool = False) -> None:
        for number, answer in enumerate(self._answers):
            if number % _EVERY == 0:
                report.check()
                if not quiet:
                    report.progress(number, len(self._answers))
            share = 1.0 if answer.corrected else answer.best.probability if answer.best is not None else 0.0
            target.add(answer.path, answer.label or None, share, answer.not_sure and not answer.corrected)

    def _on_planned(self, _request: object, plan: Plan | Failure) -> None:
        if self._gone:
            return
        if isinstance(plan, Failure):
            self._show_plan(Plan((), 0, None))
            self.show_problems((error("cannot_sort", Text(plan.text, plan.text), "file"),))
        else:
            self._show_plan(plan)

    def _show_plan(self, plan: Plan) -> None:
        count = sum(folder.count for folder in plan.folders)
        self.table.set_rows(plan.folders)
        if not self.is_working:
            self.primary.setEnabled(count > 0)
            self.primary.setText(tr("Copy {n}", "Copiar {n}", n=format_pictures(count)) if count else tr("Copy", "Copiar"))
            self.show_status(tr("Without an answer: {n}", "Sin respuesta: {n}", n=format_pictures(plan.left_out))
                             if plan.left_out else "")
        self._undo.setVisible(plan.before is not None)
        if plan.before is not None:
            when = time.strftime("%Y-%m-%d %H:%M", time.localtime(plan.before.time))
            self._undo.setText(tr("Undo the last sort into this folder: {n}, {when}",
                                  "Deshacer la última clasificación en esta carpeta: {n}, {when}",
                                  n=format_pictures(len(plan.before.copies)), when=when))

    # The work ------------------------------------------------------------------------------------

    def start_work(self) -> Job | None:
        target = self._target.path
        if target is None:
            self.show_problems((error("no_target", Text("Enter the full path of a folder.",
                                                        "Escriba la ruta completa de una carpeta."), "file"),))
            return None
        least = self._least.value or 0.0
        self.session.remember(_FOLDER, str(target))

        def work(report: Report) -> tuple[SortedFolders, SortedRecord | None]:
            done = SortedFolders(target, least)
            self._sort(done, report)
            return done, last_sort(target)

        return self.run(work, Text("Copying pictures", "Copiando imágenes"), "sort")

    def _undo_last(self) -> None:
        target = self._target.path
        if target is None or self.is_working:
            return

        def work(report: Report) -> Undone:
            def on_progress(done: int, total: int) -> None:
                report.check()
                report.progress(done, total)

            return undo_sort(target, on_progress)

        self.start(self.run(work, Text("Removing copies", "Borrando copias"), "sort"))

    def _on_succeeded(self, job: Job) -> None:
        assert isinstance(job, Work)
        if isinstance(job.result, Undone):
            self._show_undone(job.result)
            self._ask_plan()
        else:
            self._show_done(*job.result)

    def _show_done(self, done: SortedFolders, record: SortedRecord | None) -> None:
        """Show what was copied; the same is copied again only after a change."""
        self._show_plan(Plan(tuple(done.folders.values()), done.left_out, record))
        self.primary.setEnabled(False)
        text = Text("Copied into {folder}: {n}.", "Copiadas en {folder}: {n}.").fill(
            folder=done.target, n=format_pictures(done.count))
        show = Fix(action="show_file", label=Text("Show the folder", "Mostrar la carpeta"),
                   arguments={"path": str(done.target / next(iter(done.folders), ""))})
        self.show_problems((*done.problems[:2], Problem(code="sorted", severity="info", text=text, fixes=(show,),
                                                        where=Location(area="file", path=str(done.target)))))

    def _show_undone(self, undone: Undone) -> None:
        text = Text("Copies removed: {n}.", "Copias borradas: {n}.").fill(n=format_count(undone.removed))
        problems = [Problem(code="sort_undone", severity="info", text=text, where=Location(area="file"))]
        if undone.changed:
            changed = Text("Changed since and left: {n}, such as {name}.",
                           "Cambiadas desde entonces y conservadas: {n}, como {name}.").fill(
                n=format_count(len(undone.changed)), name=undone.changed[0])
            problems.append(warning("changed_copies", changed, "file"))
        self.show_problems(problems)

    def _on_working_changed(self, working: bool) -> None:
        for widget in (self._target, self._least, self._undo):
            widget.setEnabled(not working)

    def _release(self) -> None:
        if not self._gone:
            self._soon.stop()
            self._planning.close()
        super()._release()
