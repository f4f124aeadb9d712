"""List the pictures of a collection's sources, quickly and without opening them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.dataset import DatasetSpec, Split
from cnnstudio.core.files import PROJECT_FILE
from cnnstudio.core.own_folders import LOCK_FILE
from cnnstudio.core.problems import Problem, ProblemError, warning
from cnnstudio.core.text import Text
from cnnstudio.datasets.content import ContentProbe
from cnnstudio.datasets.ignoring import make_matcher
from cnnstudio.datasets.layout import Layout, find_layout, is_manifest, is_picture, root_of
from cnnstudio.datasets.scan_problems import folder_problem, left_out_problems, overlap_problems, similar_name_problems
from cnnstudio.datasets.sources.columns import ColumnChoice
from cnnstudio.datasets.sources.locating import locate_rows
from cnnstudio.datasets.sources.manifests import read_rows
from cnnstudio.imaging.picture_files import LeftOut, Tally, is_system, reason_against

CHUNK = 2000
_MOST_REPORTED: Final = 20
_OWN_FOLDERS: Final = frozenset(("runs", "exports", "bases"))
_OWN_FILES: Final = (PROJECT_FILE, LOCK_FILE.lstrip("."), "dataset.sqlite")
"""What the program itself keeps in a project's folder, which may also be the folder of the pictures, or lie in it."""


class ListedFile(msgspec.Struct, frozen=True, gc=False):
    """A picture file: path relative to the root with "/", its class folder, and the split of its folder."""

    path: str
    class_name: str
    split: Split | None
    size: int
    modified_ns: int


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One source of a collection: a folder or a manifest. `prefix` is put before its paths in the index; `class_name` is
    that of all its pictures, where it is a folder of loose ones."""

    path: Path
    prefix: str = ""
    class_name: str = ""

    @property
    def root(self) -> Path:
        """The folder that the source's own paths are relative to."""
        return root_of(self.path)


def sources_of(root: Path, spec: DatasetSpec, folder: Path | None = None) -> tuple[Source, ...]:
    """The sources of a collection, the main one first. Paths of the index are relative to `root`; `folder` is the
    project's folder: without one `root` is the only source.

    A joined source inside the project, like the main one, is written relative to the main one's root, so
    that the project may be moved; any other by its absolute path.
    """
    if folder is None:
        return (Source(path=root),)
    home = folder.resolve()
    main = (home / spec.source).resolve() if spec.source else root
    sources = [Source(path=main if is_manifest(main) else root, class_name=spec.source_classes.get(spec.source, ""))]
    for item in spec.joined:
        place = (home / item).resolve()
        below = root_of(place)
        inside = below.is_relative_to(home) and root.is_relative_to(home)
        before = os.path.relpath(below, root).replace(os.sep, "/") if inside else below.as_posix()
        sources.append(Source(path=place, prefix="" if before == "." else before.rstrip("/") + "/",
                              class_name=spec.source_classes.get(item, "")))
    return tuple(sources)


