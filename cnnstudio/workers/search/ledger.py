"""What a session writes into the study and asks of it, in the words of trials and runs. Used by one thread."""

from __future__ import annotations

import contextlib
import functools
import json
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import msgspec

from cnnstudio.core.events import Epoch
from cnnstudio.core.problems import Problem, ProblemError
from cnnstudio.core.search import Choices, Ending, SearchSpec, TrialState, Varied
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.search.active import ActiveTrial
from cnnstudio.workers.search.folder import SearchFolder
from cnnstudio.workers.search.grid import in_grid
from cnnstudio.workers.search.objectives import objective_type
from cnnstudio.workers.search.pruners import PRUNERS
from cnnstudio.workers.search.reading import (
    ENDING_KEY,
    PRESENT_KEY,
    PROBLEM_KEY,
    PRUNED_KEY,
    RUNS_KEY,
    SECONDS_KEY,
    WHY_KEY,
    WORKED_KEY,
    ParamValue,
    Trial,
)
from cnnstudio.workers.search.samplers import SAMPLERS
from cnnstudio.workers.search.space import trial_value
from cnnstudio.workers.search.spec_checks import spec_problems
from cnnstudio.workers.search.study import create_study, open_study, study_errors
from cnnstudio.workers.search.terminators import TERMINATORS, Judged
from cnnstudio.workers.search.trial_runs import TrialRuns

P = ParamSpec("P")
T = TypeVar("T")


def _told(method: Callable[Concatenate[Ledger, P], T]) -> Callable[Concatenate[Ledger, P], T]:
    """What the storage raises becomes ProblemError."""
    @functools.wraps(method)
    def wrapped(self: Ledger, *args: P.args, **kwargs: P.kwargs) -> T:
        with study_errors(self.search):
            return method(self, *args, **kwargs)

    return wrapped  # type: ignore[return-value]


