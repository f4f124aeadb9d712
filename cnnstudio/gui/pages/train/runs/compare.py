"""The dialog that compares runs: figures, settings, and the pictures on which they disagree."""

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
from cnnstudio.gui.pages.train.runs.compare_overview import CompareOverview, OverviewLine
from cnnstudio.gui.pages.train.runs.compare_report import CompareReport
from cnnstudio.gui.state.jobs import ChildJob, Work
from cnnstudio.gui.state.session import Session
from cnnstudio.gui.widgets.basics import Button, Label, Stack, box, clear, column, row
from cnnstudio.gui.widgets.cards import Banner
from cnnstudio.gui.widgets.dialog import Dialog
from cnnstudio.gui.widgets.inputs import Select
from cnnstudio.workers.job_setup import evaluation_job
from cnnstudio.workers.runs.comparison import RunComparison, is_evaluated
from cnnstudio.workers.runs.folder import RunFolder, RunSummary
from cnnstudio.workers.runs.several_comparisons import ComparedRun, common_split, compare_with_each, settings_of_all

_KIND: Final = "compare"
_LABEL: Final = Text("Comparing runs", "Comparando entrenamientos")


class Compared(NamedTuple):
    """The comparisons, and the files of the pictures on which any of the runs disagrees with the first."""

    runs: tuple[ComparedRun, ...]
    files: dict[str, Path]


def _compared(first: RunFolder, others: Sequence[RunFolder]) -> Compared:
    """In a thread."""
    runs = compare_with_each(first, others)
    wanted = {item.path for run in runs if run.comparison is not None for item in run.comparison.disagreements}
    manifest = read_located(first.manifest_path, first.project_folder)
    # A moved picture has another path now; its place in the manifest stays.
    recorded = read_manifest(first.manifest_path)
    files = {old.path: manifest.path(entry) for old, entry in zip(recorded.entries, manifest.entries, strict=True)
             if old.path in wanted}
    return Compared(runs, files)