class Listing:
    """A scan of all sources. Iterate over it for chunks of `ListedFile`; then read its attributes.

    A blocking problem means that a folder could not be listed and may come back (such as a removed drive): its pictures
    must stay in the index. A folder without permission only warns.
    """

    def __init__(self, root: Path, spec: DatasetSpec, chunk: int = CHUNK, folder: Path | None = None) -> None:
        self.root = root
        self.problems: list[Problem] = []
        self.class_folders: set[str] = set()
        self.sources = sources_of(root, spec, folder)
        self._home = None if folder is None else folder.resolve()
        self._home_text = "" if folder is None else os.fspath(folder.resolve())
        # A folder of the project that is a source of its own is none of the classes beside it.
        self._apart = {os.fspath(source.path) for source in self.sources[1:]
                       if source.path.parent == self._home and source.path != self.sources[0].path}
        self._spec = spec
        self._chunk = chunk
        self._tally = Tally()
        self._used: set[str] = set()
        self._empty: dict[str, str] = {}
        self._probe = ContentProbe()
        self._seen: set[tuple[int, int]] = set()
        self._reported: dict[str, int] = {}
        self._ignored = None
        try:
            self._ignored = make_matcher(spec.ignore)
        except ProblemError as problem_error:
            self.problems += problem_error.problems

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """What is not taken, by reason; complete after the iteration."""
        return self._tally.entries()

    @property
    def other_files(self) -> int:
        """Files in class folders that are no pictures."""
        return sum(self._tally.number(reason) for reason in ("other_kind", "raw", "broken_link"))

    def __iter__(self) -> Iterator[list[ListedFile]]:
        """Chunks of pictures; never raises: unreadable folders are in `problems`."""
        waiting: list[ListedFile] = []
        for source in self.sources:
            for file in self._source(source):
                waiting.append(file)
                if len(waiting) >= self._chunk:
                    yield waiting
                    waiting = []
        if waiting:
            yield waiting
        self._finish()

    def _finish(self) -> None:
        for code, number in self._reported.items():
            if number > _MOST_REPORTED:
                text = Text("Further places like these: {n}.", "Otros lugares como estos: {n}.")
                self.problems.append(warning(code, text.fill(n=number - _MOST_REPORTED), "dataset", path=self.root))
        for name, path in self._empty.items():
            if self._used and name not in self._used:
                self._tally.add("empty_class", path)
        self.problems += left_out_problems(self.left_out, self.root, quiet=False)
        self.problems += similar_name_problems(self.class_folders, self.root)
        self.problems += overlap_problems([source.path for source in self.sources if not is_manifest(source.path)
                                           and os.fspath(source.path) not in self._apart])

    def _source(self, source: Source) -> Iterator[ListedFile]:
        if is_manifest(source.path):
            yield from self._manifest(source)
            return
        if source.class_name:
            yield from self._class(source, os.fspath(source.path), source.prefix, source.class_name, None)
            return
        try:
            layout = find_layout(source.path, self._spec)
            if self._spec.follow_links:
                # A link to the root must not become a class with the whole collection.
                self._was_here(source.path)
        except OSError as os_error:
            self._add_problem(source.path, os_error)
            return
        for name, split in layout.roots:
            yield from self._classes(source, name, split)
        self._count_outside(source, layout)
        if not source.path.is_dir():
            self._add_problem(source.path, FileNotFoundError())

    # Lists ---------------------------------------------------------------------------------------

    def _manifest(self, source: Source) -> Iterator[ListedFile]:
        lists = sum(is_manifest(item.path) for item in self.sources)
        choice = ColumnChoice(paths=self._spec.path_columns, labels=self._spec.label_columns, required=lists == 1)
        reading = read_rows(source.path, choice)
        self.problems += reading.problems
        located = locate_rows(source.path, reading)
        self.problems += located.problems
        for place, os_error in located.unreadable:
            self._add_problem(place, os_error)
        for item in located.pictures:
            if self._has_name(item.path, os.fspath(source.root / item.path)):
                path = item.path if os.path.isabs(item.path) else _join_path(source.prefix, item.path)
                self.class_folders.add(item.label)
                yield ListedFile(path, item.label, item.split, item.size, item.modified_ns)

    # Folders -------------------------------------------------------------------------------------

    def _children(self, folder: Path) -> list[os.DirEntry[str]]:
        """The entries of a folder of class folders, by name; of one that cannot be listed none, with a problem."""
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as os_error:
            self._add_problem(folder, os_error)
            return []

    def _classes(self, source: Source, name: str, split: Split | None) -> Iterator[ListedFile]:
        prefix = source.prefix + (f"{name}/" if name else "")
        for child in self._children(source.path / name if name else source.path):
            if self._is_own(child, source):
                continue
            try:
                is_folder = child.is_dir(follow_symlinks=self._spec.follow_links)
                if self._passes_over(child.name, prefix + child.name, source, is_folder):
                    continue
                if is_folder and self._has_name(child.name, child.path):
                    self.class_folders.add(child.name)
                    yield from self._class(source, child.path, prefix + child.name + "/", child.name, split)
                elif not is_folder:
                    self._count(child, prefix + child.name)
            except OSError as os_error:
                self._add_entry_problem(child, prefix + child.name, os_error)

    def _is_own(self, entry: os.DirEntry[str], source: Source) -> bool:
        """Whether an entry of a source is the project's own folder, or what the program keeps in it."""
        if source.path != self._home:
            return entry.path == self._home_text
        return (entry.name in _OWN_FOLDERS or entry.path in self._apart
                or entry.name.lstrip(".").startswith(_OWN_FILES))

    def _class(self, source: Source, folder: str, prefix: str, class_name: str, split: Split | None) -> Iterator[ListedFile]:
        """The pictures of a class folder, which is remembered where it has none."""
        before, is_empty = len(self.problems), True
        for file in self._folder(source, folder, prefix, class_name, split):
            is_empty = False
            yield file
        if not is_empty:
            self._used.add(class_name)
        elif len(self.problems) == before:
            self._empty.setdefault(class_name, prefix.rstrip("/"))

    def _folder(self, source: Source, folder: str, prefix: str, class_name: str, split: Split | None
                ) -> Iterator[ListedFile]:
        """All pictures below a class folder, without recursion, because a tree may be deep."""
        waiting = [(folder, prefix)]
        follow, asks = self._spec.follow_links, self._ignored is not None
        while waiting:
            place, before = waiting.pop()
            try:
                if follow and self._was_here(place):
                    continue
                with os.scandir(place) as entries:
                    for entry in entries:
                        name = entry.name
                        try:
                            is_folder = entry.is_dir(follow_symlinks=follow)
                            if (asks or name[0] == "." or is_system(name)) and self._passes_over(
                                    name, before + name, source, is_folder):
                                continue
                            if is_folder:
                                if self._has_name(name, entry.path):
                                    waiting.append((entry.path, before + name + "/"))
                            elif ((is_picture(name) and stat.S_ISREG(entry.stat().st_mode)) or self._is_taken(
                                    entry, before)) and self._has_name(name, entry.path):
                                facts = entry.stat()
                                yield ListedFile(before + name, class_name, split, facts.st_size, facts.st_mtime_ns)
                        except OSError as os_error:
                            self._add_entry_problem(entry, before + name, os_error)
            except OSError as os_error:
                self._add_problem(Path(place), os_error)

    def _passes_over(self, name: str, path: str, source: Source, is_folder: bool) -> bool:
        """Whether a name is one of a system, hidden, or ignored by the user's patterns; it is counted."""
        if is_system(name) or name[0] == ".":
            self._tally.add("system" if is_system(name) else "hidden", path)
            return True
        if self._ignored is not None and self._ignored(path.removeprefix(source.prefix), is_folder):
            self._tally.add("ignored", path)
            return True
        return False

    def _is_taken(self, entry: os.DirEntry[str], before: str) -> bool:
        """Whether a file without a picture's ending is a picture; else it is counted. Raises OSError."""
        reason = reason_against(entry, self._probe)
        self._tally.add(reason or "by_content", before + entry.name)
        return not reason

    def _count(self, entry: os.DirEntry[str], path: str, nested: bool = False) -> None:
        """Count a file outside the class folders; below other folders only the pictures. Raises OSError."""
        reason = reason_against(entry, self._probe)
        if not reason or not nested:
            self._tally.add(reason or "no_class", path)

    def _count_outside(self, source: Source, layout: Layout) -> None:
        """Count the pictures beside and below the split folders that have no class."""
        if not layout.has_splits:
            return
        roots = {name for name, _split in layout.roots}
        waiting = [(source.path, source.prefix)]
        while waiting:
            folder, before = waiting.pop()
            for entry in self._children(folder):
                if folder == source.path and (entry.name in roots or self._is_own(entry, source)):
                    continue
                path = before + entry.name
                try:
                    is_folder = entry.is_dir(follow_symlinks=False)
                    if self._passes_over(entry.name, path, source, is_folder):
                        continue
                    if is_folder:
                        waiting.append((Path(entry.path), path + "/"))
                    else:
                        self._count(entry, path, nested=folder != source.path)
                except OSError as os_error:
                    self._add_entry_problem(entry, path, os_error)

    # Problems ------------------------------------------------------------------------------------

    def _add_entry_problem(self, entry: os.DirEntry[str], path: str, os_error: OSError) -> None:
        """A broken link, a file that has just been deleted, or one that cannot be looked at."""
        if not isinstance(os_error, FileNotFoundError):
            self._add_problem(Path(entry.path), os_error)
        elif entry.is_symlink():
            self._tally.add("broken_link", path)

    def _add_problem(self, place: Path, os_error: OSError) -> None:
        problem = folder_problem(place, os_error)
        self._reported[problem.code] = self._reported.get(problem.code, 0) + 1
        if problem.blocks or self._reported[problem.code] <= _MOST_REPORTED:
            self.problems.append(problem)

    def _was_here(self, folder: str | Path) -> bool:
        facts = os.stat(folder)
        key = (facts.st_dev, facts.st_ino)
        if key in self._seen:
            return True
        self._seen.add(key)
        return False

    def _has_name(self, name: str, path: str) -> bool:
        """Whether the file's name is text at all (names in an old encoding are not)."""
        try:
            name.encode()
        except UnicodeEncodeError:
            readable = os.fsencode(path).decode("utf-8", "replace")
            text = Text("The file name {path} is not valid text. Rename the file to use it.",
                        "El nombre de archivo {path} no es texto válido. Cámbielo para usar el archivo.")
            self._reported["bad_name"] = self._reported.get("bad_name", 0) + 1
            if self._reported["bad_name"] <= _MOST_REPORTED:
                self.problems.append(warning("bad_name", text.fill(path=readable), "file", path=readable))
            return False
        return True


def _join_path(prefix: str, path: str) -> str:
    return os.path.normpath(prefix + path).replace(os.sep, "/") if prefix else path
