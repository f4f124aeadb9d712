"""A new project from a training script: its pictures, and everything else that the script sets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio.catalog.context import context_of
from cnnstudio.core.dataset import DatasetSpec
from cnnstudio.core.files import PROJECT_FILE, write_project
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.opening import Created, create_project, with_fitting_range
from cnnstudio.datasets.refresh import Cancelled, OnProgress, never
from cnnstudio.datasets.source_folders import source_folder
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.interchange.script.apply import with_script, with_script_data
from cnnstudio.interchange.script.model import Script
from cnnstudio.network.checks import check_project

_START: Final = "small_cnn"
replace = msgspec.structs.replace


def script_places(script: Script, path: Path) -> list[Path]:
    """The folders of pictures of the script at `path`. Raises ProblemError where they are not on this machine."""
    places = [folder if folder.is_absolute() else path.absolute().parent / folder for folder in map(Path, script.folders)]
    missing = next((place for place in places if not place.exists()), None)
    if not places:
        text = Text("{script} does not say in a readable way which folder its pictures are in.",
                    "{script} no dice de forma legible en qué carpeta están sus imágenes.")
        raise ProblemError(error("script_without_folder", text.fill(script=path.name), "dataset", path=path))
    if missing is not None:
        text = Text("{script} reads its pictures from {folder}, which does not exist here.",
                    "{script} lee sus imágenes de {folder}, que aquí no existe.")
        raise ProblemError(error("script_folder_missing", text.fill(script=path.name, folder=missing), "dataset", path=path))
    return places


def create_from_script(folder: Path, script: Script, places: Sequence[Path], name: str = "", reading: DatasetSpec | None = None,
                       on_progress: OnProgress | None = None, cancelled: Cancelled = never) -> tuple[Created, Index]:
    """Create a project in `folder` with the settings of a script for the pictures in `places`; raises ProblemError and then
    leaves no half-created project. `reading` says how folders and lists are read."""
    first = with_script_data(Project(dataset=reading or DatasetSpec()), script).dataset
    if not all(_has_split_folders(place, first) for place in places):
        # Other pictures than the script's: their folders decide, or the shares.
        first = replace(first, split_folders=DatasetSpec().split_folders)
    created, index = create_project(folder, places, template=_START, name=name, on_progress=on_progress, cancelled=cancelled,
                                    reading=first)
    try:
        project = with_script_data(created.project, replace(script, dataset={
            key: value for key, value in script.dataset.items() if key != "split_folders"}))
        index.apply(project.dataset)
        classes = index.class_names(project.dataset)
        if project.dataset.label_mode == "binary" and len(classes) != 2:
            project = replace(project, dataset=replace(project.dataset, label_mode="categorical"))
        bases = ProjectBases(folder)
        context = context_of(project, max(2, len(classes)), bases)
        project = with_script(project, script, context, tuple(classes), index.split_counts(classes)["train"])
        project = with_fitting_range(project, index, source_folder(project, folder))
        write_project(folder, project)
    except BaseException:
        index.close()
        (folder / PROJECT_FILE).unlink(missing_ok=True)
        raise
    problems = (*created.scan.problems, *check_project(project, classes, index.counts(), bases))
    return replace(created, project=project, problems=problems), index


def _has_split_folders(place: Path, dataset: DatasetSpec) -> bool:
    folders = dataset.split_folders
    return all((place / name).is_dir() for name in (folders.train, folders.validation, folders.test) if name)
