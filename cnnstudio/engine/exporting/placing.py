"""Where an export is put: under its name at once, in place of an earlier export of ours alone."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
from pathlib import Path

from cnnstudio.catalog.exporters.entry import Exporter
from cnnstudio.core.atomic import exchange
from cnnstudio.core.problems import Problem, error
from cnnstudio.core.text import Text
from cnnstudio.engine.exporting.certificate import beside, is_our_certificate, is_our_folder
from cnnstudio.engine.exporting.verifying import resolve


def target_path(path: Path, suffix: str) -> Path:
    """The path with the format's suffix; a folder named for a file's format gets model.keras inside."""
    if not suffix or path.suffix == suffix:
        return path
    return path / f"model{suffix}" if path.is_dir() else path.with_name(path.name + suffix)


def is_replaceable(target: Path, entry: Exporter) -> bool:
    """Whether the target is an earlier export of ours or an empty folder."""
    if not entry.folder:
        certificate = beside(target)
        if certificate.exists() and not is_our_certificate(certificate):
            return False
        return not target.exists() or (target.is_file() and bool(entry.recognizer) and bool(resolve(entry.recognizer)(target)))
    if not target.exists():
        return True
    return target.is_dir() and (not any(target.iterdir()) or is_our_folder(target))


def move_into_place(temporary: Path, target: Path) -> None:
    """Rename into place; an earlier export is there under its name until the new one is."""
    if not target.is_dir():
        os.replace(temporary, target)
        return
    if exchange(temporary, target):
        # What is called temporary now is the earlier export.
        remove(temporary)
        return
    old = _aside(target)
    remove(old)
    os.replace(target, old)
    try:
        os.replace(temporary, target)
    except OSError:
        os.replace(old, target)
        raise
    remove(old)


def _aside(target: Path) -> Path:
    """Where an earlier export is between two renames, on systems that cannot exchange two folders at once."""
    return target.with_name(f".{target.name}.old")


def clear_leftovers(target: Path) -> None:
    """Take back an earlier export that a kill left aside, and remove what killed exports left beside the target."""
    old = _aside(target)
    if old.is_dir() and not os.path.lexists(target):
        with contextlib.suppress(OSError):
            os.replace(old, target)
    pattern = re.compile(rf"\.{re.escape(target.name)}\.(\d+)\.writing.*")
    with contextlib.suppress(OSError), os.scandir(target.parent) as entries:
        leftovers = [Path(entry.path) for entry in entries
                     if (match := pattern.fullmatch(entry.name)) and not _lives(int(match[1]))]
        for path in leftovers:
            remove(path)


def _lives(process: int) -> bool:
    """Whether a process of that number runs; unknown counts as yes."""
    if process == os.getpid() or not hasattr(signal, "SIGKILL"):
        return process != os.getpid()
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def remove(path: Path) -> None:
    """Remove a file or folder, as far as that is possible."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def exists_problem(target: Path) -> Problem:
    """The problem of a target that is something else."""
    text = Text("{path} already exists and is not an export of CNN Studio, so it was not replaced. Choose another name.",
                "{path} ya existe y no es una exportación de CNN Studio, así que no se reemplazó. Elija otro nombre.")
    return error("target_exists", text.fill(path=target), "file", path=target)
