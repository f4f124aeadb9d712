"""Prepared pixels: every picture is decoded and brought to the recipe's shape once, and kept."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from cnnstudio.catalog.pixels import prepare
from cnnstudio.core.lock import ProjectLock
from cnnstudio.core.problems import Problem, ProblemError, error, warning
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.core.settings import load_settings
from cnnstudio.core.system_words import reason_of
from cnnstudio.core.text import Text
from cnnstudio.engine.store import Store, make_room
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.hashing import content_hash
from cnnstudio.imaging.problems import picture_problem

PIXELS_VERSION: Final = 2
"""Raised when decoding or preparing changes what it answers, so that old rows are not used."""
_CHUNK: Final = 256
_CHUNK_BYTES: Final = 256 << 20
"""Pictures that are decoded and written together: so many, and so many bytes. Two such parts are in memory at once."""
_NAMED: Final = 20
_MEMORY_BYTES: Final = 2 << 30
"""Pixels that are held in memory at most where they cannot be kept on the disk."""
Seen = Callable[[np.ndarray], np.ndarray]
"""What is made of pixels, uint8 (n, height, width, channels), before it is kept: float32 (n, ...)."""


@dataclass
class Prepared:
    """Rows of files in their given order.

    `rows[i]` is >= 0 in the mapped store, -1 for a file that could not be used, and -2 - k for
    number k of `memory`: the row itself, or what reads it again. `names` are content hashes.
    `troubles` are (index, problem) of unused files.
    """

    shape: tuple[int, ...]
    dtype: Any
    rows: np.ndarray
    names: list[str]
    mapped: np.ndarray
    memory: list[np.ndarray | Callable[[], np.ndarray]] = field(default_factory=list)
    troubles: list[tuple[int, Problem]] = field(default_factory=list)
    store_trouble: str = ""

    @property
    def good(self) -> np.ndarray:
        """Indices of the usable files."""
        return np.flatnonzero(self.rows != -1)

    def take(self, indices: np.ndarray) -> np.ndarray:
        """Rows of these usable files: (n, *shape)."""
        rows = self.rows[indices]
        if not self.memory:
            return np.asarray(self.mapped[rows])
        out = np.empty((len(rows), *self.shape), self.dtype)
        stored = rows >= 0
        out[stored] = self.mapped[rows[stored]]
        for place in np.flatnonzero(~stored):
            held = self.memory[-2 - rows[place]]
            out[place] = held() if callable(held) else held
        return out


def recipe_digest(recipe: RecipeSpec) -> str:
    """Names the pixel part of a recipe; the normalisation lies in the model and does not count."""
    data = msgspec.json.encode([PIXELS_VERSION, recipe.pixel_part()], order="deterministic")
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def cache_limit() -> int:
    """The most bytes the cache may take, by the user's settings."""
    return load_settings().cache_gigabytes * 1_000_000_000


def prepare_pictures(paths: Sequence[Path], recipe: RecipeSpec, cache: Path, *,
                     progress: Callable[[int, int], None] = lambda _done, _total: None,
                     check: Callable[[], None] = lambda: None, limit: int | None = None) -> Prepared:
    """Pixels of all files, from the store where they are known. A file that cannot be used is no error.

    `progress(done, total)` counts files; `check` is called between chunks and may raise to cancel:
    what was prepared until then is kept.
    """
    return kept(paths, recipe, cache, cache / "pixels" / recipe_digest(recipe), recipe.shape, "uint8", progress=progress,
                check=check, limit=limit)


def kept(paths: Sequence[Path], recipe: RecipeSpec, cache: Path, folder: Path, shape: tuple[int, ...], dtype: str,
         seen: Seen | None = None, *, progress: Callable[[int, int], None], check: Callable[[], None],
         limit: int | None = None) -> Prepared:
    """Pixels of all files, or what is `seen` in them, from the store in `folder` where it is known.

    With `seen` the pixels themselves are not kept: they are decoded some hundreds at a time.
    """
    words = [str(path) for path in paths]
    stats = [_stat(path) for path in words]
    count = len(words)
    store: Store | None = None
    problem = ""
    lock = ProjectLock(folder)
    rows, names = np.full(count, -1, np.int64), [""] * count
    try:
        make_room(cache, cache_limit() if limit is None else limit, keep=folder)
        folder.mkdir(parents=True, exist_ok=True)
        _wait_for(lock, check)
        store = Store(folder, shape, dtype)
        rows, names = store.known(words, stats)
    except (OSError, sqlite3.Error) as reason:
        problem = str(reason_of(reason))
        store = None
    prepared = Prepared(shape, np.dtype(dtype), rows, names, np.empty((0, *shape), dtype))
    prepared.store_trouble = problem
    try:
        _fill(prepared, words, stats, recipe, store, seen, progress, check)
        if store is not None:
            prepared.mapped = store.mapped()
    finally:
        if store is not None:
            store.close()
        lock.release()
    return prepared


