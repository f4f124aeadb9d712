"""Commands that import and export pictures: import, collect, datasets."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from cnnstudio.cli.jobs import report_progress, run_job
from cnnstudio.cli.output import Output, count_progress, scan_progress
from cnnstudio.core import events
from cnnstudio.core.files import read_project
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import ProblemError, error
from cnnstudio.core.text import Text, format_number, tr
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.opening import open_project
from cnnstudio.datasets.scan_problems import left_out_problem
from cnnstudio.datasets.source_folders import source_folder
from cnnstudio.datasets.sources.collect import collect as collect_pictures
from cnnstudio.datasets.sources.collect import target_of
from cnnstudio.datasets.sources.downloads import DATASETS, fetch_dataset
from cnnstudio.datasets.sources.kinds import describe, unpack
from cnnstudio.imaging.picture_files import Tally
from cnnstudio.workers.job_setup import records_job, refresh_index

PICTURES: Final = Text("pictures", "imágenes")


def import_source(arguments: argparse.Namespace, output: Output) -> int:
    """`import SOURCE FOLDER`: an archive or arrays become class folders."""
    source: Path = arguments.source
    tally = Tally()
    folder = unpack(source, arguments.folder, count_progress(output), tally=tally)
    described = describe(folder)
    problems = (*described.problems, *(left_out_problem(entry, source) for entry in tally.entries()), *described.notes)
    output.problems(problems, as_lines=False)
    line_text = tr("{folder}: pictures {n:,}, classes {k:,}", "{folder}: imágenes {n:,}, clases {k:,}", folder=folder,
                   n=described.pictures, k=len(described.classes))
    output.line({"source": str(source), "folder": str(folder), "images": described.pictures, "more": described.more,
                 "classes": list(described.classes), "problems": list(problems)}, line_text)
    return 0


def collect(arguments: argparse.Namespace, output: Output) -> int:
    """`collect PROJECT --to PATH --format FORM`: export the curated collection."""
    project, index = open_project(arguments.project)
    try:
        noticed = refresh_index(arguments.project, project, index, scan_progress(output))
        index.apply(project.dataset)
        output.problems(noticed, as_lines=False)
        if arguments.format == "tfrecord":
            return _records(arguments, output, index)
        done = collect_pictures(index, source_folder(project, arguments.project), index.class_names(project.dataset),
                                arguments.to, arguments.format, links=arguments.links,
                                on_progress=count_progress(output, PICTURES))
    finally:
        index.close()
    output.problems(done.problems, as_lines=False)
    line_text = tr("{path}: pictures {n:,}, classes {k:,} (training {train:,}, validation {validation:,}, test {test:,}); "
                   "read back and counted",
                   "{path}: imágenes {n:,}, clases {k:,} (entrenamiento {train:,}, validación {validation:,}, prueba "
                   "{test:,}); releídas y contadas", path=done.path, n=done.images, k=len(done.classes), **done.splits)
    output.line({"path": done.path, "format": done.format, "images": done.images, "splits": done.splits,
                 "classes": list(done.classes), "bytes": done.bytes, "problems": list(done.problems)}, line_text)
    return 0


def _records(arguments: argparse.Namespace, output: Output, index: Index) -> int:
    path = target_of(arguments.to, "tfrecord")
    job = records_job(arguments.project, read_project(arguments.project), index, path)
    last = run_job(job, output, lambda event: report_progress(event, output))
    if isinstance(last, events.Failed):
        output.problems([last.problem], as_lines=False)
        return 1
    if isinstance(last, events.Finished):
        images, shards = int(last.metrics.get("images", 0)), int(last.metrics.get("shards", 0))
        line_text = tr("{path}: pictures {n:,}, files {k:,}; read back and counted",
                       "{path}: imágenes {n:,}, archivos {k:,}; releídas y contadas", path=path, n=images, k=shards)
        output.line({"path": str(path), "format": "tfrecord", "images": images, "files": shards}, line_text)
    return 0


def datasets(arguments: argparse.Namespace, output: Output) -> int:
    """`datasets`: list the downloads; `datasets NAME --to FOLDER`: download it."""
    if not arguments.name:
        for item in DATASETS:
            pictures = format_number(item.pictures, ",").rjust(7)
            line_text = (f"{item.id:<20} {pictures} × {item.classes:<4} {item.bytes / 1e6:>6.0f} MB  "
                         f"{item.licence}  {item.label}: {item.help}")
            output.line({"name": item.id, "label": item.label, "images": item.pictures, "classes": item.classes,
                         "side": item.side, "bytes": item.bytes, "licence": item.licence, "page": item.page,
                         "keras": item.keras, "urls": [file.urls[0] for file in item.files]}, line_text)
        return 0
    entry = DATASETS.find(arguments.name)
    if entry is None or arguments.to is None:
        text = Text("There is no dataset called {name}. Available: {known}.",
                    "No hay ningún conjunto de datos llamado {name}. Disponibles: {known}.")
        if entry is not None:
            text = Text("Choose where to save {name}: --to FOLDER.", "Indique dónde guardar {name}: --to CARPETA.")
        raise ProblemError(error("unknown_dataset" if entry is None else "no_target",
                                 text.fill(name=arguments.name, known=", ".join(DATASETS.ids())), "dataset"))
    folder = fetch_dataset(entry, arguments.to.absolute(), cache_folder(), count_progress(output),
                           on_phase=lambda text: output.progress(str(text), at_once=True))
    described = describe(folder)
    line_text = tr("{folder}: pictures {n:,}, classes {k:,}. Licence: {licence}",
                   "{folder}: imágenes {n:,}, clases {k:,}. Licencia: {licence}", folder=folder, n=entry.pictures,
                   k=len(described.classes), licence=entry.licence)
    output.line({"name": entry.id, "folder": str(folder), "images": entry.pictures, "classes": list(described.classes),
                 "licence": entry.licence}, line_text)
    return 0
