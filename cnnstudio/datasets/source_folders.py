"""Folders of a project's pictures."""

from __future__ import annotations

import os
from pathlib import Path

from cnnstudio.core.project import Project
from cnnstudio.datasets.layout import root_of


def source_folder(project: Project, folder: Path) -> Path:
    """The absolute folder that the paths of a project's pictures are relative to: for a manifest its own folder."""
    return root_of((folder / project.dataset.source).resolve()) if project.dataset.source else folder


def source_folders(project: Project, folder: Path) -> list[Path]:
    """The absolute folders of all sources, the main one first."""
    return [source_folder(project, folder), *(root_of((folder / item).resolve()) for item in project.dataset.joined)]


def source_text(source: Path, folder: Path) -> str:
    """The path of a source as written into the project: relative if it is inside the project."""
    source, folder = source.resolve(), folder.resolve()
    return os.path.relpath(source, folder) if source.is_relative_to(folder) else str(source)
