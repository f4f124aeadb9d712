"""A search as plain data, read from its folder without Optuna: in milliseconds, also while the search goes on.

The tables are those of Optuna's storage, whose version is checked; a test compares with what Optuna itself reads.
"""

from __future__ import annotations

import contextlib
import json
import math
import sqlite3
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from cnnstudio.core.problems import Problem, ProblemError
from cnnstudio.core.search import Direction, Ending, Objective, SearchSpec, TrialState, tidy_number
from cnnstudio.core.text import Text
from cnnstudio.datasets.database import protect
from cnnstudio.workers.search.folder import SearchFolder, search_folders

ParamValue = int | float | str
SCHEMA: Final = 12
"""The version of Optuna's tables that is understood here."""
WAIT_SECONDS: Final = 60.0
"""How long a connection waits for another one that writes."""
_MOST_SECONDS: Final = 1e12
"""No search has worked for 30,000 years."""
RUNS_KEY: Final = "runs"
SECONDS_KEY: Final = "seconds"
PROBLEM_KEY: Final = "problem"
PRUNED_KEY: Final = "prune"
PRESENT_KEY: Final = "present"
"""Attributes of a trial: the ids of its runs, the seconds it worked, why it failed, that it is to end early, and that it has
the present settings of the project."""
ENDING_KEY: Final = "ending"
WORKED_KEY: Final = "worked"
WHY_KEY: Final = "why"
"""Attributes of the study: why it ended, the seconds that it worked, and the problem that ended it."""
_STATES: Final[dict[str, TrialState]] = {"RUNNING": "running", "WAITING": "waiting", "COMPLETE": "complete",
                                         "PRUNED": "pruned", "FAIL": "failed"}


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """One trial. `values` are those of the objectives in their order, empty before the end and of one that failed; a pruned
    one has its last value where there is one objective. `params` are by key, numbers or texts; keys that do not matter for
    its other choices are missing. `runs` are the ids of its runs, one for each fold or a single one. `intermediate` is
    (epoch or fold from 1, value of the first objective) in order. `started` is in seconds since the epoch. `present`: it has
    the settings that the project had when the search began."""

    number: int
    state: TrialState
    values: tuple[float, ...] = ()
    params: dict[str, ParamValue] = {}
    runs: tuple[str, ...] = ()
    intermediate: tuple[tuple[int, float], ...] = ()
    started: float | None = None
    seconds: float | None = None
    problem: Problem | None = None
    present: bool = False


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """A search with all its trials, in the order of their numbers.

    `running`: a process drives it now. `ending` is "" while it is not over. `best` is the number of the best trial by each
    objective; `front` those that no other trial beats in all objectives (the best one where there is a single objective).
    `why` is the problem that ended it, or that its files have.
    """

    id: str
    folder: Path
    spec: SearchSpec
    trials: tuple[Trial, ...] = ()
    running: bool = False
    ending: Ending | None = None
    seconds: float = 0.0
    best: tuple[int | None, ...] = ()
    front: tuple[int, ...] = ()
    why: Problem | None = None

    @property
    def complete(self) -> tuple[Trial, ...]:
        """The trials that have a value of every objective."""
        return tuple(trial for trial in self.trials if trial.state == "complete")

    def trial(self, number: int) -> Trial | None:
        """The trial of that number."""
        return next((trial for trial in self.trials if trial.number == number), None)

    @property
    def started(self) -> float:
        """When it was made, by its id, in seconds since the epoch."""
        try:
            return time.mktime(time.strptime(self.id[:17], "%Y-%m-%d-%H%M%S"))
        except (ValueError, OverflowError):
            return 0.0


def read_search(search: SearchFolder) -> Search:
    """The search in a folder. Raises ProblemError where its specs cannot be read; a damaged study has no trials, and `why`
    says so."""
    search.check_links()
    spec = search.spec()
    running = search.living()
    if not search.is_begun():
        return Search(id=search.id, folder=search.folder, spec=spec, running=running, best=(None,) * len(spec.objectives))
    try:
        return _read_begun(search, spec, running)
    except (sqlite3.Error, ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError,
            msgspec.MsgspecError) as err:
        # A file from elsewhere may hold anything.
        return Search(id=search.id, folder=search.folder, spec=spec, running=running,
                      best=(None,) * len(spec.objectives), why=study_problem(search, err))


