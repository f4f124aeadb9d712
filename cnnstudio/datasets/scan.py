"""Listing the pictures of a folder, quickly and without opening them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from cnnstudio.core.dataset import DatasetSpec, Split
from cnnstudio.core.problems import Problem, error, warning
from cnnstudio.core.text import Text
from cnnstudio.datasets.layout import SUFFIXES, find_layout

CHUNK = 2000


class Found(msgspec.Struct, frozen=True, gc=False):
    """A picture file: path relative to the root with "/", its class folder, the split its folder says."""

    path: str
    class_name: str
    split: Split | None
    size: int
    modified_ns: int


class Listing:
    """One walk through a folder. Iterate over it for chunks of `Found`; then read what it noticed."""

    def __init__(self, root: Path, spec: DatasetSpec, chunk: int = CHUNK) -> None:
        self.root = root
        self.problems: list[Problem] = []
        self.class_folders: set[str] = set()
        self.other_files = 0
        self._spec = spec
        self._chunk = chunk
        self._loose = 0
        self._seen: set[tuple[int, int]] = set()

    def __iter__(self) -> Iterator[list[Found]]:
        """Chunks of pictures; never raises: what cannot be read is in `problems`."""
        try:
            layout = find_layout(self.root, self._spec)
        except OSError as trouble:
            self.problems.append(folder_problem(self.root, trouble))
            return
        waiting: list[Found] = []
        for name, split in layout.roots:
            for found in self._root(name, split):
                waiting.append(found)
                if len(waiting) >= self._chunk:
                    yield waiting
                    waiting = []
        if waiting:
            yield waiting
        if self._loose:
            text = Text("{n} pictures lie beside the class folders and have no class; they are left out. Move them into "
                        "a class folder to use them.",
                        "{n} imágenes están junto a las carpetas de clase y no tienen clase; se dejan fuera. Muévalas a "
                        "una carpeta de clase para usarlas.")
            self.problems.append(warning("no_class_folder", text.fill(n=self._loose), "dataset", path=self.root))

    def _root(self, name: str, split: Split | None) -> Iterator[Found]:
        folder = self.root / name if name else self.root
        prefix = f"{name}/" if name else ""
        try:
            with os.scandir(folder) as entries:
                children = sorted(entries, key=lambda entry: entry.name)
        except OSError as trouble:
            self.problems.append(folder_problem(folder, trouble))
            return
        for child in children:
            if child.name.startswith("."):
                continue
            if child.is_dir(follow_symlinks=self._spec.follow_links):
                self.class_folders.add(child.name)
                yield from self._folder(child.path, prefix + child.name + "/", child.name, split)
            elif _is_picture(child.name) and child.is_file():
                self._loose += 1

    def _folder(self, folder: str, prefix: str, class_name: str, split: Split | None) -> Iterator[Found]:
        """All pictures below a class folder, without recursion so that deep trees are no trouble."""
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
                                waiting.append((entry.path, before + name + "/"))
                            elif _is_picture(name):
                                facts = entry.stat()
                                if entry.is_file() and self._has_name(name, entry.path):
                                    yield Found(before + name, class_name, split, facts.st_size, facts.st_mtime_ns)
                            else:
                                self.other_files += 1
                        except OSError as trouble:
                            self.problems.append(folder_problem(Path(entry.path), trouble))
            except OSError as trouble:
                self.problems.append(folder_problem(Path(place), trouble))

    def _was_here(self, folder: str) -> bool:
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
            shown = os.fsencode(path).decode("utf-8", "replace")
            text = Text("The name of {path} is not valid text; rename the file to use it.",
                        "El nombre de {path} no es texto válido; cambie el nombre del archivo para usarlo.")
            self.problems.append(warning("bad_name", text.fill(path=shown), "file", path=shown))
            return False
        return True


def _is_picture(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in SUFFIXES


def folder_problem(folder: Path, trouble: OSError) -> Problem:
    """Why a folder or file could not be listed."""
    if isinstance(trouble, FileNotFoundError | NotADirectoryError):
        text = Text("The folder {path} is not there (renamed, moved or on a drive that is not connected).",
                    "La carpeta {path} no está (renombrada, movida o en una unidad no conectada).")
        return error("folder_missing", text.fill(path=folder), "dataset", path=folder)
    if isinstance(trouble, PermissionError):
        text = Text("{path} cannot be opened: you have no permission to read it.",
                    "No se puede abrir {path}: no tiene permiso para leerlo.")
        return warning("no_permission", text.fill(path=folder), "dataset", path=folder)
    text = Text("{path} could not be read: {reason}.", "No se pudo leer {path}: {reason}.")
    return warning("cannot_list", text.fill(path=folder, reason=trouble.strerror or str(trouble)), "dataset", path=folder)