class CompareDialog(Dialog):
    """Compares one of `runs`, at first `first`, with others; `second` is the one of them that is shown in detail. A run that
    was not evaluated yet is evaluated on demand."""

    def __init__(self, session: Session, runs: Sequence[RunSummary], first: RunSummary, others: Sequence[RunSummary],
                 color_of: Callable[[RunSummary], QColor], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session, self._color_of = session, color_of
        self._runs = {run.id: run for run in runs if run.has_model}
        self._others = [run.id for run in others]
        self._shown = self._others[0]
        self._work: Work | None = None
        self._evaluating: ChildJob | None = None
        self._evaluated: set[str] = set()
        self._result = Compared((), {})
        self.setWindowTitle(tr("Compare runs", "Comparar entrenamientos"))
        self.resize(1000, 780)
        choices = [(run.id, run.title) for run in self._runs.values()]
        self.first, self.second = Select(choices, first.id), Select(choices, self._others[0])
        self.first.setAccessibleName(tr("First run", "Primer entrenamiento"))
        self.second.setAccessibleName(tr("Second run", "Segundo entrenamiento"))
        self.first.chosen.connect(lambda _run: self.compare())
        self.second.chosen.connect(self._replace)
        self.more = Select()
        self.more.setAccessibleName(tr("Add a run", "Añadir un entrenamiento"))
        self.more.setPlaceholderText(tr("Add a run…", "Añadir otro…"))
        self.more.chosen.connect(self._add)
        self._waiting = Label("", "body", "dim", wrap=True)
        self._banner = column()
        self._overview = CompareOverview()
        self._overview.run_chosen.connect(self._show_run)
        self._overview.run_removed.connect(self._take_out)
        self._report = CompareReport()
        self._evaluate = Button(tr("Evaluate them", "Evaluarlos"), "primary", on_click=self._evaluate_all)
        self._stack = Stack()
        problem = box(column(box(self._banner), row(self._evaluate, None), None, spacing=12))
        for part in (box(column(self._waiting, None)), problem, self._report):
            self._stack.addWidget(part)
        head = row(self.first, Label(tr("and", "y"), "body", "dim"), self.second, self.more, spacing=8)
        for place in (0, 2):
            head.setStretch(place, 1)
        layout = column(head, self._overview, self._stack,
                        row(None, Button(tr("Close", "Cerrar"), "quiet", on_click=self.reject)), spacing=12,
                        margins=(24, 20, 24, 16))
        layout.setStretch(2, 1)
        self.setLayout(layout)
        self.compare()

    @property
    def comparison(self) -> RunComparison | None:
        """What is shown, if anything is."""
        return self._report.comparison if self._stack.currentWidget() is self._report else None

    # Which runs ----------------------------------------------------------------------------------

    def _folder(self, run: object) -> RunFolder:
        return RunFolder(self._runs[str(run)].folder)

    def _replace(self, run: object) -> None:
        """Another run takes the place of the one that is shown."""
        shown = self._shown
        if run in self._others:
            self._show_run(str(run))
            return
        self._others[self._others.index(shown)] = str(run)
        self._shown = str(run)
        self.compare()

    def _add(self, run: object) -> None:
        self._others.append(str(run))
        self._shown = str(run)
        self.compare()

    def _take_out(self, run: str) -> None:
        self._others.remove(run)
        self._shown = self._others[0]
        self.compare()

    def compare(self) -> None:
        """Compare the chosen runs, in a thread."""
        first, others = self._folder(self.first.value), [self._folder(run) for run in self._others]
        left = [(run.id, run.title) for run in self._runs.values() if run.id not in (self.first.value, *self._others)]
        self.more.set_choices(left, None)
        self.more.setVisible(bool(left))
        self._overview.setVisible(False)
        self._wait(str(_LABEL))
        self._work = self._session.jobs.run(lambda _report: _compared(first, others), _LABEL, _KIND, page="train",
                                            quiet=True, done=self._on_compared, owner=self)

    def _wait(self, words: str) -> None:
        self._waiting.setText(words + "…")
        self._stack.setCurrentIndex(0)

    def _on_compared(self, work: Work) -> None:
        if work is not self._work:
            return
        if isinstance(work.result, Compared):
            self._result = work.result
            runs = work.result.runs
            self._overview.show_runs([OverviewLine(item, self._runs[item.run].title, self._color_of(self._runs[item.run]))
                                      for item in runs])
            self._overview.setVisible(len(runs) > 1)
            self._show_run(self._shown)
        elif isinstance(work.last, Failed):
            self._show_problem(work.last.problem)

    # What is shown -------------------------------------------------------------------------------

    def _show_run(self, run: str) -> None:
        """Show one of the compared runs in detail."""
        self._shown = run
        self.second.set_value(run)
        self._overview.select(run)
        runs = self._result.runs
        compared = next(item for item in runs if item.run == run)
        if compared.problem is not None:
            self._show_problem(compared.problem)
            return
        assert compared.comparison is not None
        shown = [self._runs[str(self.first.value)], self._runs[run]]
        settings = settings_of_all([item.comparison for item in runs if item.comparison is not None])
        titles = [shown[0].title, *(self._runs[item.run].title for item in runs if item.comparison is not None)]
        self._report.show_comparison(
            compared.comparison, self._result.files, (shown[0].title, shown[1].title),
            (self._color_of(shown[0]), self._color_of(shown[1])), settings, titles,
            compared.p_value if len(runs) > 1 else None)
        self._stack.setCurrentIndex(2)

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
        runs = [self._folder(run) for run in (self.first.value, *self._others)]
        try:
            split = common_split(runs[0], runs[1:])
            # Each at most once: the answers of a broken model stay unreadable.
            run = next((run for run in runs if run.id not in self._evaluated and not is_evaluated(run, split)), None)
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