def _read_begun(search: SearchFolder, spec: SearchSpec, running: bool) -> Search:
    """A search that has a study. Raises what a damaged one leads to."""
    trials, facts = _read_study(search.study_path)
    for trial in trials:
        if trial.state == "complete" and len(trial.values) != len(spec.objectives):
            raise ValueError(f"{len(trial.values)} values of {len(spec.objectives)} objectives")
    if not running:
        trials = tuple(msgspec.structs.replace(trial, state="waiting") if trial.state == "running" else trial
                       for trial in trials)
    why = msgspec.convert(facts.get(WHY_KEY), Problem | None)
    ending = msgspec.convert(facts.get(ENDING_KEY), Ending | None)
    return Search(
        id=search.id, folder=search.folder, spec=spec, trials=trials, running=running,
        ending=None if running else ending, seconds=_seconds(facts.get(WORKED_KEY, 0.0)),
        best=best_trials(trials, spec.objectives), front=front(trials, spec.objectives), why=None if running else why)


def list_searches(project_folder: Path) -> list[Search]:
    """The searches of a project, newest first. One whose specs cannot be read has no varied keys, and `why` says so."""
    found = []
    for folder in search_folders(project_folder):
        try:
            found.append(read_search(folder))
        except ProblemError as problem_error:
            found.append(Search(id=folder.id, folder=folder.folder, spec=SearchSpec(varied=(), objectives=()),
                                why=problem_error.problems[0]))
    return found


def check_study(search: SearchFolder) -> None:
    """Raise ProblemError (damaged_search) where there is no study that is understood; nothing is changed."""
    try:
        with _connection(search.study_path) as connection:
            _check_version(connection)
    except (sqlite3.Error, ValueError) as err:
        raise ProblemError(study_problem(search, err)) from err


def study_problem(search: SearchFolder, err: Exception) -> Problem:
    """The problem of a study that cannot be read."""
    if not search.study_path.exists():
        reason = Text("the file is missing", "falta el archivo")
    elif isinstance(err, _NewerError):
        reason = Text("it was written by another version", "lo escribió otra versión")
    else:
        reason = Text("its content is no study", "su contenido no es un estudio")
    problem = search.damage(search.study_path, reason)
    return msgspec.structs.replace(problem, details=str(err))


def best_trials(trials: Sequence[Trial], objectives: Sequence[Objective]) -> tuple[int | None, ...]:
    """The number of the best complete trial by each objective, the earliest of equal ones; None without any."""
    complete = [trial for trial in trials if trial.state == "complete"]
    return tuple(
        min(complete, key=lambda trial: (_cost(trial.values[place], objective.direction), trial.number)).number
        if complete else None for place, objective in enumerate(objectives))


def best_run(search: Search, objective: int = 0) -> str | None:
    """The id of the best run by an objective: that of the best trial; of its folds the one with the best value where that is
    known, which it is for the first objective alone. None without a complete trial."""
    number = search.best[objective] if objective < len(search.best) else None
    trial = None if number is None else search.trial(number)
    if trial is None or not trial.runs:
        return None
    if len(trial.runs) == len(trial.intermediate) > 1 and objective == 0:
        costs = [_cost(value, search.spec.objectives[0].direction) for _fold, value in trial.intermediate]
        return trial.runs[costs.index(min(costs))]
    return trial.runs[0]


def front(trials: Sequence[Trial], objectives: Sequence[Objective]) -> tuple[int, ...]:
    """The numbers of the complete trials that no other one beats: none is as good in every objective and better in one."""
    costs = {trial.number: [_cost(value, objective.direction) for value, objective in zip(
        trial.values, objectives, strict=True)] for trial in trials if trial.state == "complete"}
    if len(objectives) == 1:
        return tuple(number for number in best_trials(trials, objectives) if number is not None)
    return tuple(number for number, own in costs.items() if not any(_beats(other, own) for other in costs.values()))


def _beats(other: Sequence[float], own: Sequence[float]) -> bool:
    return all(a <= b for a, b in zip(other, own, strict=True)) and any(a < b for a, b in zip(other, own, strict=True))


def _cost(value: float, direction: Direction) -> float:
    """What is better is smaller; what is no number is worst."""
    if math.isnan(value):
        return math.inf
    return -value if direction == "maximize" else value


# Optuna's tables ------------------------------------------------------------------------------------


class _NewerError(ValueError):
    """The tables are of another version."""


