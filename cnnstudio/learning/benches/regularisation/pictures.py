"""The few pictures that the networks of the bench learn: digits that come with the program, or those of a project."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from cnnstudio.catalog.pixels import prepare_file
from cnnstudio.core.atomic import atomic_path, write_problem
from cnnstudio.core.places import cache_folder, resource
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.recipe import RecipeSpec
from cnnstudio.core.text import Text
from cnnstudio.datasets.index import open_index
from cnnstudio.datasets.manifest import entries_of
from cnnstudio.datasets.source_folders import source_folder
from cnnstudio.imaging.errors import PictureError

VALIDATION: Final = 30
"""Validation pictures of each class, at most."""
_SIDE: Final = 32
"""Pictures of a project are reduced to this side: many small trainings must not take long."""
_FEWEST_CLASSES: Final = 2


class FewPictures(msgspec.Struct, frozen=True):
    """Pictures uint8 (n, height, width, channels) with class numbers (n,): those to learn from, and others to check with."""

    x: NDArray[np.uint8]
    y: NDArray[np.int64]
    val_x: NDArray[np.uint8]
    val_y: NDArray[np.int64]


def digit_pictures(per_class: int, validation: int = VALIDATION) -> FewPictures:
    """The first digits of each class, and others for validation."""
    with np.load(resource("sample", "digits.npz"), allow_pickle=False) as data:
        pictures, labels = data["pictures"], data["labels"]
    places = [np.flatnonzero(labels == digit) for digit in range(10)]
    learned = np.concatenate([place[:per_class] for place in places])
    checked = np.concatenate([place[-validation:] for place in places])
    return FewPictures(pictures[learned][..., None], labels[learned].astype(np.int64), pictures[checked][..., None],
                       labels[checked].astype(np.int64))


def project_files(folder: Path, project: Project) -> list[tuple[Path, int, str]]:
    """The usable pictures of the project in `folder`: file, class number, split. Raises ProblemError."""
    index = open_index(folder)
    try:
        names = index.class_names(project.dataset)
        root = source_folder(project, folder)
        return [(root / entry.path, entry.label, entry.split) for entry in entries_of(index.usable(names), names)]
    finally:
        index.close()


def project_pictures(files: Sequence[tuple[Path, int, str]], recipe: RecipeSpec, per_class: int,
                     check: Callable[[], None] = lambda: None) -> FewPictures:
    """The first pictures of each class of a project: (file, class number, split) each. Those that cannot be read are left
    out. Raises ProblemError where too few remain, and what `check` raises to cancel."""
    small = msgspec.structs.replace(recipe, height=_SIDE, width=_SIDE)
    values = msgspec.to_builtins(small)
    found: dict[str, list[tuple[NDArray[np.uint8], int]]] = {"train": [], "validation": []}
    counts: dict[tuple[str, int], int] = {}
    for path, label, split in files:
        most = {"train": per_class, "validation": VALIDATION}.get(split, 0)
        if counts.get((split, label), 0) >= most:
            continue
        check()
        try:
            picture = prepare_file(path, values)
        except (PictureError, OSError):
            continue
        found[split].append((picture, label))
        counts[split, label] = counts.get((split, label), 0) + 1
    if len({label for _picture, label in found["train"]}) < _FEWEST_CLASSES or not found["validation"]:
        text = Text("The bench needs training pictures of two classes and validation pictures. Give the project pictures and "
                    "splits, or choose the digits.",
                    "El banco necesita imágenes de entrenamiento de dos clases e imágenes de validación. Añada al proyecto "
                    "imágenes y divisiones, o elija los dígitos.")
        raise ProblemError(error("too_few_pictures", text, "dataset"))
    x, y = _arrays(found["train"])
    return FewPictures(x, y, *_arrays(found["validation"]))


def _arrays(rows: Sequence[tuple[NDArray[np.uint8], int]]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    return np.stack([picture for picture, _label in rows]), np.asarray([label for _picture, label in rows], np.int64)


def write_pictures(pictures: FewPictures, path: Path) -> Path:
    """Write the file that the printed programs read. Raises ProblemError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, x=pictures.x, y=pictures.y, val_x=pictures.val_x, val_y=pictures.val_y)
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, path)) from os_error
    return path


def pictures_path(pictures: FewPictures) -> Path:
    """Where in the cache these pictures are kept: by their content."""
    digest = blake2b(digest_size=8)
    for array in (pictures.x, pictures.y, pictures.val_x, pictures.val_y):
        digest.update(np.ascontiguousarray(array).tobytes())
    return cache_folder() / "learn" / f"pictures-{digest.hexdigest()}.npz"
