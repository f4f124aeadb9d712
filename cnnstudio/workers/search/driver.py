"""Drives a search: asks Optuna for settings, trains them in children, tells it their values, until there is an end.

Everything that touches the study happens in the thread of `run`; children are watched in threads of their own, which put
what they hear into one queue. A search can end at any moment, also by a kill: what is over was told to the study, and what
is not is found again by the runs, which know their search and their trial.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, Final

from cnnstudio.core import events
from cnnstudio.core.clusters import Cluster
from cnnstudio.core.jobs import JobSpec
from cnnstudio.core.problems import Problem, ProblemError
from cnnstudio.core.search import Ending
from cnnstudio.core.search_jobs import LatencyMeasured, MeasureLatency
from cnnstudio.core.trial_jobs import Measured
from cnnstudio.workers.forecasts import find_forecast, forecast_key
from cnnstudio.workers.runs.folder import delete_run
from cnnstudio.workers.search.active import ActiveTrial, OneAtATime, Worker
from cnnstudio.workers.search.capacity import Capacity
from cnnstudio.workers.search.children import Children
from cnnstudio.workers.search.folder import SearchFolder, held
from cnnstudio.workers.search.judging import mean_values, needs_timing, run_values
from cnnstudio.workers.search.ledger import Ledger
from cnnstudio.workers.search.objectives import objective_type
from cnnstudio.workers.search.search_events import (
    SearchBegan,
    SearchEnded,
    SearchEvent,
    SearchNotice,
    TrialBegan,
    TrialEnded,
    TrialMoved,
)
from cnnstudio.workers.search.search_problems import (
    discarded_problem,
    hopeless_problem,
    is_fatal,
    memory_problem,
    not_present_problem,
)
from cnnstudio.workers.search.trial_runs import TrialRuns, has_failed, is_lost, job_of
from cnnstudio.workers.spare import ENGINE

_TICK_SECONDS: Final = 2.0
"""How often memory and time are looked at while nothing happens."""
_HOPELESS: Final = 5
"""Trials that fail for the same reason before any is complete: the others would, too."""
_HEARD: Final = (events.Epoch, events.Resources, Measured, LatencyMeasured)
"""The last event comes from the end of the worker, once."""


class SearchDriver:
    """One session of a search. `run` blocks its thread; `stop`, `cancel` and `kill` may be called from any other.

    `on_event` is called in the thread of `run`. `target` is the entry of the children, `cluster` where runs are trained.
    """

    def __init__(self, search: SearchFolder, on_event: Callable[[SearchEvent], None], *, target: str = ENGINE,
                 cluster: Cluster | None = None) -> None:
        self._search = search
        self._on_event = on_event
        self._children = Children(target, cluster)
        self._inbox: queue.SimpleQueue[tuple[ActiveTrial, events.Event] | None] = queue.SimpleQueue()
        self._active: list[ActiveTrial] = []
        self._waiting: list[ActiveTrial] = []
        self._lock = threading.RLock()
        self._ending: Ending | None = None
        self._why: Problem | None = None
        self._failures: list[str] = []
        self._short_of_memory = False

    def run(self) -> SearchEnded:
        """Search to the end, and return the last event. Raises ProblemError (search_in_use, damaged_search...) where it cannot
        begin."""
        self._search.check_links()
        with held(self._search):
            self._spec = self._search.spec()
            self._runs = TrialRuns(self._search, self._spec)
            with Ledger(self._search, self._spec, self._runs) as self._ledger:
                return self._search_on()

    def stop(self) -> None:
        """End the session: children stop after the batch and keep what they have, so that all can go on later."""
        self._end_session(lambda worker: worker.stop(keep=True))

    def cancel(self) -> None:
        """As `stop`, and children that do not stop soon are ended."""
        self._end_session(lambda worker: worker.cancel())

    def kill(self) -> None:
        """As `stop`, and children are ended at once."""
        self._end_session(lambda worker: worker.kill())

    def detach(self) -> None:
        """End the session, and let the children go on alone: the next session takes what they have done."""
        self._end_session(lambda worker: worker.detach())

    def _end_session(self, act: Callable[[Worker], object]) -> None:
        with self._lock:
            self._ending = "stopped"
            workers = [item.worker for item in self._active if item.worker is not None]
        for worker in workers:
            act(worker)
        self._inbox.put(None)

    # The session ------------------------------------------------------------------------------------

    def _search_on(self) -> SearchEnded:
        project = self._runs.space.project
        self._capacity = Capacity(find_forecast(self._search.project_folder, forecast_key(project, self._runs.counts[0])),
                                  gpu=project.training.device != "cpu")
        self._began = time.monotonic()
        self._worked = self._ledger.worked
        self._timed = needs_timing(self._spec.objectives)
        self._one_timing = threading.Lock()
        try:
            self._waiting = self._ledger.unfinished()
            self._on_event(SearchBegan(search=self._search.id, trials=self._spec.trials, done=self._ledger.done()))
            if self._ledger.untried:
                self._on_event(SearchNotice(problem=not_present_problem(self._ledger.untried)))
            self._loop()
        except ProblemError as problem_error:
            self._end("problem", problem_error.problems[0])
            self._drain()
        finally:
            self._leave()
        ended = SearchEnded(search=self._search.id, ending=self._ending or "trials", problem=self._why)
        self._on_event(ended)
        return ended

    def _loop(self) -> None:
        while True:
            self._fill()
            if not self._active:
                return
            try:
                heard = self._inbox.get(timeout=_TICK_SECONDS)
            except queue.Empty:
                continue
            if heard is not None and heard[0] in self._active:
                self._hear(*heard)

    def _leave(self) -> None:
        """Whatever ends the session: no child stays behind, and the study knows how it ended."""
        for item in self._active:
            if item.worker is not None:
                item.worker.cancel()
        self._drain()
        self._children.close()
        with contextlib.suppress(ProblemError):
            self._ledger.end(self._ending or "trials", self._why, self._seconds())

    def _drain(self) -> None:
        """Ask the children to stop, and wait until the last one has; their trials go on when the search is resumed."""
        self._active = [item for item in self._active if item.worker is not None]
        for item in self._active:
            if item.worker is not None:
                item.worker.stop(keep=True)
        while self._active:
            heard = self._inbox.get()
            if heard is not None and isinstance(heard[1], events.LAST) and heard[0] in self._active:
                self._active.remove(heard[0])
                with contextlib.suppress(ProblemError):
                    self._ledger.note_seconds(heard[0])

    def _seconds(self) -> float:
        """The seconds that the search worked, over all its sessions."""
        return self._worked + time.monotonic() - self._began

    def _end(self, ending: Ending, why: Problem | None = None) -> None:
        """No trial begins any more; the first reason counts."""
        with self._lock:
            if self._ending is None:
                self._ending, self._why = ending, why

    # Beginning trials -------------------------------------------------------------------------------

    def _fill(self) -> None:
        """Begin as many trials as may run at once."""
        if self._spec.seconds is not None and self._ending is None and self._seconds() >= self._spec.seconds:
            self._end("seconds")
            for item in self._active:
                if item.worker is not None:
                    item.worker.stop(keep=True)
        while self._ending is None and len(self._active) < self._spec.parallel:
            if not self._waiting and self._ledger.asked() >= self._spec.trials:
                return
            if not self._waiting and self._ledger.all_tried():
                self._end("all_tried")
                return
            if not self._children.allow_another(self._capacity, (item.pid for item in self._active)):
                self._tell_memory()
                return
            item = self._waiting.pop(0) if self._waiting else self._ledger.ask()
            self._active.append(item)
            self._begin(item)

    def _tell_memory(self) -> None:
        if not self._short_of_memory:
            self._short_of_memory = True
            self._on_event(SearchNotice(problem=memory_problem(len(self._active), self._spec.parallel, self._capacity.need)))

    def _begin(self, item: ActiveTrial) -> None:
        """Begin the present run of a trial, or take its result where it is over. Raises ProblemError for what every trial
        would have."""
        try:
            if item.problem is not None:
                raise ProblemError(item.problem)
            self._begin_run(item)
        except ProblemError as problem_error:
            problem = problem_error.problems[0]
            if is_fatal(problem, self._spec):
                self._active.remove(item)
                raise
            self._fail(item, problem)

    def _begin_run(self, item: ActiveTrial) -> None:
        fold = self._runs.folds()[item.place]
        project = self._runs.project(item.params, fold)
        run = item.runs[item.place]
        if run is not None and not item.pruned and is_lost(run, self._spec):
            delete_run(run)
            run = None
        if run is None:
            run = item.runs[item.place] = self._runs.create(item.number, project, fold)
        self._ledger.note_runs(item)
        self._on_event(TrialBegan(number=item.number, run=run.id, params=item.params))
        summary = run.summary()
        if summary.state == "finished" or (summary.state == "stopped" and item.pruned):
            item.pruned = summary.state == "stopped"
            self._trained(item, summary.metrics)
        elif has_failed(summary, self._spec):
            assert summary.problem is not None
            self._fail(item, summary.problem)
        elif summary.state in ("running", "paused"):
            # Of an earlier session, and goes on alone.
            item.begin(self._children.follower(run, lambda event: self._tell(item, event)), self._tell_last)
        else:
            job = job_of(run)
            assert job is not None
            item.begin(self._supervisor(item, job), self._tell_last)
        self._stop_again(item)

    def _supervisor(self, item: ActiveTrial, job: JobSpec) -> Worker:
        return self._children.worker(item.run, job, lambda event: self._tell(item, event))

    def _stop_again(self, item: ActiveTrial) -> None:
        """A stop that came while the child was being started."""
        if self._ending in ("stopped", "seconds") and item.worker is not None:
            item.worker.stop(keep=True)

    def _tell(self, item: ActiveTrial, event: events.Event) -> None:
        """In the thread of a child."""
        if isinstance(event, _HEARD):
            self._inbox.put((item, event))

    def _tell_last(self, item: ActiveTrial, event: events.Event) -> None:
        self._inbox.put((item, event))

    # Hearing of trials ------------------------------------------------------------------------------

    def _hear(self, item: ActiveTrial, event: events.Event) -> None:
        self._capacity.learn(event)
        if isinstance(event, events.Epoch):
            self._epoch(item, event)
        elif isinstance(event, LatencyMeasured):
            item.metrics["latency"] = event.milliseconds
        elif isinstance(event, events.LAST):
            item.worker = None
            self._over(item, event)

    def _epoch(self, item: ActiveTrial, event: events.Epoch) -> None:
        if self._ending is None and self._ledger.asked() < self._spec.trials:
            self._children.prepare()
        first = self._spec.objectives[0]
        value = event.metrics.get(first.name) if objective_type(first).by_epoch else None
        self._on_event(TrialMoved(number=item.number, run=item.run.id, epoch=event.epoch, epochs=event.epochs, value=value))
        if self._spec.folds or len(self._spec.objectives) > 1 or value is None:
            return
        if self._ledger.report(item, event.epoch, value) and not item.pruned and self._ending is None:
            self._prune(item)

    def _prune(self, item: ActiveTrial) -> None:
        """End a trial early; the run keeps its model."""
        item.pruned = True
        self._ledger.note_pruned(item)
        if item.worker is not None:
            item.worker.stop(keep=True)

    def _over(self, item: ActiveTrial, last: events.Event) -> None:
        """A child is over: the training of a run, or the measurement of its latency."""
        stopping = self._ending in ("stopped", "seconds", "problem")
        if isinstance(last, events.Failed):
            if is_fatal(last.problem, self._spec):
                self._active.remove(item)
                raise ProblemError(last.problem)
            if stopping and not item.timing and last.problem.code in ("child_killed", "child_died", "child_crashed"):
                self._let_go(item)
            else:
                self._fail(item, last.problem)
        elif isinstance(last, events.Stopped) and not item.pruned:
            if stopping:
                self._let_go(item)
            elif last.kept:
                # Ended by the user, who is content with it.
                self._trained(item, last.metrics)
            else:
                self._fail(item, discarded_problem(item.run))
        elif item.timing:
            item.timing = False
            self._valued(item)
        else:
            # A stop came too late for one that is finished.
            item.pruned = item.pruned and not isinstance(last, events.Finished)
            self._trained(item, getattr(last, "metrics", {}))

    def _let_go(self, item: ActiveTrial) -> None:
        """A trial that goes on when the search is resumed."""
        self._active.remove(item)
        self._ledger.note_seconds(item)

    def _trained(self, item: ActiveTrial, metrics: dict[str, float]) -> None:
        """The run of a trial is trained."""
        if not self._spec.folds and len(self._spec.objectives) == 1:
            self._ledger.report_missing(item, item.run.epochs())
        if item.pruned:
            self._done(item, None)
            return
        item.metrics = dict(metrics)
        if not self._timed:
            self._valued(item)
            return
        job = MeasureLatency(run_folder=str(item.run.folder), **self._settings(item))
        item.timing = True
        item.begin(OneAtATime(self._supervisor(item, job), self._one_timing), self._tell_last)
        self._stop_again(item)

    def _settings(self, item: ActiveTrial) -> dict[str, Any]:
        job = job_of(item.run)
        return {} if job is None else {"backend": job.backend, "device": job.device, "cache": job.cache,
                                       "language": job.language}

    def _valued(self, item: ActiveTrial) -> None:
        """Take the values of a run; its trial is over, or goes on with the next fold."""
        try:
            values = run_values(item.run, item.metrics, self._spec.objectives, len(self._runs.classes),
                                item.metrics.get("latency"))
        except ProblemError as problem_error:
            self._fail(item, problem_error.problems[0])
            return
        item.values.append(values)
        if self._spec.folds and len(self._spec.objectives) == 1 and self._ledger.report(item, item.place + 1, values[0]) and (
                item.place + 1 < self._spec.folds):
            self._ledger.note_pruned(item)
            item.pruned = True
            self._done(item, None)
        elif item.place + 1 < len(item.runs):
            item.place += 1
            if self._ending in ("stopped", "seconds", "problem"):
                self._let_go(item)
            else:
                self._begin(item)
        else:
            self._done(item, mean_values(item.values))

    # Ending trials ----------------------------------------------------------------------------------

    def _done(self, item: ActiveTrial, values: tuple[float, ...] | None) -> None:
        """A trial is complete, or without values ended early."""
        self._active.remove(item)
        before = self._ledger.best()
        self._ledger.tell(item, values)
        self._worked_so_far()
        best = values is not None and self._ledger.best() == item.number != before
        self._on_event(TrialEnded(trial=self._ledger.row(item, values), best=best))
        if values is not None:
            self._failures.clear()
            gained_all = self._ledger.judge()
            if gained_all is not None and self._ledger.asked() < self._spec.trials:
                self._end("no_more_to_gain", gained_all)

    def _fail(self, item: ActiveTrial, problem: Problem) -> None:
        self._active.remove(item)
        self._ledger.fail(item, problem)
        self._worked_so_far()
        self._on_event(TrialEnded(trial=self._ledger.row(item, None, problem)))
        self._failures.append(problem.code)
        if self._ledger.best() is None and len(self._failures) >= _HOPELESS and len(set(self._failures[-_HOPELESS:])) == 1:
            self._end("problem", hopeless_problem(problem, _HOPELESS))

    def _worked_so_far(self) -> None:
        self._ledger.note_worked(self._seconds())
