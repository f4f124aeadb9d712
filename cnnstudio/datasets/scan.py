"""List the pictures of a collection's sources, quickly and without opening them."""

from __future__ import annotations

import errno
import os
import stat
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.core.dataset import DatasetSpec, Split
from cnnstudio.core.problems import Problem, error, warning
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.datasets.layout import find_layout, is_manifest, is_picture, root_of
from cnnstudio.datasets.sources.manifests import Row, missing_problem, read_rows

CHUNK = 2000
_MOST_REPORTED: Final = 20


class ListedFile(msgspec.Struct, frozen=True, gc=False):
    """A picture file: path relative to the root with "/", its class folder, and the split of its folder."""

    path: str
    class_name: str
    split: Split | None
    size: int
    modified_ns: int


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One source of a collection: a folder or a manifest. `prefix` is put before its paths in the index."""

    path: Path
    prefix: str = ""

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
    sources = [Source(path=main if is_manifest(main) else root)]
    for item in spec.joined:
        place = (home / item).resolve()
        below = root_of(place)
        inside = below.is_relative_to(home) and root.is_relative_to(home)
        before = os.path.relpath(below, root).replace(os.sep, "/") if inside else below.as_posix()
        sources.append(Source(path=place, prefix="" if before == "." else before.rstrip("/") + "/"))
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
        self.other_files = 0
        self.sources = sources_of(root, spec, folder)
        self._spec = spec
        self._chunk = chunk
        self._loose = 0
        self._seen: set[tuple[int, int]] = set()
        self._reported: dict[str, int] = {}

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
                text = Text("{n} more places like these.", "{n} lugares más como estos.")
                self.problems.append(warning(code, text.fill(n=number - _MOST_REPORTED), "dataset", path=self.root))
        if self._loose:
            text = Text("{n} pictures lie beside the class folders and have no class; they are left out. Move them into "
                        "a class folder to use them.",
                        "{n} imágenes están junto a las carpetas de clase y no tienen clase; se dejan fuera. Muévalas a "
                        "una carpeta de clase para usarlas.")
            self.problems.append(warning("no_class_folder", text.fill(n=self._loose), "dataset", path=self.root))
        self.problems += similar_name_problems(self.class_folders, self.root)
        self.problems += _overlap_problems(self.sources)

    def _source(self, source: Source) -> Iterator[ListedFile]:
        if is_manifest(source.path):
            yield from self._manifest(source)
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
        if not source.path.is_dir():
            self._add_problem(source.path, FileNotFoundError())

    # Manifests -----------------------------------------------------------------------------------

    def _manifest(self, source: Source) -> Iterator[ListedFile]:
        reading = read_rows(source.path)
        self.problems += reading.problems
        missing: list[Row] = []
        for row in reading.rows:
            place = source.root / row.path
            try:
                facts = os.stat(place)
            except (FileNotFoundError, NotADirectoryError, ValueError):
                missing.append(row)
                continue
            except OSError as os_error:
                self._add_problem(place, os_error)
                continue
            if not stat.S_ISREG(facts.st_mode):
                missing.append(row)
            elif self._has_name(row.path, os.fspath(place)):
                path = row.path if os.path.isabs(row.path) else _join_path(source.prefix, row.path)
                self.class_folders.add(row.label)
                yield ListedFile(path, row.label, row.split, facts.st_size, facts.st_mtime_ns)
        if missing:
            self.problems.append(missing_problem(source.path, missing, len(reading.rows)))

    # Folders -------------------------------------------------------------------------------------

    def _classes(self, source: Source, name: str, split: Split | None) -> Iterator[ListedFile]:
        folder = source.path / name if name else source.path
        prefix = source.prefix + (f"{name}/" if name else "")
        try:
            with os.scandir(folder) as entries:
                children = sorted(entries, key=lambda entry: entry.name)
        except OSError as os_error:
            self._add_problem(folder, os_error)
            return
        for child in children:
            if child.name.startswith("."):
                continue
            try:
                is_folder = child.is_dir(follow_symlinks=self._spec.follow_links)
                if is_folder and self._has_name(child.name, child.path):
                    self.class_folders.add(child.name)
                    yield from self._folder(child.path, prefix + child.name + "/", child.name, split)
                elif not is_folder and is_picture(child.name) and child.is_file():
                    self._loose += 1
            except OSError as os_error:
                self._add_problem(Path(child.path), os_error)

    def _folder(self, folder: str, prefix: str, class_name: str, split: Split | None) -> Iterator[ListedFile]:
        """All pictures below a class folder, without recursion, because a tree may be deep."""
        waiting = [(folder, prefix)]
        while waiting:
            place, before = waiting.pop()
            try:
                if self._spec.follow_links and self._was_here(place):
                    continue
                with os.scandir(place) as entries:
                    for entry in entries:
                        name = entry.name
                        if name.startswith("."):
                            continue
                        try:
                            if entry.is_dir(follow_symlinks=self._spec.follow_links):
                                if self._has_name(name, entry.path):
                                    waiting.append((entry.path, before + name + "/"))
                            elif is_picture(name):
                                facts = entry.stat()
                                if stat.S_ISREG(facts.st_mode) and self._has_name(name, entry.path):
                                    yield ListedFile(before + name, class_name, split, facts.st_size, facts.st_mtime_ns)
                            else:
                                self.other_files += 1
                        except FileNotFoundError:
                            # A broken link, or a file that has just been deleted.
                            self.other_files += 1
                        except OSError as os_error:
                            self._add_problem(Path(entry.path), os_error)
            except OSError as os_error:
                self._add_problem(Path(place), os_error)

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
            text = Text("The name of {path} is not valid text; rename the file to use it.",
                        "El nombre de {path} no es texto válido; cambie el nombre del archivo para usarlo.")
            self._reported["bad_name"] = self._reported.get("bad_name", 0) + 1
            if self._reported["bad_name"] <= _MOST_REPORTED:
                self.problems.append(warning("bad_name", text.fill(path=readable), "file", path=readable))
            return False
        return True


def _join_path(prefix: str, path: str) -> str:
    return os.path.normpath(prefix + path).replace(os.sep, "/") if prefix else path


def similar_name_problems(names: Iterable[str], place: Path | None = None) -> list[Problem]:
    """A warning for classes whose names differ only in case or in the encoding of accents."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(unicodedata.normalize("NFC", name).casefold(), []).append(name)
    groups_alike = [sorted(group) for group in groups.values() if len(group) > 1]
    if not groups_alike:
        return []
    text = Text("These are different classes here, but one and the same on systems that do not tell capitals apart: "
                "{names}. Rename one of them to merge them.",
                "Aquí son clases distintas, pero una sola en sistemas que no distinguen mayúsculas: {names}. Cambie el "
                "nombre de una para unirlas.")
    names_text = "; ".join(" / ".join(group) for group in sorted(groups_alike)[:10])
    return [warning("classes_alike", text.fill(names=names_text), "dataset", path=place)]


