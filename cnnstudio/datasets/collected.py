"""Pictures that come into a project one by one, such as those that a model got wrong: copied into a folder of the project
that is one of its sources, with their class and split."""

from __future__ import annotations

import os
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.atomic import write_problem
from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.problems import Problem, ProblemError
from cnnstudio.core.project import Project
from cnnstudio.datasets.decisions import Decided
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.scan import sources_of
from cnnstudio.datasets.source_folders import source_folder
from cnnstudio.datasets.sources.staging import OnProgress, clean_name, no_progress
from cnnstudio.datasets.trash import HELD
from cnnstudio.imaging.decode import read_bytes
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.hashing import content_hash
from cnnstudio.imaging.inspect import inspect_picture
from cnnstudio.imaging.picture_files import is_system
from cnnstudio.imaging.problems import picture_problem

FOLDER: Final = "collected"
"""The folder of the project with these pictures: a subfolder for each class."""
replace = msgspec.structs.replace


class NewPicture(msgspec.Struct, frozen=True):
    """A picture to add, with its class; `split` None lets the draw decide."""

    path: str
    class_name: str
    split: str | None = None


class Present(msgspec.Struct, frozen=True):
    """A picture that was not added: the collection has the same content already, at `there` with that class."""

    path: str
    there: str
    class_name: str


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the pictures, by their paths: new in the collection (path there), in it already and relabelled, in it
    already under another path, or not readable."""

    added: dict[str, str] = {}
    relabelled: dict[str, str] = {}
    present: tuple[Present, ...] = ()
    problems: tuple[Problem, ...] = ()
    effect: CollectedEffect | None = None
    """Undoes all of it, but for the project's list of sources; None where nothing changed."""


def with_collected(project: Project, classes: Sequence[str]) -> Project:
    """The project with the folder as one of its sources, and with new classes at the end where it lists its classes."""
    spec = project.dataset
    source, joined = spec.source, spec.joined
    if not source:
        source = FOLDER
    elif FOLDER not in (source, *joined):
        joined = (*joined, FOLDER)
    names = spec.class_names and tuple(dict.fromkeys((*spec.class_names, *classes)))
    return replace(project, dataset=replace(spec, source=source, joined=joined, class_names=names))


def add_pictures(index: Index, project: Project, folder: Path, pictures: Sequence[NewPicture],
                 on_progress: OnProgress = no_progress) -> Added:
    """Copy pictures into the project and decide their class and split; the scan finds them afterwards in the project of
    `with_collected`. A picture of the collection itself gets the class and the split instead of a copy; the same content
    elsewhere in it is told and left.

    Raises ProblemError (no_space...) and an exception of `on_progress`; then nothing is added.
    """
    work = _Adding(index, project, folder)
    try:
        for number, picture in enumerate(pictures):
            on_progress(number, len(pictures))
            work.add(picture)
        return work.finish()
    except BaseException:
        work.take_back()
        raise


