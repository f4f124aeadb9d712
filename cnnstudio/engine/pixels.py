"""Prepared pixels: every picture is decoded and prepared by the recipe once, and kept."""

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
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.engine.store import Store, make_room
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.hashing import content_hash
from cnnstudio.imaging.picture_files import read_regular
from cnnstudio.imaging.problems import picture_problem

PIXELS_VERSION: Final = 2
"""Raised when decoding or preparing changes what it answers, so that old rows are not used."""
_CHUNK: Final = 256
_CHUNK_BYTES: Final = 256 << 20
"""The most pictures and bytes that are decoded and written together. Two such chunks are in memory at once."""
_MOST_NAMED: Final = 20
_MEMORY_BYTES: Final = 2 << 30
"""The most bytes of pixels in memory if they cannot be kept on the disk."""
Compute = Callable[[np.ndarray], np.ndarray]
"""Computes what is kept of pixels: uint8 (n, height, width, channels) to float32 (n, ...)."""


@dataclass
class Prepared:
    """Rows of files in their given order.

    `rows[i]` is >= 0 in the mapped store, -1 for a file that could not be used, and -2 - k for
    number k of `memory`: the row itself, or a function that reads it again. `names` are content hashes.
    `problems` are (index, problem) of unused files.
    """

    shape: tuple[int, ...]
    dtype: Any
    rows: np.ndarray
    names: list[str]
    mapped: np.ndarray
    memory: list[np.ndarray | Callable[[], np.ndarray]] = field(default_factory=list)
    problems: list[tuple[int, Problem]] = field(default_factory=list)
    store_problem: str = ""

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
    """A hash of the pixel part of a recipe, without the normalisation, which is in the model."""
    data = msgspec.json.encode([PIXELS_VERSION, recipe.pixel_part()], order="deterministic")
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def pixel_folder(cache: Path, recipe: RecipeSpec) -> Path:
    """Where the pixels of a recipe are kept."""
    return cache / "pixels" / recipe_digest(recipe)


def cache_limit() -> int:
    """The most bytes the cache may take, by the user's settings."""
    return load_settings().cache_gigabytes * 1_000_000_000


def prepare_pictures(paths: Sequence[Path], recipe: RecipeSpec, cache: Path, *,
                     progress: Callable[[int, int], None] = lambda _done, _total: None,
                     check: Callable[[], None] = lambda: None, limit: int | None = None) -> Prepared:
    """Pixels of all files, from the store if they are in it. Unusable files are skipped.

    `progress(done, total)` counts files; `check` is called between chunks and may raise to cancel:
    finished chunks are kept.
    """
    return cached_rows(paths, recipe, cache, pixel_folder(cache, recipe), recipe.shape, "uint8", progress=progress, check=check,
                       limit=limit)


def cached_rows(paths: Sequence[Path], recipe: RecipeSpec, cache: Path, folder: Path, shape: tuple[int, ...], dtype: str,
                seen: Compute | None = None, *, progress: Callable[[int, int], None], check: Callable[[], None],
                limit: int | None = None) -> Prepared:
    """Pixels of all files, or the result of `seen` for them, from the store in `folder` if they are in it."""
    texts = [str(path) for path in paths]
    stats = [stat_of(path) for path in texts]
    count = len(texts)
    store: Store | None = None
    reason_text = ""
    lock = ProjectLock(folder)
    rows, names = np.full(count, -1, np.int64), [""] * count
    try:
        make_room(cache, cache_limit() if limit is None else limit, keep=folder)
        folder.mkdir(parents=True, exist_ok=True)
        _wait_for(lock, check)
        store = Store(folder, shape, dtype)
        rows, names = store.find_rows(texts, stats)
    except (OSError, sqlite3.Error) as reason:
        reason_text = str(reason_of(reason))
        store = None
    prepared = Prepared(shape, np.dtype(dtype), rows, names, np.empty((0, *shape), dtype))
    prepared.store_problem = reason_text
    try:
        _fill(prepared, texts, stats, recipe, store, seen, progress, check)
        if store is not None:
            prepared.mapped = store.mapped()
    finally:
        if store is not None:
            store.close()
        lock.release()
    return prepared


