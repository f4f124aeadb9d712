"""Capsules: what a student hands in, written here and read when it is graded."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from cnnstudio import __version__
from cnnstudio.core.events import Hello
from cnnstudio.core.files import PROJECT_FILE
from cnnstudio.core.foreign_files import LARGEST, read_bytes
from cnnstudio.core.own_folders import RUNS
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.system_errors import reason_of
from cnnstudio.core.text import Text
from cnnstudio.datasets.run_pictures import read_located
from cnnstudio.datasets.sources.staging import Check, OnProgress, no_check, no_progress
from cnnstudio.learning.assignments.model import FORMAT, Assignment, CapsuleInfo, Handed
from cnnstudio.learning.assignments.opening import assignment_of
from cnnstudio.learning.assignments.pictures import print_of
from cnnstudio.learning.assignments.sealed import Content, damaged, newer, open_sealed, write_sealed
from cnnstudio.learning.assignments.standing import find_standing, validation_figure
from cnnstudio.workers.runs.folder import RunFolder, find_run
from cnnstudio.workers.runs.run_problems import no_model_problem

INFO: Final = "capsule.json"
HANDED: Final = "pictures.jsonl"
_OF_RUN: Final = ("spec.json", "manifest.jsonl", "events.jsonl", "model.keras")
_RUN_ID: Final = re.compile(r"[\w][\w.+-]{0,199}")


class Capsule(msgspec.Struct, frozen=True, kw_only=True):
    """A capsule that was unpacked into `folder`: what it says, its run, and the names of the files that are missing, that are
    not what it says, and that do not belong there."""

    path: Path
    folder: Path
    info: CapsuleInfo
    pictures: tuple[Handed, ...] = ()
    missing: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()

    @property
    def run(self) -> RunFolder:
        return RunFolder(self.folder / RUNS / self.info.run)


def hand_in_problems(assignment: Assignment, student: str, answers: Mapping[str, str]) -> list[Problem]:
    """What is missing before anything can be handed in."""
    problems = []
    if not student.strip():
        problems.append(error("no_student", Text("Enter your name.", "Escriba su nombre."), "file", field="student"))
    open_questions = [question for question in assignment.questions if not answers.get(question.id, "").strip()]
    if open_questions:
        text = Text("Answer the question: {question}", "Responda a la pregunta: {question}")
        problems += [error("no_answer", text.fill(question=question.text), "file", field=question.id)
                     for question in open_questions]
    return problems


def write_capsule(project_folder: Path, target: Path, run_id: str | None, student: str, answers: Mapping[str, str],
                  on_progress: OnProgress = no_progress, check: Check = no_check) -> CapsuleInfo:
    """Write the capsule of a run, by default of the best one. Raises ProblemError."""
    assignment = assignment_of(project_folder)
    problems = hand_in_problems(assignment, student, answers)
    if problems:
        raise ProblemError(*problems)
    if run_id is None:
        standing = find_standing(project_folder)
        run_id = standing.runs[0].run if standing.runs else None
    run = find_run(project_folder, run_id)
    if not run.has_model_file:
        raise ProblemError(no_model_problem(run))
    summary = run.summary()
    manifest = read_located(run.manifest_path, run.project_folder, as_trained=True)
    value, _interval = validation_figure(run, assignment.metric, summary.metrics, manifest)
    pictures = []
    for number, entry in enumerate(manifest.entries):
        check()
        fingerprint = print_of(manifest.path(entry))
        name = manifest.header.class_names[entry.label] if 0 <= entry.label < len(manifest.header.class_names) else ""
        pictures.append(Handed(path=entry.path, split=entry.split, class_name=name, missing=True) if fingerprint is None else
                        Handed(path=entry.path, split=entry.split, class_name=name, sha256=fingerprint.sha256,
                               hash=fingerprint.hash, signature=fingerprint.signature))
        on_progress(number + 1, len(manifest.entries))
    files: list[tuple[str, Content]] = [
        (PROJECT_FILE, _read(project_folder / PROJECT_FILE)),
        *((f"{RUNS}/{run.id}/{name}", _content(run.folder / name)) for name in _OF_RUN),
        (HANDED, b"".join(msgspec.json.encode(picture) + b"\n" for picture in pictures))]
    versions = [event.versions for event in run.events() if isinstance(event, Hello)]
    info = CapsuleInfo(
        assignment=assignment.id, student=student.strip(), run=run.id, created=time.time(), program=__version__,
        versions=versions[-1] if versions else {}, answers={key: text.strip() for key, text in answers.items()},
        reported={} if value is None else {assignment.metric: value},
        files={name: _sha256(content) for name, content in files})
    write_sealed(target, [(INFO, msgspec.json.format(msgspec.json.encode(info), indent=2)), *files], check)
    return info


def _content(path: Path) -> Content:
    """A model is compressed already; everything else is read."""
    return path if path.suffix == ".keras" else _read(path)


def _read(path: Path) -> bytes:
    try:
        return read_bytes(path, LARGEST)
    except OSError as os_error:
        text = Text("{path} cannot be read: {reason}.", "No se puede leer {path}: {reason}.")
        raise ProblemError(error("cannot_read", text.fill(path=path, reason=reason_of(os_error)), "file",
                                 path=path)) from os_error


def _sha256(content: Content) -> str:
    data = content if isinstance(content, bytes) else _read(content)
    return hashlib.sha256(data).hexdigest()


def is_capsule(path: Path) -> bool:
    """Whether a file says that it is one; a damaged one may."""
    try:
        with open_sealed(path) as sealed:
            return INFO in sealed
    except ProblemError:
        return False


def read_capsule(path: Path, folder: Path, check: Check = no_check) -> Capsule:
    """Unpack a capsule into the empty `folder`: only the files that belong there. Raises ProblemError."""
    with open_sealed(path, check) as sealed:
        if INFO not in sealed:
            reason = Text("it is no hand-in: it has no {name}", "no es una entrega: no tiene {name}")
            raise ProblemError(damaged(path, reason.fill(name=INFO)))
        info = sealed.json(INFO, CapsuleInfo)
        if info.format > FORMAT:
            raise ProblemError(newer(path))
        if not _RUN_ID.fullmatch(info.run):
            reason = Text("{run} is no name of a run", "{run} no es el nombre de un entrenamiento")
            raise ProblemError(damaged(path, reason.fill(run=info.run)))
        names = (PROJECT_FILE, HANDED, *(f"{RUNS}/{info.run}/{name}" for name in _OF_RUN))
        missing = [name for name in names if name not in sealed]
        edited = []
        for name in names:
            check()
            if name in sealed and sealed.unpack(name, folder / name) != info.files.get(name):
                edited.append(name)
        pictures = sealed.json_lines(HANDED, Handed) if HANDED in sealed else ()
        foreign = sorted({*sealed.names, *info.files} - {INFO, *names})
    return Capsule(path=path, folder=folder, info=info, pictures=pictures, missing=tuple(missing), edited=tuple(edited),
                   foreign=tuple(foreign))


def capsules_in(folder: Path) -> Iterable[Path]:
    """The zip files of a folder and of those in it, in the order of their names."""
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() == ".zip" and not path.name.startswith(".")
                  and path.is_file() and not path.is_symlink())