@contextlib.contextmanager
def _connection(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection for reading, which also takes in what a killed writer left; no file is made."""
    target = f"{path.absolute().as_uri()}?mode=rw"
    try:
        connection = sqlite3.connect(target, uri=True, timeout=WAIT_SECONDS)
        protect(connection)
        connection.execute("PRAGMA query_only = ON")
        connection.execute("SELECT 1 FROM sqlite_master")
    except sqlite3.OperationalError:
        # A folder that cannot be written.
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=WAIT_SECONDS)
    try:
        yield connection
    finally:
        connection.close()


def _check_version(connection: sqlite3.Connection) -> None:
    """Before anything else is read: a view in the place of a table may never end. Raises ValueError."""
    foreign = connection.execute("SELECT name FROM sqlite_master WHERE type IN ('trigger', 'view')").fetchone()
    if foreign is not None:
        raise ValueError(f"{foreign[0]} is no table")
    version = connection.execute("SELECT schema_version FROM version_info").fetchone()
    if version is None or version[0] != SCHEMA:
        raise _NewerError(f"schema {version and version[0]}")


def _read_study(path: Path) -> tuple[tuple[Trial, ...], dict[str, Any]]:
    """The trials, and the attributes of the study; all of one moment."""
    with _connection(path) as connection:
        connection.execute("BEGIN")
        _check_version(connection)
        facts = {key: json.loads(value) for key, value in connection.execute(
            "SELECT key, value_json FROM study_user_attributes")}
        rows = connection.execute("SELECT trial_id, number, state, CAST(strftime('%s', datetime_start, 'utc') AS REAL) "
                                  "FROM trials ORDER BY number").fetchall()
        values = _by_trial(connection.execute("SELECT trial_id, objective, value, value_type FROM trial_values"))
        params = _by_trial(connection.execute("SELECT trial_id, param_name, param_value, distribution_json FROM trial_params "
                                              "ORDER BY param_id"))
        steps = _by_trial(connection.execute(
            "SELECT trial_id, step, intermediate_value, intermediate_value_type FROM trial_intermediate_values"))
        attributes = _by_trial(connection.execute("SELECT trial_id, key, value_json FROM trial_user_attributes"))
        fixed = dict(connection.execute("SELECT trial_id, value_json FROM trial_system_attributes WHERE key='fixed_params'"))
        connection.rollback()
    return tuple(_trial(row, values[row[0]], params[row[0]] or _queued(fixed.get(row[0])), steps[row[0]], attributes[row[0]])
                 for row in rows), facts


def _queued(fixed: str | None) -> list[tuple[Any, ...]]:
    """The parameters of a trial that waits in the queue, as far as they are fixed."""
    return [(key, value, None) for key, value in msgspec.convert(json.loads(fixed), dict[str, Any]).items()] if fixed else []


def _by_trial(rows: Iterator[tuple[Any, ...]] | sqlite3.Cursor) -> Mapping[int, list[tuple[Any, ...]]]:
    found: defaultdict[int, list[tuple[Any, ...]]] = defaultdict(list)
    for trial, *rest in rows:
        found[trial].append(tuple(rest))
    return found


def _trial(row: tuple[Any, ...], values: Sequence[tuple[Any, ...]], params: Sequence[tuple[Any, ...]],
           steps: Sequence[tuple[Any, ...]], attributes: Sequence[tuple[Any, ...]]) -> Trial:
    """Every part is checked to be of its kind, since SQLite keeps anything in any column."""
    _identifier, number, state, started = row
    own = {key: json.loads(value) for key, value in attributes}
    seconds = own.get(SECONDS_KEY)
    return msgspec.convert({
        "number": number, "state": _STATES[state], "started": started, "present": own.get(PRESENT_KEY, False),
        "seconds": None if seconds is None else _seconds(seconds),
        "values": [_number(value, kind) for _place, value, kind in sorted(values)],
        "params": {key: _param(value, distribution) for key, value, distribution in params},
        "runs": own.get(RUNS_KEY, ()),
        "intermediate": [(step, _number(value, kind)) for step, value, kind in sorted(steps)],
        "problem": own.get(PROBLEM_KEY)}, Trial)


def _seconds(value: Any) -> float:
    """A time that was noted. Raises ValueError for what is none."""
    seconds = msgspec.convert(value, float)
    if not 0 <= seconds < _MOST_SECONDS:
        raise ValueError(f"{value} seconds")
    return seconds


def _number(value: float | None, kind: str) -> float:
    return {"INF_POS": math.inf, "INF_NEG": -math.inf}.get(kind, math.nan if value is None else value)


def _param(value: Any, distribution: str | None) -> ParamValue:
    if distribution is None:
        chosen: ParamValue = value
        return chosen
    facts = json.loads(distribution)
    if facts["name"] == "CategoricalDistribution":
        return str(facts["attributes"]["choices"][int(value)])
    if facts["name"] == "IntDistribution":
        return int(value)
    low, high = float(facts["attributes"]["low"]), float(facts["attributes"]["high"])
    return tidy_number(float(value), low, high)
