"""The dialog that puts two runs beside each other: figures, settings, and the pictures on which they disagree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget

from cnnstudio.core.events import Failed
from cnnstudio.core.problems import Problem, ProblemError
from cnnstudio.core.text import Text, tr
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.gui.pages.train.runs.compare_report import CompareReport
from cnnstudio.gui.state.jobs import ChildJob, Work
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Label, Stack, box, clear, column, row
from cnnstudio.gui.widgets.cards import Banner
from cnnstudio.gui.widgets.dialog import Dialog
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.workers.job_setup import evaluation_job
from cnnstudio.workers.runs.comparison import RunComparison, compare_runs, is_evaluated, split_to_compare
from cnnstudio.workers.runs.folder import RunFolder, RunSummary

_KIND: Final = "compare"
_LABEL: Final = Text("Comparing two runs", "Comparando dos entrenamientos")


class Compared(NamedTuple):
    """A comparison, and the files of the pictures on which the runs disagree."""

    comparison: RunComparison
    files: dict[str, Path]


def _compared(first: RunFolder, second: RunFolder) -> Compared:
    """In a thread."""
    comparison = compare_runs(first, second)
    wanted = {item.path for item in comparison.disagreements}
    manifest = read_located(first.manifest_path, first.project_folder)
    # A moved picture has another path now; its place in the manifest stays.
    recorded = read_manifest(first.manifest_path)
    files = {old.path: manifest.path(entry) for old, entry in zip(recorded.entries, manifest.entries, strict=True)
             if old.path in wanted}
    return Compared(comparison, files)


class CompareDialog(Dialog):
    """Compares two of `runs`, at first `first` with `second`; a run that was not evaluated yet is evaluated on demand."""

    def __init__(self, session: Session, runs: Sequence[RunSummary], first: RunSummary, second: RunSummary,
                 color_of: Callable[[RunSummary], QColor], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._color_of = session, color_of
        self._runs = {run.id: run for run in runs if run.has_model}
        self._work: Work | None = None
        self._evaluating: ChildJob | None = None
        self._evaluated: set[str] = set()
        self.setWindowTitle(tr("Compare runs", "Comparar entrenamientos"))
        self.resize(880, 760)
        choices = [(run.id, run.title) for run in self._runs.values()]
        self.first, self.second = Select(choices, first.id), Select(choices, second.id)
        self.first.setAccessibleName(tr("First run", "Primer entrenamiento"))
        self.second.setAccessibleName(tr("Second run", "Segundo entrenamiento"))
        for select in (self.first, self.second):
            select.chosen.connect(lambda _run: self.compare())
        self._waiting = Label("", "body", "dim", wrap=True)
        self._banner = column()
        self._report = CompareReport()
        self._evaluate = Button(tr("Evaluate them", "Evaluarlos"), "primary", on_click=self._evaluate_all)
        self._stack = Stack()
        problem = box(column(box(self._banner), row(self._evaluate, None), None, spacing=12))
        for part in (box(column(self._waiting, None)), problem, self._report):
            self._stack.addWidget(part)
        head = row(self.first, Label(tr("and", "y"), "body", "dim"), self.second, spacing=8)
        for place in (0, 2):
            head.setStretch(place, 1)
        self.setLayout(column(
            head, self._stack,
            row(None, Button(tr("Close", "Cerrar"), "quiet", on_click=self.reject)), spacing=12, margins=(24, 20, 24, 16)))
        self.compare()

    @property
    def comparison(self) -> RunComparison | None:
        """What is shown, if anything is."""
        return self._report.comparison if self._stack.currentWidget() is self._report else None

    def _folders(self) -> tuple[RunFolder, RunFolder]:
        return (RunFolder(self._runs[str(self.first.value)].folder), RunFolder(self._runs[str(self.second.value)].folder))

    def compare(self) -> None:
        """Compare the chosen runs, in a thread."""
        first, second = self._folders()
        self._wait(str(_LABEL))
        self._work = self._session.jobs.run(lambda _report: _compared(first, second), _LABEL, _KIND, page="train",
                                            quiet=True, done=self._on_compared, owner=self)

    def _wait(self, words: str) -> None:
        self._waiting.setText(words + "…")
        self._stack.setCurrentIndex(0)

    def _on_compared(self, work: Work) -> None:
        if work is not self._work:
            return
        if isinstance(work.result, Compared):
            comparison, files = work.result
            first, second = (self._runs[name] for name in (comparison.first, comparison.second))
            self._report.show_comparison(comparison, files, (first.title, second.title),
                                         (self._color_of(first), self._color_of(second)))
            self._stack.setCurrentIndex(2)
        elif isinstance(work.last, Failed):
            self._show_problem(work.last.problem)

    def _show_problem(self, problem: Problem) -> None:
        clear(self._banner)
        # The button below does what the problem's own fix would do, and that it must be done is no fault.
        waits = problem.code == "not_evaluated"
        severity = "info" if waits else problem.severity
        self._banner.addWidget(Banner(msgspec.structs.replace(problem, fixes=(), severity=severity)))
        self._evaluate.setVisible(waits)
        self._stack.setCurrentIndex(1)

    # Evaluating first ----------------------------------------------------------------------------

    def _evaluate_all(self) -> None:
        """Evaluate what was not evaluated yet, one run after the other, then compare."""
        self._evaluated.clear()
        self._evaluate_next()

    def _evaluate_next(self) -> None:
        try:
            split = split_to_compare(*self._folders())
            # Each at most once: the answers of a broken model stay unreadable.
            run = next((run for run in self._folders() if run.id not in self._evaluated and not is_evaluated(run, split)), None)
            if run is None:
                self.compare()
                return
            job = evaluation_job(run, split)
        except ProblemError as problem_error:
            self._show_problem(problem_error.problems[0])
            return
        self._evaluated.add(run.id)
        label = Text("Evaluation", "Evaluación")
        self._wait(f"{label}: {self._runs[run.id].title}")
        self._evaluating = ChildJob(job, label, "evaluate", page="train")
        self._evaluating.ended.connect(self._on_evaluated)
        self._session.jobs.start(self._evaluating)

    def _on_evaluated(self, last: Any) -> None:
        if isinstance(last, Failed):
            self._show_problem(last.problem)
        elif self._evaluating is not None and not self._evaluating.cancelling:
            self._evaluate_next()
        elif self.isVisible():
            # Stopped in the status bar: what is missing is told again.
            self.compare()

    def done(self, code: int) -> None:
        """Closing the dialog ends what it started."""
        for job in (self._work, self._evaluating):
            if job is not None and job.running:
                job.cancel()
        self._report.close_threads()
        super().done(code)
