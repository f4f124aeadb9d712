"""Jobs of a search that need PyTorch: Optuna's Gaussian process proposes trials, and bounds what more of them could bring."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import optuna
from optuna.distributions import json_to_distribution
from optuna.trial import TrialState

from cnnstudio.core.events import Event, Finished
from cnnstudio.core.search_jobs import BoundRegret, Proposed, ProposeTrial, RegretBounded
from cnnstudio.workers.link import Link


def propose(job: ProposeTrial, link: Link) -> Event:
    """Do the job: a Proposed event."""
    study = _study(job)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # The parent decides when random trials are over.
        sampler = optuna.samplers.GPSampler(seed=job.seed, n_startup_trials=1)
        number = study.ask().number
        trial = study.trials[number]
        space = sampler.infer_relative_search_space(study, trial)
        params = sampler.sample_relative(study, trial, space)
    link.emit(Proposed(params={key: _plain(value) for key, value in params.items()}))
    return Finished()


def bound_regret(job: BoundRegret, link: Link) -> Event:
    """Do the job: a RegretBounded event. The evaluator is Optuna's."""
    study = _study(job)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from optuna.terminator import RegretBoundEvaluator

        bound = RegretBoundEvaluator(seed=job.seed).evaluate(study.trials, study.direction)
    link.emit(RegretBounded(bound=float(bound) if math.isfinite(bound) else 1e300))
    return Finished()


def _study(job: ProposeTrial | BoundRegret) -> Any:
    """The study in memory: its file belongs to the parent."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(directions=list(job.directions))
    for trial in job.trials:
        distributions = {key: json_to_distribution(text) for key, text in trial.distributions.items()}
        study.add_trial(optuna.trial.create_trial(
            state=TrialState.RUNNING if trial.values is None else TrialState.COMPLETE, params=trial.params,
            distributions=distributions, values=None if trial.values is None else list(trial.values)))
    return study


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
