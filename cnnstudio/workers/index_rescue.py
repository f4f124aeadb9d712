"""Repair a project with a damaged index: a new index, a new scan, and a report of what was lost."""

from __future__ import annotations

from pathlib import Path

from cnnstudio.core.files import read_project
from cnnstudio.core.problems import Problem, ProblemError, warning
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text
from cnnstudio.datasets.index import Index, open_index
from cnnstudio.datasets.layout import is_manifest
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.datasets.refresh import OnProgress, scan_folder
from cnnstudio.datasets.rescue import is_damaged, replace_index
from cnnstudio.datasets.source_folders import source_folder
from cnnstudio.workers.runs.folder import RunFolder, list_runs


def rescue_index(folder: Path, project: Project | None = None, on_progress: OnProgress | None = None) -> Problem | None:
    """Set a damaged index aside and list the folder into a new one; returns what was kept and what was lost.

    None if the index is intact: then nothing is done. The files are not inspected yet. Raises ProblemError.
    """
    project = project if project is not None else read_project(folder)
    if not is_damaged(folder):
        return None
    aside, salvaged = replace_index(folder)
    index = open_index(folder)
    try:
        scan_folder(index, source_folder(project, folder), project.dataset, on_progress)
        run, classes = ("", 0) if salvaged.complete else _classes_of_a_run(folder, project, index)
    finally:
        index.close()
    text = Text("The damaged index was kept as {name}, and the folder is being read again. Recovered from the index: "
                "decisions about pictures {decisions}, accepted findings {accepted}. {rest}",
                "El índice dañado se conservó como {name} y la carpeta se está leyendo de nuevo. Recuperado del índice: "
                "decisiones sobre imágenes {decisions}, hallazgos aceptados {accepted}. {rest}")
    return warning("index_set_aside", text.fill(name=aside.name, decisions=len(salvaged.decisions),
                                                accepted=len(salvaged.accepted), rest=_rest(salvaged.complete, run, classes)),
                   "dataset", path=aside)


def _rest(complete: bool, run: str, classes: int) -> Text:
    """The text about decisions that could not be read."""
    if complete:
        return Text("No decision was lost.", "No se perdió ninguna decisión.")
    lost = Text("The rest could not be read: check whether pictures have the class and the split that you assigned, and "
                "whether the pictures that you excluded are still excluded.",
                "El resto no se pudo leer: compruebe si las imágenes tienen la clase y la división que les asignó y si las "
                "que excluyó siguen excluidas.")
    if not classes:
        return lost
    taken = Text("Assigned classes recovered from the run {run}: {classes}. ",
                 "Clases asignadas recuperadas del entrenamiento {run}: {classes}. ").fill(run=run, classes=classes)
    return Text(taken.en + lost.en, taken.es + lost.es)


def _classes_of_a_run(folder: Path, project: Project, index: Index) -> tuple[str, int]:
    """Give pictures without a decision their class in the newest training; returns its id and the number of pictures.

    Only if classes come from the same folders as now: then another class was the user's decision.
    """
    if any(is_manifest(Path(place)) for place in (project.dataset.source, *project.dataset.joined)):
        return "", 0
    for summary in list_runs(folder):
        run = RunFolder(summary.folder)
        try:
            then = run.spec().dataset
            manifest = read_manifest(run.manifest_path, as_trained=True)
        except ProblemError:
            continue
        if any(getattr(then, name) != getattr(project.dataset, name) for name in ("source", "joined", "split_folders")):
            continue
        entries = {entry.path: entry for entry in manifest.entries if entry.label >= 0}
        wanted = {}
        for identifier, path, own, size, modified in index.rows(
                "SELECT id, path, folder_class, size, modified_ns FROM pictures"
                " WHERE path NOT IN (SELECT path FROM decisions WHERE class_name IS NOT NULL)"):
            entry = entries.get(path)
            if entry is not None and (entry.size, entry.modified_ns) == (size, modified):
                name = manifest.header.class_names[entry.label]
                if name != own:
                    wanted[identifier] = name
        if wanted:
            index.relabel_each(wanted)
        return run.id, len(wanted)
    return "", 0
