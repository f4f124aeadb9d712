"""Commands that need no child process: new, set, show, check."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from cnnstudio.catalog.bases import BASES
from cnnstudio.catalog.bases.resolver import base_of_node
from cnnstudio.catalog.params import params_of
from cnnstudio.cli.output import Output, count_progress, scan_progress
from cnnstudio.cli.values import reading_spec
from cnnstudio.core import edits
from cnnstudio.core.atomic import write_problem
from cnnstudio.core.files import PROJECT_FILE, read_project, write_project
from cnnstudio.core.keys import get_value, to_plain
from cnnstudio.core.lock import ProjectLock
from cnnstudio.core.own_folders import LOCK_FILE
from cnnstudio.core.problems import Problem, ProblemError, blocking, error, warning
from cnnstudio.core.project import Project
from cnnstudio.core.text import Text, on_one_line, tr
from cnnstudio.datasets.audit.measuring import waiting
from cnnstudio.datasets.index import FILE as INDEX_FILE
from cnnstudio.datasets.index import Index
from cnnstudio.datasets.opening import base_notes, create_project, open_project, picture_problems, with_measured_range
from cnnstudio.datasets.sample_ranges import chosen_range_notice, sample_groups, sample_range_problems
from cnnstudio.datasets.scan_problems import left_out_problem
from cnnstudio.datasets.script_project import create_from_script, script_places
from cnnstudio.datasets.source_folders import source_folder
from cnnstudio.datasets.sources.kinds import as_sources
from cnnstudio.imaging.picture_files import Tally
from cnnstudio.interchange.own_base.resolver import ProjectBases
from cnnstudio.interchange.script.model import Script, ScriptItem
from cnnstudio.interchange.script.reader import read_script
from cnnstudio.network.checks import check_project
from cnnstudio.network.key_values import with_values
from cnnstudio.workers.index_rescue import rescue_index
from cnnstudio.workers.job_setup import refresh_collection
from cnnstudio.workers.own_bases import model_of


def new(arguments: argparse.Namespace, output: Output) -> int:
    folder: Path = arguments.project
    with_values(Project(), [item for item in arguments.values if not item.startswith(("network.", "augmentation."))])
    script = read_script(arguments.script) if arguments.script is not None else None
    if script is not None:
        print_script(script, arguments.script, output)
    tally = Tally()
    places = arguments.data or (script_places(script, arguments.script) if script is not None else [])
    if not places:
        text = Text("Which pictures? Name their folder with --data.", "¿Qué imágenes? Indique su carpeta con --data.")
        raise ProblemError(error("no_data", text, "dataset"))
    if not (folder / PROJECT_FILE).exists():
        places = as_sources(places, folder.absolute() / "pictures", count_progress(output), tally=tally)
    base, base_name = arguments.base or "", ""
    if base and base not in BASES.ids():
        model, base_name = model_of(Path(base))
        base = str(model)
    with _locked_new(folder):
        return _create(arguments, output, places, base, base_name, tally, script)


@contextmanager
def _locked_new(folder: Path) -> Iterator[None]:
    """Lock the folder of a project that is made; of an attempt that makes no project, nothing stays."""
    is_new = not folder.exists()
    names = (INDEX_FILE, INDEX_FILE + "-wal", INDEX_FILE + "-shm", LOCK_FILE)
    made = [folder / name for name in names if not (folder / name).exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as os_error:
        raise ProblemError(write_problem(os_error, folder)) from os_error
    with _locked(folder):
        try:
            yield
        finally:
            if not (folder / PROJECT_FILE).exists():
                with suppress(OSError):
                    for path in made:
                        path.unlink(missing_ok=True)
                    if is_new:
                        folder.rmdir()


def print_script(script: Script, path: Path, output: Output) -> None:
    """What of a script is taken over and what is not, each with its line."""
    def plain(items: tuple[ScriptItem, ...]) -> list[dict[str, object]]:
        return [{"line": item.line, "area": item.area, "text": item.text} for item in items]

    def lines(items: tuple[ScriptItem, ...]) -> list[str]:
        return ["  " + (f"{item.place}: {item.text}" if str(item.place) else str(item.text)) for item in items]

    left = lines(script.left) or ["  " + tr("nothing", "nada")]
    text = "\n".join([tr("{path}, taken over:", "{path}, se tomó:", path=path.name), *lines(script.taken),
                      tr("not taken over:", "no se tomó:"), *left])
    output.line({"event": "script", "path": str(path), "taken": plain(script.taken), "not_taken": plain(script.left)}, text)


def _create(arguments: argparse.Namespace, output: Output, places: list[Path], base: str, base_name: str, tally: Tally,
            script: Script | None) -> int:
    folder: Path = arguments.project
    reading = reading_spec(arguments)
    name, on_progress = folder.resolve().name, scan_progress(output)
    if script is not None:
        created, index = create_from_script(folder, script, places, name, reading, on_progress)
    else:
        created, index = create_project(folder, places, template=arguments.template or "", base=base, base_name=base_name,
                                        name=name, on_progress=on_progress, reading=reading)
    project = created.project
    try:
        if arguments.values:
            project = with_values(project, arguments.values)
            # Patterns of --ignore come on top of those of --set.
            project = edits.set_field(project, "dataset", "ignore", reading.ignore)
            index.apply(project.dataset)
            project = with_measured_range(project, index, source_folder(project, folder))
            write_project(folder, project)
    except ProblemError:
        (folder / PROJECT_FILE).unlink(missing_ok=True)
        raise
    finally:
        classes = index.class_names(project.dataset)
        counts, splits = index.counts(), index.split_counts(classes)
        unreadable, deep = picture_problems(index), sample_groups(index)
        index.close()
    # Where nothing could be listed for a reason, the problem of no pictures says nothing new.
    blocked = blocking(created.scan.problems)
    problems = (*created.scan.problems, *unreadable, *created.notes, *sample_range_problems(deep, project.recipe),
                *(() if blocked else check_project(project, classes, counts, ProjectBases(folder))))
    notes = (*chosen_range_notice(deep, project.recipe),
             *(left_out_problem(entry, places[0]) for entry in tally.entries()), *created.scan.notes)
    output.problems((*problems, *notes), as_lines=False)
    images = sum(splits.values())
    if not images:
        # After an error no incomplete project is left, so that the command can be repeated.
        (folder / PROJECT_FILE).unlink(missing_ok=True)
    line_text = tr("{folder}: pictures {images:,}, classes {n:,} (training {train:,}, validation {validation:,}, "
                   "test {test:,})",
                   "{folder}: imágenes {images:,}, clases {n:,} (entrenamiento {train:,}, validación {validation:,}, "
                   "prueba {test:,})",
                   folder=folder, images=images, n=len(classes), **splits)
    output.line({"project": str(folder), "images": images, "classes": list(classes), "splits": splits,
                 "problems": [*problems, *notes]}, line_text if images else "")
    return 2 if blocking(problems) else 0


@contextmanager
def locked_project(folder: Path) -> Iterator[Project]:
    """The project, read while its lock is held: what another process wrote before is never overwritten unseen.

    Raises ProblemError where there is no project or another process holds the lock.
    """
    read_project(folder)  # a folder without a project gets no lock file
    with _locked(folder):
        yield read_project(folder)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    lock = ProjectLock(folder)
    held = lock.acquire()
    if held is not None:
        raise ProblemError(held)
    try:
        yield
    finally:
        lock.release()


def change(arguments: argparse.Namespace, output: Output) -> int:
    folder: Path = arguments.project
    with locked_project(folder) as before:
        project = with_values(before, arguments.values)
        write_project(folder, project)
    for item in arguments.values:
        key = item.partition("=")[0].strip()
        _print_value(output, key, get_value(project, key, params_of))
    return 0


def show(arguments: argparse.Namespace, output: Output) -> int:
    project = read_project(arguments.project)
    _print_value(output, arguments.key, get_value(project, arguments.key, params_of))
    return 0


def _print_value(output: Output, key: str, value: object) -> None:
    plain = to_plain(value)
    if not key:
        output.line(plain, msgspec.json.format(msgspec.json.encode(plain), indent=2).decode())
        return
    line_text = on_one_line(plain) if isinstance(plain, str) else msgspec.json.encode(plain).decode()
    output.line({"key": key, "value": plain}, f"{key} = {line_text}")


def check(arguments: argparse.Namespace, output: Output) -> int:
    folder: Path = arguments.project
    rescued = _rescue(folder, output) if arguments.set_index_aside else ()
    project, index = open_project(folder)
    try:
        scan = refresh_collection(folder, project, index, scan_progress(output))
        problems = (*rescued, *scan.problems, *picture_problems(index),
                    *sample_range_problems(sample_groups(index), project.recipe),
                    *check_project(project, index.class_names(project.dataset), index.counts(), ProjectBases(folder)))
        no_audit = (*_assumed_notices(project, folder), *_no_audit_notice(index, folder))
    finally:
        index.close()
    output.problems((*problems, *scan.notes))
    output.problems(no_audit, as_lines=False)
    if not problems:
        output.line({"problems": []}, tr("No problems.", "Sin problemas."))
    return 2 if blocking(problems) else 0


def _assumed_notices(project: Project, folder: Path) -> tuple[Problem, ...]:
    """What is assumed of a user's model that is the base, until another scaling is set."""
    bases = ProjectBases(folder)
    used = [base for node in project.network.nodes if (base := base_of_node(node, bases)) is not None and base.own is not None]
    assumed = [base for base in used if base.own is not None and bases.require_own(base.own.file).id == base.id]
    return tuple(msgspec.structs.replace(note, severity="info") for base in assumed for note in base_notes(base))


def _no_audit_notice(index: Index, folder: Path) -> tuple[Problem, ...]:
    """Copies with the same bytes are known by now; what only the audit finds is not."""
    pictures = index.count()
    if not pictures or waiting(index) < pictures:
        return ()
    text = Text("The pictures have not been audited yet: near duplicates across splits and blurred or doubtful pictures are "
                "unknown (run: cnnstudio audit {folder}).",
                "Aún no se han auditado las imágenes: no se sabe si hay casi duplicadas en divisiones distintas ni imágenes "
                "borrosas o dudosas (ejecute: cnnstudio audit {folder}).")
    notice = warning("not_audited", text.fill(folder=folder), "dataset")
    return (msgspec.structs.replace(notice, severity="info"),)


def _rescue(folder: Path, output: Output) -> tuple[Problem, ...]:
    """Rescue a damaged index; returns the problem, or nothing if it is intact."""
    with locked_project(folder):
        problem = rescue_index(folder, on_progress=scan_progress(output))
    return () if problem is None else (problem,)