class _Adding:
    """The work of `add_pictures`."""

    def __init__(self, index: Index, project: Project, folder: Path) -> None:
        self._index, self._folder = index, folder.resolve()
        self._root = source_folder(project, folder)
        self._prefix = _prefix_of(self._root, with_collected(project, ()).dataset, self._folder)
        self._files: list[Path] = []
        self._decisions: dict[str, Decided] = {}
        self._added: dict[str, str] = {}
        self._relabelled: dict[str, str] = {}
        self._present: list[Present] = []
        self._problems: list[Problem] = []
        self._contents: dict[str, tuple[str, str]] = {}

    def add(self, picture: NewPicture) -> None:
        own = self._own_path(picture.path)
        if own is not None:
            self._relabelled[picture.path] = own
            self._decisions[own] = Decided(picture.class_name, picture.split)
            return
        try:
            data = read_bytes(picture.path)
            inspect_picture(data)
        except PictureError as err:
            self._problems.append(picture_problem(err, picture.path))
            return
        digest = content_hash(data)
        there = self._contents.get(digest) or self._find(digest)
        if there is not None:
            self._present.append(Present(picture.path, *there))
            return
        path = self._write(picture, data)
        self._contents[digest] = path, picture.class_name
        self._added[picture.path] = path

    def _own_path(self, path: str) -> str | None:
        """Its path in the index where the file itself belongs to the collection."""
        absolute = os.path.abspath(path)
        relative = os.path.relpath(absolute, self._root).replace(os.sep, "/")
        return next((name for name in (relative, absolute) if len(self._index.ids_of([name]))), None)

    def _find(self, digest: str) -> tuple[str, str] | None:
        rows = self._index.rows("SELECT path, class_name FROM pictures WHERE hash = ? ORDER BY id LIMIT 1", (digest,))
        return (str(rows[0][0]), str(rows[0][1])) if rows else None

    def _write(self, picture: NewPicture, data: bytes) -> str:
        """Write the copy; the result is its path in the index."""
        name = class_folder(picture.class_name)
        place = self._folder / FOLDER / name
        try:
            place.mkdir(parents=True, exist_ok=True)
            path = _write_to_free_name(place / clean_name(os.path.basename(picture.path)), data, self._files)
        except OSError as os_error:
            raise ProblemError(write_problem(os_error, place)) from os_error
        relative = f"{self._prefix}{name}/{path.name}"
        # Also where it decides nothing: an earlier file of that name may have had a decision.
        self._decisions[relative] = Decided(None if name == picture.class_name else picture.class_name, picture.split)
        return relative

    def finish(self) -> Added:
        before = self._index.decisions(list(self._decisions))
        after = dict(self._decisions)
        for path in self._relabelled.values():
            # What was excluded stays so, and in its split where no other is wanted.
            after[path] = replace(after[path], split=after[path].split or before[path].split,
                                  excluded=before[path].excluded)
        effect = None
        if self._files or after:
            effect = CollectedEffect(self._index, self._folder / HELD, self._files, before, after)
            self._index.decide(after)
        return Added(added=self._added, relabelled=self._relabelled, present=tuple(self._present),
                     problems=tuple(self._problems), effect=effect)

    def take_back(self) -> None:
        for path in self._files:
            path.unlink(missing_ok=True)


def class_folder(class_name: str) -> str:
    """The name of the folder of a class: one that every system can write and the scan does not pass over."""
    name = clean_name(class_name)
    return f"_{name}" if is_system(name) else name


def _prefix_of(root: Path, spec: DatasetSpec, folder: Path) -> str:
    """What stands before the paths of the folder's pictures in the index."""
    return next(source.prefix for source in sources_of(root, spec, folder) if source.path == folder / FOLDER)


def _write_to_free_name(wanted: Path, data: bytes, written: list[Path]) -> Path:
    path, number = wanted, 1
    while True:
        try:
            with path.open("xb") as file:
                written.append(path)
                file.write(data)
            return path
        except FileExistsError:
            number += 1
            path = wanted.with_name(f"{wanted.stem} ({number}){wanted.suffix}")


class CollectedEffect:
    """Undo moves the copies that nobody has changed out of the collection and takes the decisions back; redo brings them
    back."""

    def __init__(self, index: Index, held: Path, files: Sequence[Path], before: dict[str, Decided],
                 after: dict[str, Decided]) -> None:
        self._index, self._held = index, held
        self._before, self._after = before, after
        self._files = {path: _facts(path) for path in files}
        self._kept: dict[Path, Path] = {}

    def undo(self) -> None:
        """Raises ProblemError and leaves the rest where a file cannot be moved."""
        for path, facts in self._files.items():
            if path not in self._kept and _facts(path) == facts:
                place = self._held / uuid.uuid4().hex
                _move(path, place)
                self._kept[path] = place
        self._index.decide(self._before)

    def redo(self) -> None:
        """Raises ProblemError as `undo`."""
        for path, place in list(self._kept.items()):
            if not os.path.lexists(path):
                _move(place, path)
            del self._kept[path]
        self._index.decide(self._after)


def _facts(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _move(path: Path, target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.rename(path, target)
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, target)) from os_error
