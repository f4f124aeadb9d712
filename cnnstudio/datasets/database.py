"""A project's SQLite file: one connection for each thread, one writer at a time, errors as problems."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from cnnstudio.core.atomic import write_problem
from cnnstudio.core.foreign_files import decode_json
from cnnstudio.core.own_folders import link_problem
from cnnstudio.core.problems import Fix, Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.datasets import schema

_ERRORS: Final = (sqlite3.Error, UnicodeDecodeError)
"""UnicodeDecodeError occurs where SQLite quotes a damaged file in its message."""
_SET_ASIDE: Final = Fix(action="set_index_aside", label=Text("Set the index aside and read the folder again",
                                                             "Apartar el índice y leer la carpeta de nuevo"))
_PART: Final = 4096
_STEPS_AT_ONCE: Final = 100_000
_STEPS: Final = 2_000_000_000
"""Instructions of SQLite, some ten seconds: more than any reading of a schema or of a million rows takes."""
T = TypeVar("T")


class Database:
    """Safe to use from several threads; several processes take turns."""

    def __init__(self, path: Path) -> None:
        """Opens or creates `path`; raises ProblemError when it cannot be written, is damaged or is newer."""
        self.path = path
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._lock = threading.RLock()
        linked = link_problem(path.parent)
        if linked is not None:
            raise ProblemError(linked)
        try:
            with self.transaction() as connection:
                foreign = schema.foreign_objects(connection)
                if foreign:
                    raise ProblemError(foreign_problem(path, foreign))
                version = connection.execute("PRAGMA user_version").fetchone()[0]
                if version > schema.VERSION:
                    text = Text("{path} was written by a newer version of CNN Studio. Install that version or a later one to "
                                "open it.",
                                "{path} se escribió con una versión más nueva de CNN Studio. Instale esa versión o una "
                                "posterior para abrirlo.")
                    raise ProblemError(error("newer_format", text.fill(path=path), "dataset", path=path))
                if version < schema.VERSION:
                    schema.bring_up_to_date(connection)
        except ProblemError:
            self.close()
            raise

    @property
    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            try:
                connection = sqlite3.connect(self.path, timeout=30, check_same_thread=False, isolation_level=None)
                protect(connection)
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")
            except _ERRORS as err:
                raise ProblemError(database_problem(err, self.path)) from err
            self._local.connection = connection
            with self._lock:
                self._connections.append(connection)
        return connection

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[sqlite3.Connection]:
        """One writer at a time; everything inside happens or nothing does. Raises ProblemError.

        `durable`: on the disk before this returns, power cuts included; for the user's decisions. A transaction within
        another one of the same thread is a part of it.
        """
        with self._lock:
            connection = self._connection
            if connection.in_transaction:
                try:
                    yield connection
                except _ERRORS as err:
                    raise ProblemError(database_problem(err, self.path)) from err
                return
            try:
                if durable:
                    connection.execute("PRAGMA synchronous = FULL")
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                if connection.in_transaction:
                    connection.execute("COMMIT")
            except _ERRORS as err:
                raise ProblemError(database_problem(err, self.path)) from err
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                if durable:
                    connection.execute("PRAGMA synchronous = NORMAL")

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Within this block the queries of this thread see one state, whatever others write. Raises ProblemError."""
        connection = self._connection
        if connection.in_transaction:
            yield
            return
        try:
            connection.execute("BEGIN")
            yield
        except _ERRORS as err:
            raise ProblemError(database_problem(err, self.path)) from err
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows of a query; raises ProblemError."""
        try:
            return self._connection.execute(sql, values).fetchall()
        except _ERRORS as err:
            raise ProblemError(database_problem(err, self.path)) from err

    def iterate(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Any]:
        """Iterate over the rows of a query, for very many; raises ProblemError."""
        try:
            cursor = self._connection.execute(sql, values)
            # In chunks: every single step would release the lock and wait for other threads.
            while part := cursor.fetchmany(_PART):
                yield from part
        except _ERRORS as err:
            raise ProblemError(database_problem(err, self.path)) from err

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            for connection in self._connections:
                connection.close()
            self._connections.clear()
            self._local = threading.local()


def stored_json(text: Any, kind: type[T], path: Path) -> T:
    """JSON in a cell of the index at `path`; raises ProblemError (damaged_index)."""
    try:
        return decode_json(text, kind)
    except (ValueError, TypeError) as err:
        damage = sqlite3.DatabaseError(str(err))
        damage.sqlite_errorname = "SQLITE_CORRUPT"
        raise ProblemError(database_problem(damage, path)) from err


def protect(connection: sqlite3.Connection) -> None:
    """Nothing in a file from elsewhere may call a function with effects, and no statement runs for ever."""
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")


@contextmanager
def bounded(connection: sqlite3.Connection, steps: int = _STEPS) -> Iterator[None]:
    """Within this block a statement ends with an error after that many instructions of SQLite."""
    left = steps // _STEPS_AT_ONCE

    def is_over() -> bool:
        nonlocal left
        left -= 1
        return left < 0

    connection.set_progress_handler(is_over, _STEPS_AT_ONCE)
    try:
        yield
    finally:
        connection.set_progress_handler(None, 0)


def foreign_problem(path: Path, names: Sequence[str]) -> Problem:
    """The problem of an index that holds what this program never puts there."""
    text = Text("The index {path} was not created by CNN Studio: it contains {names}. Set the index aside and read the "
                "folder again: the file is kept, and your decisions about pictures are recovered as far as they can be read.",
                "El índice {path} no fue creado por CNN Studio: contiene {names}. Aparte el índice y lea la carpeta de "
                "nuevo: el archivo se conserva, y sus decisiones sobre las imágenes se recuperan en la medida en que se "
                "puedan leer.")
    shown = ", ".join(names[:3])
    return error("damaged_index", text.fill(path=path, names=shown), "dataset", path=path, fixes=(_SET_ASIDE,),
                 details=", ".join(names[:100]))


def database_problem(exception: Exception, path: Path) -> Problem:
    """The problem of a file that cannot be used."""
    name = getattr(exception, "sqlite_errorname", "") or ""
    if "FULL" in name:
        return write_problem(OSError(28, "No space left on device"), path)
    if "READONLY" in name or "CANTOPEN" in name or "PERM" in name:
        return write_problem(PermissionError(13, str(exception)), path)
    if "NOTADB" in name or "CORRUPT" in name or isinstance(exception, UnicodeDecodeError) or (
            "Could not decode to UTF-8" in str(exception)):
        text = Text("The index {path} is damaged. Set the index aside and read the folder again: the file is kept, and your "
                    "decisions about pictures are recovered as far as they can still be read.",
                    "El índice {path} está dañado. Aparte el índice y lea la carpeta de nuevo: el archivo se conserva, y sus "
                    "decisiones sobre las imágenes se recuperan en la medida en que aún se puedan leer.")
        return error("damaged_index", text.fill(path=path), "dataset", path=path, fixes=(_SET_ASIDE,), details=str(exception))
    text = Text("The index {path} could not be used: {reason}.", "No se pudo usar el índice {path}: {reason}.")
    return error("index", text.fill(path=path, reason=str(exception)), "dataset", path=path, details=str(exception))
