"""Several runs that were evaluated on the same pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cnnstudio.core.problems import Problem, ProblemError, error
from cnnstudio.core.text import Text
from cnnstudio.datasets.manifest import read_manifest
from cnnstudio.evaluation.answers import Answers
from cnnstudio.evaluation.likeness import unlike_problems
from cnnstudio.workers.runs.calibration import calibrated_answers
from cnnstudio.workers.runs.class_matching import names_as_in
from cnnstudio.workers.runs.folder import RunFolder


def answers_side_by_side(runs: Sequence[RunFolder], split: str) -> list[Answers]:
    """The calibrated answers of each run for that split. Raises ProblemError (no_answers, unlike_evaluations) with every
    reason why they cannot be compared: other classes, pictures, labels, or files that have changed in between."""
    evaluations = [calibrated_answers(run, split) for run in runs]
    names = evaluations[0].class_names
    evaluations = [replace(answers, class_names=names_as_in(runs[0], names, run, answers.class_names))
                   for run, answers in zip(runs, evaluations, strict=True)]
    problems = unlike_problems(evaluations)
    if not problems:
        problems = tuple(_changed_problems(runs, evaluations[0].paths))
    if problems:
        raise ProblemError(*problems)
    return evaluations


def _changed_problems(runs: Sequence[RunFolder], paths: Sequence[str]) -> list[Problem]:
    """A problem for each run whose pictures of the same name had another content than those of the first."""
    hashes = []
    for run in runs:
        try:
            hashes.append({entry.path: entry.hash for entry in read_manifest(run.manifest_path).entries})
        except ProblemError:
            hashes.append({})
    problems = []
    for run, own in zip(runs[1:], hashes[1:], strict=True):
        changed = sum(bool(hashes[0].get(path) and own.get(path) and hashes[0][path] != own[path]) for path in paths)
        if changed:
            text = Text("{first} and {second} cannot be compared: the files of some pictures have changed in between ({n:,}). "
                        "`cnnstudio compare` compares two runs on the others.",
                        "{first} y {second} no se pueden comparar: los archivos de algunas imágenes han cambiado entretanto "
                        "({n:,}). `cnnstudio compare` compara dos entrenamientos con las demás.")
            problems.append(error("unlike_evaluations", text.fill(first=runs[0].id, second=run.id, n=changed), "run"))
    return problems