class Ledger:
    """The study of a search while a session drives it: made at the first one, with the present settings as its first trial."""

    def __init__(self, search: SearchFolder, spec: SearchSpec, runs: TrialRuns) -> None:
        self.search = search
        self._spec, self._runs = spec, runs
        self._stack = contextlib.ExitStack()
        self.untried: tuple[str, ...] = ()
        """The keys whose present value is not among those to try, so that no trial has the present settings."""

    def __enter__(self) -> Self:
        # Of another version it may have parts that are not here.
        problems = list(spec_problems(self._runs.space.project, self._spec))
        if problems:
            raise ProblemError(*problems)
        steps = self._spec.folds or max(1, self._runs.space.project.training.epochs)
        if not self.search.is_begun():
            create_study(self.search, self._spec)
        self._study = self._stack.enter_context(open_study(self.search))
        self._study.pruner = PRUNERS[self._spec.pruner].make(self._spec, steps)
        try:
            self._begin()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    @_told
    def _begin(self) -> None:
        # A session that is killed ends by nothing.
        self._study.set_user_attr(ENDING_KEY, None)
        trials = self._trials()
        # With the seed of the session before it would propose the same again.
        self._study.sampler = SAMPLERS[self._spec.sampler].make(self._spec, self._spec.seed + len(trials))
        present = self._runs.space.present() if self._spec.present else {}
        missing = tuple(key for key, value in present.items() if value is None)
        self._present = {} if missing else present
        if not trials:
            self.untried = missing
            if self._present and not (SAMPLERS[self._spec.sampler].finite and in_grid(self._spec.varied, self._present)):
                self._study.enqueue_trial(self._present)

    def _trials(self) -> list[Any]:
        return list(self._study.get_trials(deepcopy=False))

    # Asking ---------------------------------------------------------------------------------------

    @property
    def worked(self) -> float:
        """The seconds that earlier sessions worked."""
        with study_errors(self.search):
            return float(self._study.user_attrs.get(WORKED_KEY, 0.0))

    @_told
    def asked(self) -> int:
        """How many trials have begun, over or not."""
        return sum(trial.state.name != "WAITING" for trial in self._trials())

    @_told
    def done(self) -> int:
        """How many trials are over."""
        return sum(trial.state.is_finished() for trial in self._trials())

    @_told
    def all_tried(self) -> bool:
        """Whether every combination of a grid was tried."""
        if not SAMPLERS[self._spec.sampler].finite or any(trial.state.name == "WAITING" for trial in self._trials()):
            return False
        return bool(self._study.sampler.is_exhausted(self._study))

    @_told
    def ask(self) -> ActiveTrial:
        """The next trial, with its settings."""
        trial = self._study.ask()
        item = ActiveTrial(trial=trial, number=trial.number, runs=[None] * len(self._runs.folds()))
        self._suggest(item)
        if item.params == self._present:
            trial.set_user_attr(PRESENT_KEY, True)
        return item

    @_told
    def unfinished(self) -> list[ActiveTrial]:
        """The trials that earlier sessions began and that are not over, with the runs that they have."""
        from optuna.trial import Trial as OptunaTrial

        runs = self._runs.found()
        found = []
        for frozen in self._trials():
            if frozen.state.name != "RUNNING":
                continue
            item = ActiveTrial(trial=OptunaTrial(self._study, frozen._trial_id), number=frozen.number,
                               runs=self._by_fold(runs.get(frozen.number, [])), pruned=PRUNED_KEY in frozen.user_attrs)
            item.reported = set(frozen.intermediate_values)
            item.go_on_from(float(frozen.user_attrs.get(SECONDS_KEY, 0.0)))
            if PROBLEM_KEY in frozen.user_attrs:
                item.problem = msgspec.convert(frozen.user_attrs[PROBLEM_KEY], Problem)
            self._suggest(item)
            found.append(item)
        return found

    def _by_fold(self, runs: Sequence[RunFolder]) -> list[RunFolder | None]:
        """The runs of a trial in the places of their folds."""
        placed: list[RunFolder | None] = [None] * len(self._runs.folds())
        for run in runs:
            place = run.origin().member if self._spec.folds else 0
            if place < len(placed):
                placed[place] = run
        return placed

    def _suggest(self, item: ActiveTrial) -> None:
        """Give a trial a value of every key that matters for its choices; what it has already stays."""
        space, problems = self._runs.space, list[Problem]()
        project = space.project
        for varied in space.varied:
            if not space.exists(project, varied.key):
                continue
            raw = _suggested(item.trial, varied)
            # The present value is kept to its last digit.
            value = raw if raw == self._present.get(varied.key) else trial_value(varied, raw)
            item.params[varied.key] = value
            try:
                project = space.put(project, varied.key, value)
            except ProblemError as problem_error:
                problems += problem_error.problems
        item.problem = item.problem or (problems[0] if problems else None)

    @_told
    def best(self) -> int | None:
        """The number of the best complete trial by the first objective."""
        complete = [trial for trial in self._trials() if trial.state.name == "COMPLETE"]
        sign = -1 if self._spec.objectives[0].direction == "maximize" else 1
        return min(complete, key=lambda trial: (sign * trial.values[0], trial.number)).number if complete else None

    @_told
    def judge(self) -> Problem | None:
        """Why more trials will not help; None while they may."""
        terminator = TERMINATORS[self._spec.terminator]
        if len(self._spec.objectives) > 1 or self.best() is None:
            return None
        name = self._spec.objectives[0].name
        folds = tuple(self._study.best_trial.intermediate_values.values()) if self._spec.folds else ()
        pictures = self._runs.validation if name == "val_accuracy" else 0
        return terminator.judge(self._study, Judged(pictures=pictures, folds=folds))

    # Telling --------------------------------------------------------------------------------------

    @_told
    def note_runs(self, item: ActiveTrial) -> None:
        """A trial has a run more."""
        item.trial.set_user_attr(RUNS_KEY, item.run_ids)

    @_told
    def note_pruned(self, item: ActiveTrial) -> None:
        """A trial is to end early, whatever happens until it has."""
        item.trial.set_user_attr(PRUNED_KEY, True)

    @_told
    def note_seconds(self, item: ActiveTrial) -> None:
        """How long a trial was worked on until now."""
        item.trial.set_user_attr(SECONDS_KEY, round(item.seconds, 3))

    @_told
    def note_worked(self, seconds: float) -> None:
        """How long the search has worked."""
        self._study.set_user_attr(WORKED_KEY, round(seconds, 3))

    @_told
    def report(self, item: ActiveTrial, step: int, value: float) -> bool:
        """Tell the value after a step (an epoch or a fold from 1); returns whether the trial should end early."""
        if step in item.reported:
            return False
        item.reported.add(step)
        item.trial.report(value, step)
        return bool(item.trial.should_prune())

    @_told
    def report_missing(self, item: ActiveTrial, epochs: Sequence[Epoch]) -> None:
        """Tell the epochs that were not heard of when they came."""
        first = self._spec.objectives[0]
        if not objective_type(first).by_epoch:
            return
        for epoch in epochs:
            if epoch.epoch not in item.reported and first.name in epoch.metrics:
                item.reported.add(epoch.epoch)
                item.trial.report(epoch.metrics[first.name], epoch.epoch)

    @_told
    def tell(self, item: ActiveTrial, values: Sequence[float] | None) -> None:
        """A trial is complete with these values, or was ended early."""
        from optuna.trial import TrialState

        self.note_seconds(item)
        if values is None:
            self._study.tell(item.trial, state=TrialState.PRUNED)
        else:
            self._study.tell(item.trial, list(values))

    @_told
    def fail(self, item: ActiveTrial, problem: Problem) -> None:
        """A trial failed."""
        from optuna.trial import TrialState

        # JSON, since details may be anything.
        item.trial.set_user_attr(PROBLEM_KEY, json.loads(msgspec.json.encode(problem)))
        self.note_seconds(item)
        self._study.tell(item.trial, state=TrialState.FAIL)

    @_told
    def end(self, ending: Ending, why: Problem | None, seconds: float) -> None:
        """The session is over."""
        self.note_worked(seconds)
        self._study.set_user_attr(WHY_KEY, None if why is None else json.loads(msgspec.json.encode(why)))
        self._study.set_user_attr(ENDING_KEY, ending)

    @_told
    def row(self, item: ActiveTrial, values: tuple[float, ...] | None, problem: Problem | None = None) -> Trial:
        """A trial that is over, as it is also read from the study."""
        frozen = self._trials()[item.number]
        state: TrialState = "failed" if problem is not None else "pruned" if values is None else "complete"
        return Trial(
            number=item.number, state=state, values=values or tuple(frozen.values or ()), params=item.params,
            runs=tuple(item.run_ids), intermediate=tuple(sorted(frozen.intermediate_values.items())),
            seconds=frozen.user_attrs.get(SECONDS_KEY), problem=problem, present=frozen.user_attrs.get(PRESENT_KEY, False),
            started=frozen.datetime_start.timestamp() if frozen.datetime_start else None)


def _suggested(trial: Any, item: Varied) -> ParamValue:
    """What Optuna suggests for a key."""
    values = item.values
    chosen: ParamValue
    if isinstance(values, Choices):
        chosen = trial.suggest_categorical(item.key, values.values)
    elif values.whole:
        chosen = trial.suggest_int(item.key, int(values.low), int(values.high), step=int(values.step or 1), log=values.log)
    else:
        chosen = trial.suggest_float(item.key, values.low, values.high, step=values.step, log=values.log)
    return chosen
