"""Folders of the program: bundled resources, and the user's configuration, cache and data."""

from __future__ import annotations

import functools
import os
import sys
from pathlib import Path

import platformdirs

_NAME = "cnnstudio"


def resource(*parts: str) -> Path:
    """A bundled file, in a checkout, in an installed package and in a frozen bundle alike."""
    return _resources().joinpath(*parts)


def document(name: str) -> Path:
    """A document that comes along, such as the reference; found where resources are."""
    return _beside("docs") / name


def is_frozen() -> bool:
    """Whether this is an installed program with an interpreter of its own, not a checkout or a package of Python."""
    return hasattr(sys, "_MEIPASS")


def _resources() -> Path:
    return _beside("resources")


def _beside(folder: str) -> Path:
    return _place_of(folder, getattr(sys, "_MEIPASS", None))


@functools.cache
def _place_of(folder: str, frozen: str | None) -> Path:
    if frozen:
        return Path(frozen) / "cnnstudio" / folder
    package = Path(__file__).resolve().parent.parent
    installed = package / folder
    return installed if installed.is_dir() else package.parent / folder


def _folder(variable: str, default: str) -> Path:
    return Path(os.environ.get(variable) or default)


def cache_folder() -> Path:
    """The cache: computable again, so it may be deleted at any moment. CNNSTUDIO_CACHE overrides it."""
    return _folder("CNNSTUDIO_CACHE", platformdirs.user_cache_dir(_NAME, appauthor=False))


def config_folder() -> Path:
    """Preferences and recent projects. CNNSTUDIO_CONFIG overrides it."""
    return _folder("CNNSTUDIO_CONFIG", platformdirs.user_config_dir(_NAME, appauthor=False))


def log_folder() -> Path:
    """The program's own log files. CNNSTUDIO_LOGS overrides it."""
    return _folder("CNNSTUDIO_LOGS", platformdirs.user_log_dir(_NAME, appauthor=False))


def data_folder() -> Path:
    """What the user has done that belongs to no project, such as lessons. CNNSTUDIO_DATA overrides it."""
    return _folder("CNNSTUDIO_DATA", platformdirs.user_data_dir(_NAME, appauthor=False))


def libraries_folder() -> Path:
    """Libraries that the user added for this Python, beside the installation. CNNSTUDIO_LIBRARIES overrides it."""
    folder = _folder("CNNSTUDIO_LIBRARIES", str(Path(platformdirs.user_data_dir(_NAME, appauthor=False)) / "libraries"))
    return folder / str(sys.implementation.cache_tag)


def projects_folder() -> Path:
    """The default folder for new projects. CNNSTUDIO_PROJECTS overrides it."""
    return _folder("CNNSTUDIO_PROJECTS", str(Path(platformdirs.user_documents_dir()) / "CNN Studio"))


def free_path(place: Path, suffix: str = "") -> Path:
    """`place`, or the path with a number (before `suffix`) if it exists already."""
    stem = place.name.removesuffix(suffix)
    candidate, number = place, 2
    while os.path.lexists(candidate):
        candidate, number = place.with_name(f"{stem} {number}{place.name[len(stem):]}"), number + 1
    return candidate
