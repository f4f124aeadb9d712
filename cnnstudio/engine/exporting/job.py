"""The Export job: write a temporary export, reopen it, compare it with the trained model, and move it into place."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from cnnstudio.catalog.exporters import EXPORTERS
from cnnstudio.catalog.exporters.entry import Exporter
from cnnstudio.core.atomic import write_problem
from cnnstudio.core.events import Artifact, Event, Finished, Notice
from cnnstudio.core.export_jobs import Export, ExportCheck, Exported
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.engine import models, run_models
from cnnstudio.engine.exporting.certificate import CHECK, beside, write_certificate
from cnnstudio.engine.exporting.checking import answer_in_child, compare, differs_problem, is_equal, size_of
from cnnstudio.engine.exporting.folding import fold_temperature
from cnnstudio.engine.exporting.pictures import check_pictures, training_pixels
from cnnstudio.engine.exporting.placing import (
    clear_leftovers,
    exists_problem,
    is_replaceable,
    move_into_place,
    remove,
    target_path,
)
from cnnstudio.engine.exporting.request import Request, keras_probabilities
from cnnstudio.engine.exporting.verifying import resolve
from cnnstudio.engine.progress import phase
from cnnstudio.workers.link import Link
from cnnstudio.workers.runs.exports import add_export
from cnnstudio.workers.runs.folder import RunFolder
from cnnstudio.workers.trouble import is_disk_full


def export(job: Export, link: Link) -> Event:
    """Do the job: Exported with its check. Raises ProblemError (unknown_format, target_exists, export_differs...)."""
    run = RunFolder(Path(job.run_folder))
    entry = _entry(job)
    target = target_path(Path(job.path), entry.suffix)
    clear_leftovers(target)
    if not is_replaceable(target, entry):
        raise ProblemError(exists_problem(target))
    phase(link, "loading")
    loaded = run_models.load(run.folder)
    card, warnings = run_models.with_calibration(loaded.card, loaded.path)
    for problem in warnings:
        link.emit(Notice(problem=problem))
    loaded = models.Loaded(loaded.model, msgspec.structs.replace(card, unchecked=job.unchecked), loaded.path, loaded.notes)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.writing{entry.suffix}")
    try:
        check = _write_checked(job, link, entry, run, loaded, temporary)
        move_into_place(temporary, target)
        if beside(temporary).exists():
            os.replace(beside(temporary), beside(target))
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, target)) from os_error
    except Exception as err:
        if isinstance(err, ProblemError) or not is_disk_full(err):
            raise
        raise ProblemError(write_problem(OSError(errno.ENOSPC, ""), target)) from err
    finally:
        remove(temporary)
        remove(beside(temporary))
    link.emit(Artifact(kind="export", path=str(target)))
    certified = target / CHECK if target.is_dir() else beside(target)
    exported = Exported(path=str(target), format=job.format, check=check,
                        certificate=str(certified) if certified.exists() else "")
    add_export(run, exported)
    link.emit(exported)
    return Finished(run=run.id)


def _entry(job: Export) -> Exporter:
    """The format, if it is known, its libraries are installed, and what was chosen fits it. Raises ProblemError."""
    entry = EXPORTERS.find(job.format)
    if entry is None:
        text = Text("There is no export format called {name}. Available: {names}.",
                    "No hay ningún formato de exportación llamado {name}. Disponibles: {names}.")
        raise ProblemError(error("unknown_format", text.fill(name=job.format, names=", ".join(EXPORTERS.ids())), "project",
                                 field="format"))
    problems = (*entry.missing_libraries(), *choice_problems(entry, job))
    if problems:
        raise ProblemError(*problems)
    return entry


def choice_problems(entry: Exporter, job: Export) -> list[Problem]:
    """What was chosen that the format does not have."""
    problems = []
    if job.engine and job.engine not in entry.engines:
        text = Text("The format {format} has no engine called {name}. Available: {names}.",
                    "El formato {format} no tiene ningún motor llamado {name}. Disponibles: {names}.")
        names = ", ".join(entry.engines) or "-"
        problems.append(error("unknown_engine", text.fill(format=entry.id, name=job.engine, names=names), "project",
                              field="engine"))
    if job.keep_in_float and not entry.calibrates:
        text = Text("The format {format} has no layers to keep in float: it is not one of whole numbers.",
                    "El formato {format} no tiene capas que conservar en coma flotante: no es de números enteros.")
        problems.append(error("no_whole_numbers", text.fill(format=entry.id), "project", field="keep_in_float"))
    if job.unchecked and entry.calibrates:
        text = Text("The format {format} needs pictures of the training, so it cannot be written without pictures.",
                    "El formato {format} necesita imágenes del entrenamiento, así que no se puede escribir sin imágenes.")
        problems.append(error("no_calibration_pictures", text.fill(format=entry.id), "project", field="format"))
    return problems


def _write_checked(job: Export, link: Link, entry: Exporter, run: RunFolder, loaded: models.Loaded, path: Path
                   ) -> ExportCheck | None:
    """Write the export and its certificate; None for a document. Raises ProblemError where it answers otherwise."""
    if entry.is_document:
        _write(job, link, entry, run, loaded, path)
        write_certificate(path, None, entry, loaded.card.class_names, (), np.empty((0, 0), np.float32))
        return None
    with check_pictures(run, loaded.card, job, link) as pictures:
        wanted = keras_probabilities(loaded.model, loaded.card, pictures.pixels)
        if entry.temperature_inside:
            loaded = fold_temperature(loaded, pictures.pixels, wanted, min(entry.tolerance, 1e-5))
        _write(job, link, entry, run, loaded, path, pictures.files, wanted)
        if not job.unchecked:
            phase(link, "checking")
        answers, measured = answer_in_child(entry, path, pictures.files, job, link)
        check = compare(answers, wanted, pictures, job, measured, size_of(path))
        if not job.unchecked and not is_equal(check, entry):
            raise ProblemError(differs_problem(check, entry))
        write_certificate(path, check, entry, loaded.card.class_names, pictures.files, wanted)
        return check


def _write(job: Export, link: Link, entry: Exporter, run: RunFolder, loaded: models.Loaded, path: Path,
           pictures: Sequence[Path] = (), wanted: np.ndarray | None = None) -> None:
    phase(link, "exporting")
    resolve(entry.writer)(Request(
        loaded=loaded, run=run, path=path, pictures=list(pictures),
        wanted=np.empty((0, 0), np.float32) if wanted is None else wanted,
        samples=0 if job.unchecked else max(1, job.samples), unchecked=job.unchecked,
        training_pixels=lambda: training_pixels(run, loaded.card, job.cache, link), engine=job.engine,
        keep_in_float=job.keep_in_float))
