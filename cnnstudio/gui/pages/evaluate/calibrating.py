"""Setting the calibration of a run: evaluates the validation pictures first where needed, and can be undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QObject, Signal

from cnnstudio.core.calibration import Calibration
from cnnstudio.core.events import Event, Failed, Finished
from cnnstudio.core.history import Direction
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.text import Text
from cnnstudio.evaluation.rejection import RejectOption
from cnnstudio.gui.pages.evaluate.start import KIND, start_evaluation
from cnnstudio.gui.state.jobs import ChildJob, Job, Work
from cnnstudio.workers.runs.calibration import (
    CALIBRATED_ON,
    calibrate,
    has_answers,
    keep_calibration,
    read_calibration,
    remove_rejection,
    remove_temperature,
)
from cnnstudio.workers.runs.folder import RunFolder

if TYPE_CHECKING:
    from cnnstudio.gui.state.session import Session

_KIND: Final = "calibrate"


class Calibrating(QObject):
    """`changed()` when work begins or ends; `failed(Problem)`. What was set is a step of the undo list."""

    changed = Signal()
    failed = Signal(object)

    def __init__(self, session: Session, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._waiting: Callable[[], object] | None = None
        session.jobs.ended.connect(self._on_ended)
        session.jobs.changed.connect(self.changed)

    @property
    def busy(self) -> bool:
        """Whether nothing can be set now."""
        jobs = self._session.jobs
        return self._waiting is not None or jobs.of_kind(_KIND) is not None or jobs.of_kind(KIND) is not None

    def find_temperature(self, run: RunFolder) -> None:
        """Calibrate the run on its validation pictures."""
        self._set(run, lambda: calibrate(run), Text("Calibrate the model", "Calibrar el modelo"), needs_answers=True)

    def set_rejection(self, run: RunFolder, option: RejectOption, level: float) -> None:
        """Set the reject option of the run."""
        self._set(run, lambda: calibrate(run, temperature=False, reject=(option, level)),
                  Text("Set the reject option", "Establecer la opción de rechazo"), needs_answers=True)

    def remove_temperature(self, run: RunFolder) -> None:
        self._set(run, lambda: remove_temperature(run), Text("Remove the temperature", "Quitar la temperatura"))

    def remove_rejection(self, run: RunFolder) -> None:
        self._set(run, lambda: remove_rejection(run), Text("Remove the reject option", "Quitar la opción de rechazo"))

    def remove_all(self, run: RunFolder) -> None:
        """Remove what belongs to another model, or is damaged."""
        self._set(run, lambda: keep_calibration(run, None), Text("Remove the calibration", "Quitar la calibración"))

    def evaluate(self, run: RunFolder) -> None:
        """Evaluate the validation pictures."""
        if not self.busy:
            start_evaluation(self._session, run, CALIBRATED_ON)

    def _set(self, run: RunFolder, change: Callable[[], object], label: Text, *, needs_answers: bool = False) -> None:
        if self.busy:
            return

        def start() -> None:
            self._session.jobs.run(lambda _report: _changed(run, change), label, _KIND, page="evaluate", done=done, owner=self)

        def done(work: Work) -> None:
            if isinstance(work.last, Failed):
                self.failed.emit(work.last.problem)
            elif work.result is not None:
                before, after = work.result
                self._session.record(_Step(self._session, run, before, after, label), label, part="calibration")

        if needs_answers and not has_answers(run, CALIBRATED_ON):
            self._waiting = start
            start_evaluation(self._session, run, CALIBRATED_ON)
        else:
            start()

    def _on_ended(self, job: Job, last: Event) -> None:
        if job.kind != KIND or self._waiting is None:
            return
        waiting = self._waiting
        if isinstance(last, Finished):
            if not isinstance(job, ChildJob):
                return  # the list of pictures is ready, the evaluation follows
            self._waiting = None
            waiting()
        else:
            self._waiting = None
        self.changed.emit()


def _changed(run: RunFolder, change: Callable[[], object]) -> tuple[Calibration | None, Calibration | None]:
    before = _readable(run)
    change()
    return before, _readable(run)


def _readable(run: RunFolder) -> Calibration | None:
    try:
        return read_calibration(run)
    except ProblemError:
        # A damaged one cannot be brought back.
        return None


class _Step:
    """A calibration in the history. Its tables are written in the background."""

    def __init__(self, session: Session, run: RunFolder, before: Calibration | None, after: Calibration | None,
                 label: Text) -> None:
        self._session, self._run, self._before, self._after, self._label = session, run, before, after, label

    def undo(self) -> None:
        keep_calibration(self._run, self._before)

    def redo(self) -> None:
        keep_calibration(self._run, self._after)

    def start(self, direction: Direction, done: Callable[[], object]) -> None:
        """Undo or redo in a thread, then call `done`; a problem is reported."""

        def ended(work: Work) -> None:
            if isinstance(work.last, Failed):
                self._session.report(work.last.problem)
            elif isinstance(work.last, Finished):
                done()

        step = self.undo if direction == "undo" else self.redo
        self._session.jobs.run(lambda _report: step(), self._label, _KIND, page="evaluate", done=ended)
