"""The project file: encoding, reading and atomic saving. A newer format is refused."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec

from cnnstudio import __version__
from cnnstudio.core.atomic import write_atomically
from cnnstudio.core.checksums import is_file_intact, seal_file
from cnnstudio.core.foreign_files import LARGE, decode_json, read_bytes
from cnnstudio.core.migrations import migrate
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.project import FORMAT, Project
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text, same

PROJECT_FILE: Final = "project.cnnstudio"
AUTOSAVE_FILE: Final = "project.cnnstudio.autosave"
"""Where earlier versions kept unsaved work."""
_SMALLEST: Final = -(1 << 63)
_LARGEST: Final = (1 << 64) - 1


def encode_project(project: Project) -> bytes:
    """Readable JSON with a fixed order of keys: format, program version, then the specs."""
    # Not before the first paint of the window; msgspec writes some numbers in another way.
    import json

    raw = {"format": FORMAT, "program": __version__} | msgspec.to_builtins(project)
    return json.dumps(raw, indent=2, ensure_ascii=False).encode() + b"\n"


def encode_frozen(project: Project) -> bytes:
    """A project that nobody edits any more, that of a run: with a checksum."""
    return seal_file(encode_project(project))


def decode_project(data: bytes, path: Path, damaged: Callable[[Path, Text], Problem] | None = None) -> Project:
    """The project in a file's bytes; raises ProblemError (newer_format, and for a damaged file the problem that
    `damaged(path, reason)` makes, by default damaged_project, which speaks of a project)."""
    damaged = damaged or _damaged
    if not is_file_intact(data):
        raise ProblemError(damaged(path, Text("its checksum does not match", "su suma de comprobación no coincide")))
    try:
        raw = decode_json(data)
        _check_plain(raw)
    except ValueError as value_error:
        raise ProblemError(damaged(path, same(str(value_error)))) from value_error
    number = raw.get("format") if isinstance(raw, dict) else None
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise ProblemError(damaged(path, Text("no format number", "sin número de formato")))
    if number > FORMAT:
        text = Text("{path} was written by a newer version of CNN Studio ({program}). It has not been changed. "
                    "Install that version or a later one to open it.",
                    "{path} se escribió con una versión más nueva de CNN Studio ({program}). No se ha cambiado. "
                    "Instale esa versión o una posterior para abrirlo.")
        raise ProblemError(error("newer_format", text.fill(path=path, program=raw.get("program", "?")), "project",
                                 path=path))
    try:
        return msgspec.convert(migrate(raw, FORMAT), Project, strict=True)
    except RecursionError as err:
        raise ProblemError(damaged(path, Text("nested too deeply", "demasiados niveles anidados"))) from err
    except (ValueError, TypeError, KeyError, AttributeError) as err:
        raise ProblemError(damaged(path, same(str(err)))) from err


def _check_plain(raw: Any) -> None:
    """ValueError for a whole number that no float can hold, and for a text that cannot be a path."""
    waiting = [raw]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
        elif isinstance(value, int) and not _SMALLEST <= value <= _LARGEST:
            raise ValueError("a number is out of range")
        elif isinstance(value, str) and "\0" in value:
            raise ValueError("a text has a character with the code 0")


def _damaged(path: Path, reason: Text) -> Problem:
    text = Text("{path} is damaged ({reason}) and was not changed. Replace it with a copy, or move it away and create a new "
                "project from the same pictures in this folder: runs and decisions about pictures are kept.",
                "{path} está dañado ({reason}) y no se modificó. Reemplácelo por una copia, o llévelo a otra parte y cree un "
                "proyecto nuevo de las mismas imágenes en esta carpeta: los entrenamientos y las decisiones sobre las "
                "imágenes se conservan.")
    return error("damaged_project", text.fill(path=path, reason=reason), "project", path=path, details=reason.en)


def read_project(folder: Path) -> Project:
    """The saved project of a folder; raises ProblemError (no_project, newer_format, damaged_project...)."""
    path = folder / PROJECT_FILE
    try:
        data = read_bytes(path, LARGE)
    except FileNotFoundError as err:
        raise ProblemError(_no_project(folder)) from err
    except OSError as os_error:
        text = Text("{path} cannot be read: {reason}.", "No se puede leer {path}: {reason}.")
        raise ProblemError(error("cannot_read", text.fill(path=path, reason=reason_of(os_error)),
                                 "project", path=path)) from os_error
    return decode_project(data, path)


def _no_project(folder: Path) -> Problem:
    text = Text("There is no project in {path}. Choose another folder, or create a project there.",
                "No hay ningún proyecto en {path}. Elija otra carpeta o cree ahí un proyecto.")
    return error("no_project", text.fill(path=folder), "project", path=folder)


def check_project(folder: Path) -> None:
    """Raise ProblemError (no_project) for a folder that is missing, or that holds no project."""
    if not (folder / PROJECT_FILE).is_file():
        raise ProblemError(_no_project(folder))


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
        return decode_project(read_bytes(path, LARGE), path)
    except (OSError, ProblemError):
        return None
