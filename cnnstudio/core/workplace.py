"""The folder of the project that this process works on: what a project names relatively is looked for there."""

from __future__ import annotations

from pathlib import Path

_folder: Path | None = None


def use_folder(folder: Path | None) -> None:
    """From now on it is this one; None when the project was closed."""
    global _folder
    _folder = folder.absolute() if folder is not None else None


def folder_in_use() -> Path | None:
    """The folder, absolute, or None while no project is open."""
    return _folder
