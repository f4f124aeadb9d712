"""Files that a command writes for the user: never a file of a project, and over another one's file only by --force."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from cnnstudio.core.files import AUTOSAVE_FILE, PROJECT_FILE
from cnnstudio.core.foreign_files import open_regular
from cnnstudio.core.own_folders import BASES, LOCK_FILE, RUNS
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.interchange.printing.script_files import CODE_MARK

WRITTEN_CODE: Final = re.compile(re.escape(CODE_MARK.encode()))
WRITTEN_TABLE: Final = re.compile(rb"path([,\t])(time\1frame\1)?label\1probability\1problem\b"
                                  rb'|\[\n\{"path": .{0,3000}"probability": ', re.DOTALL)
WRITTEN_REPORT: Final = re.compile(
    rb'<!doctype html>.{0,300}<(meta name="generator" content="CNN Studio"|title>(Audit of|Auditor))', re.DOTALL)
"""How files begin that the same command wrote before; reports of earlier versions have a title only."""
_HEAD: Final = 4096
_OWN_FILE: Final = re.compile(rf"{re.escape(PROJECT_FILE)}|{re.escape(AUTOSAVE_FILE)}|{re.escape(LOCK_FILE)}"
                              r"|dataset\..*sqlite.*")


def check_target(path: Path, force: bool, written: re.Pattern[bytes] | None = None) -> None:
    """Raise ProblemError (own_file, target_exists) where the file must stay: it belongs to a project, or it is there and
    does not begin as what the same command `written` before. None: any file that is no project's may be replaced."""
    project = _project_of(path)
    if project is not None:
        text = Text("{path} is a file of the project in {folder} and was not replaced. Choose another name.",
                    "{path} es un archivo del proyecto de {folder} y no se reemplazó. Elija otro nombre.")
        raise ProblemError(error("own_file", text.fill(path=path, folder=project), "file", path=path))
    if force or written is None or not os.path.lexists(path):
        return
    try:
        with open_regular(path) as file:
            head = file.read(_HEAD)
    except OSError as os_error:
        text = Text("{path} cannot be replaced: {reason}.", "No se puede reemplazar {path}: {reason}.")
        raise ProblemError(error("target_exists", text.fill(path=path, reason=reason_of(os_error)), "file",
                                 path=path)) from os_error
    if head and not written.match(head):
        raise ProblemError(_exists(path))


def _exists(path: Path) -> Problem:
    text = Text("{path} already exists and was not written by this command, so it was not replaced. Choose another name, or "
                "replace it with --force.",
                "{path} ya existe y no lo escribió este comando, así que no se reemplazó. Elija otro nombre o reemplácelo "
                "con --force.")
    return error("target_exists", text.fill(path=path), "file", path=path)


def _project_of(path: Path) -> Path | None:
    """The folder of the project that has this path among its own files, or None."""
    resolved = path.parent.resolve() / path.name
    for folder in resolved.parents:
        if (folder / PROJECT_FILE).exists():
            first, *more = resolved.relative_to(folder).parts
            if first in (RUNS, BASES) if more else _OWN_FILE.fullmatch(first):
                return folder
    return None
