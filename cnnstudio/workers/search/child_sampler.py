"""A sampler whose Gaussian process is computed in a child, because it needs PyTorch."""

from __future__ import annotations

from typing import Any, Final

from optuna.distributions import distribution_to_json
from optuna.samplers import BaseSampler, RandomSampler
from optuna.search_space import IntersectionSearchSpace
from optuna.trial import TrialState

from cnnstudio.core import events
from cnnstudio.core.jobs import JobSpec
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.search_jobs import Proposed, ProposeTrial, StudyTrial
from cnnstudio.workers.supervisor import Supervisor

STARTUP_TRIALS: Final = 10
"""Complete trials that are drawn at random before a surface is fitted."""


class ChildSampler(BaseSampler):  # type: ignore[misc]
    """Random trials first, then those that a Gaussian process in a child proposes."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = RandomSampler(seed=seed)
        self._space = IntersectionSearchSpace()

    def reseed_rng(self) -> None:
        self._random.reseed_rng()

    def infer_relative_search_space(self, study: Any, trial: Any) -> dict[str, Any]:
        complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        space = self._space.calculate(study) if len(complete) >= STARTUP_TRIALS else {}
        # A key with a single value has nothing to be chosen.
        return {key: item for key, item in space.items() if not item.single()}

    def sample_relative(self, study: Any, trial: Any, search_space: dict[str, Any]) -> dict[str, Any]:
        """Raises ProblemError where the child fails."""
        if not search_space:
            return {}
        job = ProposeTrial(trials=study_trials(study, trial.number), seed=self._seed + trial.number, backend="torch",
                           directions=directions(study))
        proposed = run_child(job, Proposed)
        return {key: value for key, value in proposed.params.items() if key in search_space}

    def sample_independent(self, study: Any, trial: Any, param_name: str, param_distribution: Any) -> Any:
        return self._random.sample_independent(study, trial, param_name, param_distribution)


def study_trials(study: Any, but: int = -1) -> tuple[StudyTrial, ...]:
    """The complete trials of a study and those that run, without one of them (by its number)."""
    return tuple(
        StudyTrial(values=tuple(trial.values) if trial.state == TrialState.COMPLETE else None, params=trial.params,
                   distributions={key: distribution_to_json(item) for key, item in trial.distributions.items()})
        for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.RUNNING))
        if trial.number != but and (trial.params or trial.state == TrialState.COMPLETE))


def directions(study: Any) -> tuple[str, ...]:
    """The directions of the objectives, as words."""
    return tuple(direction.name.lower() for direction in study.directions)


def run_child(job: JobSpec, kind: type[Any]) -> Any:
    """The event of that type that a job sends. Raises ProblemError with the problem of one that fails."""
    found: list[events.Event] = []
    last = Supervisor(job, found.append).run()
    answer = next((event for event in found if isinstance(event, kind)), None)
    if answer is None:
        # Nobody stops it, and what is done tells its answer.
        assert isinstance(last, events.Failed), last
        raise ProblemError(last.problem)
    return answer