def _fill(prepared: Prepared, paths: list[str], stats: list[tuple[int, int] | None], recipe: RecipeSpec,
          store: Store | None, seen: Compute | None, progress: Callable[[int, int], None], check: Callable[[], None]
          ) -> None:
    waiting = [index for index in np.flatnonzero(prepared.rows == -1).tolist() if stats[index] is not None]
    for index in np.flatnonzero(prepared.rows == -1).tolist():
        if stats[index] is None:
            prepared.problems.append((index, _vanished_problem(paths[index])))
    total, done = len(paths), len(paths) - len(waiting)
    if waiting:
        progress(done, total)
    plain = recipe.as_dictionary()
    size = max(1, min(_CHUNK, _CHUNK_BYTES // (recipe.height * recipe.width * recipe.channels)))
    chunks = [waiting[begin:begin + size] for begin in range(0, len(waiting), size)]
    with ThreadPoolExecutor(max_workers=os.cpu_count() or 2, thread_name_prefix="decode") as pool:
        def submit(number: int) -> list[Future[tuple[str, Any]]]:
            return [pool.submit(_prepare_file, paths[index], plain, store) for index in chunks[number]]

        ahead = submit(0) if chunks else []
        for number, chunk in enumerate(chunks):
            check()
            # The next chunk is decoded while this one is written.
            jobs, ahead = ahead, submit(number + 1) if number + 1 < len(chunks) else []
            results = []
            for index, job in zip(chunk, jobs, strict=True):
                name, pixels = job.result()
                if isinstance(pixels, Problem):
                    prepared.problems.append((index, pixels))
                else:
                    results.append((index, name, pixels))
                done += 1
                if seen is None:
                    progress(done, total)
            if seen is not None:
                results = _computed(results, seen, store)
                progress(done, total)
            _keep(prepared, results, paths, stats, store, plain if seen is None else None)


def _computed(results: list[tuple[int, str, Any]], seen: Compute, store: Store | None) -> list[tuple[int, str, Any]]:
    fresh = {name: array for _, name, array in results
             if array is not None and (store is None or store.row_of(name) is None)}
    computed = dict(zip(fresh, seen(np.stack(list(fresh.values()))), strict=True)) if fresh else {}
    return [(index, name, computed.get(name)) for index, name, _ in results]


def _keep(prepared: Prepared, results: list[tuple[int, str, Any]], paths: list[str],
          stats: list[tuple[int, int] | None], store: Store | None, recipe: dict[str, Any] | None) -> None:
    """Put a chunk into the store, or into memory if the disk is full or read-only. Pictures that do not fit into memory
    are prepared again by the `recipe` on every use; None: everything is kept in memory."""
    if store is not None and not prepared.store_problem:
        fresh = {name: array for _, name, array in results if array is not None and store.row_of(name) is None}
        try:
            store.add(list(fresh), list(fresh.values()))
            files = []
            for index, name, _ in results:
                stat, row = stats[index], store.row_of(name)
                assert stat is not None
                assert row is not None
                files.append((paths[index], *stat, row))
            store.remember(files)
        except (OSError, sqlite3.Error) as err:
            prepared.store_problem = str(reason_of(err))
    for index, name, array in results:
        row = store.row_of(name) if store is not None else None
        prepared.names[index] = name
        if row is not None:
            prepared.rows[index] = row
            continue
        prepared.rows[index] = -2 - len(prepared.memory)
        if recipe is None or (len(prepared.memory) + 1) * array.nbytes <= _MEMORY_BYTES:
            prepared.memory.append(array)
        else:
            prepared.memory.append(partial(_prepare_again, paths[index], recipe))


def _prepare_again(path: str, recipe: dict[str, Any]) -> np.ndarray:
    _name, pixels = _prepare_file(path, recipe, None)
    if isinstance(pixels, Problem):
        raise ProblemError(pixels)
    return np.asarray(pixels)


def _prepare_file(path: str, recipe: dict[str, Any], store: Store | None) -> tuple[str, Any]:
    """(content hash, pixels); None for pixels in the store, a Problem for an unusable file."""
    try:
        data = read_regular(path)
    except PictureError as picture_error:
        return "", picture_problem(picture_error, path)
    except OSError as os_error:
        if isinstance(os_error, FileNotFoundError):
            return "", _vanished_problem(path)
        text = Text("{path} cannot be read: {reason}.", "No se puede leer {path}: {reason}.")
        return "", error("cannot_read", text.fill(path=path, reason=reason_of(os_error)), "file", path=path)
    name = content_hash(data)
    if store is not None and store.row_of(name) is not None:
        return name, None
    try:
        return name, prepare(data, recipe)
    except PictureError as picture_error:
        return name, picture_problem(picture_error, path)


def stat_of(path: str) -> tuple[int, int] | None:
    """Size and time of change (ns) of a file, by which it is recognised; None where it is gone."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _wait_for(lock: ProjectLock, check: Callable[[], None]) -> None:
    """Wait for the lock of a store; raises OSError if the folder cannot be written."""
    while (problem := lock.acquire()) is not None:
        if problem.code != "project_in_use":
            raise OSError(problem.text.en)
        check()
        time.sleep(0.1)


def _vanished_problem(path: str) -> Problem:
    text = Text("{path} no longer exists.", "{path} ya no existe.")
    return error("vanished", text.fill(path=path), "file", path=path)


def notices(prepared: Prepared) -> list[Problem]:
    """Warnings for the user: the first skipped files by name, the number of the others, a failed store."""
    problems = [msgspec.structs.replace(problem, severity="warning") for _, problem in prepared.problems[:_MOST_NAMED]]
    if len(prepared.problems) > _MOST_NAMED:
        text = Text("Further pictures that could not be used and were skipped: {n}.",
                    "Otras imágenes que no se pudieron usar y se omitieron: {n}.")
        problems.append(warning("pictures_skipped", text.fill(n=len(prepared.problems) - _MOST_NAMED), "dataset"))
    if prepared.store_problem:
        text = Text("The prepared pictures could not be saved on the disk ({reason}). They stay in memory for now, and those "
                    "that do not fit there are prepared again whenever they are needed, which is slower.",
                    "Las imágenes preparadas no se pudieron guardar en el disco ({reason}). Por ahora quedan en memoria, y "
                    "las que no caben en ella se preparan de nuevo cada vez que hacen falta, lo que es más lento.")
        problems.append(warning("cache_failed", text.fill(reason=prepared.store_problem), "machine"))
    return problems
