"""The study of a search: Optuna's, in an SQLite file that the parent makes and alone writes.

The only place where Optuna is set up. It is imported inside functions, since neither the first paint of the window nor most
commands need it.
"""

from __future__ import annotations

import os
import sqlite3
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from cnnstudio.core.atomic import write_problem
from cnnstudio.core.problems import ProblemError
from cnnstudio.core.search import Choices, SearchSpec, Varied
from cnnstudio.datasets.database import protect
from cnnstudio.workers.search.folder import STUDY_FILE, SearchFolder
from cnnstudio.workers.search.reading import WAIT_SECONDS, check_study, study_problem

STUDY_NAME: Final = "search"


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=WAIT_SECONDS, check_same_thread=False)
    # Readers never wait for the writer, nor it for them. A lost power may lose the last lines, which the runs tell again.
    protect(connection)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


@contextmanager
def study_errors(search: SearchFolder) -> Iterator[None]:
    """Inside, what storage and disk raise becomes ProblemError (no_space, damaged_search...)."""
    import optuna
    import sqlalchemy

    try:
        yield
    except (optuna.exceptions.OptunaError, sqlalchemy.exc.SQLAlchemyError, sqlite3.Error) as err:
        cause = _cause(err)
        if isinstance(cause, sqlite3.OperationalError) and "full" in str(cause):
            import errno

            full = OSError(errno.ENOSPC, "")
            raise ProblemError(write_problem(full, search.study_path)) from err
        if isinstance(cause, sqlite3.OperationalError) and ("readonly" in str(cause) or "unable to open" in str(cause)):
            raise ProblemError(write_problem(PermissionError(13, ""), search.study_path)) from err
        raise ProblemError(study_problem(search, err)) from err


def _cause(err: BaseException) -> BaseException:
    """The error of SQLite behind an error of a library above it."""
    seen: BaseException | None = err
    while seen is not None:
        if isinstance(seen, sqlite3.Error):
            return seen
        original = getattr(seen, "orig", None)
        if isinstance(original, sqlite3.Error):
            return original
        seen = seen.__cause__ or seen.__context__
    return err


def create_study(search: SearchFolder, spec: SearchSpec) -> None:
    """Make the file of a search's study. It appears when it is whole. Raises ProblemError."""
    import optuna

    temporary = search.folder / f".{STUDY_FILE}.new"
    try:
        temporary.unlink(missing_ok=True)
        with _storage(search, temporary) as storage, study_errors(search):
            optuna.create_study(storage=storage, study_name=STUDY_NAME,
                                directions=[objective.direction for objective in spec.objectives])
        os.replace(temporary, search.study_path)
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, search.study_path)) from os_error


@contextmanager
def open_study(search: SearchFolder, sampler: Any = None, pruner: Any = None) -> Iterator[Any]:
    """The study of a search; its file is closed at the end. Raises ProblemError (damaged_search...)."""
    import optuna

    check_study(search)
    with _storage(search, search.study_path) as storage:
        with study_errors(search):
            study = optuna.load_study(storage=storage, study_name=STUDY_NAME, sampler=sampler, pruner=pruner)
        yield study


@contextmanager
def _storage(search: SearchFolder, path: Path) -> Iterator[Any]:
    """Optuna's storage in a file."""
    import optuna
    from sqlalchemy.pool import QueuePool

    _silence_optuna()
    with study_errors(search):
        # A creator instead of a URL: a folder may have any character in its name.
        storage = optuna.storages.RDBStorage("sqlite://", engine_kwargs={
            "creator": lambda: _connect(path), "poolclass": QueuePool})
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def _silence_optuna() -> None:
    """Its remarks on parts that are experimental or will leave are for programmers, and its log repeats what we tell."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    warnings.filterwarnings("ignore", message=".*optuna.terminator", category=FutureWarning)
    warnings.filterwarnings("ignore", message="PedAnovaImportanceEvaluator", category=UserWarning)


def distribution(item: Varied) -> Any:
    """Optuna's distribution of a varied key."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    values = item.values
    if isinstance(values, Choices):
        return CategoricalDistribution(values.values)
    if values.whole:
        return IntDistribution(int(values.low), int(values.high), log=values.log, step=int(values.step or 1))
    return FloatDistribution(values.low, values.high, log=values.log, step=values.step)
