"""Grades a folder: opens every capsule, has its model evaluated in a child process, and runs the checks."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from cnnstudio.core.events import Event, Failed
from cnnstudio.core.jobs import Evaluate, Evaluated
from cnnstudio.core.places import cache_folder
from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text, language
from cnnstudio.datasets.manifest import Entry, Header, write_manifest
from cnnstudio.datasets.sources.staging import Check as StopCheck
from cnnstudio.datasets.sources.staging import OnProgress, no_check, no_progress
from cnnstudio.evaluation.answers import Answers, read_answers
from cnnstudio.evaluation.report import Value, figure_value
from cnnstudio.learning.assignments.capsule import capsules_in, read_capsule
from cnnstudio.learning.assignments.grading.checks import CHECKS
from cnnstudio.learning.assignments.grading.evidence import Evidence, Outcome
from cnnstudio.learning.assignments.grading.marks import Line, Mark, verdict_of
from cnnstudio.learning.assignments.key import OpenKey
from cnnstudio.learning.assignments.model import ASSIGNMENT_SUFFIX, KEY_SUFFIX, ListedSplit

Evaluator = Callable[[Evaluate], tuple[Evaluated | None, Event]]
"""Does the job in a child process; its result and its last event."""
_OTHER_FILES: Final = (ASSIGNMENT_SUFFIX, KEY_SUFFIX)
_SPLITS: Final[dict[ListedSplit, str]] = {"hidden": "test", "validation": "validation"}


def grade_folder(folder: Path, key: OpenKey, evaluate: Evaluator, on_progress: OnProgress = no_progress,
                 check: StopCheck = no_check) -> list[Line]:
    """One line for every capsule of a folder, in the order of the files. Raises ProblemError where there is none."""
    files = [path for path in capsules_in(folder) if not path.name.lower().endswith(_OTHER_FILES)] if folder.is_dir() else []
    if not files:
        raise ProblemError(_nothing(folder))
    places = cache_folder() / "grading"
    places.mkdir(parents=True, exist_ok=True)
    found: list[Evidence | Line] = []
    with tempfile.TemporaryDirectory(prefix="capsules-", dir=places) as temporary:
        for number, path in enumerate(files):
            check()
            name = path.relative_to(folder).as_posix()
            try:
                found.append(_examined(path, name, Path(temporary) / str(number), key, evaluate, check))
            except ProblemError as problem_error:
                found.append(_unreadable(name, problem_error.problems[0]))
            on_progress(number + 1, len(files))
        prints = [item.prints for item in found if isinstance(item, Evidence)]
        return [_line(item.with_others(prints)) if isinstance(item, Evidence) else item for item in found]


def _examined(path: Path, name: str, folder: Path, key: OpenKey, evaluate: Evaluator, check: StopCheck) -> Evidence:
    folder.mkdir(parents=True)
    capsule = read_capsule(path, folder, check)
    evidence = Evidence(key=key.key, capsule=capsule, file=name)
    if not capsule.run.has_model_file:
        text = Text("the hand-in has no model", "la entrega no tiene modelo")
        return Evidence(key=key.key, capsule=capsule, file=name, outcome=Outcome(problem=error("no_model", text, "run")))
    return Evidence(key=key.key, capsule=capsule, file=name, outcome=_evaluated(evidence, folder, key, evaluate))


def _evaluated(evidence: Evidence, folder: Path, key: OpenKey, evaluate: Evaluator) -> Outcome:
    """The model of a capsule on the hidden and the validation pictures."""
    classes = key.key.assignment.class_names
    numbers = {name: number for number, name in enumerate(classes)}
    entries = [Entry(path=picture.path, label=numbers.get(picture.class_name, -1), split=_SPLITS[picture.split],
                     hash=picture.hash) for picture in key.key.pictures if picture.split in _SPLITS]
    manifest = folder / "graded.manifest.jsonl"
    write_manifest(manifest, Header(root=str(key.root), class_names=classes, label_mode=key.key.assignment.label_mode), entries)
    table = folder / "graded.jsonl"
    result, last = evaluate(Evaluate(run_folder=str(evidence.capsule.run.folder), manifest=str(manifest), split="all",
                                     table=str(table), cache=str(cache_folder()), language=language()))
    if result is None:
        problem = last.problem if isinstance(last, Failed) else error("not_evaluated", Text(
            "the evaluation was stopped", "la evaluación se detuvo"), "run")
        return Outcome(problem=problem)
    try:
        answers = read_answers(table.with_suffix(".npz"))
    except ProblemError as problem_error:
        return Outcome(problem=problem_error.problems[0])
    splits = {picture.path: picture.split for picture in key.key.pictures}
    parts = {split: answers.select(np.asarray([splits.get(path) == split for path in answers.paths], bool))
             for split in _SPLITS}
    return Outcome(hidden=_figure(parts["hidden"], key), validation=_figure(parts["validation"], key),
                   answered=len(parts["hidden"]), digest=hashlib.sha256(answers.probabilities.tobytes()).hexdigest())


def _figure(answers: Answers, key: OpenKey) -> Value | None:
    return figure_value(answers, key.key.assignment.metric) if len(answers) else None


def _line(evidence: Evidence) -> Line:
    marks = tuple(mark for check in CHECKS for mark in check.marks(evidence))
    outcome, facts, info = evidence.outcome, evidence.facts, evidence.capsule.info
    metric = evidence.assignment.metric
    return Line(
        file=evidence.file, student=info.student, run=info.run, verdict=verdict_of(marks), metric=metric,
        value=None if outcome.hidden is None else outcome.hidden.value,
        interval=None if outcome.hidden is None else outcome.hidden.interval,
        validation=None if outcome.validation is None else outcome.validation.value, reported=info.reported.get(metric),
        parameters=None if facts is None else facts.parameters, epochs=None if facts is None else facts.epochs,
        training_pictures=None if facts is None else facts.training_pictures, marks=marks,
        answers=tuple((question.text, info.answers.get(question.id, "")) for question in evidence.assignment.questions))


def _unreadable(file: str, problem: Problem) -> Line:
    mark = Mark(check="files", label=CHECKS["files"].label, level="wrong", text=problem.text)
    return Line(file=file, verdict="unreadable", marks=(mark,))


def _nothing(folder: Path) -> Problem:
    text = Text("There are no hand-ins (.zip) in {path}. Choose the folder that has them.",
                "No hay entregas (.zip) en {path}. Elija la carpeta que las tiene.")
    return error("no_hand_ins", text.fill(path=folder), "file", path=folder)


def first_reason(line: Line) -> Text:
    """The reason that weighs most, for a table."""
    reasons: Sequence[Mark] = sorted(line.reasons, key=lambda mark: (mark.level != "wrong", not mark.suspect))
    return reasons[0].text if reasons else Text("", "")


__all__ = ["Evaluator", "first_reason", "grade_folder"]
