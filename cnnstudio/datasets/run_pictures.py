"""The pictures of a run where they are now: the project or its folder of pictures may have been moved since.

A run's manifest says where its pictures lay. A project whose pictures lie within it, as those of a copy do, has its own. Those
that are no longer there are looked for in the project's present source: under the same path, then by their content anywhere in
it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from cnnstudio.core.files import read_project
from cnnstudio.core.problems import Fix, Problem, ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.datasets.manifest import Entry, Manifest, read_manifest
from cnnstudio.datasets.scan import ListedFile, Listing
from cnnstudio.datasets.source_folders import source_folder
from cnnstudio.imaging.errors import PictureError
from cnnstudio.imaging.hashing import content_hash_of_file

replace = msgspec.structs.replace


def read_located(path: Path, project_folder: Path, *, as_trained: bool = False) -> Manifest:
    """The manifest of a run of that project, its paths leading to where the pictures are now; raises ProblemError for the
    manifest itself. `as_trained` is that of `read_manifest`."""
    return locate(read_manifest(path, as_trained=as_trained), project_folder)


def locate(manifest: Manifest, project_folder: Path) -> Manifest:
    """The manifest with its pictures where they are now. Pictures that are nowhere keep their old path."""
    recorded = Path(manifest.header.root)
    own = _own_folder(project_folder)
    if own is not None and own != recorded and all(_is_there(own / entry.path, entry) for entry in manifest.entries):
        return Manifest(header=replace(manifest.header, root=str(own)), entries=manifest.entries)
    # The file of the same size: another file may have taken its name.
    lost = [number for number, entry in enumerate(manifest.entries) if not _is_there(recorded / entry.path, entry)]
    if not lost:
        return manifest
    try:
        project = read_project(project_folder)
    except ProblemError:
        return manifest
    present = source_folder(project, project_folder).absolute()
    entries = list(manifest.entries)
    rest = []
    for number in lost:
        entry = entries[number]
        if present == recorded or not _is_same(present / entry.path, entry):
            rest.append(number)
    moved = {number: entries[number].path for number in set(lost) - set(rest)}
    moved |= _find_by_content(project, project_folder, present, [(number, entries[number]) for number in rest])
    if not moved:
        return manifest
    everything = len(moved) == len(entries)
    if everything or len(moved) * 2 > len(entries):
        # The new place becomes the root, so that the paths are those of the index; the others become absolute.
        for number, entry in enumerate(entries):
            place = moved.get(number)
            entries[number] = replace(entry, path=place if place is not None else os.fspath(recorded / entry.path))
        return Manifest(header=replace(manifest.header, root=str(present)), entries=tuple(entries))
    for number, place in moved.items():
        entries[number] = replace(entries[number], path=place if present == recorded else os.fspath(present / place))
    return replace(manifest, entries=tuple(entries))


def _own_folder(project_folder: Path) -> Path | None:
    """The project's folder of pictures, where it lies within the project."""
    try:
        source = source_folder(read_project(project_folder), project_folder)
    except ProblemError:
        return None
    return source.absolute() if source.resolve().is_relative_to(project_folder.resolve()) else None


def picture_files(path: Path, project_folder: Path) -> dict[str, tuple[Entry, Path]]:
    """The entry and the present file of each picture of a run's manifest, by the path that it had there and by its present one:
    what was evaluated before the pictures were moved has their old paths. Raises ProblemError for the manifest itself."""
    manifest = read_manifest(path)
    located = locate(manifest, project_folder)
    files: dict[str, tuple[Entry, Path]] = {}
    for before, now in zip(manifest.entries, located.entries, strict=True):
        files[before.path] = files[now.path] = (now, located.path(now))
    return files


def pictures_gone_problem(manifest: Manifest) -> Problem:
    """The problem that no picture of a run is anywhere to be found."""
    text = Text("None of the pictures ({n}) was found, neither in {path} nor in the project's folder of pictures. If they "
                "were moved, choose the folder where they are now.",
                "No se encontró ninguna de las imágenes ({n}), ni en {path} ni en la carpeta de imágenes del proyecto. Si se "
                "movieron, elija la carpeta donde están ahora.")
    fix = Fix(action="choose_folder", label=Text("Choose folder…", "Elegir carpeta…"))
    root = manifest.header.root
    return error("pictures_gone", text.fill(n=len(manifest.entries), path=root), "dataset", path=root, fixes=(fix,))


def _is_there(path: Path, entry: Entry) -> bool:
    """Whether a file is where it was; a manifest without sizes cannot tell another file of that name."""
    try:
        facts = os.stat(path)
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(facts.st_mode) and entry.size in (0, facts.st_size)


def _is_same(path: Path, entry: Entry) -> bool:
    """Whether the file has the content of the entry: by its size and time, else by its hash."""
    try:
        facts = os.stat(path)
        if not stat.S_ISREG(facts.st_mode):
            return False
        if not entry.hash:
            return entry.size in (0, facts.st_size)
        if facts.st_size != entry.size:
            return False
        return facts.st_mtime_ns == entry.modified_ns or content_hash_of_file(path) == entry.hash
    except (OSError, ValueError, PictureError):
        return False


def _find_by_content(project: Project, folder: Path, present: Path, wanted: Sequence[tuple[int, Entry]]) -> dict[int, str]:
    """The present paths of entries by their hash: renamed files, and files in another class folder. Only files of the
    same size are read."""
    by_size: dict[int, dict[str, list[int]]] = {}
    for number, entry in wanted:
        if entry.hash and entry.size:
            by_size.setdefault(entry.size, {}).setdefault(entry.hash, []).append(number)
    if not by_size:
        return {}
    result: dict[int, str] = {}
    for file in _files(project, folder, present):
        hashes = by_size.get(file.size)
        if not hashes:
            continue
        try:
            numbers = hashes.get(content_hash_of_file(present / file.path), ())
        except (OSError, PictureError):
            continue
        for number in numbers:
            result.setdefault(number, file.path)
        if len(result) == len(wanted):
            break
    return result


def _files(project: Project, folder: Path, present: Path) -> Iterator[ListedFile]:
    for chunk in Listing(present, project.dataset, folder=folder):
        yield from chunk
