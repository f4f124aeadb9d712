"""A student opens an assignment: a project with the given split, in a new folder."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.templates import TEMPLATES
from cnnstudio.core.atomic import write_atomically, write_problem
from cnnstudio.core.dataset import DatasetSpec, SplitSpec
from cnnstudio.core.foreign_files import read_bytes, read_json
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.datasets.opening import create_project
from cnnstudio.datasets.sources.staging import Check, OnProgress, new_folder, no_check, no_progress
from cnnstudio.learning.assignments.key import DESCRIPTION, LIST, PICTURES, assignment_in
from cnnstudio.learning.assignments.model import Assignment, Listed
from cnnstudio.learning.assignments.sealed import Sealed, damaged, open_sealed

FOLDER: Final = "assignment"
"""The folder in a project that has the assignment's description and list of pictures."""
_LARGEST_PICTURE: Final = 4 << 30
_NAMED: Final = 3
_OWN_NETWORK: Final = TEMPLATES["small_cnn"].id


def open_assignment(file: Path, folder: Path, pictures: Path | None = None, on_progress: OnProgress = no_progress,
                    check: Check = no_check) -> Assignment:
    """Create the project in the new or empty `folder`. `pictures` is where they lie, for an assignment that has none inside.
    Raises ProblemError, and then leaves nothing."""
    with open_sealed(file, check) as sealed:
        assignment, listed = assignment_in(sealed)
        if not any(item.split == "train" for item in listed):
            raise ProblemError(damaged(file, Text("it lists no training pictures", "no enumera imágenes de entrenamiento")))
        if not assignment.inside and pictures is None:
            raise ProblemError(needs_pictures(assignment))
        room = sum(item.size for item in listed)
        with new_folder(folder, room) as place:
            if pictures is None:
                _unpack(sealed, listed, place, on_progress, check)
            else:
                _collect(listed, pictures, place, on_progress, check)
            _create(place, assignment, listed, check)
    return assignment


def needs_pictures(assignment: Assignment) -> Problem:
    """The problem that the pictures are not inside the file."""
    text = Text("This assignment does not contain its pictures. Choose the folder that has them: {source}",
                "Esta práctica no contiene sus imágenes. Elija la carpeta que las tiene: {source}")
    return error("needs_pictures", text.fill(source=assignment.source), "dataset", field="pictures")


def _unpack(sealed: Sealed, listed: Sequence[Listed], place: Path, on_progress: OnProgress, check: Check) -> None:
    for number, item in enumerate(listed):
        check()
        if sealed.unpack(f"{PICTURES}/{item.path}", place / PICTURES / item.path) != item.sha256:
            raise ProblemError(damaged(sealed.path, Text("{name} was changed", "{name} se ha modificado").fill(name=item.path)))
        on_progress(number + 1, len(listed))


def _collect(listed: Sequence[Listed], pictures: Path, place: Path, on_progress: OnProgress, check: Check) -> None:
    """Copy the listed pictures, whatever they are called in that folder: they are known by their content."""
    sizes = {item.size for item in listed}
    found: dict[str, Path] = {}
    for path in _files(pictures):
        check()
        try:
            if path.stat().st_size in sizes:
                found.setdefault(hashlib.sha256(read_bytes(path, _LARGEST_PICTURE)).hexdigest(), path)
        except OSError:
            # A file that cannot be read is none of the pictures; what is missing is told below.
            continue
    missing = [item.path for item in listed if item.sha256 not in found]
    if missing:
        names = ", ".join(missing[:_NAMED]) + (", …" if len(missing) > _NAMED else "")
        text = Text("{folder} has {found:,} of the {all:,} pictures of this assignment. Missing, by their content: {names}. "
                    "Choose the folder with the very files that the teacher named.",
                    "{folder} tiene {found:,} de las {all:,} imágenes de esta práctica. Faltan, por su contenido: {names}. "
                    "Elija la carpeta con los mismos archivos que indicó el profesorado.")
        raise ProblemError(error("pictures_missing", text.fill(folder=pictures, found=len(listed) - len(missing),
                                                               all=len(listed), names=names), "dataset", path=pictures))
    for number, item in enumerate(listed):
        check()
        target = place / PICTURES / item.path
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(found[item.sha256], target)
        except OSError as os_error:
            raise ProblemError(write_problem(os_error, target)) from os_error
        on_progress(number + 1, len(listed))


def _files(folder: Path) -> list[Path]:
    return [Path(base) / name for base, _folders, names in os.walk(folder) for name in sorted(names)]


def _create(place: Path, assignment: Assignment, listed: Sequence[Listed], check: Check) -> None:
    """The project, whose split is that of the folders: nothing is drawn."""
    reading = DatasetSpec(label_mode=assignment.label_mode, splits=SplitSpec(train=0.8, validation=0.2, test=0.0))
    check()
    template, base = _start(assignment)
    _created, index = create_project(place, place / PICTURES, template, base, str(assignment.title), reading=reading)
    index.close()
    write_atomically(place / FOLDER / DESCRIPTION, msgspec.json.format(msgspec.json.encode(assignment), indent=2))
    write_atomically(place / FOLDER / LIST, b"".join(msgspec.json.encode(item) + b"\n" for item in listed))


def _start(assignment: Assignment) -> tuple[str, str]:
    """The template or the base that the project begins with, where the pictures alone would choose one that is not allowed."""
    bases = assignment.limits.bases
    if bases is None:
        return "", ""
    allowed = next((base for base in bases if base in BASES), "")
    return ("", allowed) if allowed else (_OWN_NETWORK, "")


def has_assignment(project_folder: Path) -> bool:
    """Whether a project is somebody's work on an assignment."""
    return (project_folder / FOLDER / DESCRIPTION).is_file()


def assignment_of(project_folder: Path) -> Assignment:
    """The assignment of a project. Raises ProblemError (not_an_assignment, damaged_file)."""
    if not has_assignment(project_folder):
        text = Text("The project in {path} belongs to no assignment. Open an assignment first; that makes its project.",
                    "El proyecto de {path} no pertenece a ninguna práctica. Abra antes una práctica; eso crea su proyecto.")
        raise ProblemError(error("not_an_assignment", text.fill(path=project_folder), "project", path=project_folder))
    return read_json(project_folder / FOLDER / DESCRIPTION, Assignment)
