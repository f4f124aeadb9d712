"""The Export job: write a temporary export, reopen it, compare it with the trained model, and move it into place."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from cnnstudio.catalog.exporters import EXPORTERS, Exporter
from cnnstudio.core.atomic import exchange, write_problem
from cnnstudio.core.events import Artifact, Event, Finished, Notice
from cnnstudio.core.jobs import Export, ExportCheck, Exported
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.engine import models, run_models
from cnnstudio.engine.export_pictures import check_pictures
from cnnstudio.engine.export_request import Request, is_our_folder, keras_probabilities, write_check
from cnnstudio.engine.folding import fold_temperature
from cnnstudio.engine.progress import phase
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs.folder import RunFolder


def export(job: Export, link: Link) -> Event:
    """Do the job: Exported with its check. Raises ProblemError (unknown_format, target_exists, export_differs...)."""
    run = RunFolder(Path(job.run_folder))
    entry = EXPORTERS.find(job.format)
    if entry is None:
        text = Text("There is no export format called {name}. Available: {names}.",
                    "No hay ningún formato de exportación llamado {name}. Disponibles: {names}.")
        raise ProblemError(error("unknown_format", text.fill(name=job.format, names=", ".join(EXPORTERS.ids())), "project",
                                 field="format"))
    missing = entry.missing_libraries()
    if missing:
        raise ProblemError(*missing)
    target = target_path(Path(job.path), entry.suffix)
    clear_leftovers(target)
    if not is_replaceable(target, entry):
        raise ProblemError(_exists(target))
    phase(link, "loading")
    loaded = run_models.load(run.folder)
    card, warnings = run_models.with_calibration(loaded.card, loaded.path)
    for problem in warnings:
        link.emit(Notice(problem=problem))
    loaded = models.Loaded(loaded.model, msgspec.structs.replace(card, unchecked=job.unchecked), loaded.path, loaded.notes)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.writing{entry.suffix}")
    try:
        with check_pictures(run, loaded.card, job, link) as (pictures, pixels):
            wanted = keras_probabilities(loaded.model, loaded.card, pixels)
            if entry.temperature_inside:
                loaded = fold_temperature(loaded, pixels, wanted, entry.tolerance)
            phase(link, "exporting")
            request = Request(loaded=loaded, run=run, path=temporary, pictures=pictures, wanted=wanted,
                              samples=0 if job.unchecked else max(1, job.samples), unchecked=job.unchecked,
                              checking=lambda: None if job.unchecked else phase(link, "checking"))
            check = _compare(resolve(entry.writer)(request), wanted, job)
        if not job.unchecked and (check.top1_agreement < 1.0 or check.max_abs_difference > entry.tolerance):
            raise ProblemError(_differs_problem(check))
        if entry.folder:
            write_check(temporary, check, entry.id)
        _move_into_place(temporary, target)
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, target)) from os_error
    finally:
        _remove(temporary)
    link.emit(Artifact(kind="export", path=str(target)))
    link.emit(Exported(path=str(target), format=job.format, check=check))
    return Finished(run=run.id)


def resolve(name: str) -> Callable[..., Any]:
    """The function of the engine that an entry names as "module:function"."""
    module, _, function = name.partition(":")
    writer: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return writer


def target_path(path: Path, suffix: str) -> Path:
    """The path with the format's suffix; a folder named for a file's format gets model.keras inside."""
    if not suffix or path.suffix == suffix:
        return path
    return path / f"model{suffix}" if path.is_dir() else path.with_name(path.name + suffix)


def is_replaceable(target: Path, entry: Exporter) -> bool:
    """Whether the target is an earlier export of ours or an empty folder."""
    if not target.exists():
        return True
    if not entry.folder:
        return target.is_file() and bool(entry.recognizer) and bool(resolve(entry.recognizer)(target))
    return target.is_dir() and (not any(target.iterdir()) or is_our_folder(target))


def _compare(answers: np.ndarray, wanted: np.ndarray, job: Export) -> ExportCheck:
    """Compare the predictions of the export with those of the trained model."""
    agreement = float((answers.argmax(axis=1) == wanted.argmax(axis=1)).mean())
    return ExportCheck(images=0 if job.unchecked else len(wanted), top1_agreement=agreement,
                       max_abs_difference=float(np.abs(answers - wanted).max()), unchecked=job.unchecked, data=job.data)


def _move_into_place(temporary: Path, target: Path) -> None:
    """Rename into place; an earlier export is there under its name until the new one is."""
    if not target.is_dir():
        os.replace(temporary, target)
        return
    if exchange(temporary, target):
        # What is called temporary now is the earlier export.
        _remove(temporary)
        return
    old = _aside(target)
    _remove(old)
    os.replace(target, old)
    try:
        os.replace(temporary, target)
    except OSError:
        os.replace(old, target)
        raise
    _remove(old)


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
            _remove(path)


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


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def _exists(target: Path) -> Problem:
    text = Text("{path} already exists and is not an export of CNN Studio, so it was not replaced. Choose another name.",
                "{path} ya existe y no es una exportación de CNN Studio, así que no se reemplazó. Elija otro nombre.")
    return error("target_exists", text.fill(path=target), "file", path=target)


def _differs_problem(check: ExportCheck) -> Problem:
    text = Text("The reopened export does not give the same predictions as the trained model (largest difference "
                "{difference:.2g}, same class for {share:.1%} of the pictures). It was not kept.",
                "La exportación reabierta no da las mismas predicciones que el modelo entrenado (diferencia máxima "
                "{difference:.2g}, misma clase en el {share:.1%} de las imágenes). No se ha conservado.")
    return error("export_differs", text.fill(difference=check.max_abs_difference, share=check.top1_agreement), "run")
