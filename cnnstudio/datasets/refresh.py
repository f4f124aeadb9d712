"""Update the index from the folder: list first, inspect later, both cancellable."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.problems import Problem, ProblemError, blocking, error
from cnnstudio.core.text import Text
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.inspection import OF_THE_DISK, Inspected
from cnnstudio.datasets.scan import Listing
from cnnstudio.datasets.scan_problems import folder_problem, left_out_problems
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.hashing import content_hash
from cnnstudio.imaging.inspect import inspect_picture
from cnnstudio.imaging.picture_files import LeftOut

Cancelled = Callable[[], bool]
OnProgress = Callable[[int, int], None]
"""Called with (done, total); total is 0 while it is unknown."""


class ScanResult(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a scan. `complete` is False if it was cancelled or the folder is missing.

    `new` and `changed` count files since the scan before (all are new to the first); `scan` is its number.
    """

    pictures: int
    new: int = 0
    changed: int = 0
    scan: int = 0
    gone: int
    other_files: int
    problems: tuple[Problem, ...]
    complete: bool
    seconds: float
    left_out: tuple[LeftOut, ...] = ()
    root: Path | None = None

    @property
    def notes(self) -> tuple[Problem, ...]:
        """What was left out and needs no care, such as files of the system; the rest is among the problems."""
        return left_out_problems(self.left_out, self.root, quiet=True)


def never() -> bool:
    return False


def scan_folder(index: Index, root: Path, spec: DatasetSpec, on_progress: OnProgress | None = None,
                cancelled: Cancelled = never) -> ScanResult:
    """List the pictures of `root` into the index; raises ProblemError only for the index itself.

    If the folder cannot be listed, its pictures stay in the index: the drive may come back.
    """
    start = time.perf_counter()
    listing = Listing(root, spec, folder=index.path.parent)
    scan, last = index.begin_scan(), index.last_id()
    listed, complete = 0, True
    for chunk in listing:
        index.add(chunk, scan)
        listed += len(chunk)
        if on_progress is not None:
            on_progress(listed, 0)
        if cancelled():
            complete = False
            break
    problems = list(listing.problems)
    if complete and not listed and not blocking(problems) and _was_emptied(index, spec):
        problems.append(_emptied_problem(root, index.count()))
    gone = 0
    if complete and not blocking(problems):
        gone = index.end_scan(scan, spec)
    else:
        complete = False
        index.apply_changes(spec)
    new, changed = index.came_with(scan, last)
    return ScanResult(pictures=listed, new=new, changed=changed, scan=scan, gone=gone, other_files=listing.other_files,
                      problems=tuple(problems), complete=complete, seconds=time.perf_counter() - start,
                      left_out=listing.left_out, root=root)


def _was_emptied(index: Index, spec: DatasetSpec) -> bool:
    """Whether the same sources held pictures at the last scan: an empty mount point looks like an empty folder."""
    before = index.spec_in_force()
    return (before.source, before.joined) == (spec.source, spec.joined) and index.count() > 0


def _emptied_problem(root: Path, pictures: int) -> Problem:
    text = Text("{path} is now empty (pictures before: {n}); perhaps a drive is not connected. No information about the "
                "pictures was deleted. If they are gone for good, choose another folder.",
                "{path} está vacía ahora (imágenes antes: {n}); quizá una unidad no está conectada. No se borró ninguna "
                "información sobre las imágenes. Si ya no existen, elija otra carpeta.")
    return error("folder_emptied", text.fill(path=root, n=pictures), "dataset", path=root)


def inspect_file(root: Path, identifier: int, path: str) -> Inspected:
    """Size, content hash and problem of one picture, for `Index.set_inspected`."""
    try:
        data = _read(root / path)
        digest = content_hash(data)
        height, width, samples = inspect_picture(data)
        return identifier, width, height, digest, None, None, samples
    except PictureError as picture_error:
        text = Text(picture_error.text("en"), picture_error.text("es"))
        return identifier, None, None, None, picture_error.code, text, None


def _read(path: Path) -> bytes:
    from cnnstudio.imaging.decode import read_bytes

    return read_bytes(path)


def check_drive(root: Path, looked_at: Iterable[Inspected]) -> None:
    """Raise ProblemError if files could not be read because their whole folder is gone, such as a removed drive: the
    files themselves may be fine."""
    if any(item[4] in OF_THE_DISK for item in looked_at) and not root.is_dir():
        raise ProblemError(folder_problem(root, FileNotFoundError()))


def inspect_pictures(index: Index, root: Path, on_progress: OnProgress | None = None, cancelled: Cancelled = never,
                     workers: int | None = None, chunk: int = 512) -> int:
    """Inspect every picture that is not inspected yet, in threads; returns how many were.

    It resumes after a cancellation: each chunk is written when it is done. At the end decisions about moved files
    follow their content, and copies come into one split. Raises ProblemError when the folder goes away meanwhile.
    """
    done = 0
    total = index.count() if on_progress is not None else 0
    with ThreadPoolExecutor(workers or os.cpu_count() or 2, thread_name_prefix="inspect") as pool:
        while not cancelled():
            waiting = index.to_inspect(chunk)
            if not waiting:
                break
            looked_at = list(pool.map(lambda row: inspect_file(root, *row), waiting))
            check_drive(root, looked_at)
            index.set_inspected(looked_at)
            done += len(waiting)
            if on_progress is not None:
                on_progress(done, max(total, done))
    if done and not cancelled():
        index.follow_moves()
        index.keep_copies_together()
    return done