def _overlap_problems(sources: Sequence[Source]) -> list[Problem]:
    """A warning where one source is listed twice or lies inside another: its pictures count once, as those of the later
    source."""
    folders = [source.path for source in sources if not is_manifest(source.path)]
    for number, place in enumerate(folders):
        for other in folders[:number]:
            if place.is_relative_to(other) or other.is_relative_to(place):
                text = Text("The sources {first} and {second} overlap: pictures in both count once, with the class and "
                            "split of the latter.",
                            "Los orígenes {first} y {second} se solapan: las imágenes de ambos cuentan una vez, con la "
                            "clase y la división del segundo.")
                return [warning("sources_overlap", text.fill(first=other, second=place), "dataset", path=place)]
    return []


_HARMLESS: Final = (errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL)


def folder_problem(folder: Path, os_error: OSError) -> Problem:
    """Why a folder or file could not be listed. A folder that may come back blocks, so that its pictures stay in the
    index."""
    if isinstance(os_error, FileNotFoundError | NotADirectoryError):
        text = Text("The folder {path} is not there (renamed, moved or on a drive that is not connected). Bring it back or "
                    "choose where it is now; what is known of its pictures is kept.",
                    "La carpeta {path} no está (renombrada, movida o en una unidad no conectada). Devuélvala o elija dónde "
                    "está ahora; lo que se sabe de sus imágenes se conserva.")
        return error("folder_missing", text.fill(path=folder), "dataset", path=folder)
    if isinstance(os_error, PermissionError):
        text = Text("{path} cannot be opened: you have no permission to read it.",
                    "No se puede abrir {path}: no tiene permiso para leerlo.")
        return warning("no_permission", text.fill(path=folder), "dataset", path=folder)
    reason = reason_of(os_error)
    if os_error.errno in _HARMLESS:
        text = Text("{path} could not be read: {reason}.", "No se pudo leer {path}: {reason}.")
        return warning("cannot_list", text.fill(path=folder, reason=reason), "dataset", path=folder)
    text = Text("{path} could not be read to its end: {reason}. What is known of it is kept; look again when the drive "
                "is back.",
                "No se pudo leer {path} hasta el final: {reason}. Lo que se sabe de ella se conserva; vuelva a leer "
                "cuando la unidad esté disponible.")
    return error("cannot_list", text.fill(path=folder, reason=reason), "dataset", path=folder)
