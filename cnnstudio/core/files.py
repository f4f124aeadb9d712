"""The project file: encoding, reading and atomic saving. A newer format is refused."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any, Final

import msgspec

from cnnstudio import __version__
from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.migrations import migrate
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.project import FORMAT, Project
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text

PROJECT_FILE: Final = "project.cnnstudio"
AUTOSAVE_FILE: Final = "project.cnnstudio.autosave"
"""Where earlier versions kept unsaved work."""


def encode_project(project: Project) -> bytes:
    """Readable JSON with a fixed order of keys: format, program version, then the specs."""
    # Not before the first paint of the window; msgspec writes some numbers in another way.
    import json

    raw = {"format": FORMAT, "program": __version__} | msgspec.to_builtins(project)
    return json.dumps(raw, indent=2, ensure_ascii=False).encode() + b"\n"


def decode_project(data: bytes, path: Path) -> Project:
    """The project in a file's bytes; raises ProblemError (newer_format, damaged_project)."""
    import json

    try:
        raw: Any = json.loads(data.decode("utf-8"))
    except ValueError as value_error:
        raise ProblemError(_damaged(path, str(value_error))) from value_error
    if not isinstance(raw, dict) or not isinstance(raw.get("format"), int):
        raise ProblemError(_damaged(path, "no format number"))
    if raw["format"] > FORMAT:
        text = Text("{path} was written by a newer version of CNN Studio ({program}). It has not been changed. "
                    "Install that version or a later one to open it.",
                    "{path} se escribió con una versión más nueva de CNN Studio ({program}). No se ha cambiado. "
                    "Instale esa versión o una posterior para abrirlo.")
        raise ProblemError(error("newer_format", text.fill(path=path, program=raw.get("program", "?")), "project",
                                 path=path))
    raw = migrate(raw, FORMAT)
    try:
        return msgspec.convert(raw, Project, strict=True)
    except msgspec.ValidationError as err:
        raise ProblemError(_damaged(path, str(err))) from err


def _damaged(path: Path, reason: str) -> Problem:
    text = Text("{path} is damaged ({reason}). The file is left as it is. Put a copy of it in its place; or move it away and "
                "make a new project of the same pictures in this folder: trainings and decisions about pictures stay.",
                "{path} está dañado ({reason}). El archivo queda como está. Ponga una copia en su lugar; o llévelo a otra "
                "parte y cree un proyecto nuevo de las mismas imágenes en esta carpeta: los entrenamientos y las decisiones "
                "sobre las imágenes se conservan.")
    return error("damaged_project", text.fill(path=path, reason=reason), "project", path=path, details=reason)


def read_project(folder: Path) -> Project:
    """The saved project of a folder; raises ProblemError (no_project, newer_format, damaged_project...)."""
    path = folder / PROJECT_FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError as err:
        text = Text("There is no project in {path}.", "No hay ningún proyecto en {path}.")
        raise ProblemError(error("no_project", text.fill(path=folder), "project", path=folder)) from err
    except OSError as os_error:
        text = Text("{path} cannot be read: {reason}.", "No se puede leer {path}: {reason}.")
        raise ProblemError(error("cannot_read", text.fill(path=path, reason=reason_of(os_error)),
                                 "project", path=path)) from os_error
    return decode_project(data, path)


def write_project(folder: Path, project: Project) -> None:
    """Save atomically and drop the autosave that it supersedes; raises ProblemError."""
    write_atomically(folder / PROJECT_FILE, encode_project(project))
    with contextlib.suppress(OSError):
        (folder / AUTOSAVE_FILE).unlink()


def read_autosave(folder: Path) -> Project | None:
    """Unsaved work of an earlier version that is newer than the saved file, or None."""
    path = folder / AUTOSAVE_FILE
    try:
        saved = folder / PROJECT_FILE
        if saved.exists() and path.stat().st_mtime < saved.stat().st_mtime:
            return None
        return decode_project(path.read_bytes(), path)
    except (OSError, ProblemError):
        return None