def _fill(prepared: Prepared, paths: list[str], stats: list[tuple[int, int] | None], recipe: RecipeSpec,
          store: Store | None, seen: Seen | None, progress: Callable[[int, int], None], check: Callable[[], None]
          ) -> None:
    waiting = [index for index in np.flatnonzero(prepared.rows == -1).tolist() if stats[index] is not None]
    for index in np.flatnonzero(prepared.rows == -1).tolist():
        if stats[index] is None:
            prepared.troubles.append((index, _vanished(paths[index])))
    total, done = len(paths), len(paths) - len(waiting)
    if waiting:
        progress(done, total)
    plain = recipe.as_dictionary()
    size = max(1, min(_CHUNK, _CHUNK_BYTES // (recipe.height * recipe.width * recipe.channels)))
    chunks = [waiting[begin:begin + size] for begin in range(0, len(waiting), size)]
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2, thread_name_prefix="decode") as pool:
        def begun(number: int) -> list[Future[tuple[str, Any]]]:
            return [pool.submit(_prepared, paths[index], plain, store) for index in chunks[number]]

        ahead = begun(0) if chunks else []
        for number, chunk in enumerate(chunks):
            check()
            # The next ones are decoded while these are looked at and written.
            jobs, ahead = ahead, begun(number + 1) if number + 1 < len(chunks) else []
            made = []
            for index, job in zip(chunk, jobs, strict=True):
                name, result = job.result()
                if isinstance(result, Problem):
                    prepared.troubles.append((index, result))
                else:
                    made.append((index, name, result))
                done += 1
                if seen is None:
                    progress(done, total)
            if seen is not None:
                made = _looked_at(made, seen, store)
                progress(done, total)
            _keep(prepared, made, paths, stats, store, plain if seen is None else None)


def _looked_at(made: list[tuple[int, str, Any]], seen: Seen, store: Store | None) -> list[tuple[int, str, Any]]:
    fresh = {name: array for _, name, array in made
             if array is not None and (store is None or store.row_of(name) is None)}
    found = dict(zip(fresh, seen(np.stack(list(fresh.values()))), strict=True)) if fresh else {}
    return [(index, name, found.get(name)) for index, name, _ in made]


def _keep(prepared: Prepared, made: list[tuple[int, str, Any]], paths: list[str],
          stats: list[tuple[int, int] | None], store: Store | None, recipe: dict[str, Any] | None) -> None:
    """Put a chunk into the store; when the disk is full or read-only, into memory. What no longer fits there is
    prepared again by the `recipe` whenever it is taken; None: everything is held."""
    if store is not None and not prepared.store_trouble:
        fresh = {name: array for _, name, array in made if array is not None and store.row_of(name) is None}
        try:
            store.add(list(fresh), list(fresh.values()))
            files = []
            for index, name, _ in made:
                stat, row = stats[index], store.row_of(name)
                assert stat is not None
                assert row is not None
                files.append((paths[index], *stat, row))
            store.remember(files)
        except (OSError, sqlite3.Error) as err:
            prepared.store_trouble = str(reason_of(err))
    for index, name, array in made:
        row = store.row_of(name) if store is not None else None
        prepared.names[index] = name
        if row is not None:
            prepared.rows[index] = row
            continue
        prepared.rows[index] = -2 - len(prepared.memory)
        if recipe is None or (len(prepared.memory) + 1) * array.nbytes <= _MEMORY_BYTES:
            prepared.memory.append(array)
        else:
            prepared.memory.append(partial(_again, paths[index], recipe))


def _again(path: str, recipe: dict[str, Any]) -> np.ndarray:
    _name, found = _prepared(path, recipe, None)
    if isinstance(found, Problem):
        raise ProblemError(found)
    return np.asarray(found)


def _prepared(path: str, recipe: dict[str, Any], store: Store | None) -> tuple[str, Any]:
    """(content hash, pixels), or pixels None where the store has them; a Problem instead for an unusable file."""
    try:
        data = Path(path).read_bytes()
    except OSError as os_error:
        if isinstance(os_error, FileNotFoundError):
            return "", _vanished(path)
        text = Text("{path} cannot be read: {reason}.", "No se puede leer {path}: {reason}.")
        return "", error("cannot_read", text.fill(path=path, reason=reason_of(os_error)), "file", path=path)
    name = content_hash(data)
    if store is not None and store.row_of(name) is not None:
        return name, None
    try:
        return name, prepare(data, recipe)
    except PictureError as picture_error:
        return name, picture_problem(picture_error, path)


def _stat(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _wait_for(lock: ProjectLock, check: Callable[[], None]) -> None:
    """One process at a time adds to a store; a place that cannot be written raises OSError."""
    while (problem := lock.acquire()) is not None:
        if problem.code != "project_in_use":
            raise OSError(problem.text.en)
        check()
        time.sleep(0.1)


def _vanished(path: str) -> Problem:
    text = Text("{path} is no longer there.", "{path} ya no está.")
    return error("vanished", text.fill(path=path), "file", path=path)


def notices(prepared: Prepared) -> list[Problem]:
    """What the user should know: the first skipped files by name, then how many more; a store that failed."""
    found = [msgspec.structs.replace(problem, severity="warning") for _, problem in prepared.troubles[:_NAMED]]
    if len(prepared.troubles) > _NAMED:
        text = Text("{n} more pictures could not be used and were skipped.",
                    "Otras {n} imágenes no se pudieron usar y se omitieron.")
        found.append(warning("pictures_skipped", text.fill(n=len(prepared.troubles) - _NAMED), "dataset"))
    if prepared.store_trouble:
        text = Text("Prepared pictures could not be kept on the disk ({reason}). For this time they stay in memory, and "
                    "what does not fit there is read again whenever it is needed, which is slower.",
                    "Las imágenes preparadas no se pudieron guardar en el disco ({reason}). Por esta vez quedan en "
                    "memoria, y lo que no cabe en ella se lee de nuevo cada vez que hace falta, que es más lento.")
        found.append(warning("cache_failed", text.fill(reason=prepared.store_trouble), "machine"))
    return found
